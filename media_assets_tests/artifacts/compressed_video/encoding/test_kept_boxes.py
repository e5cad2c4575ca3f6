"""What says that a picture is 360° or 3D, XMP and a camera's data: found again in the result, whatever its size."""

from __future__ import annotations

import struct
from pathlib import Path
from uuid import UUID

import av
import pytest

from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.boxed import ENTRY, box, inside, plain
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, compress, frames, result, scene

ST3D = box(b"st3d", bytes(4), b"\2")
PROJECTION = box(b"prhd", bytes(4), struct.pack(">3i", 30 << 16, 0, 0)) + box(b"equi", bytes(20))
SV3D = box(b"sv3d", box(b"svhd", b"\0\0\0\0by hand\0"), box(b"proj", PROJECTION))
VEXU = box(b"vexu", box(b"proj", box(b"prji", bytes(4), b"hequ")))
CUBE = box(b"sv3d", box(b"svhd", bytes(5)), box(b"proj", box(b"prhd", bytes(16)), box(b"cbmp", bytes(8), b"\0\0\0\4")))
V1 = UUID("ffcc8263-f855-4a93-8814-587a02521fdd").bytes
V1_XML = (
    b'<?xml version="1.0"?><rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/"><GSpherical:Spherical>true</GSpherical:Spherical>'
    b"<GSpherical:Stitched>true</GSpherical:Stitched><GSpherical:StitchingSoftware>by hand"
    b"</GSpherical:StitchingSoftware><GSpherical:ProjectionType>equirectangular"
    b"</GSpherical:ProjectionType><GSpherical:StereoMode>top-bottom</GSpherical:StereoMode></rdf:SphericalVideo>"
)
XMP = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
XMP_BOX = box(b"uuid", UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes, XMP)


def sized(lines: int, codec: str = "x264") -> VideoCompressionSettings:
    preset = {"x264": "ultrafast", "x265": "ultrafast", "svt-av1": "12"}[codec]
    rules = (VideoRule(max_lines=lines),)
    return QUICK.model_copy(update={"rules": rules, "codec": codec, "preset": preset})


def views(path: Path) -> dict[str, bytes]:
    """Side data about the views of the first frame: what lies in the picture, and how it is bent."""
    found = {"SPHERICAL": 32, "STEREO3D": 4}
    return {
        data.type.name: bytes(data)[: found[data.type.name]]
        for data in frames(path)[0].side_data
        if data.type.name in found
    }


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["x264", "x265", "svt-av1"])
@pytest.mark.parametrize("lines", [96, 64])
def test_360_degrees_and_3d_are_kept_at_every_size(codec: str, lines: int, tmp_path: Path):
    source = tmp_path / "source.mp4"
    source.write_bytes(inside(inside(plain(source, seconds=0.4), ENTRY, ST3D), ENTRY, SV3D))
    assert len(views(source)) == 2
    compressed = compress(source, sized(lines, codec))
    made = result(compressed)
    assert views(made) == views(source)
    assert len(frames(made)) == 10
    assert made.read_bytes().count(SV3D) == 1
    assert compressed.value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mov", "mkv", "v1.mp4"])
