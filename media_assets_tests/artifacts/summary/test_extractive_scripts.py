"""Summaries of talks in scripts without blanks between words, and of texts that fit nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from media_assets.artifacts.summary.engines.extractive.engine import ExtractiveSummarizer
from media_assets.artifacts.summary.engines.extractive.sentences import sentences
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import TranscriptSegment, Word
from media_assets.base.writing import columns, cut_short, word_pieces
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.transcripts import transcript

JAPANESE = (
    "今日は気候変動についてお話しします。",
    "気候変動は農業に大きな影響を与えています。",
    "農家の人々は「雨が足りない！」と言っています。",
    "気温の上昇により、米の収穫が減りました。",
    "政府はiPS細胞の研究ではなく、農業の支援を決めました。",
)
CHINESE = (
    "今天我们来讨论一下气候变化对农业生产的影响。",
    "气候变化使农业生产变得困难。",
    "各国政府应该采取措施应对气候变化。",
    "水资源对农业生产非常重要。",
)
THAI = (
    "สวัสดีครับยินดีต้อนรับทุกท่านเข้าสู่การประชุมประจำปีของบริษัท",
    "การประชุมวันนี้เราจะพูดถึงการเปลี่ยนแปลงสภาพภูมิอากาศ",
    "สภาพภูมิอากาศส่งผลกระทบต่อเกษตรกรรม เกษตรกรต้องการน้ำมากขึ้น",
    "บริษัทจะช่วยเกษตรกรเรื่องน้ำ",
)
KHMER = (
    "សួស្តីអ្នកទាំងអស់គ្នា។ សូមស្វាគមន៍មកកាន់ការប្រជុំរបស់យើង។",
    "ថ្ងៃនេះយើងនិយាយអំពីកសិកម្ម។ កសិកម្មត្រូវការទឹក។",
)
LAO = ("ສະບາຍດີທຸກທ່ານ ມື້ນີ້ພວກເຮົາຈະເວົ້າກ່ຽວກັບການກະສິກໍາ", "ການກະສິກໍາຕ້ອງການນໍ້າຫຼາຍ")
HINDI = (
    "आज हम अगले वर्ष के बजट पर चर्चा करेंगे।",
    "उद्यान का बजट योजना से बीस प्रतिशत अधिक है।",
    "शर्मा का मानना है कि विज्ञापन का बजट कम करना चाहिए।",
)
BURMESE = ("မင်္ဂလာပါခင်ဗျာ။ ဒီနေ့ လယ်ယာစိုက်ပျိုးရေးအကြောင်း ပြောပါမယ်။", "လယ်ယာစိုက်ပျိုးရေးမှာ ရေလိုအပ်ပါတယ်။")


def summarize(texts: tuple[str, ...], language: str, directory: Path) -> Summary:
    return ExtractiveSummarizer(ExtractiveSummary()).summarize(transcript(texts, language), Work(directory))


def borders(text: str) -> set[int]:
    """Where words of a text begin and end, by ICU."""
    found, position = {0}, 0
    for piece in word_pieces(text):
        position += len(piece)
        found.add(position)
    return found


def is_of_whole_words(phrase: str, texts: tuple[str, ...]) -> bool:
    spots = [(text, found.start()) for text in texts for found in re.finditer(re.escape(phrase), text)]
    return any({first, first + len(phrase)} <= borders(text) for text, first in spots)


@pytest.mark.parametrize(
    ("texts", "language", "subjects"),
    [
        (JAPANESE, "ja", {"気候変動", "農業"}),
        (CHINESE, "zh", {"气候变化", "农业生产"}),
        (THAI, "th", {"สภาพภูมิอากาศ", "ประชุม"}),
        (KHMER, "km", {"កសិកម្ម"}),
        (LAO, "lo", {"ການກະສິກໍາ"}),
        (BURMESE, "my", {"လယ်ယာစိုက်ပျိုးရေး"}),
        (JAPANESE, "en", {"気候変動", "農業"}),
    ],
)
def test_titles_and_topics_are_whole_words_and_no_particles(
    texts: tuple[str, ...], language: str, subjects: set[str], tmp_path: Path
) -> None:
    summary = summarize(texts, language, tmp_path)
    assert subjects <= set(summary.topics)
    assert any(subject in summary.title for subject in subjects)
    whole = (summary.title,) if is_of_whole_words(summary.title, texts) else summary.title.split(", ")
    assert all(is_of_whole_words(phrase, texts) for phrase in (*whole, *summary.topics))
    assert not {"は", "の", "的", "足", "言", "ます", "り", "ที่", "การ", "我们", "និង"} & set(summary.topics)
    assert columns(summary.title) <= 80


def test_sentences_in_every_script_are_quoted_as_they_were_said(tmp_path: Path) -> None:
    for texts, language in ((JAPANESE, "ja"), (CHINESE, "zh"), (THAI, "th"), (KHMER, "km"), (BURMESE, "my")):
        summary = summarize(texts, language, tmp_path)
        assert summary.abstract
        assert all(point in " ".join(texts) for point in summary.key_points)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("農家は「雨だ！」と言う。本当ですか？！はい。", ["農家は「雨だ！」と言う。", "本当ですか？！", "はい。"]),
        ("「もう行く。」彼は言った。", ["「もう行く。」彼は言った。"]),
        ("今天天气好！iPhone很贵。", ["今天天气好！", "iPhone很贵。"]),
        ("هل تعرف؟ نعم أعرف. شكرا", ["هل تعرف؟", "نعم أعرف.", "شكرا"]),
        ("یہ پہلا ہے۔ یہ دوسرا ہے۔", ["یہ پہلا ہے۔", "یہ دوسرا ہے۔"]),
        ("Սա առաջինն է։ Սա երկրորդն է։", ["Սա առաջինն է։", "Սա երկրորդն է։"]),
        ("ይህ አንድ ነው። ይህ ሁለት ነው።", ["ይህ አንድ ነው።", "ይህ ሁለት ነው።"]),
        ("សួស្តីអ្នក។ ទឹកមាន៕", ["សួស្តីអ្នក។", "ទឹកមាន៕"]),
        ("မင်္ဂလာပါ။ရေရှိတယ်။", ["မင်္ဂလာပါ။", "ရေရှိတယ်။"]),
    ],
)  # fmt: skip
def test_sentences_end_at_the_marks_of_their_script(text: str, expected: list[str]) -> None:
    segment = TranscriptSegment(start_seconds=0, end_seconds=9, text=text, confidence=1)
    assert [sentence.text for sentence in sentences([segment])] == expected


def test_thai_without_marks_is_parted_at_its_blanks_and_japanese_where_a_sentence_seems_to_end() -> None:
    thai = "เกษตรกรต้องการน้ำมากขึ้นเพราะสภาพภูมิอากาศเปลี่ยนแปลง " * 12
    parted = sentences([TranscriptSegment(start_seconds=0, end_seconds=90, text=thai.strip(), confidence=1)])
    assert len(parted) > 1
    assert " ".join(sentence.text for sentence in parted) == thai.strip()
    assert all(sentence.text.startswith("เกษตรกร") for sentence in parted)
    japanese = "農家の人々は雨が足りないと言っています気温の上昇により米の収穫が減りました" * 12
    parted = sentences([TranscriptSegment(start_seconds=0, end_seconds=90, text=japanese, confidence=1)])
    assert "".join(sentence.text for sentence in parted) == japanese
    assert {sentence.text[:2] for sentence in parted} <= {"農家", "気温"}


def test_times_are_those_of_the_words_also_where_the_recogniser_parts_them_otherwise() -> None:
    words = tuple(
        Word(text=text, start_seconds=start, end_seconds=start + 1, confidence=1)
        for text, start in (("今天天", 0.0), ("气好。", 2.0), ("明天", 7.0), ("下雨。", 8.0))
    )
    segment = TranscriptSegment(
        start_seconds=0, end_seconds=9, text="今天天气好。明天下雨。", confidence=1, words=words
    )
    assert [(found.start_seconds, found.end_seconds) for found in sentences([segment])] == [(0.0, 3.0), (7.0, 9.0)]


@pytest.mark.parametrize(
    "text",
    [
        "気候変動は農業に影響を与える" * 360,
        "สวัสดีครับยินดีต้อนรับทุกท่าน" * 170,
        "word " * 1000,
        "x" * 5000,
        "的" * 5000,
        "https://example.org/" + "a-b/" * 1245,
        "👨‍👩‍👧" * 600 + "Familie",
        "שלום לכולם היום נדבר על מים " * 180,
    ],
)
def test_a_sentence_of_5000_characters_has_a_title_that_fits(text: str, tmp_path: Path) -> None:
    summary = summarize((text,), "und", tmp_path)
    assert 0 < columns(summary.title) <= 80
    assert all(columns(chapter.title) <= 80 for chapter in summary.chapters)
    assert all(columns(topic) <= 80 for topic in summary.topics)


def test_mixed_scripts_keep_their_phrases_as_written(tmp_path: Path) -> None:
    texts = (
        "私たちはiPS細胞を研究します。",
        "iPS細胞とTシャツの話です。",
        "Machine learning は100円です。",
        "GPT4 模型 and 寿司 🎉",
    )
    summary = summarize(texts, "ja", tmp_path)
    assert "iPS細胞" in summary.topics
    assert "Tシャツ" in summary.topics
    assert all(any(topic in text for text in texts) for topic in summary.topics)


def test_what_a_blank_parts_in_thai_is_no_phrase(tmp_path: Path) -> None:
    summary = summarize(("เกษตรกร น้ำ เกษตรกร น้ำ เกษตรกร น้ำ เกษตรกร น้ำ เกษตรกร น้ำ",), "th", tmp_path)
    assert set(summary.topics) == {"เกษตรกร", "น้ำ"}


def test_a_short_recording_is_its_own_title_without_blanks_of_ours(tmp_path: Path) -> None:
    assert summarize(("こんにちは。", "さようなら。"), "ja", tmp_path).title == "こんにちは。さようなら。"
    assert summarize(("สวัสดีครับ", "ขอบคุณ"), "th", tmp_path).title == "สวัสดีครับ ขอบคุณ"


def test_what_is_cut_short_ends_behind_a_word_and_says_so() -> None:
    assert cut_short("whole words alone", 17) == "whole words alone"
    assert cut_short("whole words, alone", 14) == "whole words …"
    assert cut_short("今日は気候変動について", 13) == "今日は気候…"
    assert cut_short("สวัสดีครับ", 6) == "สวัสดี …"
    assert cut_short("x" * 50, 10) == "xxxxxxxx …"


def test_hindi_is_about_things_and_not_about_postpositions(tmp_path: Path) -> None:
    found = summarize(HINDI, "hi", tmp_path)
    assert "बजट" in found.topics
    assert not {"का", "में", "से", "है", "को", "के"} & set(found.topics)
