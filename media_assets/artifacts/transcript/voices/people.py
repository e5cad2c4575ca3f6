"""`people.yaml`: whose voices are whose, in a file that people read, edit and compare.

    people:
    - name: Anna Keller
      voices:
      - recording: talks/garden.mkv
        speaker: S1
        seconds: 34.2
        embedding: AAAkLgAA…

A person may have several voices: a phone makes another one of the same throat. Names and recordings may be edited; an
embedding is 256 numbers of 16 bits in base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from filelock import FileLock, Timeout
from pydantic import AfterValidator, Field, ValidationError, model_validator

from media_assets.artifacts.transcript.voices.value import Voice
from media_assets.base.errors import Fatal
from media_assets.base.files import PRIVATE_MODE, read_file, write_whole
from media_assets.base.section import Section

if TYPE_CHECKING:
    import numpy as np

_NUMBERS = 256
_WAIT_SECONDS = 30.0
_HEADER = """\
# Whose voices are whose. A name may be changed here, a voice or a person taken out; recordings that are transcribed
# from now on follow. An embedding is what a voice sounds like, in numbers: treat it as personal data.
"""


def _embedding(text: str) -> str:
    try:
        numbers = _decoded(text)
    except (binascii.Error, ValueError):
        raise ValueError("should be 256 numbers of 16 bits in base64, as media-assets writes them") from None
    import numpy as np

    if not np.isfinite(numbers).all() or not numbers.any():
        raise ValueError("should be the embedding of a voice; these numbers are none")
    return text


def _decoded(text: str) -> np.ndarray:
    import numpy as np

    numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float64)
    if len(numbers) != _NUMBERS:
        raise ValueError(len(numbers))
    return numbers


class KnownVoice(Section):
    """What a person sounded like in one recording."""

    recording: str
    """Where it was taken from: the path of a recording in the library."""
    speaker: str
    """What the transcript of that recording called it: `S1`."""
    seconds: Annotated[float, Field(ge=0)]
    """How long it was heard."""
    engine: Literal["resemblyzer"] = "resemblyzer"
    """What made the embedding. Those of different engines cannot be compared."""
    embedding: Annotated[str, AfterValidator(_embedding)]
    """256 numbers of 16 bits, base64."""

    @classmethod
    def taken(cls, voice: Voice, recording: str) -> KnownVoice:
        """The voice of a speaker in a recording."""
        import numpy as np

        packed = base64.b64encode(np.array(voice.embedding).astype("<f2").tobytes()).decode("ascii")
        return cls(recording=recording, speaker=voice.speaker, seconds=round(voice.seconds, 1), embedding=packed)

    @property
    def numbers(self) -> np.ndarray:
        """The embedding at length 1."""
        import numpy as np

        numbers = _decoded(self.embedding)
        result: np.ndarray = numbers / np.linalg.norm(numbers)
        return result


class KnownPerson(Section):
    """One who has a name."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
    voices: Annotated[tuple[KnownVoice, ...], Field(min_length=1)]


class People(Section):
    """All whose voices have names."""

    people: tuple[KnownPerson, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> People:
        names = [person.name for person in self.people]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice; put the voices of one person under one name")
        return self

    def person(self, name: str) -> KnownPerson | None:
        """The person of that name."""
        return next((person for person in self.people if person.name == name), None)

    def with_voice(self, name: str, voice: KnownVoice) -> People:
        """A name gets a voice, and becomes known by it. The same speaker of the same recording has one name only."""
        origin = (voice.recording, voice.speaker)
        kept = self.without_voice(*origin).people
        known = next((person for person in kept if person.name == name), None)
        if known is None:
            return People(people=(*kept, KnownPerson(name=name, voices=(voice,))))
        grown = known.model_copy(update={"voices": (*known.voices, voice)})
        return People(people=tuple(grown if person is known else person for person in kept))

    def without_voice(self, recording: str, speaker: str) -> People:
        """That voice is of nobody; who had no other one is gone."""
        kept = []
        for person in self.people:
            voices = tuple(voice for voice in person.voices if (voice.recording, voice.speaker) != (recording, speaker))
            if voices:
                kept.append(person.model_copy(update={"voices": voices}))
        return People(people=tuple(kept))


def read_people(path: Path) -> People:
    """What the file says; nobody where it is not there.

    Raises:
        Fatal: it cannot be read, or has a mistake; the message says in which line.
    """
    try:
        content = read_file(path)
    except FileNotFoundError:
        return People()
    except OSError as error:
        raise Fatal(f"{path} cannot be read: {error.strerror}", next_step="Give the process access to it") from error
    return _people_in(content, path)


def change_people(path: Path, change: Callable[[People], People]) -> People:
    """Read the file, change what it says, and write it whole. Two that do so wait for each other.

    Comments above the first line stay; others do not.

    Raises:
        Fatal: it cannot be read or written, or has a mistake.
    """
    with _alone(path):
        before = read_people(path)
        after = change(before)
        if after != before:
            try:
                write_whole(path, _text(after, _comments(path)).encode())
            except OSError as error:
                raise Fatal(
                    f"{path} cannot be written: {error.strerror}", next_step="Give the process access to its folder"
                ) from error
        return after


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT_SECONDS, mode=PRIVATE_MODE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock:
            yield
    except Timeout:
        raise Fatal(
            f"{path} is being changed by another process, for {_WAIT_SECONDS:.0f} s now",
            next_step="Look what it is, then try again",
        ) from None


def _comments(path: Path) -> str:
    if not path.is_file():
        return _HEADER
    lines = path.read_text("utf-8").splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:first])


def _text(people: People, comments: str) -> str:
    values = people.model_dump(mode="json", exclude_defaults=True)
    body = yaml.safe_dump(values or {"people": []}, allow_unicode=True, sort_keys=False, width=10_000)
    return f"{comments}{body}"


# ------------------------------------------------------------------------------------------------------- mistakes


def _people_in(content: bytes, path: Path) -> People:
    try:
        text = content.decode("utf-8")
        values = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise Fatal(f"{path} is not UTF-8: {error.reason}", next_step="Save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Fatal(f"{path}, line {line}: {error.problem}", next_step="Correct it there") from error
    except yaml.YAMLError as error:
        raise Fatal(f"{path} is no YAML: {error}", next_step="Correct it, or take it away") from error
    try:
        return People.model_validate({} if values is None else values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        place = f"{path}, line {_line(text, first['loc'])}" + (f" ({key})" if key else "")
        message = first["msg"].removeprefix("Value error, ")
        raise Fatal(f"{place}: {message[:1].lower()}{message[1:]}", next_step="Correct it there") from error


def _line(text: str, place: tuple[Any, ...]) -> int:
    """The line of the deepest part of a place that is there."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
