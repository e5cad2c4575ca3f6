"""Regions that XMP marks in a picture (faces, things, text), turned and scaled with it.

Known are those of the Metadata Working Group (Lightroom, digiKam, Picasa, Apple), Microsoft, ACDSee and IPTC. MWG's and
ACDSee's count from the middle of a region, Microsoft's and IPTC's from its upper left corner. All are about the picture
as it is stored; some programs write those of the upright one, which their dimensions (`AppliedToDimensions`) betray.
Sources: Guidelines for Handling Image Metadata 2.0 (MWG), 5.9; IPTC Photo Metadata Standard 2023.2, 12.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from media_assets.artifacts.compressed_image.turning import SIDEWAYS, Turn, point, rectangle
from media_assets.media.pictures.xmp import NoXmp
from media_assets.media.pictures.xmp_tree import Name, Node, Value, changed, tree_of

_AREA = ("http://ns.adobe.com/xmp/sType/Area#", "http://ns.acdsee.com/sType/Area#")
_DIMENSIONS = ("http://ns.adobe.com/xap/1.0/sType/Dimensions#", "http://ns.acdsee.com/sType/Dimensions#")
_APPLIED = "AppliedToDimensions"
_RECTANGLE: Name = ("http://ns.microsoft.com/photo/1.2/t/Region#", "Rectangle")
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_APPLE = "http://ns.apple.com/faceinfo/1.0/"
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/"
_CAMERA_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/"
_MENTIONS = re.compile(rb"RegionList|RegionInfo|ImageRegion|MPReg:|AppliedToDimensions")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def turned_regions(packet: bytes, turn: Turn) -> tuple[bytes, list[str]]:
    """An XMP packet for the turned and scaled picture, and what of it does not fit that.

    Raises:
        NoXmp: it has regions and cannot be read.
    """
    try:
        tree = tree_of(packet)
    except NoXmp:
        if _MENTIONS.search(packet) and (turn.orientation != 1 or turn.result != turn.stored):
            raise
        return packet, []
    work = _Changes(turn)
    nodes = list(tree.walk())
    for number, namespace in enumerate(_AREA):
        work.areas(nodes, namespace, _DIMENSIONS[number])
    work.rectangles(nodes)
    work.iptc(tree)
    work.crops(nodes)
    work.sizes(nodes)
    return changed(packet, work.changes), work.lost


@dataclass
class _Changes:
    turn: Turn
    changes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def put(self, value: Value, text: str) -> None:
        if text != value.text:
            self.changes[value.start, value.end] = text.encode()

    def name(self, loss: str) -> None:
        if loss not in self.lost:
            self.lost.append(loss)

    def areas(self, nodes: Sequence[Node], area: str, dimensions: str) -> None:
        """Regions of MWG or ACDSee, and the dimensions that they are about."""
        frame = self.turn.stored
        for node in nodes:
            if node.name[1] != _APPLIED:
                continue
            values = node.values()
            width, height = values.get((dimensions, "w")), values.get((dimensions, "h"))
            size = _numbers(width, height)
            if width is None or height is None or size is None or min(size) <= 0:
                continue
            frame = (round(size[0]), round(size[1]))
            new = self._new_frame(frame)
            self.put(width, str(new[0]))
            self.put(height, str(new[1]))
        for node in nodes:
            values = node.values()
            if (area, "x") in values and (area, "y") in values:
                self._area(
                    {name: values[area, name] for name in "xywhd" if (area, name) in values}, values, area, frame
                )

    def _orientation(self, frame: tuple[int, int]) -> int:
        """How a frame is to be turned: not at all when its proportions are those of the upright picture."""
        upright = _alike(frame, self.turn.upright) and not _alike(frame, self.turn.stored)
        return 1 if upright else self.turn.orientation

    def _new_frame(self, frame: tuple[int, int]) -> tuple[int, int]:
        turned = frame[::-1] if self._orientation(frame) in SIDEWAYS else frame
        return self.turn.result if _alike(turned, self.turn.result) else turned

    def _area(self, found: dict[str, Value], values: dict[Name, Value], area: str, frame: tuple[int, int]) -> None:
        """One region, whose x and y are those of its middle."""
        numbers = _numbers(*found.values())
        if numbers is None:
            self.name("a region of XMP whose numbers cannot be read")
            return
        at = dict(zip(found, numbers, strict=True))
        unit = values.get((area, "unit"))
        pixels = unit is not None and unit.text.strip().lower() == "pixel"
        orientation = self._orientation(frame)
        old, new = (frame, self._new_frame(frame)) if pixels else ((1, 1), (1, 1))
        x, y = point(orientation, at["x"] / old[0], at["y"] / old[1])
        result = {"x": x * new[0], "y": y * new[1]}
        sides = {"w": at.get("w", 0.0) / old[0], "h": at.get("h", 0.0) / old[1]}
        if orientation in SIDEWAYS:
            sides = {"w": sides["h"], "h": sides["w"]}
        result |= {"w": sides["w"] * new[0], "h": sides["h"] * new[1]}
        result["d"] = at.get("d", 0.0) * (min(new) / min(old) if pixels else 1)
        if orientation != 1 or new != old:
            for name, value in found.items():
                self.put(value, _written(result[name], pixels))

    def rectangles(self, nodes: Sequence[Node]) -> None:
        """Microsoft's: `x, y, width, height`."""
        if self.turn.orientation == 1:
            return
        for node in nodes:
            value = node.values().get(_RECTANGLE)
            if value is None or (value.start, value.end) in self.changes:
                continue
            parts = re.split(r"[,\s]+", value.text.strip())
            numbers = [float(part) for part in parts if _NUMBER.fullmatch(part)]
            if len(numbers) != 4 or len(parts) != 4:
                self.name("a region of XMP whose numbers cannot be read")
                continue
            turned = rectangle(self.turn.orientation, *numbers)
            self.put(value, ", ".join(_written(number, False) for number in turned))

    def iptc(self, tree: Node) -> None:
        """IPTC's boundaries: rectangles by their corner, circles by middle and radius, polygons by their points."""
        todo = [(tree, "relative")]
        while todo:
            node, unit = todo.pop()
            values = node.values()
            if (_IPTC, "rbUnit") in values:
                unit = values[_IPTC, "rbUnit"].text.strip().lower()
            if (_IPTC, "rbX") in values and (_IPTC, "rbY") in values:
                self._boundary(values, unit == "pixel")
            todo += [(child, unit) for child in node.children]

    def _boundary(self, values: dict[Name, Value], pixels: bool) -> None:
        found = {
            name: values[_IPTC, f"rb{name}"] for name in ("X", "Y", "W", "H", "Rx") if (_IPTC, f"rb{name}") in values
        }
        numbers = _numbers(*found.values())
        if numbers is None:
            self.name("a region of XMP whose numbers cannot be read")
            return
        turn = self.turn
        if turn.orientation == 1 and (not pixels or turn.stored == turn.result):
            return
        at = dict(zip(found, numbers, strict=True))
        old, new = (turn.stored, turn.result) if pixels else ((1, 1), (1, 1))
        left, top, width, height = rectangle(
            turn.orientation, at["X"] / old[0], at["Y"] / old[1], at.get("W", 0.0) / old[0], at.get("H", 0.0) / old[1]
        )
        result = {"X": left * new[0], "Y": top * new[1], "W": width * new[0], "H": height * new[1]}
        # A radius is a share of the width, or pixels.
        widths = turn.result[0] / turn.upright[0] if pixels else turn.stored[0] / turn.upright[0]
        result["Rx"] = at.get("Rx", 0.0) * widths
        for name, value in found.items():
            self.put(value, _written(result[name], pixels))

    def crops(self, nodes: Sequence[Node]) -> None:
        """Camera Raw's crop that is still to be made: a program that knows it would cut something else away."""
        if self.turn.orientation == 1:
            return
        for node in nodes:
            has = node.values().get((_CAMERA_RAW, "HasCrop"))
            if has is not None and has.text.strip().lower() == "true":
                self.name("the crop of Camera Raw in XMP (it is that of the original)")

    def sizes(self, nodes: Sequence[Node]) -> None:
        """What XMP repeats of EXIF, and what counts pixels and cannot be turned here."""
        width, height = (str(side) for side in self.turn.result)
        new = {
            (_TIFF, "Orientation"): "1",
            (_TIFF, "ImageWidth"): width,
            (_TIFF, "ImageLength"): height,
            (_EXIF, "PixelXDimension"): width,
            (_EXIF, "PixelYDimension"): height,
        }
        same = self.turn.orientation == 1 and self.turn.result == self.turn.stored
        for node in nodes:
            for name, value in node.values().items():
                if name in new:
                    self.put(value, new[name])
                elif not same and name[0] == _PANORAMA and name[1].endswith("Pixels"):
                    self.name("measures of the panorama in XMP (they are those of the original)")
                elif self.turn.orientation != 1 and name[0] == _APPLE and name[1].startswith("Angle"):
                    self.name("angles of faces in XMP (they are those of the original)")


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes have the same proportions, as far as whole pixels allow."""
    return math.isclose(one[0] * other[1], one[1] * other[0], rel_tol=0.01)


def _numbers(*values: Value | None) -> list[float] | None:
    """None when one of them is no number."""
    texts = [value.text.strip() if value else "" for value in values]
    return [float(text) for text in texts] if all(_NUMBER.fullmatch(text) for text in texts) else None


def _written(number: float, whole: bool) -> str:
    return f"{number:.0f}" if whole else f"{number:.6f}".rstrip("0").rstrip(".") or "0"
