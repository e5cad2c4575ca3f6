"""What the sample library consists of: its files, and every word that is spoken in them.

`make_samples.py` knows how each kind is made. The speech is synthetic and clear: how well a model does on it says
nothing about how well it does on other recordings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Voice = Literal["slt", "rms"]
"""Voices of flite: a woman's and a man's, both US English."""

ANNA: Voice = "slt"
DAVID: Voice = "rms"


@dataclass(frozen=True)
class Part:
    """A stretch of a recording with one slide, spoken sentence by sentence."""

    title: str
    background: str
    """Colour of the slide, as ffmpeg names it."""
    sentences: tuple[tuple[Voice, str], ...]


@dataclass(frozen=True)
class Talk:
    """A video of slides with speech."""

    path: str
    title: str
    speaker: str
    created: str
    """ISO 8601, UTC."""
    video_options: tuple[str, ...]
    audio_options: tuple[str, ...]
    parts: tuple[Part, ...]
    chapters: bool = False


@dataclass(frozen=True)
class Meeting:
    """A sound recording with speech."""

    path: str
    title: str
    created: str
    audio_options: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SilentVideo:
    """A video without any audio stream."""

    path: str
    title: str
    created: str
    duration_seconds: int


@dataclass(frozen=True)
class Photo:
    """A JPEG that a phone stored on its side, with the EXIF orientation that puts it upright."""

    path: str
    created: str


@dataclass(frozen=True)
class Duplicate:
    """The bytes of another sample under a second name."""

    path: str
    original: str


@dataclass(frozen=True)
class InterruptedCopy:
    """The first bytes of a talk whose index (`moov`) is at the end, so that nothing can play it."""

    path: str
    original: str
    kept_bytes: int


@dataclass(frozen=True)
class EmptyFile:
    path: str


Sample = Talk | Meeting | SilentVideo | Photo | Duplicate | InterruptedCopy | EmptyFile

H264 = ("-c:v", "libx264", "-preset", "veryslow", "-crf", "30", "-pix_fmt", "yuv420p", "-g", "250", "-threads", "1")
VP9 = ("-c:v", "libvpx-vp9", "-crf", "45", "-b:v", "0", "-pix_fmt", "yuv420p", "-g", "250", "-threads", "1")
OPUS = ("-c:a", "libopus", "-frame_duration", "60")


def _said(voice: Voice, *sentences: str) -> tuple[tuple[Voice, str], ...]:
    return tuple((voice, sentence) for sentence in sentences)


RECORDINGS = Talk(
    path="talks/looking-after-recordings.mp4",
    title="How we look after our recordings",
    speaker="David Brandt",
    created="2025-02-11T15:00:00Z",
    video_options=H264,
    audio_options=("-c:a", "aac", "-b:a", "28k"),
    chapters=True,
    parts=(
        Part(
            "Find it again",
            "0x1d3557",
            _said(
                DAVID,
                "My name is David Brandt, and I look after our recordings.",
                "A recording is only useful if somebody can find it again.",
                "Here are three rules that work for us.",
            ),
        ),
        Part(
            "Three rules",
            "0x2a6f4e",
            _said(
                DAVID,
                "The first rule is to give every recording a good name.",
                "The second rule is to put the microphone close to the speaker.",
                "The third rule is to write down what was said.",
            ),
        ),
        Part(
            "Three copies",
            "0x7a3b2e",
            _said(
                DAVID,
                "Keep three copies of everything you love.",
                "One day a computer will fail, and on that day you will be very happy.",
            ),
        ),
    ),
)

WEATHER = Talk(
    path="talks/spring-weather.webm",
    title="Why the weather changes so quickly in spring",
    speaker="David Brandt",
    created="2025-04-08T15:00:00Z",
    video_options=VP9,
    audio_options=(*OPUS, "-b:a", "20k"),
    parts=(
        Part(
            "Warm land, cold sea",
            "0x33658a",
            _said(
                DAVID,
                "Why does the weather change so quickly in the spring?",
                "In April the land is already warm but the sea is still very cold.",
                "When warm air meets cold air, it has to go up.",
            ),
        ),
        Part(
            "Look at the sky",
            "0x55606e",
            _said(
                DAVID,
                "We have measured the rain in this valley since 1998.",
                "In April we see 85 millimeters in 14 days.",
                "Look at the sky in the morning.",
                "If the clouds are small and high, it will be a dry day.",
                "If they are low and dark, and the wind is from the west, take an umbrella.",
            ),
        ),
    ),
)

# Everything in a name that a shell, a query language or a careless path join trips over.
GARDEN = Talk(
    path='talks/Anna\'s "garden" talk, März – Überblick.mkv',
    title="A garden in March",
    speaker="Anna Keller",
    created="2025-03-11T15:00:00Z",
    video_options=H264,
    audio_options=(*OPUS, "-b:a", "20k"),
    parts=(
        Part(
            "Do not hurry",
            "0x6b4f2a",
            _said(
                ANNA,
                "My name is Anna Keller, and this is my garden in Berlin.",
                "In the spring, everybody is in a hurry.",
                "Look at the ground before you look at the calendar.",
                "Take some of the earth in your hand.",
                "If it falls apart, you can begin.",
            ),
        ),
        Part(
            "Water and leaves",
            "0x3f6b3a",
            _said(
                ANNA,
                "Most garden plants die because people give them too much water.",
                "Give them 20 liters of water once a week, and not a little every day.",
                "In the summer, leave the leaves on the ground.",
                "And do not forget to sit down and look at the flowers.",
            ),
        ),
    ),
)

MONDAY_MEETING = Meeting(
    path="meetings/2025-03-17 team meeting.mp3",
    title="Team meeting of 17 March 2025",
    created="2025-03-17T10:00:00Z",
    audio_options=("-c:a", "libmp3lame", "-b:a", "24k"),
    parts=(
        Part(
            "Weather station",
            "black",
            _said(
                DAVID,
                "Good morning, Anna. Let us begin with the weather station.",
                "It was down for two days because the battery was empty.",
            )
            + _said(
                ANNA,
                "Good morning, David. A new battery costs $42.",
                "I will buy one in Hamburg tomorrow.",
            )
            + _said(DAVID, "Please send the bill to Maria."),
        ),
        Part(
            "Open day",
            "black",
            _said(DAVID, "How many children will visit us in June?")
            + _said(
                ANNA,
                "The school has 350 children, and Maria will call them on Friday.",
                "I will make a list of the things we need.",
            ),
        ),
        Part("Next meeting", "black", _said(DAVID, "The next meeting is on Monday at 10 o'clock.")),
    ),
)

# Originals come before what is made of them.
LIBRARY: tuple[Sample, ...] = (
    RECORDINGS,
    WEATHER,
    GARDEN,
    MONDAY_MEETING,
    SilentVideo("photos/sunrise time-lapse.mp4", "Sunrise over the valley", "2025-04-02T04:45:00Z", duration_seconds=8),
    Photo("photos/weather station.jpg", "2025-04-02T10:30:00Z"),
    Duplicate("meetings/recording (1).mkv", original=GARDEN.path),
    InterruptedCopy("talks/interrupted-upload.mp4", original=RECORDINGS.path, kept_bytes=16_000),
    EmptyFile("meetings/unfinished.mp4"),
)


def spoken_text(sample: Talk | Meeting) -> str:
    return " ".join(sentence for part in sample.parts for _, sentence in part.sentences)


def spoken_texts() -> dict[str, str]:
    """What spoken.json holds: path in the library → every word said in that file."""
    texts = {sample.path: spoken_text(sample) for sample in LIBRARY if isinstance(sample, Talk | Meeting)}
    texts |= {sample.path: texts[sample.original] for sample in LIBRARY if isinstance(sample, Duplicate)}
    return texts
