"""Makes samples/library and samples/spoken.json again: `python samples/make_samples.py [--out DIR]`.

What the library consists of is in `sample_library.py`; here is how each kind of file is made. Speech comes from
flite, everything else from the ffmpeg of `imageio-ffmpeg`. With the same versions of both, and the same fonts, the
same bytes come out: one encoder thread, fixed times and seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from sample_library import (
    H264,
    LIBRARY,
    Duplicate,
    EmptyFile,
    InterruptedCopy,
    Meeting,
    Part,
    Photo,
    Sample,
    SilentVideo,
    Talk,
    Voice,
    spoken_texts,
)

MAX_BYTES = 600_000
"""For everything that is committed below samples/, these scripts included: a clone has to stay small."""
NOT_COMMITTED = {".media_assets", "artifacts", "__pycache__"}
"""What the demo and Python leave in samples/; .gitignore names them too."""

SAMPLE_RATE = 16_000
"""Of flite's voices, in Hz."""
PAUSE_START, PAUSE_SENTENCE, PAUSE_PART, PAUSE_END = 0.5, 0.35, 0.8, 1.0
"""Seconds of silence. A transcriber cuts segments at pauses, and it needs one at the end to see that speech is over."""
BITEXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
SLIDE_SIZE, SLIDES_PER_SECOND = (320, 180), 5


class MissingProgram(Exception):
    pass


@dataclass(frozen=True)
class Narration:
    """The speech of a recording, and when each of its parts begins."""

    wav: Path
    part_starts_seconds: tuple[float, ...]
    duration_seconds: float


def run_ffmpeg(*arguments: str | Path, scratch: Path) -> None:
    """Runs in `scratch`, so that filters name their text files without a path that would have to be escaped."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, cwd=scratch)


# ------------------------------------------------------------------------------------------- speech and slides


def speak(voice: Voice, sentence: str, scratch: Path) -> bytes:
    """One sentence as 16-bit mono PCM."""
    flite = shutil.which("flite")
    if flite is None:
        raise MissingProgram("flite is not installed. On Debian and Ubuntu: apt-get install flite")
    wav = scratch / "sentence.wav"
    subprocess.run([flite, "-voice", voice, "-t", sentence, "-o", wav], check=True)
    with wave.open(str(wav)) as recording:
        if recording.getframerate() != SAMPLE_RATE:
            raise ValueError(f"flite has no voice {voice} and spoke at {recording.getframerate()} Hz with another")
        pcm: bytes = recording.readframes(recording.getnframes())
        return pcm


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def narrate(parts: tuple[Part, ...], scratch: Path) -> Narration:
    pcm = bytearray(silence(PAUSE_START))
    starts = []
    for number, part in enumerate(parts):
        if number:
            pcm += silence(PAUSE_PART)
        starts.append(len(pcm) / 2 / SAMPLE_RATE if number else 0.0)
        pcm += silence(PAUSE_SENTENCE).join(speak(voice, text, scratch) for voice, text in part.sentences)
    pcm += silence(PAUSE_END)
    wav = scratch / "narration.wav"
    with wave.open(str(wav), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(SAMPLE_RATE)
        recording.writeframes(bytes(pcm))
    return Narration(wav, tuple(starts), len(pcm) / 2 / SAMPLE_RATE)


def part_times(narration: Narration) -> Iterator[tuple[float, float]]:
    """(start, end) of each part in seconds."""
    starts = narration.part_starts_seconds
    return zip(starts, (*starts[1:], narration.duration_seconds), strict=True)


def slides(talk: Talk, narration: Narration, scratch: Path) -> str:
    """A filter graph [v]: per part a coloured slide with its title, and a bar that grows as the talk goes on."""
    width, height = SLIDE_SIZE
    text = "drawtext=font=DejaVu Sans:fontcolor=white:expansion=none"
    steps = []
    for number, (part, (start, end)) in enumerate(zip(talk.parts, part_times(narration), strict=True), start=1):
        (scratch / f"part{number}.txt").write_text(f"{number}. {part.title}", encoding="utf-8")
        during = f"enable='between(t,{start:.3f},{end:.3f})'"
        steps.append(f"drawbox=color={part.background}:t=fill:{during}")
        steps.append(f"{text}:textfile=part{number}.txt:fontsize=24:x=20:y=66:{during}")
    (scratch / "title.txt").write_text(talk.title, encoding="utf-8")
    (scratch / "speaker.txt").write_text(talk.speaker, encoding="utf-8")
    steps.append(f"{text}:textfile=title.txt:fontsize=11:x=20:y=20")
    steps.append(f"{text}:textfile=speaker.txt:fontsize=11:x=20:y=142")
    base = f"color=s={width}x{height}:r={SLIDES_PER_SECOND}:d={narration.duration_seconds}"
    bar = f"color=c=0xf4d35e:s={width}x6:r={SLIDES_PER_SECOND}:d={narration.duration_seconds}[bar]"
    grow = f"overlay=x='-W+W*t/{narration.duration_seconds}':y={height - 6}"
    return f"{base},{','.join(steps)}[slide];{bar};[slide][bar]{grow}[v]"


def chapter_file(talk: Talk, narration: Narration, scratch: Path) -> Path:
    """FFmpeg's metadata format; times in milliseconds."""
    lines = [";FFMETADATA1"]
    for part, (start, end) in zip(talk.parts, part_times(narration), strict=True):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={round(start * 1000)}", f"END={round(end * 1000)}"]
        lines += [f"title={part.title}"]
    path = scratch / "chapters.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# ------------------------------------------------------------------------------------------- one function per kind


