"""Words over pictures and clips, and drawings whose mirror image is another thing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

from media_assets_tests.artifacts.duplicates import confusable, confusable_clips, scenes
from media_assets_tests.artifacts.duplicates.confusable import Labels


class Lettering(NamedTuple):
    """How words are laid over a picture."""

    place: str
    """`bottom`, `top`, or a corner: `right` or `left`."""
    size: float
    """Height of the letters, as a share of that of the picture."""
    colour: str = "white"
    outline: int = 0
    """Pixels."""
    box: str = ""
    """Colour behind the words, if any; that of a `bottom` is a band."""
    box_opacity: float = 1.0


CAPTION = Lettering("bottom", 0.07)
DATE = Lettering("right", 0.045, "orange")
LETTERINGS: dict[str, tuple[Lettering, tuple[str, str]]] = {
    "caption": (CAPTION, ("Happy birthday, dear Anna", "See you all next summer")),
    "longer": (CAPTION, ("Grandma", "Grandma and Uncle Bob at sea")),
    "meme": (Lettering("top", 0.1, outline=3), ("ONE DOES NOT SIMPLY", "WHAT IF I TOLD YOU")),
    "subtitle": (Lettering("bottom", 0.055, "yellow"), ("No.", "Where have you been all night?")),
    "band": (Lettering("bottom", 0.06, box="black", box_opacity=0.5), ("Where are you going?", "I am at the station")),
    "price": (Lettering("right", 0.06, box="red"), ("19.99 EUR", "24.50 EUR")),
    "tag": (Lettering("left", 0.05), ("Jo", "Maximilian Huber")),
    "date": (DATE, ("2024-05-17 10:23", "2024-06-28 17:45")),
    "digits": (DATE, ("33:33 33", "88:88 88")),
}
"""By name: how, and two wordings that say different things."""


def lettered(picture: Image.Image, words: str, how: Lettering) -> Image.Image:
    """A picture with words over it."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw, font = ImageDraw.Draw(layer), ImageFont.load_default(how.size * picture.height)
    left, top, right, bottom = draw.textbbox((0, 0), words, font, stroke_width=how.outline)
    margin, below = 0.02 * picture.width, picture.height - (bottom - top) - 0.06 * picture.height
    x = {"right": picture.width - (right - left) - margin, "left": margin}.get(
        how.place, (picture.width - right + left) / 2
    )
    y = 0.03 * picture.height if how.place == "top" else below
    if how.box:
        pad = 0.4 * (bottom - top)
        across = (0, picture.width) if how.place == "bottom" else (x + left - pad, x + right + pad)
        fill = (*ImageColor.getrgb(how.box)[:3], round(255 * how.box_opacity))
        draw.rectangle((across[0], y + top - pad, across[1], y + bottom + pad), fill)
    draw.text((x, y), words, how.colour, font, stroke_width=how.outline, stroke_fill="black")
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _arrow(draw: ImageDraw.ImageDraw, colour: str) -> None:
    draw.polygon([(90, 165), (210, 165), (210, 110), (320, 200), (210, 290), (210, 235), (90, 235)], colour)


