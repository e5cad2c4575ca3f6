"""Thumbnails show something, stand upright, in the right colours and at the right time."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.thumbnail.drawing import PREVIEW_BYTES, clock
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.thumbnail.value import Thumbnails
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_image.photos import difference, exif, photo

TEST_PICTURE = "testsrc2=s=320x180:r=25"


def made(source: Path, **keys: object) -> tuple[dict[str, Path], Thumbnails]:
    work = Work(source.parent / f"work-{source.name}")
    work.directory.mkdir(exist_ok=True)
    found = probe(source, work)
    assert found.media is not None
    keys = {"long_sides": (160, 320), "contact_sheet": {"columns": 3, "rows": 3}, **keys}
    wanted = ThumbnailSettings.model_validate(keys)
    return make_thumbnails(FFmpeg(), source, found.kind, found.media, wanted, work)


def poster(source: Path, **keys: object) -> Image.Image:
    files, value = made(source, **keys)
    image = Image.open(files[value.sizes[-1].name])
    assert image.size == (value.sizes[-1].width, value.sizes[-1].height)
    return image.convert("RGB")


def film(path: Path, graph: str, *arguments: str) -> Path:
    """A video of a filter graph; few bits, many key frames."""
    media.ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-g", 5, *arguments, path)
    return path


def luma(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), dtype=np.float64)


# ------------------------------------------------------------------------------------------------- which frame


@pytest.mark.thorough
@pytest.mark.parametrize("gop", ["5", "999"])
def test_a_black_lead_in_is_not_the_poster(gop: str, tmp_path: Path):
    lead = f"color=black:s=320x180:r=25:d=3[a];{TEST_PICTURE}:d=2[b];[a][b]concat"
    source = film(tmp_path / "a.mp4", lead, "-g", gop)
    assert luma(poster(source)).std() > 40
    value = made(source)[1]
    assert value.time_seconds is not None and value.time_seconds >= 3.0
    assert "black or flat" in value.chosen_because


@pytest.mark.thorough
def test_a_fade_from_black_is_passed_over(tmp_path: Path):
    source = film(tmp_path / "a.mp4", f"{TEST_PICTURE}:d=4,fade=in:0:75")
    _, value = made(source)
    assert value.time_seconds is not None and value.time_seconds > 2.0


@pytest.mark.thorough
def test_a_blurred_start_is_not_the_poster(tmp_path: Path):
    source = film(tmp_path / "a.mp4", f"{TEST_PICTURE}:d=4,gblur=sigma=12:enable='lt(t,1.9)'")
    _, value = made(source)
    assert value.time_seconds is not None and value.time_seconds >= 1.9
    assert "blurred" in value.chosen_because


@pytest.mark.thorough
def test_a_flat_card_is_not_the_poster(tmp_path: Path):
    card = f"{TEST_PICTURE}:d=1[a];color=orange:s=320x180:r=25:d=3[b];[a][b]concat"
    _, value = made(film(tmp_path / "a.mp4", card))
    assert value.time_seconds is not None and value.time_seconds < 1.0


@pytest.mark.thorough
def test_a_video_that_is_black_throughout_still_has_a_poster(tmp_path: Path):
    files, value = made(film(tmp_path / "a.mp4", "color=black:s=320x180:r=25:d=1"))
    assert "are black or flat" in value.chosen_because
    assert set(files) == {"poster-160.jpg", "poster-320.jpg", "contact-sheet.jpg"}


@pytest.mark.thorough
def test_a_video_of_one_frame_has_a_poster_and_a_sheet(tmp_path: Path):
    _, value = made(film(tmp_path / "a.mp4", TEST_PICTURE, "-frames:v", "1"))
    assert value.time_seconds == 0.0
    assert value.contact_sheet is not None and value.contact_sheet.times_seconds == (0.0,)


@pytest.mark.thorough
def test_a_damaged_video_still_has_a_poster(tmp_path: Path):
    source = film(tmp_path / "a.mkv", f"{TEST_PICTURE}:d=4")
    data = bytearray(source.read_bytes())
    data[len(data) // 2 :] = data[len(data) // 2 : len(data) // 2 + 2000]
    source.write_bytes(data)
    assert luma(poster(source)).std() > 40


# ------------------------------------------------------------------------------------------------- the picture


@pytest.mark.thorough
def test_the_poster_is_the_frame_of_its_time(tmp_path: Path):
    source = film(tmp_path / "a.mp4", f"{TEST_PICTURE}:d=4")
    _, value = made(source)
    with av.open(str(source)) as container:
        frames = {round(frame.time, 2): frame.to_image() for frame in container.decode(video=0)}
    assert value.time_seconds is not None
    right = frames[round(value.time_seconds, 2)]
    shown = poster(source)
    assert difference(shown, right) < 6
    assert difference(shown, right) < difference(shown, frames[round((value.time_seconds + 2) % 4, 2)])


@pytest.mark.thorough
def test_a_phone_video_stands_upright(tmp_path: Path):
    flat = film(tmp_path / "flat.mp4", f"{TEST_PICTURE}:d=1")
    source = tmp_path / "a.mp4"
    media.ffmpeg("-display_rotation", 90, "-i", flat, "-c", "copy", source)
    turned = poster(source)
    assert turned.size == (180, 320)
    assert difference(turned, poster(flat).transpose(Image.Transpose.ROTATE_90)) < 6


@pytest.mark.thorough
def test_pixels_that_are_not_square_are_stretched(tmp_path: Path):
    source = film(tmp_path / "a.mp4", "testsrc2=s=160x180:r=25:d=1", "-vf", "setsar=2")
    assert poster(source).size == (320, 180)


@pytest.mark.thorough
def test_hdr_is_tone_mapped(tmp_path: Path):
    grey = "color=gray:s=320x180:r=25:d=1,format=yuv420p10le,geq=lum='X*2.5+80':cb=512:cr=512"
    params = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    media.ffmpeg(
        "-f", "lavfi", "-i", grey, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params, tmp_path / "a.mp4"
    )
    files, value = made(tmp_path / "a.mp4")
    assert value.tone_mapped
    middle = luma(Image.open(files["poster-320.jpg"]))[90]
    # PQ code 480 of 1023 is 70 cd/m² and thus bright in standard range; read as if it were SDR it would be mid-grey.
    assert middle[160] > 140
    assert middle[10] < 10


@pytest.mark.thorough
def test_a_video_of_hours_is_looked_at_from_end_to_end(tmp_path: Path):
    source = film(tmp_path / "a.mp4", "testsrc2=s=160x90:r=1/2:d=7200", "-g", "30")
    _, value = made(source)
    assert value.contact_sheet is not None
    times = value.contact_sheet.times_seconds
    assert len(times) == 9
    assert max(abs(time - (n + 0.5) * 800) for n, time in enumerate(times)) <= 60


def test_3d_that_container_and_picture_both_tell_of_is_shown(tmp_path: Path):
    """Of x264 with `frame-packing`, as films in 3D are made: ffmpeg's filters refuse such frames."""
    packed = ("-x264-params", "frame-packing=3", "-metadata:s:v:0", "stereo_mode=left_right")
    source = film(tmp_path / "a.mkv", f"{TEST_PICTURE}:d=1", *packed)
    files, value = made(source)
    assert value.contact_sheet is not None
    assert len(files) == len(value.sizes) + 1


