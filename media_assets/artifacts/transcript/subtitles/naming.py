"""Who speaks by the names in the text of SubRip, which has no mark for it: `Anna: Good morning.` and `-Good morning.`.

A name stands where another begins to speak, and holds until the next. Not every word before a colon is a name, though:
it is one where somebody is called that, or where a name stood before it was edited.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from media_assets.artifacts.transcript.subtitles.reading import SpokenCue

_NAMED = re.compile(r"(?P<hyphen>-?\s*)(?P<name>[^:\n]{1,60}):\s+(?P<rest>\S.*)", re.DOTALL)
_HYPHEN = re.compile(r"-\s*(?=\S)")
_SAME_CUE_SECONDS = 0.05


def with_names_in_text(
    cues: Sequence[SpokenCue], known: Collection[str], before: Sequence[SpokenCue] = ()
) -> list[SpokenCue]:
    """Cues of SubRip with their speakers, and without their names and hyphens in the text.

    Args:
        known: What the speakers are called.
        before: The cues as they were before they were edited.
    """
    lines = [line for cue in cues for line in _turns(cue)]
    written = [line for cue in before for line in _turns(cue)]
    places = [cue.start_seconds for cue in written if (named := _NAMED.match(cue.text)) and named["name"] in known]
    names = set(known)
    for cue in lines:
        named = _NAMED.match(cue.text)
        if named and any(abs(cue.start_seconds - place) <= _SAME_CUE_SECONDS for place in places):
            names.add(named["name"])
    return list(_spoken(lines, names))


def _turns(cue: SpokenCue) -> Iterator[SpokenCue]:
    """Each speaker of a cue in which every turn begins with a hyphen."""
    turns = re.split(r"\n(?=-)", cue.text)
    if len(turns) == 1 or not cue.text.startswith("-"):
        yield cue
        return
    length, total, said = cue.end_seconds - cue.start_seconds, sum(map(len, turns)), 0
    for turn in turns:
        start, said = said, said + len(turn)
        yield replace(
            cue,
            start_seconds=round(cue.start_seconds + length * start / total, 3),
            end_seconds=round(cue.start_seconds + length * said / total, 3),
            text=_HYPHEN.sub("", turn, count=1),
        )


def _spoken(cues: Sequence[SpokenCue], names: Collection[str]) -> Iterator[SpokenCue]:
    speaker = None
    for cue in cues:
        named = _NAMED.match(cue.text)
        if named and named["name"] in names:
            speaker = named["name"]
            cue = replace(cue, text=named["rest"])
        yield replace(cue, speaker=speaker)
