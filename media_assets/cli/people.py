"""`media-assets people`: whose voices are whose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from media_assets.base.errors import Fatal
from media_assets.base.wording import counted
from media_assets.cli.options import opened
from media_assets.cli.output import console
from media_assets.cli.transcript import Recording, stored_transcript

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Say whose voices are whose.")


@app.command("list")
def list_people(context: typer.Context) -> None:
    """List who has a name, and in which recordings that voice was heard."""
    from media_assets.artifacts.transcript.voices.people import read_people

    settings, _ = opened(context)
    people = read_people(_file(settings.people_path)).people
    if not people:
        console.print("Nobody has a name yet: `media-assets people name FILE SPEAKER NAME` gives one.")
    for person in people:
        heard = ", ".join(f"{voice.recording} ({voice.speaker}, {voice.seconds:.0f} s)" for voice in person.voices)
        console.print(f"{person.name}: {heard}", markup=False, soft_wrap=True)


@app.command("name")
def name_voice(
    context: typer.Context,
    file: Recording,
    speaker: Annotated[
        str, typer.Argument(metavar="SPEAKER", help="What the transcript calls the voice: S1, or 'Speaker 1'.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose voice it is.")],
) -> None:
    """Name a voice. Recordings that are transcribed from now on have the name wherever that voice is found."""
    from media_assets.artifacts.transcript.heard_before import VOICES
    from media_assets.artifacts.transcript.voices.people import KnownVoice, change_people
    from media_assets.artifacts.transcript.voices.value import Diarization
    from media_assets.base.keys import split_key

    settings, _ = opened(context)
    path = _file(settings.people_path)
    with stored_transcript(context, file) as stored:
        if VOICES not in {one.name for one in stored.manifest.files}:
            raise Fatal(
                f"of {stored.manifest.key} no voices are known",
                next_step="It was transcribed before speakers were told, or has none: have it made again with "
                f"`media-assets process --force --stage transcript --file '{file}'`",
            )
        voices = Diarization.model_validate_json(stored.local_path(VOICES).read_bytes()).voices
        called = {one.label.casefold(): one.id for one in stored.value.speakers}
        recording = split_key(stored.manifest.key)[1]
    wanted = called.get(speaker.casefold(), speaker).casefold()
    voice = next((one for one in voices if one.speaker.casefold() == wanted), None)
    if voice is None:
        there = ", ".join(f"{one.speaker} ({one.seconds:.0f} s)" for one in voices)
        raise Fatal(f"nobody is called {speaker!r} in {recording}", next_step=f"There are: {there}")
    known = KnownVoice.taken(voice, recording)
    people = change_people(path, lambda people: people.with_voice(name.strip(), known))
    person = people.person(name.strip())
    assert person is not None
    console.print(f"{person.name} is known by {counted(len(person.voices), 'voice')}, in {path}", markup=False)
    console.print("`media-assets process --refresh` brings the name to the transcripts that are there.", markup=False)


@app.command("forget")
def forget(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Who is to have no name.")]
) -> None:
    """Take a person out, with all that is known of the voice. Transcripts keep the name until they are made again."""
    from media_assets.artifacts.transcript.voices.people import People, change_people, read_people

    settings, _ = opened(context)
    path = _file(settings.people_path)
    known = read_people(path)
    if known.person(name) is None:
        there = ", ".join(person.name for person in known.people) or "nobody"
        raise Fatal(f"nobody is called {name!r} in {path}", next_step=f"There is: {there}")
    change_people(path, lambda people: People(people=tuple(one for one in people.people if one.name != name)))
    console.print(f"{name} is forgotten", markup=False)


def _file(path: Path | None) -> Path:
    if path is None:
        raise Fatal("no file for people is set", next_step="Set `speakers.people` in library.yaml")
    return path
