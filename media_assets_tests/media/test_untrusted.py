"""How uploaded media are opened: by which demuxers, and nowhere else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import media_assets
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import DEMUXERS, ISO, uploaded
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

OPENS_OTHERS = (
    "hls dash concat sdp rtsp rtp sap image2 image2pipe lavfi tedcaptions sami ass srt webvtt vobsub mpjpeg imf "
    "webm_dash_manifest dvdvideo bluray tty ffmetadata v4l2 x11grab kmsgrab fbdev pulse alsa oss avisynth svg_pipe data"
)


def test_nothing_else_gives_inputs_to_ffmpeg_or_to_pyav():
    root = Path(media_assets.__file__).parent
    found = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        if re.search(r"(ffmpeg|ffmpeg_python)\.input\(|av\.open\(|decode_audio\(|[\"']-i[\"']", path.read_text())
    ]
    assert found == ["media/ffmpeg_errors.py", "media/untrusted.py"]  # the first looks for `-i` in a command


@pytest.mark.parametrize("name", OPENS_OTHERS.split())
def test_no_demuxer_that_opens_others_is_on_the_list(name: str):
    assert name not in DEMUXERS
    with pytest.raises(BadMedia, match=f"format {name}"):
        uploaded(Path("x"), name)


def test_an_input_names_its_demuxer_and_one_protocol():
    (_, *options) = uploaded(Path("/a/x.mp4"), ISO)["a:0"].output("-", format="null").compile()
    given = options[: options.index("-i")]
    assert given[given.index("-f") + 1] == "mov"
    assert given[given.index("-protocol_whitelist") + 1] == "file"
    assert set(given[given.index("-format_whitelist") + 1].split(",")) == DEMUXERS


def test_the_demuxers_are_known_to_this_ffmpeg():
    """Those of FFmpeg's latest versions may be missing; a misspelt one would be too."""
    said = subprocess.run([FFmpeg().path, "-hide_banner", "-demuxers"], capture_output=True, text=True, check=True)
    known = {name for line in said.stdout.splitlines() for name in line[4:].split(" ")[0].split(",")}
    known |= {line.split()[1] for line in said.stdout.splitlines() if len(line.split()) > 1}
    flat = {part for name in known for part in name.split(",")}
    assert flat >= DEMUXERS - {"apv", "jpegxs_pipe", "webp_anim", "qoa", "lc3", "iamf", "rka", "vvc", "osq"}


VIDEO = ["mp4", "mov", "mkv", "webm", "avi", "ts", "mpg", "flv", "wmv", "mxf", "gif", "nut", "y4m"]
SOUND = [
    "mp3",
    "m4a",
    "aac",
    "flac",
    "wav",
    "w64",
    "aiff",
    "au",
    "caf",
    "opus",
    "wma",
    "ac3",
    "mka",
    "tta",
    "wv",
    "mp2",
]
STILLS = ["png", "jpg", "bmp", "tiff", "webp", "jp2", "ppm", "sgi"]


@pytest.mark.parametrize("ending", [*VIDEO, *SOUND, *STILLS])
def test_ffmpeg_takes_the_demuxer_that_the_probe_found(ending: str, tmp_path: Path):
    path = tmp_path / f"a.{ending}"
    if ending in VIDEO:
        media.video(path, 0.4, *("-c:v", "mpeg2video") * (ending == "mxf"))
    elif ending in SOUND:
        media.tone(path, 0.4)
    else:
        media.picture(path)
    work = Work(tmp_path)
    found = probe(path, work).media
    assert found is not None
    assert FFmpeg().run(uploaded(path, found.container).output("-", format="null"), work) == ()
