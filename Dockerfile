# The one image of media_assets: code location, webserver, daemon, metrics and run containers.

FROM python:3.11-slim-bookworm AS libraries
WORKDIR /build
COPY requirements.lock pyproject.toml deploy/docker/lock_subset.py ./
# What the lock has for development stays out, and so do tests of libraries. Of the hundreds of services that come with
# Google's client, one is Drive.
RUN python lock_subset.py build > build.lock \
 && python lock_subset.py runtime > runtime.lock \
 && pip install --no-cache-dir --require-hashes -r build.lock \
 && python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes -r runtime.lock \
 && cd /opt/venv/lib/python3.11/site-packages \
 && find googleapiclient/discovery_cache/documents -type f ! -name drive.v3.json -delete \
 && find matplotlib networkx numpy pandas pyarrow scipy sklearn -type d -name tests -prune -exec rm -r {} + \
 && rm -r pyarrow/include

FROM libraries AS package
COPY .env.example README.md dagster.yaml library.yaml ./
COPY docs docs
COPY media_assets media_assets
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
# Apart from the package, so that a change of it makes a small layer.
COPY --from=libraries /opt/venv /opt/venv
# The owner of what runs write. Named volumes that are still empty become theirs too.
ARG MEDIA_UID=1000
ARG MEDIA_GID=1000
RUN groupadd --non-unique --gid $MEDIA_GID media \
 && useradd --non-unique --uid $MEDIA_UID --gid $MEDIA_GID --create-home --shell /usr/sbin/nologin media \
 && install -d -o $MEDIA_UID -g $MEDIA_GID /library /library/media /library/artifacts /library/.media_assets /var/lib/dagster
RUN --mount=type=bind,from=package,source=/wheels,target=/wheels \
    pip --python /opt/venv/bin/python install --no-cache-dir --no-deps /wheels/*.whl
COPY deploy/docker/dagster.yaml deploy/docker/workspace.yaml /opt/dagster/
COPY library.yaml /library/
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONSAFEPATH=1 \
    DAGSTER_HOME=/opt/dagster \
    MEDIA_ASSETS_CONFIG=/library/library.yaml \
    HF_HOME=/library/.media_assets/huggingface \
    MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /library
USER $MEDIA_UID:$MEDIA_GID
