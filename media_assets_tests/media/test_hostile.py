"""Every way from an upload to an artifact, with files made to read others out, to reach the network, or to hang."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.pictures import fingerprint
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.thumbnail.frames import clip_of, sample_frames
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.probe import Probe, probe
from media_assets.work.work import Work
from media_assets_tests import hostile
from media_assets_tests import sample_media as media
from media_assets_tests.watching import unbound, unreached, untouched

LIMIT_SECONDS: dict[hostile.Attack, float] = {hostile.sound_descriptions: 2.0}
CASES = [(attack, name) for attack, names in hostile.ATTACKS for name in names]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    hostile.private_files(folder)
    return folder


def everything(path: Path, found: Probe, work: Work) -> Path | None:
    """All that ffmpeg does with a file. Returns its sound."""
    ffmpeg = FFmpeg()
    assert found.media is not None
    if found.media.video_streams:
        sample_frames(ffmpeg, clip_of(path, found.media, found.media.video_streams[0], work), 2, 64, work)
    fingerprint(ffmpeg, path, found.kind, found.media, FingerprintSettings(), work)
    if not found.media.audio_streams:
        return None
    stream, reason = choose_audio(found.media, ())
    sound = work.directory / "audio.m4a"
    extract_m4a(ffmpeg, path, found.media, stream, reason, sound, AudioSettings(), work)
    for _ in ffmpeg.pcm(path, work):  # as transcribers read; they are given no more than a path
        pass
    return sound


@pytest.mark.parametrize(("attack", "name"), CASES, ids=[name for _, name in CASES])
def test_nothing_is_read_and_nothing_is_reached(attack: hostile.Attack, name: str, private: Path, tmp_path: Path):
    uploads, scratch = tmp_path / "uploads", tmp_path / "scratch"
    uploads.mkdir()
    scratch.mkdir()
    sound = None
    with unreached() as port, unbound(hostile.SDP_PORT):
        target = hostile.Target(private, port)
        path = uploads / name
        path.write_bytes(attack(uploads, target))
        limit = LIMIT_SECONDS.get(attack, 60.0)
        work = Work(scratch, time_limit_seconds=limit)
        with untouched(private):
            try:
                found = probe(path, work)
                if found.kind is not MediaKind.OTHER:
                    sound = everything(path, found, work)
            except (BadMedia, NotApplicable):
                pass
    assert time.monotonic() - work.started < limit + 2
    if sound is not None:
        heard = media.samples(sound)
        assert not np.isclose(media.pitch_hertz(heard), 1000, atol=5), "this is the private recording"


def test_texts_that_name_others_are_read_by_nobody_alone_or_in_front_of_sound(private: Path, tmp_path: Path):
    sound = hostile.noise_mp3(tmp_path)
    with unreached() as port, untouched(private):
        for kind, text in hostile.texts(hostile.Target(private, port)).items():
            for name, tail in (
                (f"alone.{kind}", b""),
                (f"{kind}.mp3", sound),
                (f"{kind}.mp4", sound),
                (f"{kind}.png", b""),
            ):
                (tmp_path / name).write_bytes(text.encode() + tail)
                work = Work(tmp_path, time_limit_seconds=60)
                try:
                    found = probe(tmp_path / name, work)
                except BadMedia:
                    continue
                assert found.media is None or found.media.container == "mp3", name
                assert found.media is None or tail, name


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        (hostile.hls, "a.mp3"),
        (hostile.dash, "a.mp4"),
        (hostile.concat, "a.mp3"),
        (hostile.sdp, "a.mp4"),
    ],
)
def test_a_playlist_with_the_name_of_a_recording_is_bad(
    attack: hostile.Attack, name: str, private: Path, tmp_path: Path
):
    path = tmp_path / name
    path.write_bytes(attack(tmp_path, hostile.Target(private, 9)))
    with pytest.raises(BadMedia, match="is a playlist or a description of streams, not a recording"):
        probe(path, Work(tmp_path))


@pytest.mark.parametrize(
    ("attack", "name", "mime_type"),
    [
        (hostile.hls, "a.m3u8", "application/vnd.apple.mpegurl"),
        (hostile.dash, "a.mpd", "application/dash+xml"),
        (hostile.concat, "a.ffconcat", "text/x-ffconcat"),
        (hostile.sdp, "a.sdp", "application/sdp"),
    ],
)
def test_a_playlist_under_its_own_name_is_no_media(
    attack: hostile.Attack, name: str, mime_type: str, private: Path, tmp_path: Path
):
    path = tmp_path / name
    path.write_bytes(attack(tmp_path, hostile.Target(private, 9)))
    found = probe(path, Work(tmp_path))
    assert (found.kind, found.media) == (MediaKind.OTHER, None)
    assert found.mime_type in (mime_type, "application/xml")


@pytest.mark.parametrize(
    ("attack", "name", "options"),
    [
        (hostile.hls, "a.m3u8", ()),
        (hostile.dash, "a.mp4", ()),
        (hostile.concat, "a.mp3", ("-safe", "0")),
        (hostile.mov_with_references, "a.mov", ("-enable_drefs", "1")),
    ],
)
def test_ffmpeg_alone_would_have_read_the_private_file(
    attack: hostile.Attack, name: str, options: tuple[str, ...], private: Path, tmp_path: Path
):
    """The attacks are such: otherwise the tests above prove nothing."""
    path = tmp_path / "uploads" / name
    path.parent.mkdir()
    path.write_bytes(attack(path.parent, hostile.Target(private, 9)))
    command = [media.ffmpeg_exe(), "-nostdin", *options, "-i", media.file_url(path), "-t", "1", "-f", "null", "-"]
    with pytest.raises(AssertionError, match=r"opened: .*board"), untouched(private):
        subprocess.run(command, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("name", ["a.mov", "a.m4a", "a.bin"])
def test_a_movie_that_has_its_sound_in_another_file_is_not_called_empty(name: str, private: Path, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(hostile.mov_with_references(tmp_path, hostile.Target(private, 9)))
    with pytest.raises(
        BadMedia, match=r"does not hold all of .* they are in another file \(board\.mov\), and what a file names"
    ):
        probe(path, Work(tmp_path))


def test_sessions_are_not_even_listened_for(private: Path, tmp_path: Path):
    """As above: ffmpeg alone would open the port that an SDP names."""
    path = tmp_path / "session.sdp"
    # Another port than that of the files above: these may be tried at this moment.
    port = hostile.SDP_PORT + 2
    session = hostile.sdp(tmp_path, hostile.Target(private, 9))
    path.write_bytes(session.replace(b"%d" % hostile.SDP_PORT, b"%d" % port))
    protocols = ("-protocol_whitelist", "file,rtp,udp")
    command = [media.ffmpeg_exe(), "-nostdin", *protocols, "-i", media.file_url(path), "-t", "1", "-f", "null", "-"]
    opened = pytest.raises(AssertionError, match="udp")
    with opened, unbound(port), pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, check=False, timeout=1)