def test_360_degrees_are_kept_wherever_they_are_said(ending: str, tmp_path: Path):
    source = tmp_path / f"source.{ending}"
    if ending == "v1.mp4":
        source.write_bytes(inside(plain(source, seconds=0.4), (b"moov", b"trak"), box(b"uuid", V1, V1_XML)))
    else:
        first = tmp_path / "first.mp4"
        first.write_bytes(inside(inside(plain(first, seconds=0.4), ENTRY, ST3D), ENTRY, SV3D))
        if ending == "mkv":
            media.ffmpeg("-i", first, "-c", "copy", source)
        else:
            source.write_bytes(inside(inside(plain(source, seconds=0.4), ENTRY, ST3D), ENTRY, SV3D))
    assert len(views(source)) == 2
    compressed = compress(source, sized(64))
    assert views(result(compressed)) == views(source)
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_what_cannot_be_kept_of_360_degrees_is_named(tmp_path: Path):
    source = tmp_path / "source.mp4"
    data = plain(source, seconds=0.4)
    source.write_bytes(inside(data, ENTRY, SV3D))
    small_mkv = sized(64).model_copy(update={"container": "mkv"})
    assert compress(source, small_mkv).value.losses == ("the 360° data",)
    source.write_bytes(inside(data, ENTRY, CUBE))
    assert compress(source, sized(96)).value.losses == ()
    assert compress(source, sized(64)).value.losses == ("the 360° data",)
    half = box(b"uuid", V1, V1_XML.replace(b"equirectangular", b"fisheye"))
    source.write_bytes(inside(data, (b"moov", b"trak"), half))
    assert compress(source, sized(64)).value.losses == ("360° data (Spherical Video V1) among the data of a track",)
    source.write_bytes(inside(data, ENTRY, VEXU))
    assert compress(source, sized(64)).value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_3d_that_container_and_picture_both_tell_of_is_compressed(ending: str, tmp_path: Path):
    """Of x264 with `frame-packing`, as films in 3D are made: ffmpeg's filters refuse such frames."""
    source = tmp_path / f"source.{ending}"
    packed = ("-x264-params", "frame-packing=3")
    if ending == "mp4":
        source.write_bytes(inside(plain(source, *packed, seconds=0.4), ENTRY, ST3D))
    else:
        media.ffmpeg(
            *scene("motion", "160x96", 0.4), *FAT, *packed, "-metadata:s:v:0", "stereo_mode=left_right", source
        )
    assert [data.type.name for data in frames(source)[0].side_data].count("STEREO3D") == 2
    for codec, container in (("x264", "auto"), ("x265", "auto"), ("x264", "mkv")):
        settings = sized(64, codec).model_copy(update={"container": container})
        compressed = compress(source, settings)
        assert views(result(compressed)) == views(source)
        assert compressed.value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize("place", ["file", "index"])
def test_the_xmp_of_an_mp4_is_kept(place: str, tmp_path: Path):
    source = tmp_path / "source.mp4"
    data = plain(source, "-metadata", "title=Moon", seconds=0.4)
    within = inside(data, (b"moov",), box(b"udta", box(b"XMP_", XMP)))
    source.write_bytes(data + XMP_BOX if place == "file" else within)
    compressed = compress(source)
    made = result(compressed)
    assert XMP in made.read_bytes()
    assert compressed.value.losses == ()
    assert len(frames(made)) == 10
    compressed = compress(source, QUICK.model_copy(update={"container": "mkv"}))
    assert compressed.value.losses == ("XMP",)


@pytest.mark.thorough
def test_a_gopros_data_are_kept_and_its_hilights_become_chapters(tmp_path: Path):
    source = tmp_path / "source.mp4"
    marks = box(b"HMMT", struct.pack(">3I", 2, 200, 700), bytes(16))
    data = box(b"udta", box(b"FIRM", b"HD6.01.01.60.00"), box(b"LENS", b"LAJ7061916601668"), marks)
    source.write_bytes(inside(plain(source), (b"moov",), data))
    compressed = compress(source)
    made = result(compressed)
    assert b"LAJ7061916601668" in made.read_bytes()
    with av.open(str(made)) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["Chapter 1", "Chapter 2"]
        assert container.metadata["firmware"] == "HD6.01.01.60.00"
    assert compressed.value.losses == ("when 1 chapter begins (in mp4 the first begins with the file)",)
    assert len(frames(made)) == 25
    compressed = compress(source, QUICK.model_copy(update={"container": "mkv"}))
    assert compressed.value.losses == ("LENS among the camera's data in the index",)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("mode", "in_mp4"),
    [
        ("bottom_top", ("the stereo 3D data",)),
        ("row_interleaved_lr", ()),
        ("anaglyph_cyan_red", ("the stereo 3D data (anaglyph_cyan_red)",)),
    ],
)
def test_other_kinds_of_3d_are_kept_or_named(mode: str, in_mp4: tuple[str, ...], tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(*scene("motion", "160x96", 0.4), *FAT, "-metadata:s:v:0", f"stereo_mode={mode}", source)
    for container, losses in (("mp4", in_mp4), ("mkv", ())):
        compressed = compress(source, QUICK.model_copy(update={"container": container}))
        made = result(compressed)
        assert compressed.value.losses == losses
        assert (views(made) == views(source)) or losses
    with av.open(str(made)) as film:
        assert film.streams.video[0].metadata["stereo_mode"] == mode
