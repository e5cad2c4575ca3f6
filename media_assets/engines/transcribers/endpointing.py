"""Where somebody speaks, by pocketsphinx's voice activity detection: silence is not even looked at by the decoder."""

from __future__ import annotations

from collections.abc import Iterator

from media_assets.engines.transcribers.windows import SAMPLE_BYTES, SAMPLE_RATE, quietest_moment

LONGEST_SECONDS = 30.0
"""Speech without a pause is cut at its quietest moment: the search's memory, and the time it cannot be stopped, grow
with what it is given."""


def speech_stretches(pcm: bytes) -> Iterator[tuple[int, bytes]]:
    """Stretches of speech, each with the number of its first sample.

    Args:
        pcm: Mono, signed 16 bit, little-endian, at `SAMPLE_RATE`.
    """
    longest = round(LONGEST_SECONDS * SAMPLE_RATE)
    speech = bytearray()
    for start_sample, part, ended in _speech(pcm):
        if not speech:
            start = start_sample
        speech += part
        while len(speech) >= longest * SAMPLE_BYTES:
            cut = quietest_moment(speech, longest // 2, longest, stretch_seconds=0.2)
            yield start, bytes(speech[: cut * SAMPLE_BYTES])
            del speech[: cut * SAMPLE_BYTES]
            start += cut
        if ended and speech:
            yield start, bytes(speech)
            speech.clear()
    if speech:
        yield start, bytes(speech)


def _speech(pcm: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """The parts that pocketsphinx's voice activity detection takes for speech: the sample where the stretch of speech
    began, its next piece, and whether that is its last."""
    import pocketsphinx

    endpointer = pocketsphinx.Endpointer(sample_rate=SAMPLE_RATE)
    size = endpointer.frame_bytes
    for position in range(0, len(pcm), size):
        frame = pcm[position : position + size]
        # The last frame goes to end_stream whatever its size: only that gives out what the endpointer still holds.
        last = position + size >= len(pcm)
        if last and not endpointer.in_speech:
            return
        part = endpointer.end_stream(frame) if last else endpointer.process(frame)
        if part is not None:
            yield round(endpointer.speech_start * SAMPLE_RATE), part, not endpointer.in_speech
