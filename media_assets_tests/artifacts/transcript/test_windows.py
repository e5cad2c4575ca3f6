from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.transcript.hearing.windows import (
    SAMPLE_RATE,
    Heard,
    Window,
    WindowLength,
    cut_windows,
    quietest_moment,
    transcribe_windows,
)
from media_assets.artifacts.transcript.value import TranscriptSegment
from media_assets.base.errors import Cancelled
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import noise, silence

LENGTH = WindowLength(shortest_seconds=4, longest_seconds=6)


def in_chunks(samples: np.ndarray, seconds: float = 1.0) -> Iterator[bytes]:
    pcm = samples.astype("<i2").tobytes()
    size = round(seconds * SAMPLE_RATE) * 2
    return (pcm[start : start + size] for start in range(0, len(pcm), size))


def loudness(window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
    """An engine that hears one thing per window: how loud it is, from its first second to its end."""
    report(0.5)
    level = np.abs(np.frombuffer(window.pcm, "<i2").astype(float)).mean()
    segment = TranscriptSegment(
        start_seconds=1, end_seconds=window.duration_seconds, text=f"{level:.6f}", confidence=1.0
    )
    return Heard(segments=(segment,), language="en", sure_language="en", dropped={"no_speech": 1})


def nothing(window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
    return Heard()


def test_windows_follow_each_other_without_gap_and_hold_every_sample():
    sound = noise(21.37)
    windows = list(cut_windows(in_chunks(sound, 0.7), LENGTH))
    assert b"".join(window.pcm for window in windows) == sound.tobytes()
    assert all(a.start_sample + a.samples == b.start_sample for a, b in pairwise(windows))
    assert all(4 <= window.duration_seconds <= 6 for window in windows[:-1])


def test_windows_are_cut_where_it_is_quiet():
    sound = np.concatenate([noise(4.6), silence(0.6), noise(8)])
    first = next(cut_windows(in_chunks(sound), LENGTH))
    assert 4.6 <= first.duration_seconds <= 5.2


def test_nothing_is_no_window():
    assert list(cut_windows([], LENGTH)) == []


def test_the_quietest_moment_lies_between_the_bounds_however_close_they_are():
    sound = noise(1).tobytes()
    assert 100 <= quietest_moment(sound, 100, 8000) <= 8000
    assert quietest_moment(sound, 100, 120) == 120


def test_times_are_those_of_the_whole_audio():
    sound = noise(14)
    starts = [window.start_sample / SAMPLE_RATE for window in cut_windows(in_chunks(sound), LENGTH)]
    results = transcribe_windows(in_chunks(sound), Work(Path()), duration_seconds=14, length=LENGTH, hear=loudness)
    assert [heard.segments[0].start_seconds for heard in results] == [round(start + 1, 3) for start in starts]
    assert results[-1].segments[0].end_seconds == 14


def test_progress_grows_to_the_end():
    seen: list[float] = []
    transcribe_windows(
        in_chunks(noise(14)), Work(Path(), report=seen.append), duration_seconds=14, length=LENGTH, hear=loudness
    )
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] < 1


class StopsAfter:
    """An engine that is asked to stop in the middle of a window."""

    def __init__(self, windows: int, work: Work) -> None:
        self.windows = windows
        self.work = work

    def __call__(self, window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
        self.windows -= 1
        if self.windows < 0:
            self.work.cancelled.set()
        return loudness(window, language, report)


def stopped(sound: np.ndarray, journal: Path, windows: int) -> None:
    work = Work(journal.parent, journal=journal)
    with pytest.raises(Cancelled):
        transcribe_windows(in_chunks(sound), work, duration_seconds=30, length=LENGTH, hear=StopsAfter(windows, work))


def test_finished_windows_are_taken_up_again_and_not_heard_twice(tmp_path):
    sound, journal = noise(30), tmp_path / "journal"
    stopped(sound, journal, windows=3)
    kept = {path: path.stat().st_mtime_ns for path in sorted(journal.iterdir())}
    assert [path.name for path in kept] == ["window-00000.json", "window-00001.json", "window-00002.json"]

    heard_now: list[int] = []

    def hear(window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
        assert language == "en", "the language that was sure before the interruption is known"
        heard_now.append(window.start_sample)
        return loudness(window, language, report)

    def transcribe(work: Work) -> list[Heard]:
        return transcribe_windows(in_chunks(sound), work, duration_seconds=30, length=LENGTH, hear=hear)

    resumed = transcribe(Work(tmp_path, journal=journal))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(heard_now) == len(resumed) - 3
    whole = transcribe_windows(in_chunks(sound), Work(tmp_path), duration_seconds=30, length=LENGTH, hear=loudness)
    assert resumed == whole

    heard_now.clear()
    assert transcribe(Work(tmp_path, journal=journal)) == whole
    assert heard_now == []


@pytest.mark.parametrize("damage", ["cut off", "of another place", "missing"])
def test_a_useless_entry_costs_itself_and_what_follows(tmp_path, damage):
    sound, journal = noise(30), tmp_path / "journal"
    stopped(sound, journal, windows=4)
    entry, before = journal / "window-00002.json", journal / "window-00001.json"
    if damage == "cut off":
        entry.write_text(entry.read_text()[:30])
    elif damage == "of another place":
        entry.write_text(before.read_text())
    else:
        entry.unlink()
    (journal / ".left-over.part").write_text("half")
    untouched = before.stat().st_mtime_ns
    work = Work(tmp_path, journal=journal)
    resumed = transcribe_windows(in_chunks(sound), work, duration_seconds=30, length=LENGTH, hear=loudness)
    whole = transcribe_windows(in_chunks(sound), Work(tmp_path), duration_seconds=30, length=LENGTH, hear=loudness)
    assert resumed == whole
    assert before.stat().st_mtime_ns == untouched


def test_the_last_language_that_was_sure_is_told_with_the_windows_that_follow():
    told: list[str | None] = []

    def hear(window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
        told.append(language)
        return Heard(language="cy", sure_language={2: "de", 4: "en"}.get(len(told)))

    transcribe_windows(in_chunks(noise(30)), Work(Path()), duration_seconds=30, length=LENGTH, hear=hear)
    assert told[:5] == [None, None, "de", "de", "en"]


def test_the_source_of_samples_is_closed_when_the_engine_fails():
    closed = []

    def samples() -> Iterator[bytes]:
        try:
            yield from in_chunks(noise(10))
        finally:
            closed.append(True)

    def fail(window: Window, language: str | None, report: Callable[[float], None]) -> Heard:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transcribe_windows(samples(), Work(Path()), duration_seconds=10, length=LENGTH, hear=fail)
    assert closed


def test_hours_of_audio_need_the_memory_of_a_window():
    hour = 3600
    second = bytes(SAMPLE_RATE * 2)
    tracemalloc.start()
    try:
        results = transcribe_windows(
            (second for _ in range(3 * hour)),
            Work(Path()),
            duration_seconds=3 * hour,
            length=WindowLength(),
            hear=nothing,
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(results) > 15
    assert peak < 4 * WindowLength().longest_seconds * SAMPLE_RATE * 2
    assert peak < 3 * hour * SAMPLE_RATE * 2 / 3


def test_a_window_is_in_memory_once_while_it_is_heard():
    second = bytes(SAMPLE_RATE * 2)
    tracemalloc.start()
    try:
        windows = cut_windows((second for _ in range(1200)), WindowLength())
        window = next(windows)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1.4 * len(window.pcm), "and what was decoded of the next"


def test_the_samples_of_a_window_go_from_minus_1_to_1_to_the_last_digit():
    sound = noise(1)
    sound[:2] = -32768, 32767
    audio = Window(0, sound.astype("<i2").tobytes()).audio()
    assert audio.dtype == np.float32
    assert np.array_equal(audio, sound.astype(np.float32) / 32768.0)
    assert (audio[0], audio[1]) == (-1.0, np.float32(32767 / 32768))