def _even(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    share = np.linspace(0, 1, 400)[:, None, None]
    pixels = np.broadcast_to((1 - share) * np.array(top) + share * np.array(bottom), (400, 400, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def drawing(name: str, seed: int = 0) -> Image.Image:
    """A drawing that means another thing when it is mirrored or turned.

    Args:
        name: One of DRAWINGS.
        seed: Where something small stands, so that drawings of several seeds differ.
    """
    random = np.random.default_rng((seed, 59))
    white = Image.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(white)
    x = 20 + 7 * (seed % 50)
    if name == "sign":
        draw.ellipse((20, 20, 380, 380), "white", "red", 26)
        _arrow(draw, "black")
    elif name == "icon":
        white = _even((30, 90, 220), (120, 200, 255))
        _arrow(ImageDraw.Draw(white), "white")
    elif name == "letter":
        draw.text((110, 40), "bdpq"[seed % 4], "black", ImageFont.load_default(280))
    elif name == "cartoon":
        white = _even((120, 190, 250), (220, 240, 255))
        draw = ImageDraw.Draw(white)
        draw.rectangle((0, 290, 400, 400), (80, 160, 70))
        for place, colour in zip(random.uniform(20, 330, (9, 2)), random.integers(0, 255, (9, 3)), strict=True):
            box = (*place, *(place + 50))
            draw.ellipse(tuple(float(v) for v in box), tuple(int(v) for v in colour), "black", 3)
    elif name == "xray":
        for finger in range(4):
            draw.rounded_rectangle((100 + 50 * finger, 60 + 20 * abs(finger - 1), 130 + 50 * finger, 240), 14, "gray")
        draw.rounded_rectangle((100, 220, 280, 350), 30, (190, 190, 190))
        bones = np.asarray(white.convert("L").filter(ImageFilter.GaussianBlur(6))).astype(float)
        bones = np.where(bones > 250, 8, bones) + np.random.default_rng(seed).normal(0, 3, bones.shape)
        white = Image.fromarray(np.clip(bones, 0, 255).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(white)
    draw.rectangle((x, 330, x + 12, 342), "gray")
    return white


DRAWINGS = ("sign", "icon", "letter", "cartoon", "xray")


# ------------------------------------------------------------------------------------------- files


def make_lettered(folder: Path, seeds: range) -> Labels:
    """Photos with captions, dates and prices, of each two that say different things."""
    labels: Labels = {}
    for seed in seeds:
        picture = confusable.photo(seed + 160)
        for name, (how, wordings) in LETTERINGS.items():
            for number, words in enumerate(wordings):
                path = confusable.save(lettered(picture, words, how), folder / f"{name}{seed}_{number}.jpg")
                labels[path] = path.stem
    return labels


def make_drawings(folder: Path, seeds: range) -> Labels:
    """Drawings, and what they are when they are mirrored."""
    labels: Labels = {}
    for seed in seeds:
        for name in DRAWINGS:
            for side, picture in (("left", drawing(name, seed)), ("right", _mirrored(drawing(name, seed)))):
                path = confusable.save(picture, folder / f"{name}{seed}_{side}.png")
                labels[path] = path.stem
    return labels


def _mirrored(picture: Image.Image) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def subtitled(frames: np.ndarray, wordings: tuple[str, ...]) -> np.ndarray:
    """Frames with words at the bottom, other ones after each part of the clip."""
    how, each = Lettering("bottom", 0.08, outline=1), -(-len(frames) // len(wordings))
    return np.stack(
        [np.asarray(lettered(Image.fromarray(frame), wordings[i // each], how)) for i, frame in enumerate(frames)]
    )


def lit(frames: np.ndarray, corner: tuple[int, int] = (60, 200)) -> np.ndarray:
    """Frames with a patch of light that has hard edges."""
    made = frames.astype(np.float32)
    here = np.s_[:, corner[0] : corner[0] + 45, corner[1] : corner[1] + 60]
    made[here] = 0.6 * made[here] + 0.4 * 255
    return np.clip(made, 0, 255).astype(np.uint8)


def with_parcel(frames: np.ndarray, corner: tuple[int, int] = (148, 262)) -> np.ndarray:
    """Frames with a parcel in a corner of what the camera sees."""
    made = frames.copy()
    made[:, corner[0] : corner[0] + 26, corner[1] : corner[1] + 44] = (150, 110, 60)
    made[:, corner[0] + 11 : corner[0] + 15, corner[1] : corner[1] + 44] = (220, 200, 150)
    return made


def make_lettered_clips(folder: Path, seeds: range) -> Labels:
    """Films with subtitles in two languages, and empty rooms with something in them all the time."""
    labels: Labels = {}
    for seed in seeds:
        film = scenes.film(seed + 30, confusable_clips.SECONDS, 2)
        room = confusable_clips.empty_at(seed, 15)  # at another hour than in its own kind
        for name, frames in (
            (f"subtitled{seed}_0", subtitled(film, ("Where have you been?", "At the station."))),
            (f"subtitled{seed}_1", subtitled(film, ("Wo bist du gewesen?", "Am Bahnhof, mein Schatz."))),
            (f"hall{seed}_bare", room),
            (f"hall{seed}_light", lit(room)),
            (f"hall{seed}_parcel", with_parcel(room)),
        ):
            labels[scenes.write_film(folder / f"{name}.mp4", frames)] = name
    return labels
