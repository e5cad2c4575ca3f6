from __future__ import annotations

import random
import zlib

import pytest

from media_assets.artifacts.transcript.hearing.guards import (
    compression_ratio,
    objection,
    repeats_itself,
    total,
    without_repeated_segments,
)
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.value import TranscriptSegment

GUARDS = GuardSettings()


def judge(text: str, log_probability: float = -0.3, no_speech: float = 0.1) -> str | None:
    return objection(text, average_log_probability=log_probability, no_speech_probability=no_speech, guards=GUARDS)


def said(*texts: str) -> list[TranscriptSegment]:
    return [
        TranscriptSegment(start_seconds=i, end_seconds=i + 1, text=text, confidence=0.5) for i, text in enumerate(texts)
    ]


def texts(segments: tuple[TranscriptSegment, ...]) -> list[str]:
    return [segment.text for segment in segments]


def test_ordinary_speech_passes_every_guard():
    assert judge("The rain that falls on the field runs down into the river, and from there to the sea.") is None


def test_a_loop_within_one_segment_is_recognised_by_how_well_it_compresses():
    assert judge("so " + "I'm going to go to the store and " * 12) == "compression_ratio"


BURMESE = (
    "မင်္ဂလာပါ ခင်ဗျာ။ ယနေ့ ကျွန်တော်တို့ နောက်နှစ်အတွက် ဘတ်ဂျက်အ"
    "ကြောင်း ဆွေးနွေးကြပါမယ်။ ပန်းခြံစီမံကိန်းက သုံးသန်းကျပ် ကုန်"
    "ကျခဲ့ပါတယ်။ ဦးအောင်က ကြော်ငြာစရိတ်ကို လျှော့ချသင့်တယ်လို့ ထင"
    "်ပါတယ်။ မတ်လမှာ အစည်းအဝေး ထပ်လုပ်ဖို့ ဆုံးဖြတ်ခဲ့ပါတယ်။"
)


def test_speech_in_a_script_of_three_bytes_a_letter_is_no_loop():
    assert len(BURMESE.encode()) > 2.4 * len(zlib.compress(BURMESE.encode())), "Whisper's measure would drop it"
    assert judge(BURMESE) is None
    assert judge("ကျေးဇူးတင်ပါတယ် ပန်းခြံ " * 12) == "compression_ratio"


def test_a_long_text_in_one_segment_is_judged_by_what_is_said_in_half_a_minute():
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghilmnoprstuvw", k=6)) for _ in range(150)]
    said = " ".join(chance.choices(words, k=3000))
    assert len(said.encode()) > 2.4 * len(zlib.compress(said.encode())), "Whisper's measure would drop it"
    assert judge(said) is None
    assert judge("I'm going to go to the store and " * 100) == "compression_ratio"


def test_the_ratio_is_that_of_whisper():
    assert compression_ratio("Thank you. " * 5) == pytest.approx(2.5)
    assert compression_ratio("") == 0


def test_an_unsure_segment_goes_only_where_silence_is_likely_too():
    assert judge("Thanks for watching!", log_probability=-1.2, no_speech=0.8) == "no_speech"
    assert judge("Thanks for watching!", log_probability=-0.4, no_speech=0.8) is None
    assert judge("Thanks for watching!", log_probability=-1.2, no_speech=0.2) is None


def test_limits_that_are_just_reached_let_pass():
    assert judge("Thanks for watching!", log_probability=-1.0, no_speech=0.8) is None
    assert judge("Thanks for watching!", log_probability=-1.2, no_speech=0.6) is None


@pytest.mark.parametrize(
    "text",
    [
        "you you you you",
        "You, you. You! You?",
        "Thank you. Thank you. Thank you. Thank you.",
        "Thank you. Thank you. Thank you. Thank you. Thank",
        "謝謝謝謝",
        "ご視聴ありがとうご視聴ありがとうご視聴ありがとうご視聴ありがとう",
    ],
)
def test_nothing_but_one_phrase_more_than_three_times_is_a_loop(text):
    assert repeats_itself(text, 3)
    assert judge(text) in ("repeated_token", "compression_ratio")


@pytest.mark.parametrize(
    "text",
    [
        "no no no, wait",
        "No, no, no.",
        "Thank you. Thank you very much. Thank you all.",
        "no no no no no, wait a minute",
        "2000",
        "Hmmmm",
        "",
        "…",
    ],
)
def test_people_who_repeat_themselves_a_little_are_heard(text):
    assert not repeats_itself(text, 3)
    assert judge(text) is None


def test_a_segment_that_says_the_same_for_the_fourth_time_goes_and_so_do_all_that_follow():
    kept, dropped = without_repeated_segments(said("Welcome.", *["Thank you."] * 50, "Goodbye."), 3)
    assert texts(kept) == ["Welcome.", "Thank you.", "Thank you.", "Thank you.", "Goodbye."]
    assert dropped == {"repeated_segment": 47}


def test_case_and_punctuation_do_not_hide_a_repetition():
    kept, _ = without_repeated_segments(said("Thank you.", "thank you", "Thank you!", "THANK YOU"), 3)
    assert len(kept) == 3


def test_repetitions_with_something_between_them_stay():
    answers = said("Yes.", "Yes.", "Yes.", "No.", "Yes.", "Yes.")
    kept, dropped = without_repeated_segments(answers, 3)
    assert list(kept) == answers
    assert dropped == {}


def test_counts_are_added_up_by_guard():
    assert total([{"no_speech": 1}, {}, {"no_speech": 2, "compression_ratio": 1}]) == {
        "compression_ratio": 1,
        "no_speech": 3,
    }
