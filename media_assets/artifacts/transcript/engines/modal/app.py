"""The app at Modal: the image, the volume with the models, and the function with the GPU of library.yaml."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.engines.modal.contract import FUNCTION, MODELS_DIR
from media_assets.artifacts.transcript.engines.modal.remote import transcribe
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription

if TYPE_CHECKING:
    import modal

_BASE_IMAGE = "nvidia/cuda:12.3.2-cudnn9-runtime-ubuntu22.04"
"""CUDA 12 and cuDNN 9, as CTranslate2 needs them; the image that faster-whisper's own README names."""

_LIBRARIES = (
    # what transcribes …
    *("faster-whisper", "ctranslate2", "av", "tokenizers", "huggingface-hub", "onnxruntime", "numpy"),
    # … and what our modules import around it
    *("ffmpeg-python", "imageio-ffmpeg", "pydantic", "pydantic-settings", "python-dotenv"),
)


def build_app(settings: ModalTranscription) -> modal.App:
    """The app as library.yaml wants it. Nothing is sent anywhere."""
    import modal

    app = modal.App(settings.app, include_source=False)
    gpu_function(app, settings)
    return app


def gpu_function(app: modal.App, settings: ModalTranscription) -> modal.Function[..., str, str]:
    """`remote.transcribe` as a function of the app."""
    import modal

    models = modal.Volume.from_name(
        f"{settings.app}-models", environment_name=settings.environment, create_if_missing=True
    )
    in_container = app.function(
        name=FUNCTION,
        image=image(),
        gpu=settings.gpu,
        volumes={MODELS_DIR: models},
        timeout=settings.timeout_seconds,
        max_containers=settings.max_containers,
        scaledown_window=settings.idle_seconds,
        retries=0,  # who calls knows whether a repetition helps
    )
    return in_container(transcribe)


def image() -> modal.Image:
    """CUDA, the libraries in exactly the versions that are installed here, and our own package."""
    import modal

    pinned = [f"{library}=={importlib.metadata.version(library)}" for library in _LIBRARIES]
    return (
        modal.Image.from_registry(_BASE_IMAGE, add_python=f"{sys.version_info.major}.{sys.version_info.minor}")
        .entrypoint([])  # the base image's prints a licence into every log
        .pip_install(*pinned)
        .add_local_python_source("media_assets")
    )


def deploy(settings: ModalTranscription, client: modal.Client) -> str:
    """Send the app to Modal, or replace the one that is there; calls in progress go on with the old one.

    Returns:
        The address of its page.

    Raises:
        modal.exception.Error: it could not be built or sent; `failures.failure` says what that means.
    """
    app = build_app(settings)
    app.deploy(environment_name=settings.environment, client=client)
    return app.get_dashboard_url() or ""
