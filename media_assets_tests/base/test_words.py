"""Words and pieces of speech in every script."""

from __future__ import annotations

import pytest

from media_assets.artifacts.transcript.hearing.guards import repeats_itself
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.words import said_in_a_row, word_count


def segment(start: float, text: str) -> TranscriptSegment:
    return TranscriptSegment(start_seconds=start, end_seconds=start + 1, text=text, confidence=0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's a well-known fact – really.", 5),
        ("今天我们来讨论气候变化。", 6),
        ("今日は気候変動についてお話しします。", 9),
        ("สวัสดีครับ วันนี้อากาศดี", 5),
        ("ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", 4),
        ("ພາສາລາວ", 2),
        ("မြန်မာဘာသာစကား", 3),
        ("오늘은 데이터 백업을", 3),
        ("使用 Python 编程", 3),
        ("♪ …", 0),
        ("", 0),
    ],
)
def test_words_are_counted_where_no_blanks_part_them(text: str, words: int) -> None:
    # Where words end in scripts without blanks is a matter of ICU's dictionaries, which change.
    assert abs(word_count(text) - words) <= (words > 1 and not text.isascii()), word_count(text)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["今天很好。", "我们走吧"], "今天很好。我们走吧"),
        (["はい", "そうです。"], "はいそうです。"),
        (["Hello.", "World"], "Hello. World"),
        (["用", "Python"], "用 Python"),
        (["สวัสดี", "ครับ"], "สวัสดี ครับ"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["one", "", "two"], "one two"),
        ([], ""),
    ],
)
def test_segments_are_put_together_as_their_script_is_written(pieces: list[str], text: str) -> None:
    assert said_in_a_row(pieces) == text
    said = [segment(index, piece) for index, piece in enumerate(pieces)]
    transcript = Transcript(language="und", duration_seconds=9, engine="e", model="m", segments=tuple(said))
    assert transcript.text == text


@pytest.mark.parametrize("phrase", ["អរគុណ", "ကျေးဇူးတင်ပါတယ်", "ขอบคุณ", "谢谢"])
def test_a_phrase_over_and_over_is_a_loop_without_blanks_too(phrase: str) -> None:
    assert repeats_itself(phrase * 6, 4)
    assert not repeats_itself(phrase, 4)