@pytest.mark.thorough
def test_odd_sizes_and_variable_frame_rates_are_taken_as_they_are(tmp_path: Path):
    graph = "testsrc=s=321x241:r=25:d=4,select='not(mod(n,7))+lt(n,20)',format=yuv444p"
    source = film(tmp_path / "a.mkv", graph, "-fps_mode", "vfr")
    _, value = made(source)
    assert (value.source_width, value.source_height) == (320, 240)
    with av.open(str(source)) as container:
        times = {round(frame.time, 2) for frame in container.decode(video=0)}
    assert value.contact_sheet is not None
    assert {round(time, 2) for time in value.contact_sheet.times_seconds} <= times


def test_times_count_from_the_start_of_the_file(tmp_path: Path):
    source = film(tmp_path / "a.ts", f"{TEST_PICTURE}:d=2", "-output_ts_offset", "100")
    _, value = made(source)
    assert value.contact_sheet is not None
    assert value.contact_sheet.times_seconds[0] < 0.5
    assert 1.5 < value.contact_sheet.times_seconds[-1] < 2.0


def test_the_sheet_shows_the_frames_in_order_with_their_times(tmp_path: Path):
    reds = "color=black:s=320x180:r=25:d=4,format=gbrp,geq=r='60*T+15':g=90:b=30"
    files, value = made(film(tmp_path / "a.mp4", reds), contact_sheet={"columns": 3, "rows": 2, "tile_long_side": 96})
    sheet = Image.open(files["contact-sheet.jpg"])
    assert value.contact_sheet is not None and len(value.contact_sheet.times_seconds) == 6
    assert sheet.size == (3 * 100 + 4, 2 * 58 + 4)
    centres = [sheet.getpixel((52 + 100 * (n % 3), 25 + 58 * (n // 3)))[0] for n in range(6)]  # type: ignore[index]
    assert centres == sorted(centres) and centres[-1] - centres[0] > 120
    corner = np.asarray(sheet.convert("L"))[40:62, 4:40]
    assert corner.max() > 240 and corner.min() < 15


@pytest.mark.thorough
def test_a_percent_sign_in_the_working_directory_is_no_pattern(tmp_path: Path):
    (tmp_path / "50%d off").mkdir()
    assert poster(film(tmp_path / "50%d off" / "a.mp4", f"{TEST_PICTURE}:d=1", "-g", "999")).size == (320, 180)


@pytest.mark.thorough
def test_the_same_video_gives_the_same_bytes(tmp_path: Path):
    source = film(tmp_path / "a.mp4", f"{TEST_PICTURE}:d=1")
    first = {name: path.read_bytes() for name, path in made(source)[0].items()}
    assert {name: path.read_bytes() for name, path in made(source)[0].items()} == first


# ------------------------------------------------------------------------------------------------- sound and images


def test_cover_art_stands_for_audio(tmp_path: Path):
    photo().save(tmp_path / "cover.png")
    song = media.tone(tmp_path / "song.mp3", 1.0)
    source = tmp_path / "a.mp3"
    media.ffmpeg("-i", song, "-i", tmp_path / "cover.png", "-map", 0, "-map", 1, "-c", "copy", source)
    files, value = made(source)
    assert (value.origin, set(files)) == ("cover art", {"poster-160.jpg", "poster-320.jpg"})
    assert difference(Image.open(files["poster-320.jpg"]), photo().resize((320, 213))) < 8


def test_audio_without_cover_art_has_no_thumbnail(tmp_path: Path):
    with pytest.raises(NotApplicable, match="has no cover art"):
        made(media.tone(tmp_path / "a.mp3", 1.0))


def test_a_portrait_photo_stands_upright(tmp_path: Path):
    photo().save(tmp_path / "a.jpg", exif=exif(6), quality=95)
    shown = poster(tmp_path / "a.jpg")
    assert shown.size == (213, 320)
    assert difference(shown, photo().transpose(Image.Transpose.ROTATE_270).resize((213, 320))) < 8


def test_transparency_is_white_in_jpeg_and_kept_in_webp(tmp_path: Path):
    Image.new("RGBA", (400, 300), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert poster(tmp_path / "a.png").getpixel((9, 9)) == (255, 255, 255)
    files, _ = made(tmp_path / "a.png", format="webp")
    assert Image.open(files["poster-320.webp"]).getpixel((9, 9))[3] == 0  # type: ignore[index]


def test_a_picture_that_pillow_cannot_read_is_read_by_ffmpeg(tmp_path: Path):
    source = tmp_path / "a.jxl"
    media.ffmpeg("-f", "lavfi", "-i", TEST_PICTURE, "-frames:v", 1, "-c:v", "libjxl", source)
    assert luma(poster(source)).std() > 40


def test_a_damaged_picture_is_bad_media(tmp_path: Path):
    photo().save(tmp_path / "a.jpg", quality=95)
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:20_000])
    with pytest.raises(BadMedia, match="cannot be decoded"):
        made(tmp_path / "a.jpg")


def test_nothing_is_enlarged(tmp_path: Path):
    photo(200).save(tmp_path / "a.png")
    files, value = made(tmp_path / "a.png", long_sides=(160, 320, 640))
    assert [(size.width, size.height) for size in value.sizes] == [(160, 106), (200, 133)]
    assert set(files) == {"poster-160.jpg", "poster-320.jpg"}


def test_the_preview_is_a_small_jpeg_even_of_noise(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    _, value = made(tmp_path / "a.png")
    assert len(value.preview) <= PREVIEW_BYTES
    head, _, data = value.preview.partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size[0] >= 64


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (125.0, "2:05"), (3723.4, "1:02:03")])
def test_times_are_written_as_players_show_them(seconds: float, text: str):
    assert clock(seconds) == text
