"""What would go with a copy: it is named, or the copy that has it is kept, or the two are not merged."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import confusable
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

_SIZE = (240, 160)
_FILM = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=3")
_SPEECH = ("-f", "lavfi", "-i", "sine=f=500:d=3,volume=0.3")
_SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20")


def merged(paths: list[Path]) -> tuple[str, str, str]:
    """Which file is kept, why, and what is said of the other."""
    with second_look(paths) as look:
        groups = duplicate_groups(rows_of(paths), look=look)
        assert groups, [pair.reason for pair in look.look_alikes]
    ((member,),) = (group.members for group in groups)
    return groups[0].keep_path, groups[0].keep_because, member.reason


def apart(paths: list[Path]) -> str:
    """Why two files are not merged."""
    with second_look(paths) as look:
        assert duplicate_groups(rows_of(paths), look=look) == []
        (pair,) = look.look_alikes
    return pair.reason


def photo(path: Path, scale: float = 1.0, quality: int = 92, exif: Image.Exif | None = None) -> Path:
    picture = confusable.photo(7, width=_SIZE[0], height=_SIZE[1])
    picture.resize((round(_SIZE[0] * scale), round(_SIZE[1] * scale))).save(
        path, quality=quality, exif=exif or Image.Exif()
    )
    return path


def told_by_a_camera() -> Image.Exif:
    made = Image.Exif()
    made[0x010F], made[0x010E] = "Canon", "Aunt Mary in Rome"
    made.get_ifd(0x8825).update({1: "N", 2: (41.0, 53.0, 0.0), 3: "E", 4: (12.0, 29.0, 0.0)})
    made.get_ifd(0x8769)[0x9003] = "2020:05:01 10:00:00"
    return made


def followed_by(path: Path, *others: Path) -> Path:
    path.write_bytes(path.read_bytes() + b"".join(other.read_bytes() for other in others))
    return path


def film(path: Path, *arguments: str | Path, pictures: str = _FILM[-1]) -> Path:
    media.ffmpeg(*_FILM[:-1], pictures, *arguments, path)
    return path


def test_the_photo_with_more_pixels_is_kept_and_what_the_other_knows_is_named(tmp_path: Path):
    large, told = photo(tmp_path / "large.jpg", 2.0), photo(tmp_path / "told.jpg", exif=told_by_a_camera())
    kept, because, reason = merged([large, told])
    assert (kept, because) == ("large.jpg", "it has the higher resolution")
    for lost in ("the date of when it was taken", "the place where", "the name of the camera", "a caption"):
        assert lost in reason
    assert reason.endswith(" that the kept one has not")


@pytest.mark.thorough
def test_of_photos_as_large_the_one_that_knows_more_is_kept_and_nothing_is_lost(tmp_path: Path):
    plain, told = (
        photo(tmp_path / "a.jpg", quality=95),
        photo(tmp_path / "told.jpg", quality=85, exif=told_by_a_camera()),
    )
    kept, because, reason = merged([plain, told])
    assert (kept, because) == ("told.jpg", "it still says when or where it was taken")
    assert "lost" not in reason and " has " not in reason


@pytest.mark.thorough
@pytest.mark.parametrize("quality", [80, 98])
def test_a_motion_photo_is_kept_for_its_video_however_large_the_other_is(tmp_path: Path, quality: int):
    plain, motion = photo(tmp_path / "a.jpg", quality=quality), photo(tmp_path / "motion.jpg")
    followed_by(motion, film(tmp_path / "film.mp4", "-t", "1", *_SMALL))
    kept, because, reason = merged([plain, motion])
    assert (kept, because) == ("motion.jpg", "it has a video behind the picture")
    assert " has " not in reason


@pytest.mark.thorough
def test_a_small_motion_photo_and_a_large_photo_are_not_merged(tmp_path: Path):
    plain, motion = photo(tmp_path / "a.jpg", 2.0), photo(tmp_path / "motion.jpg")
    followed_by(motion, film(tmp_path / "film.mp4", "-t", "1", *_SMALL))
    reason = "one has a video behind the picture, and the other more pixels; each would be lost"
    assert apart([plain, motion]) == reason


@pytest.mark.thorough
def test_a_motion_photo_in_the_bin_is_not_merged_with_the_photo_outside(tmp_path: Path):
    (tmp_path / "#recycle").mkdir()
    plain, motion = photo(tmp_path / "a.jpg"), photo(tmp_path / "#recycle" / "motion.jpg", quality=80)
    followed_by(motion, film(tmp_path / "film.mp4", "-t", "1", *_SMALL))
    rows = rows_of([plain, motion], tmp_path)
    with second_look([plain, motion], tmp_path) as look:
        assert duplicate_groups(rows, look=look) == []
        (pair,) = look.look_alikes
    assert pair.reason == "the one that would go has a video behind the picture, which would be lost"


@pytest.mark.thorough
def test_a_second_picture_behind_the_first_is_kept(tmp_path: Path):
    plain, double = photo(tmp_path / "a.jpg", quality=97), photo(tmp_path / "double.jpg")
    media.noisy_photo(tmp_path / "second.jpg")
    kept, because, _ = merged([plain, followed_by(double, tmp_path / "second.jpg")])
    assert (kept, because) == ("double.jpg", "it has another picture behind it")


@pytest.mark.thorough
def test_a_picture_of_16_bits_is_kept_before_one_of_8(tmp_path: Path):
    shallow, deep = tmp_path / "a.png", tmp_path / "deep.png"
    confusable.photo(7, *_SIZE).save(shallow)
    media.ffmpeg("-i", shallow, "-vf", "noise=alls=1,format=rgb48be", deep)
    assert merged([shallow, deep])[:2] == ("deep.png", "it has more bits of each colour")


@pytest.mark.thorough
@pytest.mark.parametrize("scale", ["160:90", "240:136"])
def test_subtitles_chapters_and_a_cover_are_kept_or_named(tmp_path: Path, scale: str):
    (tmp_path / "s.srt").write_text("1\n00:00:00,500 --> 00:00:02,000\nGuten Tag\n", "utf-8")
    (tmp_path / "c.txt").write_text(";FFMETADATA1\ntitle=Rome\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n")
    large = film(tmp_path / "large.mkv", *_SPEECH, *_SMALL, pictures="testsrc2=s=240x136:r=10:d=3")
    given = ("-i", tmp_path / "s.srt", "-i", tmp_path / "c.txt", "-map", "0", "-map", "1", "-map_metadata", "2")
    told, plain = tmp_path / "told.mkv", tmp_path / "a.mkv"
    media.ffmpeg("-i", large, *given, "-metadata:s:s:0", "language=ger", "-vf", "scale=160:90", *_SMALL, told)
    media.ffmpeg("-i", large, "-vf", f"scale={scale}", *_SMALL[:-1], "8", plain)
    kept, because, reason = merged([plain, told])
    if scale == "160:90":
        assert (kept, because) == ("told.mkv", "it has what was added to it")
        assert " has " not in reason
    else:
        assert kept == "a.mkv"
        assert reason.endswith("; has subtitles in German, 1 chapter and a title that the kept one has not")


@pytest.mark.thorough
@pytest.mark.parametrize("second", ["sine=f=900:d=3,volume=0.3", "anullsrc=d=3"])
def test_a_film_with_a_second_track_of_sound_is_never_given_up(tmp_path: Path, second: str):
    tracks = (*_SPEECH, "-f", "lavfi", "-i", second, "-map", "0", "-map", "1", "-map", "2")
    both = film(tmp_path / "both.mkv", *tracks, "-metadata:s:a:1", "language=fre", "-t", "3", *_SMALL)
    one = film(tmp_path / "a.mkv", *_SPEECH, "-vf", "scale=176:98", *_SMALL)
    if second.startswith("sine"):
        assert apart([one, both]) == "they have 1 and 2 tracks of sound"
    else:
        assert merged([one, both])[:2] == ("both.mkv", "it has 1 track of sound more (French)")
    (group,) = duplicate_groups(rows_of([one, both]))
    assert (group.keep_path, group.members[0].reason.split("; ")[1][:16]) == ("both.mkv", "has more pixels ")


@pytest.mark.thorough
def test_without_listening_films_in_two_languages_are_not_merged(tmp_path: Path):
    made = []
    for language in ("ger", "eng"):
        made.append(film(tmp_path / f"{language}.mkv", *_SPEECH, "-metadata:s:a:0", f"language={language}", *_SMALL))
    assert duplicate_groups(rows_of([*made])) == []


@pytest.mark.thorough
@pytest.mark.parametrize(("heard", "kept"), [(1.0, "whole.mkv"), (1.6, "whole.mkv"), (2.8, "a.mkv")])
def test_a_clip_whose_sound_breaks_off_goes_behind_one_that_is_heard_to_the_end(
    tmp_path: Path, heard: float, kept: str
):
    cut = ("-f", "lavfi", "-i", f"sine=f=500:d={2 * heard},volume=0.3")
    longer = ("-f", "lavfi", "-i", "testsrc2=s=240x136:r=10:d=6")
    sharp = tmp_path / "a.mkv"
    media.ffmpeg(*longer, *cut, "-t", "6", *_SMALL, sharp)
    whole = tmp_path / "whole.mkv"
    small = ("-vf", "scale=160:90", "-t", "6", *_SMALL)
    media.ffmpeg(*longer, "-f", "lavfi", "-i", "sine=f=500:d=6,volume=0.3", *small, whole)
    name, because, reason = merged([sharp, whole])
    assert name == kept
    assert because == ("more of its sound is heard" if kept == "whole.mkv" else "it has the higher resolution")
    assert ("has more pixels (240×136) than the kept one (160×90)" in reason) == (kept == "whole.mkv")
