"""A stand-in for a server of OpenAI's audio transcriptions: it really decodes what it gets, and tells what it hears.

It hears no words but sounds: each stretch that is louder than silence becomes a segment with the times it has in the
upload. What it says of a stretch is the pitch of it, so that a test can follow a tone from the file to the transcript.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np

from media_assets_tests.openai_server import OpenAIHandler, OpenAIServer, Says, Status, serving

SAMPLE_RATE = 16_000
_FRAME = SAMPLE_RATE // 100
_SILENCE = 100
_PAUSE_FRAMES = 20
"""Stretches are apart by 0.2 s at least."""

Stretch = tuple[float, float, str]
"""Start and end in seconds, and what is said of it."""


@dataclass(frozen=True)
class Upload:
    """A request as it arrived."""

    fields: Mapping[str, list[str]]
    """A field may be there several times."""
    headers: Mapping[str, str]
    sound: bytes
    samples: np.ndarray
    """Mono, 16 bit, at `SAMPLE_RATE`."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def text(self, name: str) -> str | None:
        return self.fields[name][0] if name in self.fields else None


@dataclass
class AudioServer(OpenAIServer):
    """`script` holds faults, each used up by one request; `Says` gives its content as the body of the answer."""

    max_bytes: int = 25_000_000
    language: str | None = "english"
    uploads: list[Upload] = field(default_factory=list)
    answer: Callable[[Upload], dict[str, Any]] | None = None
    """Answers instead of `verbose` and `plain`."""

    def hear(self, upload: Upload) -> dict[str, Any]:
        if self.answer:
            return self.answer(upload)
        return verbose(upload, self.language) if upload.text("response_format") == "verbose_json" else plain(upload)


def verbose(upload: Upload, language: str | None) -> dict[str, Any]:
    """As whisper-1 answers: words stand beside the segments, without punctuation or probability."""
    heard = stretches(upload.samples)
    return {
        "task": "transcribe",
        "language": language,
        "duration": upload.seconds,
        "text": " ".join(text for _, _, text in heard),
        "segments": [
            {
                "id": index,
                "seek": 0,
                "start": start,
                "end": end,
                "text": f" {text}.",
                "tokens": [1, 2],
                "temperature": 0.0,
                "avg_logprob": -0.1,
                "compression_ratio": 1.0,
                "no_speech_prob": 0.01,
            }
            for index, (start, end, text) in enumerate(heard)
        ],
        "words": [{"word": text, "start": start, "end": end} for start, end, text in heard],
        "usage": {"type": "duration", "seconds": upload.seconds},
    }


def plain(upload: Upload) -> dict[str, Any]:
    """As gpt-4o-transcribe answers: text, and the probabilities of its tokens when they are asked for."""
    heard = stretches(upload.samples)
    answer: dict[str, Any] = {"text": " ".join(f"{text}." for _, _, text in heard)}
    if "logprobs" in upload.fields.get("include[]", []):
        answer["logprobs"] = [{"token": text, "logprob": -0.5, "bytes": []} for _, _, text in heard]
    return answer


def stretches(samples: np.ndarray) -> list[Stretch]:
    """What is louder than silence, with its pitch."""
    frames = np.abs(samples[: len(samples) // _FRAME * _FRAME].astype(np.int32)).reshape(-1, _FRAME).max(axis=1)
    loud = np.flatnonzero(frames > _SILENCE)
    if not loud.size:
        return []
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE_FRAMES) + 1)
    return [
        (
            float(group[0]) / 100,
            float(group[-1] + 1) / 100,
            _pitch(samples[group[0] * _FRAME : (group[-1] + 1) * _FRAME]),
        )
        for group in groups
    ]


def _pitch(samples: np.ndarray) -> str:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return f"pitch{round(int(np.argmax(spectrum)) * SAMPLE_RATE / len(samples) / 10) * 10}"


def decode(sound: bytes) -> np.ndarray:
    """What ffmpeg's libraries hear in an upload."""
    with av.open(io.BytesIO(sound), "r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        parts = [
            part.to_ndarray()[0] for frame in (*container.decode(audio=0), None) for part in resampler.resample(frame)
        ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


@contextmanager
def openai_audio_server() -> Iterator[AudioServer]:
    """A running server on a port of its own."""
    state = AudioServer(models=["whisper-1", "gpt-4o-mini-transcribe"])

    class Handler(_AudioHandler):
        server_state = state

    with serving(state, Handler):
        yield state


class _AudioHandler(OpenAIHandler):
    server_state: AudioServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state = self.server_state
        if self.path != "/v1/audio/transcriptions":
            self.fail(Status(404, "not found"))
            return
        if not self.key_is_right():
            return
        upload = _upload(self.headers["Content-Type"], self.lower_headers(), body)
        state.uploads.append(upload)
        if state.script:
            fault = state.script.pop(0)
            if isinstance(fault, Says):
                self.send(200, str(fault.content or ""))
            else:
                self.fail(fault)
        elif state.refuses and (refusal := state.refuses(dict(upload.fields))):
            self.fail(refusal)
        elif len(body) > state.max_bytes:
            message = f"Maximum content size limit ({state.max_bytes}) exceeded ({len(body)} bytes read)"
            self.fail(Status(413, message, type="server_error"))
        else:
            self.send(200, json.dumps(state.hear(upload)))


def _upload(content_type: str, headers: Mapping[str, str], body: bytes) -> Upload:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    fields: dict[str, list[str]] = {}
    sound = b""
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if name == "file":
            sound = payload
        else:
            fields.setdefault(name, []).append(payload.decode())
    return Upload(fields, headers, sound, decode(sound))
