"""Captions in scripts without spaces, and of what has no place to break."""

from __future__ import annotations

import pytest
import srt
import webvtt
from wcwidth import wcswidth

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment

TEXTS = {
    "zh": "今天我们来讨论一下气候变化对农业生产的影响，以及各国政府应该采取哪些措施来应对这个问题。" * 3,
    "ja": "今日は「気候変動」についてお話しします。農業への影響はとても大きいと言われています。" * 3,
    "th": "สวัสดีครับยินดีต้อนรับทุกท่านเข้าสู่การประชุมประจำปีของเราในวันนี้" * 3,
    "km": "សួស្តីអ្នកទាំងអស់គ្នាសូមស្វាគមន៍មកកាន់ការប្រជុំរបស់យើងនៅថ្ងៃនេះ" * 3,
    "url": "https://example.org/" + "a" * 120,
    "emoji": "👨‍👩‍👧" * 60,
}


@pytest.mark.parametrize("name", TEXTS)
def test_every_script_is_broken_where_it_may_be_and_no_line_is_too_wide(name: str) -> None:
    text = TEXTS[name]
    segment = TranscriptSegment(start_seconds=0, end_seconds=30, text=text, confidence=1)
    made = Transcript(language="und", duration_seconds=30, engine="none", model="none", segments=(segment,))
    cues = [cue.content for cue in srt.parse(to_srt(made))]
    assert cues == [cue.text for cue in webvtt.from_string(to_vtt(made)).captions]
    lines = [line for cue in cues for line in cue.split("\n")]
    assert "".join(lines) == text
    assert all(wcswidth(line) <= 42 for line in lines)
    assert all(len(cue.split("\n")) <= 2 for cue in cues)
    # Nothing that belongs to what stands before it begins a line: vowel signs, joiners, closing marks.
    assert not any(line[0] in "、。，」ะาิีึืุู่้៍្ាិ\u200d" for line in lines)
