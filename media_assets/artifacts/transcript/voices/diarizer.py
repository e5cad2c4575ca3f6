"""What a run has to tell who speaks: the network, read at its first use and once, and where the sound comes from."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.hearing.windows import SAMPLE_RATE
from media_assets.artifacts.transcript.voices.diarizing import SpeakerCount, diarize
from media_assets.artifacts.transcript.voices.people import People, read_people
from media_assets.artifacts.transcript.voices.settings import SpeakerSettings
from media_assets.artifacts.transcript.voices.value import Diarization
from media_assets.artifacts.transcript.voices.weights import PACKAGE, load_weights, weights_file
from media_assets.base.wording import counted
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.voices.network import VoiceNetwork


class Diarizer:
    """Tells who speaks in recordings, as the section `speakers` of library.yaml has it. Used by several threads.

    Args:
        people: The file that says whose voices are whose; None: nobody has a name.
        workers: How many recordings are worked on at once.
    """

    def __init__(
        self, settings: SpeakerSettings, ffmpeg: FFmpeg, *, people: Path | None = None, workers: int = 1
    ) -> None:
        self.settings = settings
        self._ffmpeg = ffmpeg
        self._people = people
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._lock = threading.Lock()

    def diarization(self, audio: Path, work: Work, *, duration_seconds: float, offset_seconds: float) -> Diarization:
        """Who speaks when, on the timeline of the source.

        Args:
            audio: The sound.
            duration_seconds: How long it is.
            offset_seconds: How much later than its source's timeline it starts.

        Raises:
            BadMedia: the audio cannot be decoded to its end.
            TimeLimitExceeded, Cancelled: from `work.check()`.
            Fatal: what tells voices apart is not there, or damaged.
        """
        network = self._network
        quiet = replace(work, report=lambda _: None)  # hearing has told all of it
        pcm = self._ffmpeg.pcm(audio, quiet, sample_rate=SAMPLE_RATE)
        count = SpeakerCount(self.settings.min_speakers, self.settings.max_speakers)
        found = diarize(pcm, quiet, network, duration_seconds=duration_seconds, count=count, threads=self._threads)
        return found.later(offset_seconds)

    def people(self) -> People:
        """Whose voices have names, as the file says it now.

        Raises:
            Fatal: it cannot be read.
        """
        return People() if self._people is None else read_people(self._people)

    def require(self) -> None:
        """See to it that voices can be told apart and named, before anything is paid for.

        Raises:
            WeightsNotInstalled: a package is missing.
            Fatal: the weights are damaged, or people.yaml cannot be read.
        """
        self.people()
        _ = self._network

    def check(self) -> str:
        """One line for `doctor`. Reads no weights.

        Raises:
            Fatal: what tells voices apart is not there.
        """
        if not self.settings.enabled:
            return "off (`speakers.enabled: false`)"
        weights_file()
        people = len(self.people().people)
        named = f"{counted(people, 'person')} named in {self._people}" if people else "nobody is named yet"
        return f"the network of {PACKAGE} {version(PACKAGE)}; {named}"

    @property
    def _network(self) -> VoiceNetwork:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> VoiceNetwork:
        from media_assets.artifacts.transcript.voices.network import VoiceNetwork

        return VoiceNetwork(load_weights())
