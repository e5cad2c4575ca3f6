"""What the UI shows at once: nothing folded away, numbers in units, and links that open."""

from __future__ import annotations

import base64
import io
import random
import re
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from media_assets.pipeline.shown import UNFOLDED_CHARACTERS, is_folded, link, markdown, poster, with_units


def test_longer_markdown_is_folded_by_the_web_server_that_is_installed() -> None:
    import dagster_webserver

    scripts = Path(dagster_webserver.__file__).parent / "webapp/build/_next/static/chunks"
    texts = (path.read_text("utf-8", "replace") for path in scripts.glob("*.js"))
    (script,) = (text for text in texts if "[Show Markdown]" in text)
    (limit,) = set(re.findall(r"mdStr\.length<(\d+e?\d*)", script))
    assert float(limit) == UNFOLDED_CHARACTERS + 1


def picture(width: int, height: int) -> str:
    """One that compresses badly, as a preview is stored."""
    noise = random.Random(1)
    image = Image.frombytes("RGB", (width, height), noise.randbytes(width * height * 3))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=50)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


@pytest.mark.parametrize("size", [(240, 135), (135, 240), (8, 8), (600, 3)])
def test_a_poster_is_shown_at_once_and_keeps_its_shape(size: tuple[int, int]) -> None:
    shown = poster("what it looks like", picture(*size))
    assert isinstance(shown, dg.MarkdownMetadataValue) and shown.value
    assert not is_folded(shown.value)
    content = base64.b64decode(shown.value.partition("base64,")[2].rstrip(")"))
    with Image.open(io.BytesIO(content)) as image:
        assert max(image.size) <= max(size)
        assert (image.width > image.height, image.width < image.height) == (size[0] > size[1], size[0] < size[1])


def test_long_markdown_shows_its_beginning_up_to_the_end_of_a_line() -> None:
    text = "\n".join(f"- line {number} \N{GRINNING FACE}" for number in range(200))
    shown = str(markdown(text).value)
    assert is_folded(text) and not is_folded(shown)
    assert shown.endswith("\n\n…") and text.startswith(shown.removesuffix("\n\n…"))
    assert len(shown) > UNFOLDED_CHARACTERS / 2
    assert markdown("short").value == "short"


def test_numbers_of_bytes_and_seconds_have_units_beside_them() -> None:
    shown = with_units({"size_bytes": 3_100_000, "made_in_seconds": 0.84, "words": 12, "duration_seconds": 5400.0})
    assert (shown["size"], shown["made_in"], shown["duration"]) == ("3.1 MB", "0.8 s", "1.5 h")
    assert (shown["size_bytes"], shown["words"]) == (3_100_000, 12), "numbers stay, for plots and for other programs"
    assert with_units({"size": "mine", "size_bytes": 1})["size"] == "mine"


def test_paths_and_pages_open() -> None:
    assert link("file:///a%20b/%C3%A4.mp4") == dg.MetadataValue.path("/a b/ä.mp4")
    assert link("https://drive.google.com/file/d/x/view") == dg.MetadataValue.url(
        "https://drive.google.com/file/d/x/view"
    )