def make_talk(talk: Talk, target: Path, scratch: Path) -> None:
    narration = narrate(talk.parts, scratch)
    inputs: list[str | Path] = ["-i", narration.wav]
    if talk.chapters:
        inputs += ["-i", chapter_file(talk, narration, scratch)]
    graph = ["-filter_complex", slides(talk, narration, scratch), "-map", "[v]", "-map", "0:a"]
    tags = tag_options(title=talk.title, artist=talk.speaker, creation_time=talk.created)
    language = ["-metadata:s:a:0", "language=eng"]
    options = [*talk.video_options, *talk.audio_options, *tags, *language, *BITEXACT]
    run_ffmpeg(*inputs, *graph, "-map_chapters", "1" if talk.chapters else "-1", *options, target, scratch=scratch)


def make_meeting(meeting: Meeting, target: Path, scratch: Path) -> None:
    narration = narrate(meeting.parts, scratch)
    tags = tag_options(title=meeting.title, date=meeting.created[:10], language="eng")
    run_ffmpeg("-i", narration.wav, *meeting.audio_options, *tags, *BITEXACT, target, scratch=scratch)


def make_silent_video(video: SilentVideo, target: Path, scratch: Path) -> None:
    """The sun rises through a sky that goes from night to day, behind a dark hill."""
    seconds = video.duration_seconds
    sky = f"gradients=s=240x136:r=5:d={seconds}:c0=0x16213e:c1=0xe8804a:x0=120:y0=0:x1=120:y1=136:speed=0.00001:seed=7"
    brighter = f"eq=eval=frame:brightness='-0.25+0.4*t/{seconds}'"
    round_shape = "geq=r=255:g=225:b=120:a='255*lte(hypot(X-18,Y-18),17)'"
    sun = f"color=s=36x36:r=5:d={seconds},format=rgba,{round_shape}[sun]"
    rise = f"overlay=x=150:y='130-100*t/{seconds}'"
    hill_shape = "geq=r=24:g=38:b=30:a='255*gte(Y,22+12*sin(X/38)+6*sin(X/13))'"
    hill = f"color=s=240x56:r=5:d={seconds},format=rgba,{hill_shape}[hill]"
    graph = f"{sky},{brighter}[sky];{sun};[sky][sun]{rise}[day];{hill};[day][hill]overlay=y=80[v]"
    tags = tag_options(title=video.title, creation_time=video.created)
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", *H264, *tags, *BITEXACT, target, scratch=scratch)


