"""The extractive summarizer on transcripts whose subjects are known."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Cancelled, NotApplicable
from media_assets.base.secrets import Secrets
from media_assets.pipeline.recording import Recording
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.transcripts import BEES, TRAINS, as_recognised_without_punctuation, transcript


def summarize(spoken: Transcript, directory: Path, settings: ExtractiveSummary | None = None) -> Summary:
    return (settings or ExtractiveSummary()).open(Secrets()).summarize(spoken, Work(directory))


@pytest.mark.parametrize("punctuated", [True, False])
def test_both_subjects_of_a_talk_are_in_title_topics_abstract_and_chapters(punctuated: bool, tmp_path: Path) -> None:
    texts = [*BEES, *TRAINS] if punctuated else as_recognised_without_punctuation([*BEES, *TRAINS])
    spoken = transcript(texts, start_seconds=3.0)

    summary = summarize(spoken, tmp_path)

    topics = " ".join(summary.topics).lower()
    assert "bee" in topics
    assert "steam locomotive" in topics
    assert "bee" in summary.title.lower()
    assert "locomotive" in summary.title.lower()
    first, second = summary.chapters
    assert first.start_seconds == 3.0
    assert "bee" in first.title.lower()
    assert "locomotive" in second.title.lower()
    turn = spoken.segments[len(BEES)].start_seconds
    assert abs(second.start_seconds - turn) < 12.0, "the chapter begins within two sentences of the turn"
    assert summary.extractive
    assert (summary.engine, summary.parts) == ("extractive", 1)


@pytest.mark.parametrize("punctuated", [True, False])
def test_every_sentence_is_one_of_the_transcript_and_none_comes_twice(punctuated: bool, tmp_path: Path) -> None:
    texts = [*BEES, *TRAINS] if punctuated else as_recognised_without_punctuation([*BEES, *TRAINS])

    summary = summarize(transcript(texts), tmp_path)

    assert len(summary.key_points) == ExtractiveSummary().key_points
    assert set(summary.key_points) <= set(texts)
    quoted = [text for text in texts if text in summary.abstract]
    assert len(quoted) == ExtractiveSummary().abstract_sentences
    assert not set(quoted) & set(summary.key_points)
    assert [summary.abstract.index(text) for text in quoted] == sorted(summary.abstract.index(text) for text in quoted)


def test_a_sentence_that_is_repeated_is_chosen_once(tmp_path: Path) -> None:
    refrain = "The honey of the bee colony feeds the hive in winter."
    texts = [text for pair in zip(BEES, [refrain] * len(BEES), strict=True) for text in pair]

    summary = summarize(transcript(texts), tmp_path)

    assert " ".join([summary.abstract, *summary.key_points]).count(refrain) == 1


def test_what_is_to_be_done_is_found_and_questions_about_it_are_not(tmp_path: Path) -> None:
    texts = [*BEES, *TRAINS, "Do we need to water the locomotive at all?"]

    summary = summarize(transcript(texts), tmp_path)

    assert summary.action_items == (BEES[6], TRAINS[7])


@pytest.mark.slow
def test_another_process_with_another_hash_seed_gives_the_same_summary(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from media_assets.work.work import Work; from media_assets.artifacts.transcript.value import Transcript;"
        "from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary;"
        "from media_assets.base.secrets import Secrets;"
        "spoken = Transcript.model_validate_json(sys.stdin.read());"
        "summarizer = ExtractiveSummary().open(Secrets());"
        "print(summarizer.summarize(spoken, Work(Path(sys.argv[1]))).model_dump_json())"
    )
    spoken = transcript([*BEES, *TRAINS])

    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        input=spoken.model_dump_json(),
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert Summary.model_validate_json(other.stdout) == summarize(spoken, tmp_path)


def test_one_short_sentence_is_its_own_title_and_abstract(tmp_path: Path) -> None:
    summary = summarize(transcript(["Hello world."], start_seconds=2.0), tmp_path)

    assert summary.title == "Hello world."
    assert summary.abstract == "Hello world."
    assert [chapter.start_seconds for chapter in summary.chapters] == [2.0]


def test_nothing_but_stop_words_still_makes_a_summary(tmp_path: Path) -> None:
    summary = summarize(transcript(["Okay, yes, thank you."] * 12), tmp_path)

    assert summary.abstract == "Okay, yes, thank you."
    assert summary.title


@pytest.mark.parametrize("texts", [[], ["♪♪", "...", " "]])
def test_a_transcript_without_words_is_not_applicable(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="has no speech to summarise"):
        summarize(transcript(texts), tmp_path)


def test_german_function_words_are_no_topics(tmp_path: Path) -> None:
    texts = [
        "Der Imker prüft den Bienenstock in der Woche, und dann macht er auch den Deckel von dem Bienenstock auf.",
        "Wir müssen den Bienenstock bis Freitag gegen die Milben behandeln.",
        "Die Königin im Bienenstock legt alle Eier, und die Milben sind in der Brut.",
        "Die Milben und der Nektar werden von der Königin nicht beachtet, aber der Nektar wird dann zu Honig.",
    ]

    summary = summarize(transcript(texts, "de"), tmp_path)

    assert {"Bienenstock", "Milben", "Nektar"} <= set(summary.topics)
    assert not {topic.lower() for topic in summary.topics} & {"der", "und", "wird", "auch", "dann", "nicht"}
    assert summary.action_items == (texts[1],)


def test_a_language_without_blanks_and_without_a_list_works(tmp_path: Path) -> None:
    texts = ["我们讨论机器学习。机器学习需要很多数据。", "神经网络是机器学习的一种方法。", "数据越多越好。"]

    summary = summarize(transcript(texts, "zh"), tmp_path)

    assert "机器学习" in summary.topics
    assert "机器学习需要很多数据。" in summary.abstract


def test_a_language_without_a_list_gets_by_without_its_commonest_words(tmp_path: Path) -> None:
    subjects = ["gradina", "pomul", "livada", "caisul", "prunul", "ciresul"]
    texts = [f"Atunci {subjects[i % 6]} si {subjects[(i + 1) % 6]} pentru vecini numarul x{i}." for i in range(36)]

    summary = summarize(transcript(texts, "sq"), tmp_path)

    topics = " ".join(summary.topics).lower().split()
    assert set(topics) & set(subjects)
    assert not set(topics) & {"atunci", "si", "pentru", "vecini"}
    assert (
        summary.note
        == "The language sq is not known to this engine: its function words may stand in the title and the topics"
    )
    assert summary.note in to_markdown(summary, Recording("box:a.mp4"))
    unknown = summarize(transcript(texts, "und"), tmp_path)
    assert unknown.note is not None and unknown.note.startswith("The language is not known: ")
    known = summarize(transcript(texts, "ro"), tmp_path)
    assert "note" not in known.model_dump(), "stored as it was before there were notes"


@pytest.mark.thorough
def test_ten_subjects_in_a_long_talk_become_chapters_where_they_turn(tmp_path: Path) -> None:
    random_ = random.Random(7)
    vocabulary = [[f"subject{k}word{i}" for i in range(60)] for k in range(10)]
    common = [f"common{i}" for i in range(100)]
    texts = [
        " ".join(random_.choice(vocabulary[i // 150] if random_.random() < 0.5 else common) for _ in range(12)) + "."
        for i in range(1500)
    ]
    spoken = transcript(texts)

    summary = summarize(spoken, tmp_path)

    starts = [chapter.start_seconds for chapter in summary.chapters]
    turns = [spoken.segments[i].start_seconds for i in range(0, 1500, 150)]
    assert all(min(abs(start - turn) for start in starts) < 60.0 for turn in turns)
    assert len(starts) <= ExtractiveSummary().max_chapters
    assert sum(f"ubject{k}word" in chapter.title for k, chapter in enumerate(summary.chapters)) >= 8


@pytest.mark.thorough
def test_a_long_talk_without_a_turn_gets_equal_chapters(tmp_path: Path) -> None:
    summary = summarize(transcript(["The bees bring the honey home to the hive."] * 600), tmp_path)

    starts = [chapter.start_seconds for chapter in summary.chapters]
    lengths = [b - a for a, b in pairwise(starts)]
    assert len(starts) > 2
    assert max(lengths) - min(lengths) < 10.0


def test_counts_are_those_of_the_settings(tmp_path: Path) -> None:
    settings = ExtractiveSummary(abstract_sentences=1, key_points=2, topics=3, max_chapters=1)

    summary = summarize(transcript([*BEES, *TRAINS]), tmp_path, settings)

    assert len(summary.key_points) == 2
    assert len(summary.topics) == 3
    assert len(summary.chapters) == 1
    assert sum(text in summary.abstract for text in [*BEES, *TRAINS]) == 1


def test_progress_ends_at_one_and_a_stopped_run_stops(tmp_path: Path) -> None:
    reported: list[float] = []
    spoken = transcript(BEES)
    summarizer = ExtractiveSummary().open(Secrets())
    summarizer.summarize(spoken, Work(tmp_path, report=reported.append))
    assert reported == sorted(reported)
    assert reported[-1] == 1.0

    stopped = Work(tmp_path)
    stopped.cancelled.set()
    with pytest.raises(Cancelled):
        summarizer.summarize(spoken, stopped)


def test_the_check_needs_nothing() -> None:
    assert "no key" in ExtractiveSummary().open(Secrets()).check()
