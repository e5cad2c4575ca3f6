"""Who speaks: how well made conversations are told apart, how well people are found by their voices, and how fast.

turns   diarisation error rate by pyannote.metrics, without and with a collar of 0.25 s on each side of a border, and
        how often the number of speakers is right. Peer: spectralcluster, as its authors and Resemblyzer's documentation
        put the two together, on the same pieces and embeddings. Then both where they are told how many speak
names   six of twelve voices are known from a talk of theirs; how many of them are found in conversations in other
        rooms, and how many voices get a name that is not theirs, by the confidence that is asked for
speed   seconds of processor time, seconds that pass and the most memory for a recording of an hour

The voices are those of espeak-ng and flite (Debian: apt-get install espeak-ng flite). They are less like people than
people are like each other: the network has learned from people. The figures are of the half of the voices that nothing
was chosen with; --tuning gives those of the other half.

pip install pyannote.metrics spectralcluster
python benchmarks/speakers.py [turns] [names] [speed] [--tuning] [--seed 1] [--conversations 4] [--minutes 60]
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conversations.making import Conversation, converse  # noqa: E402
from conversations.voices import HELD_OUT, RATE, TUNING, SyntheticVoice  # noqa: E402

from media_assets.artifacts.transcript.voices.diarizing import SpeakerCount, diarize  # noqa: E402
from media_assets.artifacts.transcript.voices.embedding import pieces_of  # noqa: E402
from media_assets.artifacts.transcript.voices.naming import named  # noqa: E402
from media_assets.artifacts.transcript.voices.network import VoiceNetwork  # noqa: E402
from media_assets.artifacts.transcript.voices.people import KnownVoice, People  # noqa: E402
from media_assets.artifacts.transcript.voices.regions import speech_regions  # noqa: E402
from media_assets.artifacts.transcript.voices.value import Diarization  # noqa: E402
from media_assets.artifacts.transcript.voices.weights import load_weights  # noqa: E402
from media_assets.work.work import Work  # noqa: E402

PARTS = ("turns", "names", "speed")
ANY_COUNT = SpeakerCount()
Told = list[tuple[float, float, str]]

# ------------------------------------------------------------------------------------------------------- who is heard


class RememberingNetwork(VoiceNetwork):
    """Hears each sound once, however many ways of telling voices apart ask for it."""

    def __init__(self) -> None:
        super().__init__(load_weights())
        self._known: dict[bytes, np.ndarray] = {}

    def embed(self, sounds: np.ndarray) -> np.ndarray:
        key = hashlib.sha256(sounds.tobytes()).digest()
        if key not in self._known:
            self._known[key] = super().embed(sounds)
        return self._known[key]


def ours(network: VoiceNetwork, conversation: Conversation, count: SpeakerCount = ANY_COUNT) -> Diarization:
    pcm = conversation.pcm
    seconds = (pcm[at : at + 2 * RATE] for at in range(0, len(pcm), 2 * RATE))
    return diarize(
        seconds, Work(Path()), network, duration_seconds=len(conversation.sound) / RATE, count=count, threads=2
    )


def told(found: Diarization) -> Told:
    return [(turn.start_seconds, turn.end_seconds, turn.speaker) for turn in found.turns]


def spectral(network: VoiceNetwork, conversation: Conversation, count: int | None = None) -> Told:
    """spectralcluster's configuration of its paper of 2018, which Resemblyzer's embeddings are meant for."""
    from spectralcluster import SpectralClusterer, configs

    audio = (np.frombuffer(conversation.pcm, "<i2") / 32768.0).astype(np.float32)
    pieces = pieces_of(audio, speech_regions(audio), network, threads=2)
    clusterer = configs.icassp2018_clusterer
    if count is not None:
        options = configs.icassp2018_refinement_options
        clusterer = SpectralClusterer(min_clusters=count, max_clusters=count, refinement_options=options)
    labels = np.zeros(len(pieces), int) if count == 1 else clusterer.predict(pieces.embeddings.astype(np.float64))
    places = zip(pieces.starts, pieces.ends, labels, strict=True)
    return [(start / 100, end / 100, f"S{label}") for start, end, label in places]


# ------------------------------------------------------------------------------------------------------------- turns


class Errors:
    """Sums the errors of several recordings."""

    def __init__(self) -> None:
        from pyannote.metrics.diarization import DiarizationErrorRate

        # pyannote's collar is that on both sides together.
        self._rates = {
            "collar 0.25 s": DiarizationErrorRate(collar=0.5),
            "no collar": DiarizationErrorRate(),
            "collar 0.25 s, without overlaps": DiarizationErrorRate(collar=0.5, skip_overlap=True),
        }
        self._counts: list[int] = []

    def add(self, conversation: Conversation, found: Told) -> None:
        from pyannote.core import Annotation, Segment, Timeline

        reference, hypothesis = Annotation(uri=conversation.name), Annotation(uri=conversation.name)
        for number, one in enumerate(conversation.said):
            reference[Segment(one.start_seconds, one.end_seconds), number] = one.speaker
        for number, (start, end, speaker) in enumerate(found):
            hypothesis[Segment(start, end), number] = f"found {speaker}"
        whole = Timeline([Segment(0, len(conversation.sound) / RATE)])
        for rate in self._rates.values():
            rate(reference, hypothesis, uem=whole)
        self._counts.append(len({speaker for *_, speaker in found}) - conversation.speakers)

    def __str__(self) -> str:
        rates = "  ".join(f"{abs(rate):6.1%} ({name})" for name, rate in self._rates.items())
        counts = np.array(self._counts)
        wrong = f"too many {(counts > 0).sum()}, too few {(counts < 0).sum()}"
        return f"{rates}  count right {(counts == 0).mean():4.0%}, {wrong}"


def measure_turns(network: VoiceNetwork, groups: dict[str, list[Conversation]]) -> None:
    ways: dict[str, Callable[[Conversation], Told]] = {
        "media_assets": lambda one: told(ours(network, one)),
        "spectralcluster": lambda one: spectral(network, one),
        "media_assets, told how many": lambda one: told(ours(network, one, SpeakerCount(one.speakers, one.speakers))),
        "spectralcluster, told how many": lambda one: spectral(network, one, one.speakers),
    }
    for group, conversations in groups.items():
        minutes = sum(len(one.sound) for one in conversations) / RATE / 60
        print(f"{group}: {len(conversations)} recordings, {minutes:.0f} min")
        for name, way in ways.items():
            errors = Errors()
            for one in conversations:
                errors.add(one, way(one))
            print(f"  {name:31s} {errors}", flush=True)


def conversations_of(
    voices: Sequence[SyntheticVoice], seed: int, count: int, folder: Path
) -> dict[str, list[Conversation]]:
    groups: dict[str, list[Conversation]] = {}
    for speakers in (2, 3, 4, 5):
        for number in range(count):
            own = 1000 * seed + 100 * speakers + number
            chosen = np.random.default_rng(own).choice(len(voices), speakers, replace=False)
            made = converse([voices[at] for at in chosen], 60 + 20 * speakers, own, folder)
            groups.setdefault(f"{speakers} voices", []).append(made)
    alone = [converse([voice], 60, 1000 * seed + number, folder) for number, voice in enumerate(voices)]
    return {**groups, "one voice": alone}


# ------------------------------------------------------------------------------------------------------------- names


def measure_names(network: VoiceNetwork, voices: Sequence[SyntheticVoice], seed: int, count: int, folder: Path) -> None:
    people = People()
    known = voices[::2]
    for number, voice in enumerate(known):
        talk = converse([voice], 40, 5000 * seed + number, folder, language="en")
        longest = max(ours(network, talk).voices, key=lambda one: one.seconds)
        people = people.with_voice(voice.name, KnownVoice.taken(longest, f"{voice.name}.mp3"))
    heard = []
    for number in range(2 * count):
        own = 7000 * seed + number
        chosen = np.random.default_rng(own).choice(len(voices), 3, replace=False)
        made = converse([voices[at] for at in chosen], 100, own, folder, language="en")
        found = ours(network, made)
        heard.append((found.voices, {voice.speaker: whose(voice.speaker, found, made) for voice in found.voices}))
    names = {voice.name for voice in known}
    for threshold in (0.2, 0.35, 0.5, 0.65, 0.8):
        right = wrong = here = every = 0
        for found_voices, truth in heard:
            given = named(found_voices, people, threshold)
            right += sum(truth[speaker] == one.name for speaker, one in given.items())
            wrong += sum(truth[speaker] != one.name for speaker, one in given.items())
            here += len(names & set(truth.values()))
            every += len(truth)
        print(
            f"  from {threshold:.2f} on: {right} of {here} known voices named, {wrong} of {every} voices named falsely"
        )


def whose(speaker: str, found: Diarization, conversation: Conversation) -> str:
    """Who speaks most in the turns of a voice that was found."""
    shared: dict[str, float] = {}
    for turn in found.turns:
        for one in conversation.said if turn.speaker == speaker else ():
            both = min(turn.end_seconds, one.end_seconds) - max(turn.start_seconds, one.start_seconds)
            shared[one.speaker] = shared.get(one.speaker, 0.0) + max(0.0, both)
    return max(shared, key=lambda name: shared[name], default="nobody")


# ------------------------------------------------------------------------------------------------------------- speed


def measure_speed(network: VoiceNetwork, voices: Sequence[SyntheticVoice], minutes: int, folder: Path) -> None:
    part = converse(voices[:4], 300, 1, folder).pcm
    repeated = (part[at : at + 2 * RATE] for _ in range(round(minutes / 5)) for at in range(0, len(part), 2 * RATE))
    seconds = len(part) / 2 / RATE * round(minutes / 5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, used = time.monotonic(), time.process_time()
    found = diarize(repeated, Work(Path()), network, duration_seconds=seconds, threads=2)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spoken = sum(voice.seconds for voice in found.voices)
    print(
        f"  {seconds / 60:.0f} min, {spoken / 60:.0f} of them speech: "
        f"{time.process_time() - used:.0f} s of processors, {time.monotonic() - began:.0f} s passed, "
        f"{most:.0f} MB at most ({before:.0f} before), {len(found.voices)} voices for 4"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="of turns, names and speed; all by default")
    parser.add_argument("--tuning", action="store_true", help="the voices that the limits were chosen with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=4, help="of each number of voices")
    parser.add_argument("--minutes", type=int, default=60, help="of the recording whose speed is measured")
    parser.add_argument("--folder", type=Path, help="keeps what was spoken")
    options = parser.parse_args()
    parts = options.parts or PARTS
    if lacking := [name for name in ("espeak-ng", "flite") if not shutil.which(name)]:
        print(f"left out: {' and '.join(lacking)} not found (Debian: apt-get install {' '.join(lacking)})")
        return
    warnings.filterwarnings("ignore", module="pyannote")
    network = VoiceNetwork(load_weights())
    voices = TUNING if options.tuning else HELD_OUT
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        if "speed" in parts:
            print("speed")
            measure_speed(network, voices, options.minutes, folder)
        if "names" in parts:
            print("names")
            measure_names(network, voices, options.seed, options.conversations, folder)
        if "turns" in parts:
            if not _peers():
                return
            print("turns")
            measure_turns(RememberingNetwork(), conversations_of(voices, options.seed, options.conversations, folder))


def _peers() -> Any:
    from importlib.util import find_spec

    lacking = [name for name in ("pyannote", "spectralcluster") if find_spec(name) is None]
    if lacking:
        print("turns left out: pip install pyannote.metrics spectralcluster")
    return not lacking


if __name__ == "__main__":
    main()