def make_photo(photo: Photo, target: Path, scratch: Path) -> None:
    """A white weather station on a meadow; the grass is noise, which gives the picture a texture."""
    meadow = "geq=r='60+40*Y/640':g='125+10*sin(X/23)':b='50',noise=alls=80:allf=u:all_seed=7,gblur=sigma=1.2"
    graph = (
        "gradients=s=480x640:d=1:c0=0x4d8fcc:c1=0xdfeaf2:x0=240:y0=0:x1=240:y1=400:speed=0.00001:seed=7[sky];"
        f"color=s=480x260:d=1,format=gbrp,{meadow}[grass];[sky][grass]overlay=y=380,"
        "drawbox=x=232:y=230:w=16:h=330:color=0x8a8f94:t=fill,"
        "drawbox=x=150:y=120:w=180:h=150:color=0xf5f5f0:t=fill,"
        + "".join(f"drawbox=x=160:y={y}:w=160:h=6:color=0xb8bcc0:t=fill," for y in range(135, 260, 20))
        # Stored on its side: the EXIF orientation 6 has the viewer turn it 90 degrees clockwise.
        + "transpose=cclock[v]"
    )
    plain = scratch / "photo.jpg"
    still = ("-frames:v", "1", "-c:v", "mjpeg", "-q:v", "9", "-pix_fmt", "yuvj420p", "-threads", "1")
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", *still, *BITEXACT, plain, scratch=scratch)
    jpeg = plain.read_bytes()
    target.write_bytes(jpeg[:2] + exif_segment(orientation=6, taken=photo.created) + jpeg[2:])


def make_sample(sample: Sample, library: Path, scratch: Path) -> None:
    target = library / sample.path
    target.parent.mkdir(parents=True, exist_ok=True)
    match sample:
        case Talk():
            make_talk(sample, target, scratch)
        case Meeting():
            make_meeting(sample, target, scratch)
        case SilentVideo():
            make_silent_video(sample, target, scratch)
        case Photo():
            make_photo(sample, target, scratch)
        case Duplicate():
            target.write_bytes((library / sample.original).read_bytes())
        case InterruptedCopy():
            target.write_bytes((library / sample.original).read_bytes()[: sample.kept_bytes])
        case EmptyFile():
            target.write_bytes(b"")


# ------------------------------------------------------------------------------------------- tags and sizes


def tag_options(**tags: str) -> list[str]:
    return [word for name, value in tags.items() for word in ("-metadata", f"{name}={value}")]


def exif_segment(*, orientation: int, taken: str) -> bytes:
    """A JPEG APP1 segment with the tags Orientation (0x0112) and DateTime (0x0132), after EXIF 2.32, section 4.5."""
    date_time = taken[:19].replace("-", ":").replace("T", " ").encode("ascii") + b"\0"
    after_directory = 8 + 2 + 2 * 12 + 4
    directory = struct.pack(">HHHIHxx", 2, 0x0112, 3, 1, orientation)
    directory += struct.pack(">HHIII", 0x0132, 2, len(date_time), after_directory, 0)
    body = b"Exif\0\0" + b"MM\0*" + struct.pack(">I", 8) + directory + date_time
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def committed_files(samples: Path) -> list[Path]:
    """Every file below `samples` that belongs in the repository."""
    files = []
    for folder, names, file_names in os.walk(samples):
        names[:] = sorted(set(names) - NOT_COMMITTED)
        files += [Path(folder, name) for name in sorted(file_names)]
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the sample library again. Needs flite.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where library/ and spoken.json go")
    out = parser.parse_args().out.resolve()
    library = out / "library"
    try:
        for sample in LIBRARY:
            with tempfile.TemporaryDirectory() as scratch:
                make_sample(sample, library, Path(scratch))
            print(f"{(library / sample.path).stat().st_size:>9,} B  {sample.path}")
    except MissingProgram as error:
        print(error, file=sys.stderr)
        return 1
    spoken = json.dumps(spoken_texts(), ensure_ascii=False, indent=2) + "\n"
    (out / "spoken.json").write_text(spoken, encoding="utf-8")
    total = sum(path.stat().st_size for path in committed_files(out))
    print(f"{total:>9,} B  in all of {MAX_BYTES:,} B allowed")
    if total > MAX_BYTES:
        print("The samples are too large: lower the bit rates or shorten the texts", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
