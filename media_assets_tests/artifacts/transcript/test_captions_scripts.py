"""Captions in scripts without spaces, and of what has no place to break."""

from __future__ import annotations

import pytest
import srt
import webvtt
from wcwidth import wcswidth

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.lines import in_lines
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, Word
from media_assets_tests.artifacts.transcript.said import plain

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


def test_a_word_that_fits_into_no_caption_is_parted_though_it_has_a_time_of_its_own() -> None:
    text = "今日は気候変動についてお話しします" * 9
    word = Word(text=text, start_seconds=0, end_seconds=30, confidence=1)
    segment = TranscriptSegment(start_seconds=0, end_seconds=30, text=text, confidence=1, words=(word,))
    made = Transcript(language="ja", duration_seconds=30, engine="none", model="none", segments=(segment,))
    cues = [cue.content for cue in srt.parse(to_srt(made))]
    assert "".join("".join(cue.split()) for cue in cues) == text
    assert all(wcswidth(line) <= 42 for cue in cues for line in cue.split("\n"))
    assert all(len(cue.split("\n")) <= 2 for cue in cues)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("今日は。", "晴れです", "明日も"), "今日は。晴れです明日も\n"),
        (("สวัสดีครับ", "ขอบคุณ"), "สวัสดีครับ ขอบคุณ\n"),
        (("One.", "", "二。", "Three。", "four"), "One. 二。Three。four\n"),
        (("שלום", "לכולם"), "שלום לכולם\n"),
    ],
)
def test_the_plain_text_has_blanks_where_the_script_has_them(texts: tuple[str, ...], expected: str) -> None:
    segments = tuple(
        TranscriptSegment(start_seconds=i, end_seconds=i + 1, text=text, confidence=1) for i, text in enumerate(texts)
    )
    made = Transcript(language="und", duration_seconds=9, engine="none", model="none", segments=segments)
    assert plain(made) == expected.strip()


@pytest.mark.parametrize(
    ("sentence", "mark"),
    [
        ("هل تعرفون تأثير المناخ على الزراعة في بلادنا العزيزة", "؟"),
        ("यह पहला वाक्य है और यह कुछ लंबा भी है ताकि वह न समाए", "।"),
        ("یہ پہلا جملہ ہے اور یہ کچھ لمبا بھی ہے تاکہ وہ نہ سمائے", "۔"),
        ("Սա առաջին նախադասությունն է և այն մի փոքր երկար է այստեղ", "։"),
        ("ይህ የመጀመሪያው ዓረፍተ ነገር ነው እና እዚህ ትንሽ ረዘም ያለ ነው ብለን እናስባለን", "።"),
        ("ថ្ងៃនេះ យើង និយាយ អំពី កសិកម្ម ហើយ កសិកម្ម ត្រូវការ ទឹក ច្រើន ណាស់ នៅ ក្នុង ប្រទេស យើង", "៕"),
        ("הבוקר נדבר על המים ועל האדמה ועל כל מה שצומח בה", "?\u200f"),
    ],
)
def test_captions_end_with_the_sentences_of_their_script(sentence: str, mark: str) -> None:
    words = sentence.split()
    few = " ".join(words[: len(words) // 2])
    text = f"{few}{mark} {sentence} {few}{mark}"
    segment = TranscriptSegment(start_seconds=0, end_seconds=12, text=text, confidence=1)
    made = Transcript(language="und", duration_seconds=12, engine="none", model="none", segments=(segment,))
    cues = [" ".join(cue.content.split()) for cue in srt.parse(to_srt(made))]
    assert " ".join(cues) == text
    assert cues[0] == few + mark


def test_a_line_ends_with_a_word_in_scripts_without_blanks_too():
    assert (
        in_lines("コンピューターとインターネットの費用も増えています。")
        .split("\n")[0]
        .endswith(("と", "インターネット", "の"))
    )
    assert in_lines("去年的花园项目花了三百万元，比计划多出百分之二十。").split("\n") == [
        "去年的花园项目花了三百万元，",
        "比计划多出百分之二十。",
    ]
