"""What is easily taken for the same and is not, and what is the same though it was marked, cut or recoloured.

Everything is drawn from seeds. Pages and marks use the font that comes with Pillow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.scenes import changed

Labels = dict[Path, str]
"""Per file the name of the content that it shows; files of one name are duplicates."""

_WORDS = ("Paper", "Toner", "Cable", "Desk", "Lamp", "Chair", "Folder", "Binder", "Pencil", "Router", "Monitor", "Clip")


def invoice(seed: int, total_cents: int = 0, *, width: int = 1240, number: int | None = None) -> Image.Image:
    """A page with a table; of one seed all is equal but for what is altered.

    Args:
        total_cents: What is added to the sum that is printed.
        number: Of the invoice.
    """
    random = np.random.default_rng((seed, 11))
    height = width * 1754 // 1240
    unit = width / 1240
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)

    def write(column: float, row: float, text: str, size: int = 24) -> None:
        draw.text((column * unit, row * unit), text, "black", ImageFont.load_default(size * unit))

    write(100, 90, f"{_WORDS[seed % len(_WORDS)]} & {_WORDS[(seed * 7 + 3) % len(_WORDS)]} Ltd.", 44)
    write(100, 150, f"{random.integers(1, 99)} {_WORDS[int(random.integers(len(_WORDS)))]} Street", 24)
    write(800, 260, f"Invoice no. {number or random.integers(1000, 9999)}")
    write(800, 300, f"Date {random.integers(1, 28)}.{random.integers(1, 12)}.2024")
    total = 0
    for line in range(int(random.integers(9, 16))):
        amount = int(random.integers(100, 90000))
        total += amount
        write(100, 420 + line * 46, f"{line + 1}")
        write(180, 420 + line * 46, " ".join(random.choice(_WORDS, 3)))
        write(950, 420 + line * 46, f"{amount / 100:.2f}")
    write(700, 1240, f"Total EUR   {(total + total_cents) / 100:.2f}", 28)
    write(100, 1500, "Payable within 14 days without deduction.", 22)
    return page


def table_of_numbers(seed: int, size: tuple[int, int], *, changed: bool = False) -> Image.Image:
    """A large page, or a long screenshot, of small print; of one seed all is equal but one figure.

    Args:
        size: Width and height in pixels.
    """
    random = np.random.default_rng((seed, 37))
    page = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11 if size[0] < 1000 else 34)
    step = 16 if size[0] < 1000 else 52
    for line in range(size[1] // step - 1):
        number = int(random.integers(10_000, 99_990))
        if changed and line == size[1] // step // 3:
            number += 4 if number % 10 < 5 else -4
        words = " ".join(random.choice(_WORDS, 4))
        draw.text((step, line * step + step // 2), f"{words} {number}", "black", font)
    return page


def photo(seed: int, width: int = 960, height: int = 640) -> Image.Image:
    """A picture as a camera gives it: clouds of 1/f noise with things in it that have edges."""
    random = np.random.default_rng((seed, 13))
    picture = Image.fromarray(scenes.background(seed + 300, width, height).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = random.uniform(0, width), random.uniform(0, height)
        sides = random.uniform(width / 30, width / 6, 2)
        box = (x, y, x + sides[0], y + sides[1])
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        (draw.ellipse if random.random() < 0.5 else draw.rectangle)(box, fill=colour)
    soft = picture.filter(ImageFilter.GaussianBlur(1.2))
    noise = random.normal(0, 2.5, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(soft) + noise, 0, 255).astype(np.uint8))


def with_noise(picture: Image.Image, seed: int, deviation: float = 2.5) -> Image.Image:
    """Another exposure of the same: other noise."""
    pixels = np.asarray(picture) + np.random.default_rng((seed, 17)).normal(0, deviation, (*picture.size[::-1], 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def portrait(seed: int, *, is_awake: bool) -> Image.Image:
    """A face with eyes that are open or closed."""
    picture = photo(seed + 40)
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width * 0.36, height * 0.14, width * 0.64, height * 0.86), (222, 178, 150), (150, 110, 90), 3)
    draw.arc((width * 0.45, height * 0.6, width * 0.55, height * 0.74), 20, 160, (160, 60, 60), 5)
    for place in (0.44, 0.56):
        eye = (width * (place - 0.028), height * 0.4, width * (place + 0.028), height * 0.45)
        if is_awake:
            draw.ellipse(eye, (245, 245, 245), (90, 60, 50), 2)
            draw.ellipse(
                (width * (place - 0.011), height * 0.405, width * (place + 0.011), height * 0.445), (50, 80, 120)
            )
        else:
            draw.arc(eye, 10, 170, (110, 70, 60), 4)
    return with_noise(picture.filter(ImageFilter.GaussianBlur(1)), seed if is_awake else seed + 1)


def burst(seed: int, shot: int) -> Image.Image:
    """Shots a moment apart from the hand: the frame moved by some pixels, and somebody in it."""
    wide = photo(seed + 80, 1000, 680)
    random = np.random.default_rng((seed, shot, 19))
    x, y = 480 + 9 * shot, 300 + 4 * shot
    ImageDraw.Draw(wide).ellipse((x, y, x + 90, y + 150), (60, 50, 140))
    left, top = (int(value) for value in random.integers(0, 12, 2))
    return with_noise(wide.crop((left, top, left + 960, top + 640)), seed * 31 + shot)


def silhouette(seed: int, colour: str) -> Image.Image:
    """One figure in one colour on white."""
    random = np.random.default_rng((seed, 23))
    picture = Image.new("RGB", (640, 640), "white")
    angles = np.sort(random.uniform(0, 2 * np.pi, 14))
    reach = random.uniform(120, 290, 14)
    corners = [(320 + r * np.cos(a), 320 + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)]
    ImageDraw.Draw(picture).polygon(corners, fill=colour)
    return picture


def with_object(picture: Image.Image, seed: int) -> Image.Image:
    """The same scene with something new in it, some hundredths of it in size."""
    random = np.random.default_rng((seed, 29))
    width, height = picture.size
    made = picture.copy()
    size = random.uniform(0.06, 0.12) * width
    x, y = random.uniform(0.1, 0.75) * width, random.uniform(0.1, 0.75) * height
    colour = tuple(int(value) for value in random.integers(0, 255, 3))
    draw = ImageDraw.Draw(made)
    if seed % 2:
        draw.ellipse((x, y, x + size, y + size * 1.3), fill=colour)
    else:
        draw.rectangle((x, y, x + size, y + size * 0.8), fill=colour)
    return with_noise(made, seed, 1.5)


_HUES = {"red": (-12, 50), "blue": (52, -14), "green": (-34, -36)}
"""By name: blue-difference and red-difference of a colour."""


def with_thing(picture: Image.Image, seed: int, hue: str) -> Image.Image:
    """The same scene with a thing of some tenths of its width. In another hue each pixel of it is as bright."""
    random = np.random.default_rng((seed, 59))
    width, height = picture.size
    planes = np.asarray(picture.convert("YCbCr")).astype(float)
    rows, columns = np.mgrid[:height, :width]
    x, y = random.uniform(0.3, 0.7) * width, random.uniform(0.3, 0.7) * height
    reach = random.uniform(0.08, 0.2) * width
    inside = ((columns - x) / reach) ** 2 + ((rows - y) / (0.7 * reach)) ** 2 < 1
    planes[inside, 0] = 60 + 0.45 * scenes.background(seed + 380, width, height)[inside].mean(axis=-1)
    planes[inside, 1:] = 128 + np.array(_HUES[hue])
    return Image.fromarray(np.clip(planes, 0, 255).astype(np.uint8), "YCbCr").convert("RGB")


PRODUCTS = {
    "olive": (117, 119, 70),
    "moss": (105, 121, 75),
    "sage": (151, 178, 151),
    "mint": (142, 179, 162),
    "beige": (204, 186, 159),
    "blush": (210, 182, 169),
    "sand": (206, 180, 148),
    "rust": (153, 90, 59),
    "cinnamon": (147, 94, 69),
    "navy": (37, 44, 82),
    "charcoal": (60, 59, 64),
}
"""Colours of cloth, by name: red, green and blue."""


def product(seed: int, colour: str) -> Image.Image:
    """A piece of cloth before a light grey wall, as a shop shows it in several colours."""
    random = np.random.default_rng((seed, 61))
    width, height = 900, 700
    wall = np.linspace(230, 216, height)[:, None, None] * np.array([1, 0.995, 0.98])
    shown = np.broadcast_to(wall, (height, width, 3)).copy()
    rows, columns = np.mgrid[:height, :width]
    side = random.uniform(0.25, 0.5) * (rows - 120)
    inside = (rows > 140) & (rows < 620) & (np.abs(columns - 450) < 80 + side)
    cloth = scenes.background(seed + 420, width, height).mean(axis=-1)[inside]
    shown[inside] = np.array(PRODUCTS[colour]) * (1 + 0.0035 * (cloth - cloth.mean()))[:, None]
    return with_noise(Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8)), seed, 1.5)


def marked(picture: Image.Image, text: str, opacity: float, place: str, size: float = 0.05) -> Image.Image:
    """A picture with a mark over it.

    Args:
        place: `corner` or `middle`.
        size: Height of the letters, as a share of that of the picture.
    """
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    font = ImageFont.load_default(size * picture.height)
    draw = ImageDraw.Draw(layer)
    left, top, right, bottom = draw.textbbox((0, 0), text, font)
    width, height = right - left, bottom - top
    margin = 0.02 * picture.height
    x, y = picture.width - width - margin, picture.height - height - 2 * margin
    if place == "middle":
        x, y = (picture.width - width) / 2, (picture.height - height) / 2
    draw.text((x, y), text, (255, 255, 255, round(255 * opacity)), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


# ------------------------------------------------------------------------------------------- files


def save(picture: Image.Image, path: Path, quality: int = 90) -> Path:
    picture.save(path, None, quality=quality)
    return path


PICTURE_CHANGES: dict[str, tuple[str, ...]] = {
    "q30.jpg": ("-q:v", "12"),
    "half.jpg": ("-vf", "scale=iw/2:-2", "-q:v", "5"),
    "quarter.webp": ("-vf", "scale=iw/4:-2", "-quality", "70"),
    "mirrored_small.jpg": ("-vf", "hflip,scale=iw*0.6:-2", "-q:v", "5"),
    "turned.jpg": ("-vf", "transpose=1", "-q:v", "6"),
    "grey.jpg": ("-vf", "format=gray", "-q:v", "4"),
    "bright.jpg": ("-vf", "eq=brightness=0.05:contrast=1.08:saturation=1.15", "-q:v", "4"),
    "barred.jpg": ("-vf", "format=rgb24,pad=iw:ih*1.3:0:-1", "-q:v", "4"),
}
CUTS: dict[str, tuple[str, ...]] = {
    "cropped.jpg": ("-vf", "crop=iw*0.9:ih*0.9", "-q:v", "4"),
    "cropped_small.jpg": ("-vf", "crop=iw*0.9:ih*0.9:0:ih*0.1,scale=iw*0.6:-2", "-q:v", "4"),
    "cropped_side.png": (
        "-vf",
        "crop=iw*0.9:ih:iw*0.1:0",
    ),
    "cropped_back.jpg": ("-vf", "crop=iw*0.9:ih*0.9:iw*0.06:ih*0.02,scale=iw/0.9:-2", "-q:v", "4"),
}
MARKS: dict[str, tuple[str, float, str, float]] = {
    "mark_middle.jpg": ("SAMPLE PICTURE", 0.4, "middle", 0.12),
    "mark_faint.jpg": ("© studio 2024", 0.5, "corner", 0.05),
    "mark_date.jpg": ("2024-05-17", 1.0, "corner", 0.045),
}


def make_pictures(folder: Path, seeds: range) -> Labels:
    """Pictures with every change that leaves them what they are."""
    labels: Labels = {}
    for seed in seeds:
        picture = photo(seed)
        original = save(picture, folder / f"photo{seed}.jpg", 95)
        labels[original] = original.stem
        for name, arguments in (PICTURE_CHANGES | CUTS).items():
            labels[changed(original, name, after=arguments)] = original.stem
        for name, mark in MARKS.items():
            labels[save(marked(picture, *mark), folder / f"{original.stem}_{name}")] = original.stem
    return labels


def make_pages(folder: Path, seeds: range) -> Labels:
    """Invoices, each with its copies, and the same with one other number in it."""
    labels: Labels = {}
    for seed in seeds:
        for name, page in (
            ("", invoice(seed)),
            ("_other_total", invoice(seed, 100)),
            ("_other_number", invoice(seed, number=4711)),
        ):
            path = save(page, folder / f"invoice{seed}{name}.png")
            labels[path] = path.stem
            for change in ("q30.jpg", "half.jpg", "quarter.webp"):
                labels[changed(path, change, after=PICTURE_CHANGES[change])] = path.stem
    return labels


def make_pictures_that_differ(folder: Path, seeds: range) -> Labels:
    """Pictures of the same that are other pictures."""
    files: list[Path] = []
    for seed in seeds:
        room, wall = photo(seed + 120), photo(seed + 160)
        for name, picture in (
            *((f"portrait{seed}_{is_awake}", portrait(seed, is_awake=is_awake)) for is_awake in (True, False)),
            *((f"burst{seed}_{shot}", burst(seed, shot)) for shot in range(3)),
            *((f"figure{seed}_{colour}", silhouette(seed, colour)) for colour in ("red", "navy", "green", "black")),
            (f"room{seed}", room),
            (f"room{seed}_object", with_object(room, seed)),
            *((f"thing{seed}_{hue}", with_noise(with_thing(wall, seed, hue), seed, 1.5)) for hue in _HUES),
            *((f"product{seed}_{colour}", product(seed, colour)) for colour in ("olive", "moss", "rust", "cinnamon")),
            *((f"screenshot{seed}_{c}", table_of_numbers(seed, (400, 5200), changed=c)) for c in (False, True)),
            *((f"scan{seed}_{c}", table_of_numbers(seed, (2480, 3508), changed=c)) for c in (False, True)),
        ):
            files.append(save(picture, folder / f"{name}.jpg"))
    return {path: path.stem for path in files}
