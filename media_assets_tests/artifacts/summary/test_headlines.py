"""What stands above a talk and its chapters: a sentence of it, as a person would choose one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from media_assets.artifacts.summary.engines.extractive.names import spoken_names
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.engines.extractive.stop_words import stop_words
from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import Speaker, Transcript
from media_assets.base.secrets import Secrets
from media_assets.base.writing import columns
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary import talks
from media_assets_tests.artifacts.summary.talks import talk
from media_assets_tests.artifacts.summary.transcripts import BEES, TRAINS, as_recognised_without_punctuation, transcript

RULES = (
    "My name is David Brandt and I look after our recordings.",
    "A recording is only useful if somebody can find it again.",
    "Here are three rules that work for us.",
    "The first rule is to give every recording a good name.",
    "The second rule is to put the microphone close to the speaker.",
    "The third rule is to write down what was said.",
    "Keep three copies of everything you love.",
)
"""One of the samples."""


def summarize(spoken: Transcript, directory: Path) -> Summary:
    return ExtractiveSummary().open(Secrets()).summarize(spoken, Work(directory))


def names(texts: Sequence[str], language: str = "en", known: Sequence[str] = ()) -> frozenset[str]:
    return spoken_names(texts, stop_words(language), known)


@pytest.mark.parametrize(
    ("spoken", "title"),
    [
        (transcript(RULES), "A recording is only useful if somebody can find it again"),
        (talk(talks.LECTURE_EN, "en"), "Photosynthesis is the way in which plants turn light into sugar"),
        (talk(talks.INTERVIEW_EN, "en"), "What is the most common fault of an old clock?"),
        (talk(talks.LECTURE_DE, "de"), "Ein Schreiber brauchte für eine Bibel ungefähr drei Jahre"),
        (talk(talks.INTERVIEW_DE, "de"), "Stimmt es, dass die Bienen sterben?"),
        (talk(talks.MEETING_DE, "de"), "Der erste Punkt ist die Sanierung der Turnhalle"),
    ],
)
def test_the_title_is_the_sentence_that_holds_most_of_the_subject_in_few_words(
    spoken: Transcript, title: str, tmp_path: Path
) -> None:
    assert summarize(spoken, tmp_path).title == title


def test_a_talk_on_several_subjects_is_called_by_these(tmp_path: Path) -> None:
    assert summarize(talk(talks.MEETING_EN, "en"), tmp_path).title == "Website, shop, office"
    assert summarize(transcript([*BEES, *TRAINS]), tmp_path).title == "Steam locomotive, bee colony"


@pytest.mark.parametrize("name", ["LECTURE_EN", "INTERVIEW_EN", "MEETING_EN", "LECTURE_DE", "INTERVIEW_DE"])
def test_chapters_are_headed_by_sentences_of_their_own(name: str, tmp_path: Path) -> None:
    spoken = talk(getattr(talks, name), name[-2:].lower())
    summary = summarize(spoken, tmp_path)
    headings = [chapter.title for chapter in summary.chapters]
    ends = [*(chapter.start_seconds for chapter in summary.chapters[1:]), spoken.duration_seconds]
    for chapter, end in zip(summary.chapters, ends, strict=True):
        inside = [
            segment.text.rstrip(".")
            for segment in spoken.segments
            if chapter.start_seconds <= segment.start_seconds < end
        ]
        assert any(text.casefold().endswith(chapter.title.casefold()) for text in inside), chapter
    assert len(set(headings)) == len(headings) > 1
    assert all(columns(heading) <= 75 for heading in headings)


def test_whom_somebody_greets_is_left_out_and_what_follows_is_said(tmp_path: Path) -> None:
    texts = ["Good morning, Anna, the weather station lost its battery.", *["It will be fine again soon."] * 2]
    assert summarize(transcript(texts), tmp_path).title == "The weather station lost its battery"


def test_who_speaks_is_no_subject(tmp_path: Path) -> None:
    spoken = transcript(RULES)
    assert not {"David", "Brandt"} & set(" ".join(summarize(spoken, tmp_path).topics).split())
    named = spoken.model_copy(update={"speakers": (Speaker(id="S1", name="Close Microphone", seconds=9),)})
    assert not {"close", "microphone"} & set(" ".join(summarize(named, tmp_path).topics).split())
    assert "microphone" in " ".join(summarize(spoken, tmp_path).topics)


def test_names_are_those_who_are_addressed_or_introduce_themselves() -> None:
    assert names(["Laura, thank you for coming.", "Laura Bennett repairs clocks."]) == {"laura", "bennett"}
    assert names(["Thank you very much, Maria.", "The bill goes to Maria."]) == {"maria"}
    assert names(["My name is Anna Keller and this is Berlin."]) == {"anna", "keller"}
    assert names(["Mein Name ist Karin Vogel.", "Frau Doktor Neumann, Sie sind Imkerin."], "de") == {
        "karin", "vogel", "frau", "doktor", "neumann"
    }  # fmt: skip
    assert names(["We grow apples."], known=["Ben Okafor"]) == {"ben", "okafor"}


def test_names_are_not_what_is_counted_up_or_spoken_of() -> None:
    assert names(["Wir brauchen Äpfel, Birnen, Kirschen, und dazu Brot."], "de") == frozenset()
    assert names(["Yes, of course we do.", "Now, where were we?", "Great. Let us begin."]) == frozenset()
    spoken_of = ["Gutenberg printed Bibles."] * 9
    assert names([*spoken_of, "He was, Gutenberg, a man of many parts."]) == frozenset()


def test_what_no_mark_ends_is_no_headline(tmp_path: Path) -> None:
    summary = summarize(transcript(as_recognised_without_punctuation([*BEES, *TRAINS])), tmp_path)
    assert summary.title == "Steam locomotive, bee colony"


@pytest.mark.parametrize("text", ["A, " * 2000, "Anna, " * 500 + "go.", ", , ,.", "?!?!", "\u202e, --> </v>, x y z w."])
def test_odd_sentences_have_a_title_all_the_same(text: str, tmp_path: Path) -> None:
    summary = summarize(transcript([text, "Bees, Anna, make honey in the hive."]), tmp_path)
    assert 0 < columns(summary.title) <= 80
