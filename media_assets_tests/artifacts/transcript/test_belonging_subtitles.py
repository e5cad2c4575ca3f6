"""Subtitles that cannot be of a recording are told before they are read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.subtitles.belonging import ForeignSubtitles, require_belonging
from media_assets.artifacts.transcript.subtitles.reading import UnreadableSubtitles, read_subtitles


def clock(seconds: float) -> str:
    minutes, left = divmod(seconds, 60)
    return f"{minutes // 60:02.0f}:{minutes % 60:02.0f}:{left:06.3f}"


def srt(count: int, every: float = 2.0, text: str = "Good morning.") -> str:
    times = ((number * every, (number + 0.9) * every) for number in range(count))
    return "".join(f"{n}\n{clock(a)} --> {clock(b)}\n{text}\n\n" for n, (a, b) in enumerate(times, start=1))


def ass(count: int, text: str = "Good morning.") -> str:
    lines = (f"Dialogue: 0,{clock(n)[1:-1]},{clock(n + 1)[1:-1]},Default,,0,0,0,,{text}" for n in range(count))
    return "[Script Info]\n[Fonts]\nfontname: a.ttf\n" + "x" * 9000 + "\n[Events]\n" + "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "suffix", "end", "why"),
    [
        (srt(3600), ".srt", 6.0, "3597 of its 3600 captions|more text than can be said in 6 s"),
        (srt(40), ".srt", 60.0, "10 of its 40 captions begin behind the end of the recording, which lasts 60 s"),
        ("WEBVTT\n\n" + srt(40), ".vtt", 60.0, "10 of its 40 captions"),
        (ass(40), ".ass", 20.0, "20 of its 40 captions"),
        (srt(1), ".srt", 0.0, "1 of its 1 captions"),
        (srt(1, text="word " * 900), ".srt", 5.0, "more text than can be said in 5 s"),
        (ass(5, "word " * 900), ".ass", 5.0, "more text than can be said in 5 s"),
        (srt(100, every=1.0, text="word " * 700), ".srt", 200.0, "more text than can be said in 3 min"),
    ],
)
def test_what_cannot_be_of_a_recording_is_told(text: str, suffix: str, end: float, why: str) -> None:
    with pytest.raises(ForeignSubtitles, match=why):
        require_belonging(text, suffix, end)


@pytest.mark.parametrize(
    ("text", "suffix", "end"),
    [
        (srt(40), ".srt", 80.0),
        (srt(40), ".srt", 75.0),
        (srt(1, text="Translated by somebody, who says it at length. " * 20), ".srt", 2.0),
        (srt(40, text="<b>Good</b> {\\an8}morning. " * 3), ".srt", 80.0),
        ("WEBVTT\n\n" + srt(300, text="What is said is shown again as a live caption is"), ".vtt", 600.0),
        (
            srt(200, every=1.0, text="what was said\nis said again\nand stays, as it does"),
            ".srt",
            200.0,
        ),
        (ass(40, "{\\k20\\c&HFFFFFF&}Good {\\k20}morn{\\k20}ing." * 3), ".ass", 40.0),
        ("", ".srt", 5.0),
    ],
)
def test_what_may_be_said_in_it_is_believed(text: str, suffix: str, end: float) -> None:
    require_belonging(text, suffix, end)


@pytest.mark.parametrize("text", ["<a" * 2_000_000, "\n" * 4_000_000 + "a", srt(250_000), "{" * 4_000_000])
def test_a_large_one_takes_no_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talk.srt"
    path.write_text(text, "utf-8")
    before = time.process_time()
    with pytest.raises((ForeignSubtitles, UnreadableSubtitles)):
        read_subtitles(path, "en", 5.0)
    assert time.process_time() - before < 2.0


def test_one_of_more_than_16_mib_is_told(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_bytes(b" " * ((16 << 20) + 1))
    with pytest.raises(UnreadableSubtitles, match="it is larger than 16 MiB"):
        read_subtitles(path, "en", 7200.0)
