"""Transcripts that a person corrected where they are stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.correcting import Corrected, corrected
from media_assets.artifacts.transcript.subtitles.aligning import within
from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment, Word
from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadArtifact, BadMedia
from media_assets.pipeline.artifact import Earlier, Stored
from media_assets.places.manifest import StoredFile
from media_assets.places.store import EditedFile
from media_assets_tests.manifests import draft

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def segment(start: float, text: str, speaker: str | None = None) -> TranscriptSegment:
    words = tuple(
        Word(text=word, start_seconds=start + i, end_seconds=start + i + 0.5, confidence=0.5, speaker=speaker)
        for i, word in enumerate(text.split())
    )
    return TranscriptSegment(
        start_seconds=start, end_seconds=start + len(words), text=text, confidence=0.5, words=words, speaker=speaker
    )


def said(*segments: TranscriptSegment, speakers: tuple[Speaker, ...] = ()) -> Transcript:
    return Transcript(language="en", duration_seconds=60, engine="e", model="m", segments=segments, speakers=speakers)


HEARD = said(segment(1, "It cost four hundred dollars on tilt"), segment(20, "and sees we agreed"))
TALK = said(
    segment(1, "Good morning Anna", "S1"),
    segment(6, "Good morning", "S2"),
    segment(12, "Shall we begin now", "S1"),
    speakers=(Speaker(id="S1", seconds=7), Speaker(id="S2", seconds=2)),
)


class Shelf:
    """A stored transcript, and what a person does with its files."""

    def __init__(self, folder: Path, transcript: Transcript) -> None:
        self._folder = folder
        self._edits: dict[str, EditedFile] = {}
        forms = {
            "transcript.json": transcript.model_dump_json(),
            "transcript.srt": to_srt(transcript),
            "transcript.vtt": to_vtt(transcript),
        }
        for name, text in forms.items():
            (folder / name).write_text(text, "utf-8")
        self._stored = self._manifest(tuple(forms), by_hand=False)

    def _manifest(self, names: tuple[str, ...], *, by_hand: bool) -> Stored[Transcript]:
        files = tuple(
            StoredFile(name=name, path=name, size_bytes=1, sha256=sha256_of(self._folder / name)) for name in names
        )
        manifest = draft(files=files, document="transcript.json", by_hand=by_hand)
        return Stored(manifest, Transcript, lambda name: self._folder / str(name))

    def edit(self, name: str, text: str, minutes: float = 0, by: str | None = "anna") -> None:
        path = self._folder / f"edited {name}"
        path.write_text(text, "utf-8")
        self._edits[name] = EditedFile(path, sha256_of(path), AT + timedelta(minutes=minutes), by)

    def take(self, heard: Transcript) -> Corrected | None:
        return corrected(Earlier(self._stored, self._edits, all_anew=False), heard)

    def taken(self, heard: Transcript) -> Corrected:
        found = self.take(heard)
        assert found is not None
        return found

    def publish(self, made: Corrected) -> None:
        """What the asset stores of it."""
        for name, path in made.files.items():
            content = path.read_bytes()
            (self._folder / name).write_bytes(content)
        (self._folder / "transcript.json").write_text(made.transcript.model_dump_json(), "utf-8")
        self._edits = {}
        self._stored = self._manifest(("transcript.json", *made.files), by_hand=True)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, HEARD)


@pytest.fixture
def talk(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, TALK)


def texts(transcript: Transcript) -> str:
    return " ".join(one.text for one in transcript.segments)


def test_what_nobody_touched_is_as_it_was_heard(shelf: Shelf) -> None:
    assert shelf.take(HEARD) is None


@pytest.mark.parametrize("form", ["transcript.srt", "transcript.vtt", "transcript.json"])
def test_a_slip_is_corrected_in_any_form(shelf: Shelf, form: str) -> None:
    write: dict[str, Callable[[Transcript], str]] = {
        "transcript.srt": to_srt,
        "transcript.vtt": to_vtt,
        "transcript.json": Transcript.model_dump_json,
    }
    text = write[form](HEARD).replace("on tilt", "on tiles").replace("and sees", "and seeds,")
    shelf.edit(form, text)

    made = shelf.taken(HEARD)

    assert texts(made.transcript) == "It cost four hundred dollars on tiles and seeds, we agreed"
    correction = made.transcript.correction
    assert correction is not None
    assert (correction.by, correction.at, correction.form) == ("anna", AT, form)
    assert correction.file == f"version-1.{form.partition('.')[2]}.txt"
    assert made.files[correction.file].read_text("utf-8") == text, "byte for byte as it was written"


def test_words_that_were_heard_keep_their_times_and_new_ones_lie_between_them(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("on tilt", "on new tiles"))
    words = [word for one in shelf.taken(HEARD).transcript.segments for word in one.words]
    by_text = {word.text: word for word in words}
    assert (by_text["dollars"].start_seconds, by_text["dollars"].confidence) == (5, 0.5)
    assert by_text["on"].start_seconds <= by_text["new"].start_seconds < by_text["tiles"].start_seconds <= 8
    assert by_text["tiles"].confidence == 1
    starts = [word.start_seconds for word in words]
    assert starts == sorted(starts)


def moved(captions: str, seconds: int, first: str) -> str:
    """Captions of which those from one on are later."""
    before, found, after = captions.partition(first)
    times = re.sub(r":(\d\d),", lambda time: f":{int(time[1]) + seconds:02},", found + after)
    return before + times


@pytest.mark.parametrize("seconds", [1, 5, 12])
def test_words_move_with_a_caption_whose_times_alone_were_changed(shelf: Shelf, seconds: int) -> None:
    shelf.edit("transcript.srt", moved(to_srt(HEARD), seconds, "00:00:20,"))
    first, second = shelf.taken(HEARD).transcript.segments
    assert first.words == HEARD.segments[0].words
    was = HEARD.segments[1]
    assert second.start_seconds == was.start_seconds + seconds
    assert [word.start_seconds for word in second.words] == [word.start_seconds + seconds for word in was.words]
    assert [word.end_seconds for word in second.words] == [(word.end_seconds or 0) + seconds for word in was.words]


@pytest.mark.parametrize("form", ["transcript.srt", "transcript.vtt", "transcript.json"])
def test_what_a_person_moved_stays_in_the_recording_and_its_words_in_it(shelf: Shelf, form: str) -> None:
    heard = HEARD.segments
    late = heard[1].model_copy(update={"start_seconds": 21.5, "end_seconds": 100.0})
    written = HEARD.model_copy(update={"segments": (heard[0], late)})
    forms = {"srt": to_srt(written), "vtt": to_vtt(written), "json": written.model_dump_json()}
    shelf.edit(form, forms[form.rpartition(".")[2]])
    said = within(shelf.taken(HEARD).transcript, 60.0)
    assert (said.segments[1].start_seconds, said.segments[1].end_seconds) == (21.5, 60.0)
    for one in said.segments:
        for word in one.words:
            assert one.start_seconds <= word.start_seconds <= (word.end_seconds or one.end_seconds) <= one.end_seconds


def test_a_correction_outlives_what_another_engine_hears(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    first = shelf.taken(HEARD)
    shelf.publish(first)

    again = shelf.taken(said(segment(1, "Something else altogether")))

    assert again.transcript == first.transcript
    assert again.files.keys() == {"version-1.srt.txt", "transcript.srt"}
    assert "tiles" in again.files["transcript.srt"].read_text("utf-8")


def test_it_holds_for_the_same_recording_encoded_anew_and_not_for_another(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))

    same = shelf.taken(HEARD.model_copy(update={"duration_seconds": 60.2}))
    other = shelf.taken(HEARD.model_copy(update={"duration_seconds": 75}))

    assert "tiles" in texts(same.transcript)
    assert texts(other.transcript) == texts(HEARD)
    assert other.transcript.note == (
        "The correction of 4 May 2026 was made for another recording: it is kept as version-1.srt.txt"
    )
    assert other.files.keys() == {"version-1.srt.txt"}


def test_every_version_stays(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    shelf.edit("transcript.vtt", to_vtt(HEARD).replace("tilt", "stilts"), minutes=5, by=None)
    made = shelf.taken(HEARD)
    assert "stilts" in texts(made.transcript)
    assert [(one.form, one.file, one.by) for one in made.transcript.versions] == [
        ("transcript.srt", "version-1.srt.txt", "anna"),
        ("transcript.vtt", "version-2.vtt.txt", None),
    ]
    assert made.files.keys() == {"version-1.srt.txt", "version-2.vtt.txt", "transcript.vtt"}


def test_a_version_that_a_person_took_away_holds_nothing_up(shelf: Shelf, tmp_path: Path) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    (tmp_path / "version-1.srt.txt").unlink()

    made = shelf.taken(HEARD)

    assert "tiles" in texts(made.transcript)
    assert made.files["version-1.srt.txt"].read_text("utf-8") == made.files["transcript.srt"].read_text("utf-8")
    shelf.edit("transcript.vtt", to_vtt(HEARD).replace("tilt", "stilts"), minutes=5)
    assert shelf.taken(HEARD).files.keys() == {"version-1.srt.txt", "version-2.vtt.txt", "transcript.vtt"}


def test_a_version_whose_captions_are_gone_too_holds_nothing_up(shelf: Shelf, tmp_path: Path) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    for name in ("version-1.srt.txt", "transcript.srt"):
        (tmp_path / name).unlink()
    made = shelf.taken(HEARD)
    assert "tiles" in texts(made.transcript)
    assert made.files == {}


@pytest.mark.parametrize("listed", ["none", "all"])
def test_another_transcript_in_its_place_takes_no_version_away(talk: Shelf, listed: str) -> None:
    talk.edit("transcript.srt", to_srt(TALK).replace("begin", "start"))
    talk.publish(talk.taken(TALK))
    first = talk.taken(TALK).transcript
    put = TALK if listed == "none" else first
    there = put.model_copy(update={"segments": TALK.segments[:2], "versions": put.versions})
    talk.edit("transcript.json", there.model_dump_json(), minutes=1)
    made = talk.taken(TALK)
    assert made.files.keys() == {"version-1.srt.txt", "version-2.json.txt"}
    assert [one.file for one in made.transcript.versions] == ["version-1.srt.txt", "version-2.json.txt"]


def test_a_number_is_given_once(shelf: Shelf) -> None:
    for number, word in enumerate(("tiles", "stilts", "quilts")):
        shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", word), minutes=number)
        shelf.publish(shelf.taken(HEARD))
    older = HEARD.model_copy(update={"versions": shelf.taken(HEARD).transcript.versions[:1]})
    shelf.edit("transcript.json", older.model_dump_json(), minutes=9)
    made = shelf.taken(HEARD)
    assert sorted(made.files) == [
        f"version-{number}.{form}.txt" for number, form in enumerate(["srt"] * 3 + ["json"], 1)
    ]
    assert "quilts" in made.files["version-3.srt.txt"].read_text("utf-8")


def test_what_was_heard_put_in_its_place_is_the_way_back_and_keeps_who_speaks(talk: Shelf) -> None:
    talk.edit("transcript.srt", to_srt(TALK).replace("begin", "start"))
    talk.publish(talk.taken(TALK))
    untold = tuple(one.model_copy(update={"speaker": None}) for one in TALK.segments)
    heard = TALK.model_copy(update={"speakers": (), "segments": untold})
    talk.edit("transcript.json", heard.model_dump_json(), minutes=1)
    made = talk.taken(TALK)
    assert made.transcript.correction is None
    assert (made.transcript.segments, made.transcript.speakers) == (TALK.segments, TALK.speakers)
    assert "version-1.srt.txt" in made.files


def test_a_recording_that_comes_back_has_its_correction_again(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    other = said(segment(3, "Something else altogether")).model_copy(update={"duration_seconds": 90})
    for _ in range(2):
        shelf.publish(shelf.taken(other))
        away = shelf.taken(other).transcript
        assert texts(away) == texts(other)
        assert "is kept as version-1.srt.txt" in str(away.note), "as long as it is so"
    assert "tiles" in texts(shelf.taken(HEARD).transcript)


def test_what_a_person_took_back_does_not_come_again(shelf: Shelf) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    shelf.edit("transcript.json", HEARD.model_dump_json(), minutes=1)
    shelf.publish(shelf.taken(HEARD))
    assert texts(shelf.taken(HEARD).transcript) == texts(HEARD)


def test_of_two_forms_that_were_edited_the_last_counts_and_both_stay(shelf: Shelf) -> None:
    shelf.edit("transcript.vtt", to_vtt(HEARD).replace("tilt", "stilts"), minutes=2)
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"), minutes=1)
    made = shelf.taken(HEARD)
    assert "stilts" in texts(made.transcript)
    assert made.files.keys() == {"version-1.srt.txt", "version-2.vtt.txt", "transcript.vtt"}


def test_text_alone_is_kept_and_not_taken_over(shelf: Shelf) -> None:
    shelf.edit("transcript.txt", "It cost four hundred dollars.")
    made = shelf.taken(HEARD)
    assert (made.transcript.correction, texts(made.transcript)) == (None, texts(HEARD))
    assert made.files.keys() == {"version-1.txt.txt"}


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("transcript.srt", "no cue at all", "no times"),
        ("transcript.srt", "1\n00:00:01,000 --> 00:00:0x,000\nHi\n", "line 2 has an arrow"),
        ("transcript.srt", "1\n00:00:09,000 --> 00:00:01,000\nHi\n", "ends before it begins"),
        ("transcript.vtt", "00:01.000 --> 00:02.000\nHi\n", "first line is not WEBVTT"),
        ("transcript.json", "{", "JSON"),
        (
            "transcript.json",
            HEARD.model_dump_json().replace('"start_seconds":20.0', '"start_seconds":0.5'),
            "segment 2",
        ),
    ],
)
def test_what_cannot_be_read_is_told_and_written_over_by_nothing(shelf: Shelf, form: str, text: str, why: str) -> None:
    shelf.edit(form, text)
    with pytest.raises(BadMedia, match=why) as caught:
        shelf.take(HEARD)
    assert form in caught.value.reason
    assert "nothing is written over" in caught.value.next_step


def test_a_corrected_transcript_that_is_gone_is_not_replaced_in_silence(shelf: Shelf, tmp_path: Path) -> None:
    shelf.edit("transcript.srt", to_srt(HEARD).replace("tilt", "tiles"))
    shelf.publish(shelf.taken(HEARD))
    (tmp_path / "transcript.json").write_text("{", "utf-8")
    with pytest.raises(BadArtifact):
        shelf.take(HEARD)


def test_a_voice_is_named_by_its_tag(talk: Shelf) -> None:
    talk.edit("transcript.vtt", to_vtt(TALK).replace("Speaker 1", "David").replace("Speaker 2", "Anna"))
    made = talk.taken(TALK).transcript
    assert [(one.id, one.name) for one in made.speakers] == [("S1", "David"), ("S2", "Anna")]
    assert [one.speaker for one in made.segments] == ["S1", "S2", "S1"]
    assert {word.speaker for one in made.segments for word in one.words} == {"S1", "S2"}


@pytest.mark.parametrize(
    "segments",
    [
        (segment(1, "Good morning Anna", "S1"), segment(6, "Good morning", "S2")),
        # so near to each other that both are in one caption, a line each
        (segment(1, "Yes", "S1"), segment(2, "No", "S2")),
    ],
)
def test_a_name_that_stands_once_is_one(tmp_path: Path, segments: tuple[TranscriptSegment, ...]) -> None:
    brief = said(*segments, speakers=(Speaker(id="S1", seconds=3), Speaker(id="S2", seconds=2)))
    shelf = Shelf(tmp_path, brief)
    shelf.edit("transcript.srt", to_srt(brief).replace("Speaker 2:", "Zoe:"))
    made = shelf.taken(brief)
    assert [(one.id, one.label) for one in made.transcript.speakers] == [("S1", "Speaker 1"), ("S2", "Zoe")]
    assert "Zoe" not in texts(made.transcript)
    shelf.publish(made)
    written = to_srt(made.transcript)
    shelf.edit("transcript.srt", written.replace(segments[0].text, "Well then"), minutes=1)
    again = shelf.taken(brief).transcript
    assert [one.label for one in again.speakers] == ["Speaker 1", "Zoe"], "a name that stands already is one too"
    assert texts(again).startswith("Well then")


def test_names_with_marks_of_captions_are_theirs_still(tmp_path: Path) -> None:
    name = 'Ben <b>"Bear"</b> Miller'
    speakers = (Speaker(id="S1", name=name, seconds=7), Speaker(id="S2", seconds=2))
    marked = TALK.model_copy(update={"speakers": speakers})
    for form, written in (("transcript.srt", to_srt(marked)), ("transcript.vtt", to_vtt(marked))):
        shelf = Shelf(tmp_path, marked)
        shelf.edit(form, written.replace("begin", "start"))
        made = shelf.taken(marked).transcript
        assert [one.label for one in made.speakers] == [name, "Speaker 2"], form
        assert texts(made) == "Good morning Anna Good morning Shall we start now", form


def test_a_sentence_is_given_to_another_speaker(talk: Shelf) -> None:
    last = "<v Speaker 1>Shall we begin now</v>"
    assert last in to_vtt(TALK)
    talk.edit("transcript.vtt", to_vtt(TALK).replace(last, "<v Maria>Shall we begin now</v>"))
    made = talk.taken(TALK).transcript
    assert [(one.id, one.name, one.label) for one in made.speakers] == [
        ("S1", None, "Speaker 1"),
        ("S2", None, "Speaker 2"),
        ("S3", "Maria", "Maria"),
    ]
    assert [one.speaker for one in made.segments] == ["S1", "S2", "S3"]


def test_a_json_whose_text_alone_was_changed_has_words_to_it(talk: Shelf) -> None:
    talk.edit("transcript.json", TALK.model_dump_json().replace('"Shall we begin now"', '"Shall we start now"'))
    made = talk.taken(TALK).transcript
    assert [word.text for word in made.segments[2].words] == ["Shall", "we", "start", "now"]
    assert {word.speaker for word in made.segments[2].words} == {"S1"}


def test_names_that_voices_got_later_reach_a_corrected_transcript(talk: Shelf) -> None:
    talk.edit("transcript.vtt", to_vtt(TALK).replace("Speaker 1", "David").replace("begin", "start"))
    talk.publish(talk.taken(TALK))
    named = tuple(
        one.model_copy(update={"name": name}) for one, name in zip(TALK.speakers, ("Peter", "Anna"), strict=True)
    )
    made = talk.taken(TALK.model_copy(update={"speakers": named})).transcript
    assert [one.name for one in made.speakers] == ["David", "Anna"], "what a person said counts"
