"""Which ffmpeg is used, how it is run and stopped, and what its failures mean."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from media_assets.base.errors import BadMedia, Cancelled, Fatal, SourceChanged, TimeLimitExceeded, Transient
from media_assets.media.ffmpeg import FFmpeg, missing_from
from media_assets.media.process import Ending, run_process
from media_assets.media.settings import FFmpegSettings
from media_assets.media.untrusted import file_url, uploaded
from media_assets.work.child_limits import ToolLimits
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.media.names import NAMES, awkward
from media_assets_tests.waiting import wait_until

OLD = 'echo "ffmpeg version 4.4.2"; echo "libavutil      56. 70.100 / 56. 70.100"; echo " A....D aac AAC"'
WITHOUT_X264 = 'echo "ffmpeg version 7.1"; echo "libavutil      59. 39.100 / 59. 39.100"; echo " A....D aac AAC"'
HANGS = "sleep 300 & echo $! > {note}; wait"


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def has_ended(note: Path) -> bool:
    """Whether the process whose id was written to `note` is gone, or dead and only not collected yet."""
    try:
        return bool(psutil.Process(int(note.read_text())).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def to_wav(source: Path, destination: Path):
    return uploaded(source, None).output(file_url(destination), format="wav")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    directory = tmp_path / "work"
    directory.mkdir()
    return Work(directory)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return media.tone(tmp_path_factory.mktemp("clip") / "clip.flac", 3.0)


# ------------------------------------------------------------------------------------------------- which ffmpeg


@pytest.mark.parametrize("script", [OLD, WITHOUT_X264, "exit 1"], ids=["too old", "lacks an encoder", "does not run"])
def test_an_ffmpeg_on_path_that_cannot_do_what_is_needed_is_passed_over(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program(tmp_path / "bin/ffmpeg", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert FFmpeg().path == Path(media.ffmpeg_exe())


def test_a_capable_ffmpeg_on_path_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "ffmpeg").symlink_to(media.ffmpeg_exe())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert FFmpeg().path == tmp_path / "ffmpeg"


def test_the_bundled_ffmpeg_needs_nothing_on_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert FFmpeg().path == Path(media.ffmpeg_exe())
    assert FFmpeg().version[:1].isalnum()


def test_what_an_ffmpeg_lacks_is_named(tmp_path: Path):
    assert missing_from(program(tmp_path / "old", OLD)) == ("version 6 or newer", "the encoder libx264")


def test_the_configured_ffmpeg_is_used(tmp_path: Path):
    (tmp_path / "mine").symlink_to(media.ffmpeg_exe())
    assert FFmpeg(FFmpegSettings(path=tmp_path / "mine")).path == tmp_path / "mine"


def test_a_configured_ffmpeg_that_is_not_there_stops_the_batch(tmp_path: Path):
    with pytest.raises(Fatal, match=r"no program at .*nowhere.*ffmpeg\.path.*remove it"):
        _ = FFmpeg(FFmpegSettings(path=tmp_path / "nowhere")).path


def test_without_any_ffmpeg_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program(tmp_path / "old", OLD)))
    with pytest.raises(Fatal, match=r"lacks version 6 or newer, the encoder libx264.*Install ffmpeg 6"):
        _ = FFmpeg().path


# ------------------------------------------------------------------------------------------------- running


def test_progress_rises_to_the_end(clip: Path, work: Work, tmp_path: Path):
    fractions: list[float] = []
    work.report = fractions.append
    FFmpeg().run(to_wav(clip, tmp_path / "out.wav"), work, duration_seconds=3.0)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0, abs=0.05)


def test_a_whole_file_brings_no_complaints(clip: Path, work: Work, tmp_path: Path):
    assert FFmpeg().run(to_wav(clip, tmp_path / "out.wav"), work) == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_taken_for_anything_but_a_name(name: str, tmp_path: Path, clip: Path, work: Work):
    source, result = awkward(tmp_path, name, ".flac"), awkward(tmp_path, name, ".out.wav")
    shutil.copy(clip, source)
    FFmpeg().run(to_wav(source, result), work)
    assert result.stat().st_size > 200_000
    assert sum(map(len, FFmpeg().pcm(source, work))) == 3 * 16000 * 2
    assert len(list(tmp_path.iterdir())) == 3  # source, result, work directory: nothing else was written


def test_a_file_that_hangs_the_tool_is_killed_with_all_its_children(clip: Path, tmp_path: Path, work: Work):
    note = tmp_path / "child"
    ffmpeg = FFmpeg(FFmpegSettings(path=program(tmp_path / "hangs", HANGS.format(note=note))))
    work.time_limit_seconds = 1.0
    with pytest.raises(TimeLimitExceeded, match="took longer than its limit of 1 s"):
        ffmpeg.run(to_wav(clip, tmp_path / "out.wav"), work)
    wait_until(lambda: has_ended(note), 10)


def test_a_stopped_run_kills_the_tool_even_while_it_is_silent(clip: Path, tmp_path: Path, work: Work):
    note = tmp_path / "child"
    ffmpeg = FFmpeg(FFmpegSettings(path=program(tmp_path / "hangs", HANGS.format(note=note))))
    timer = threading.Timer(0.5, work.cancelled.set)
    timer.start()
    with pytest.raises(Cancelled):
        ffmpeg.run(to_wav(clip, tmp_path / "out.wav"), work)
    timer.join()
    wait_until(lambda: has_ended(note), 10)


def test_what_a_program_leaves_behind_is_neither_waited_for_nor_kept(tmp_path: Path, work: Work):
    note = tmp_path / "child"
    leaves = program(tmp_path / "leaves", f"sleep 300 & echo $! > {note}; echo done; exit 3")
    ending = Ending()
    assert b"".join(run_process([str(leaves)], work, ending)) == b"done\n"
    assert ending.exit_code == 3
    wait_until(lambda: has_ended(note), 10)


def test_a_program_that_floods_stderr_does_not_fill_memory(work: Work):
    flood = "import sys; print('first'); [sys.stderr.write(f'{n} ' + 'x' * 1000) for n in range(5000)]"
    ending = Ending()
    assert b"".join(run_process([sys.executable, "-c", flood], work, ending)) == b"first\n"
    assert ending.error_output.startswith(b"0 xxx")
    assert b"4999 xxx" in ending.error_output
    assert len(ending.error_output) < 50_000


# ------------------------------------------------------------------------------------------------- failures


def test_what_ffmpeg_cannot_read_is_bad_media_without_paths_of_this_machine(tmp_path: Path, work: Work):
    source = tmp_path / "notes.mp4"
    source.write_text("no media at all")
    with pytest.raises(BadMedia, match="Invalid data found when processing input") as raised:
        FFmpeg().run(to_wav(source, work.directory / "out.wav"), work)
    assert str(tmp_path) not in str(raised.value)


def test_a_source_that_vanished_is_not_called_bad(tmp_path: Path, work: Work):
    with pytest.raises(SourceChanged, match="vanished"):
        FFmpeg().run(to_wav(tmp_path / "gone.mp4", tmp_path / "out.wav"), work)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full exists on Linux alone")
def test_a_full_disk_stops_the_batch_and_names_the_place(clip: Path, work: Work):
    with pytest.raises(Fatal, match="no space is left on the device for /dev/full"):
        FFmpeg().run(to_wav(clip, Path("/dev/full")), work)


def test_a_tool_that_was_killed_from_outside_is_worth_another_try(clip: Path, tmp_path: Path, work: Work):
    ffmpeg = FFmpeg(FFmpegSettings(path=program(tmp_path / "killed", "kill -9 $$")))
    with pytest.raises(Transient, match="stopped from outside"):
        ffmpeg.run(to_wav(clip, tmp_path / "out.wav"), work)


def test_a_crash_of_the_tool_is_the_fault_of_the_file(clip: Path, tmp_path: Path, work: Work):
    ffmpeg = FFmpeg(FFmpegSettings(path=program(tmp_path / "crashes", "kill -SEGV $$")))
    with pytest.raises(BadMedia, match="made ffmpeg crash \\(SIGSEGV\\)"):
        ffmpeg.run(to_wav(clip, tmp_path / "out.wav"), work)


# ------------------------------------------------------------------------------------------------- pcm


def heard(chunks: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(chunks), dtype="<i2") / 32768


def test_pcm_comes_second_by_second(clip: Path, work: Work):
    chunks = list(FFmpeg().pcm(clip, work))
    assert [len(chunk) for chunk in chunks] == [32000, 32000, 32000]
    assert media.pitch_hertz(heard(chunks), 16000) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("ending", ["wav", "m4a", "mp3", "opus"])
def test_a_window_of_pcm_begins_where_it_was_asked_to(ending: str, tmp_path: Path, work: Work):
    source = media.beep(tmp_path / f"beep.{ending}", 2.0, 4.0)
    window = heard(list(FFmpeg().pcm(source, work, start_seconds=1.25, duration_seconds=1.5)))
    assert window.size == pytest.approx(1.5 * 16000, abs=100)
    assert media.beep_seconds(window, 16000) == pytest.approx(0.75, abs=0.01)


def test_pcm_keeps_the_time_where_the_sound_has_a_gap(tmp_path: Path, work: Work):
    whole = media.beep(tmp_path / "whole.wav", 2.0, 3.0)
    gap = tmp_path / "gap.mkv"
    media.ffmpeg("-i", whole, "-af", "aselect='not(between(t,0.5,1.5))'", "-c:a", "pcm_s16le", gap)
    sound = heard(list(FFmpeg().pcm(gap, work)))
    assert sound.size == pytest.approx(3 * 16000, abs=100)
    assert media.beep_seconds(sound, 16000) == pytest.approx(2.0, abs=0.05)


def test_pcm_of_damaged_sound_ends_in_an_error(tmp_path: Path, work: Work):
    source = media.noise(tmp_path / "noise.m4a")
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    source.write_bytes(data)
    chunks = FFmpeg().pcm(source, work)
    with pytest.raises(BadMedia, match="parts of it cannot be decoded"):
        list(chunks)


def test_who_stops_listening_ends_ffmpeg(tmp_path: Path, work: Work):
    source = media.tone(tmp_path / "long.flac", 60.0)
    others = set(psutil.Process().children(recursive=True))
    chunks = FFmpeg().pcm(source, work)
    next(chunks)
    running = set(psutil.Process().children(recursive=True)) - others
    assert running
    chunks.close()
    assert not any(process.is_running() for process in running)


# ------------------------------------------------------------------------------------------------- limits


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="macOS cannot limit another process")
def test_a_file_that_takes_too_much_memory_is_bad(tmp_path: Path, work: Work):
    large = tmp_path / "large.png"
    media.picture(large, size="6000x6000")
    work.tool_limits = ToolLimits(memory_bytes=150_000_000)
    output = uploaded(large, "png_pipe").output(file_url(tmp_path / "out.png"), vf="scale=7000:7000", update=1)
    with pytest.raises(BadMedia, match=r"needs more than 0\.15 GB of memory to be processed"):
        FFmpeg().run(output, work)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="macOS cannot limit another process")
def test_what_ffmpeg_writes_leaves_free_what_has_to_stay_free(tmp_path: Path, work: Work):
    source = media.tone(tmp_path / "tone.mp3", 60.0)
    work.min_free_bytes = shutil.disk_usage(work.directory).free
    with pytest.raises(Fatal, match="has no room for what ffmpeg writes"):
        FFmpeg().run(uploaded(source, "mp3").output(file_url(tmp_path / "out.wav")), work)


def test_a_tool_sees_no_secrets(monkeypatch: pytest.MonkeyPatch, work: Work):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("FFREPORT", "file=report.log")
    said = b"".join(run_process([shutil.which("env") or "env"], work, Ending()))
    assert b"PATH=" in said
    assert b"OPENAI_API_KEY" not in said and b"FFREPORT" not in said


@pytest.mark.parametrize(
    "script",
    [
        "trap '' TERM INT HUP; while :; do sleep 1; done",
        "while :; do echo flooded; echo flooded >&2; done",
        "exec >&- 2>&-; while :; do sleep 1; done",
        "trap '' TERM; (trap '' TERM HUP; sleep 60) & kill -STOP $$",
    ],
    ids=["ignores signals", "floods its output", "closes its output", "stops itself"],
)
def test_the_limit_of_time_holds_whatever_the_tool_does(script: str, tmp_path: Path, work: Work):
    work.time_limit_seconds = 0.5
    work.started = time.monotonic()
    with pytest.raises(TimeLimitExceeded):
        for _ in run_process([str(program(tmp_path / "tool", script))], work, Ending()):
            pass
    assert time.monotonic() - work.started < 0.5 + 2
