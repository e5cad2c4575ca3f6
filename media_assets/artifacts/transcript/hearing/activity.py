"""Voice activity detection: the network of Silero that comes with faster-whisper, which hears a recording little by
little.

faster-whisper lets it hear 320 s at once, for which it needs 120 MB. It goes through its frames one by one in any case
and gives back where it stopped, so pieces of any length give the same numbers, in the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime

FRAMES_AT_ONCE = 500
"""16 s, for some 6 MB."""

_lock = Lock()


def speech_stretches(audio: np.ndarray, **options: float) -> list[tuple[int, int]]:
    """From which sample to before which somebody speaks, in order.

    Args:
        audio: Mono, from -1 to 1, 32 bit, at 16,000 samples a second.
        options: Fields of faster-whisper's `VadOptions`.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    hear_little_by_little()
    found = get_speech_timestamps(audio, VadOptions(**options))
    return [(int(one["start"]), int(one["end"])) for one in found]


def hear_little_by_little() -> None:
    """See to it that whatever asks the network in this process, faster-whisper too, has it hear little by little."""
    from faster_whisper.vad import get_vad_model

    with _lock:
        network = get_vad_model()
        if not isinstance(network.session, _LittleByLittle):
            network.session = _LittleByLittle(network.session)


class _LittleByLittle:
    """A session of onnxruntime for that network, which may be given any number of frames. Safe for several threads."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    def run(self, names: Sequence[str] | None, inputs: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `InferenceSession.run`: how probable speech is in each frame, and the two states behind the last."""
        import numpy as np

        frames, h, c = inputs["input"], inputs["h"], inputs["c"]
        found = []
        for start in range(0, len(frames), FRAMES_AT_ONCE):
            part = {"input": frames[start : start + FRAMES_AT_ONCE], "h": h, "c": c}
            probabilities, h, c = self._session.run(names, part)
            found.append(probabilities)
        return np.concatenate(found), h, c
