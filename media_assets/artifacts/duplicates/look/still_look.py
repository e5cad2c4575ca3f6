"""The verdict on two decoded pictures: what is transparent is seen on a background, and all of it in full detail.

Two pictures that both are transparent are the same if they are it on white and on black. One that is not may show the
other on one colour: it is the same then, and the one that kept its transparency is the better one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look.borders import without_border
from media_assets.artifacts.duplicates.look.colours import colours_of
from media_assets.artifacts.duplicates.look.details import look_at_details, shown_by_both
from media_assets.artifacts.duplicates.look.photo_grades import measured_in_photos
from media_assets.artifacts.duplicates.look.pictures import Finding, seen, upright
from media_assets.artifacts.duplicates.look.stills import Still
from media_assets.artifacts.duplicates.look.views import BLACK, WHITE, Colour, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.stills import Values

PICTURE_SIDE = 1600
"""Longer side of the small pictures, in pixels, on which is found how two lie over each other."""
_CLEAR = 0.03
_FEWEST_CLEAR = 0.001
"""Share of a picture that has to be transparent for the colour behind it to be known."""


def look_at_stills(one: Still, other: Still, orientation: int = 0) -> Finding:
    """Whether two pictures are the same; see `pictures.look_at`."""
    if not one.has_alpha and not other.has_alpha:
        return _on(one, other, orientation, WHITE)
    if one.has_alpha and other.has_alpha:
        found = [_on(one, other, orientation, background) for background in (WHITE, BLACK)]
        return next((each for each in found if each.verdict == "different"), found[0])
    kept = 0 if one.has_alpha else 1
    first: Finding | None = None
    for background in _backgrounds(one, other, orientation):
        found_here = _on(one, other, orientation, background)
        if found_here.verdict != "different":
            return found_here._replace(better=kept, better_because="it kept its transparency")
        first = first or found_here
    assert first is not None
    return first


def _on(one: Still, other: Still, orientation: int, background: Colour) -> Finding:
    first, second = View(one, orientation, background), View(other, 0, background)
    small = first.reduced(PICTURE_SIDE), second.reduced(PICTURE_SIDE)
    found = seen(*small, is_turned=orientation != 0)
    found = look_at_details(first, second, (small[0].shape[:2], small[1].shape[:2]), found)
    sizes = (first.rows, first.columns), (second.rows, second.columns)
    finding = without_border(found, small, sizes).finding
    if finding.verdict == "different":
        return finding
    shown = Measured()
    if finding.verdict == "same" and found.laying is not None and not (first.is_reduced or second.is_reduced):
        shapes = small[0].shape[:2], small[1].shape[:2]
        shown = measured_in_photos(first, second, shown_by_both(first, second, shapes, found.laying))
    return finding._replace(measured=shown._replace(colours=(colours_of([small[0]]), colours_of([small[1]]))))


def _backgrounds(one: Still, other: Still, orientation: int) -> Iterator[Colour]:
    """What one that is transparent may have been laid on in the other: white, black, or what is seen there."""
    yield WHITE
    yield BLACK
    first, second = upright(one.values, orientation), other.values
    clear, shown = (first, View(other)) if one.has_alpha else (second, View(one, orientation))
    mask = _clear(clear)
    small = shown.reduced(256).astype("float32")
    colours = small[_places(mask, small.shape[:2])]
    if len(colours) >= max(1.0, _FEWEST_CLEAR * small.shape[0] * small.shape[1]):
        red, green, blue = (float(value) for value in _median(colours))
        yield red, green, blue


def _clear(values: Values) -> NDArray[np.bool_]:
    """Where a picture lets all through, on some of its pixels."""
    import numpy as np

    step = max(1, max(values.shape[:2]) // 256)
    some: NDArray[np.bool_] = values[::step, ::step, -1] < _CLEAR * np.iinfo(values.dtype).max
    return some


def _places(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    import numpy as np

    rows, columns = (np.arange(now) * before // now for now, before in zip(shape, mask.shape, strict=True))
    placed: NDArray[np.bool_] = mask[np.ix_(rows, columns)]
    return placed


def _median(colours: NDArray[np.float32]) -> NDArray[np.floating]:
    import numpy as np

    return np.asarray(np.median(colours, axis=0))
