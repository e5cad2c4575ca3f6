"""Files that claim more than they are, through all that is done with a file: in time, in memory, with a reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.pictures import fingerprint
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.probe import Probe, probe
from media_assets.work.child_limits import ChildLimits, ToolLimits
from media_assets.work.work import Work
from media_assets_tests import hostile_media

LIMIT_SECONDS = 4.0
MEMORY = 1_500_000_000
ZOO = {**hostile_media.PICTURES, **hostile_media.RECORDINGS}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    hostile_media.seeds(folder)
    return folder


def stages(path: Path, found: Probe, work: Work) -> list[str]:
    """All that is made of a file; the reasons for what could not be."""
    assert found.media is not None
    ffmpeg, media, kind = FFmpeg(), found.media, found.kind

    def sound() -> None:
        stream, reason = choose_audio(media, ())
        extract_m4a(ffmpeg, path, media, stream, reason, work.directory / "a.m4a", AudioSettings(), work)

    reasons = []
    for make in (
        lambda: make_thumbnails(ffmpeg, path, kind, media, ThumbnailSettings(), work),
        lambda: fingerprint(ffmpeg, path, kind, media, FingerprintSettings(), work),
        sound,
    ):
        try:
            work.started = time.monotonic()
            make()
        except (BadMedia, NotApplicable) as error:
            reasons.append(error.reason)
        assert time.monotonic() - work.started < LIMIT_SECONDS + 2
    return reasons


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_nothing_takes_more_time_or_memory_than_it_may(name: str, clips: Path, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(ZOO[name](clips))
    (tmp_path / "work").mkdir()
    work = Work(
        tmp_path / "work",
        time_limit_seconds=LIMIT_SECONDS,
        max_media_seconds=48 * 3600,
        child_limits=ChildLimits(memory_bytes=MEMORY),
        tool_limits=ToolLimits(memory_bytes=MEMORY),
    )
    reasons = []
    try:
        found = probe(path, work)
    except BadMedia as error:
        reasons.append(error.reason)
    else:
        if found.kind is not MediaKind.OTHER:
            reasons += stages(path, found, work)
    assert time.monotonic() - work.started < LIMIT_SECONDS + 2
    assert not [reason for reason in reasons if "traceback" in reason or "doctor" in reason]
