"""Codes of pictures and prints of sound: what they keep through a change, and what they leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, ORIENTATIONS, codes_of, oriented, turned, unpacked
from media_assets.base.errors import BadMedia
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.indexing import codes, row_of


@pytest.mark.parametrize("algorithm", ["phash", "dhash", "ahash"])
@pytest.mark.parametrize("orientation", range(len(ORIENTATIONS)))
def test_the_code_of_a_turned_picture_follows_from_the_code(algorithm, orientation: int):
    pictures = np.random.default_rng(0).normal(128, 40, (50, 32, 32)).astype(np.float32)
    expected = codes_of(np.stack([turned(picture, orientation) for picture in pictures]), algorithm)
    assert (oriented(codes_of(pictures, algorithm), algorithm, orientation) == expected).all()


def test_orientations_are_named_as_numpy_turns():
    picture = np.arange(9, dtype=np.float32).reshape(3, 3)
    named = dict(zip(ORIENTATIONS, (turned(picture, number) for number in range(8)), strict=True))
    assert (named["rotated by 90° clockwise"] == np.rot90(picture, -1)).all()
    assert (named["rotated by 90° counterclockwise"] == np.rot90(picture)).all()
    assert (named["rotated by 180°"] == np.rot90(picture, 2)).all()
    assert (named["mirrored"] == np.fliplr(picture)).all()


@pytest.mark.thorough
def test_black_and_blank_frames_have_no_code(tmp_path: Path):
    frames = np.concatenate([scenes.black(2), np.full_like(scenes.black(2), 200), scenes.film(3, 2, 1)])
    row = row_of(scenes.write_film(tmp_path / "a.mp4", frames))
    assert row.frames is not None
    assert row.frames.interval_seconds == 0.25
    # A frame at a cut may belong to either side.
    found = codes(row.frames)
    assert len(found) == 24
    assert (found[:15] == NO_PICTURE).all()
    assert (found[17:] != NO_PICTURE).all()


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_orientation_in_exif_is_applied_before_hashing(tmp_path: Path, orientation: int):
    upright = scenes.write_picture(tmp_path / "a.jpg", scenes.background(4), "-q:v", "2")
    turn = {3: "hflip,vflip", 6: "transpose=2", 8: "transpose=1"}[orientation]
    stored = scenes.changed(upright, "stored.jpg", after=("-vf", turn, "-q:v", "2"))
    tagged = tmp_path / "tagged.jpg"
    tagged.write_bytes(with_orientation(stored.read_bytes(), orientation))
    bits = [int(codes(frames)[0]) for path in (upright, tagged, stored) if (frames := row_of(path).frames)]
    assert (bits[0] ^ bits[1]).bit_count() <= 6
    assert (bits[0] ^ bits[2]).bit_count() > 12


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """An EXIF segment with this one tag (TIFF 6.0: tag 0x0112, a SHORT) behind the start of a JPEG."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes([0, orientation, 0, 0])
    exif = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def test_black_bars_are_cut_off_before_hashing(tmp_path: Path):
    picture = scenes.write_picture(tmp_path / "a.png", scenes.background(6))
    barred = scenes.changed(picture, "barred.png", after=("-vf", "pad=iw:ih+80:0:40"))
    first, second = row_of(picture).frames, row_of(barred).frames
    assert first is not None and second is not None
    assert int(codes(first)[0] ^ codes(second)[0]).bit_count() <= 8


def test_silence_and_very_short_sounds_have_no_print(tmp_path: Path):
    silent = scenes.write_sound(tmp_path / "silent.wav", np.zeros(10 * scenes.SAMPLE_RATE))
    short = media.noise(tmp_path / "short.wav", 1.0)
    long = media.noise(tmp_path / "long.wav", 8.0)
    assert row_of(silent).audio is None
    assert row_of(short).audio is None
    assert row_of(long).audio is not None


@pytest.mark.thorough
@pytest.mark.parametrize("pan", ["stereo|c0=c0|c1=-1*c0", "5.1|LFE=c0", "7C|c3=c0", "12C|c4=c0", "9C|c8=c0"])
def test_opposite_phase_and_single_microphones_have_the_print_of_their_sound(pan: str, tmp_path: Path):
    plain = media.noise(tmp_path / "plain.wav", 8.0)
    other = scenes.changed(plain, f"other{len(pan)}.wav", after=("-af", f"pan={pan}"))
    first, second = row_of(plain).audio, row_of(other).audio
    assert first is not None and second is not None
    bits = np.bitwise_xor(unpacked(first.values, "<u4"), unpacked(second.values, "<u4"))
    assert sum(int(one).bit_count() for one in bits) / (32 * len(bits)) < 0.1


def test_long_videos_are_sampled_less_often_and_only_as_far_as_the_settings_say(tmp_path: Path):
    from media_assets.artifacts.duplicates.settings import FingerprintSettings

    path = scenes.write_film(tmp_path / "a.mp4", scenes.film(3, 9, 1))
    row = row_of(path, settings=FingerprintSettings(frames=10, max_seconds=6))
    assert row.frames is not None
    assert row.frames.interval_seconds == 1.0
    assert len(codes(row.frames)) == 6


@pytest.mark.thorough
def test_a_picture_that_is_too_large_to_be_decoded_is_not_called_damaged(tmp_path: Path):
    Image.new("1", (17000, 17000)).save(tmp_path / "plan.png", compress_level=1)
    with pytest.raises(BadMedia) as caught:
        row_of(tmp_path / "plan.png")
    said = f"{caught.value}"
    assert "17000×17000 pixels (289 megapixels)" in said
    assert "268 megapixels at most" in said
    assert "damaged" not in said
