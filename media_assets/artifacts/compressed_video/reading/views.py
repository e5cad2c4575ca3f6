"""Pictures all around (360°) and of two views in one (3D): what tells a player so, and the boxes that say it in an mp4.

FFmpeg's filters drop it with every change of size, and what its mp4 writer makes of it with `-strict unofficial` loses
the angles and the kind of 3D. So the boxes are written here, as they stand in the source or anew: `st3d` and `sv3d` of
Google's "Spherical Video V2 RFC", and Apple's `vexu`, which is only copied.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from media_assets.media.isobmff import plain_box
from media_assets.media.stereo3d import container_alone

_MONO, _SIDE_BY_SIDE, _TOP_AND_BOTTOM, _FRAMES, _CHECKERBOARD, _LINES, _COLUMNS = 0, 1, 2, 3, 4, 6, 7
"""AVStereo3DType of libavutil."""
_INVERTED = 1
"""AV_STEREO3D_FLAG_INVERT: the right view comes first."""
_ST3D = {(_MONO, False): 0, (_TOP_AND_BOTTOM, False): 1, (_SIDE_BY_SIDE, False): 2}
"""Numbers in `st3d`, which has none for the right view first."""
_MATROSKA = {
    (_MONO, False): "mono",
    (_SIDE_BY_SIDE, False): "left_right",
    (_SIDE_BY_SIDE, True): "right_left",
    (_TOP_AND_BOTTOM, False): "top_bottom",
    (_TOP_AND_BOTTOM, True): "bottom_top",
    (_FRAMES, False): "block_lr",
    (_FRAMES, True): "block_rl",
    (_CHECKERBOARD, False): "checkerboard_lr",
    (_CHECKERBOARD, True): "checkerboard_rl",
    (_LINES, False): "row_interleaved_lr",
    (_LINES, True): "row_interleaved_rl",
    (_COLUMNS, False): "col_interleaved_lr",
    (_COLUMNS, True): "col_interleaved_rl",
}
"""FFmpeg's names of Matroska's StereoMode (RFC 9559, section 5.1.4.1.28.3)."""
_WHOLE_SPHERE = (0, 2)
"""AVSphericalProjection: equirectangular, and a part of one."""
KINDS = (b"st3d", b"sv3d", b"vexu", b"hfov")


@dataclass(frozen=True)
class Sphere:
    """AVSphericalMapping of libavutil: angles in degrees as 16.16, bounds as 0.32 fixed point."""

    projection: int
    yaw: int
    pitch: int
    roll: int
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Views:
    """What is said of the views of a picture."""

    sphere: Sphere | None = None
    stereo: tuple[int, bool] | None = None
    """AVStereo3DType, and whether the right view comes first; None where nothing is said."""
    twice: bool = False
    """Whether the container and the picture itself both say how two views lie in it, see `media.stereo3d`."""

    def input_options(self, codec: str, index: int) -> dict[str, str]:
        """Options of the input that leave the container's word alone.

        Args:
            codec: Of the picture.
            index: Of its stream.
        """
        return container_alone(codec, index, told_twice=self.twice)

    def filters(self, encoder: str, container: str) -> tuple[str, ...]:
        """x264 writes it into the picture, where the container must not say it as well, and knows no right view first.

        Args:
            container: Of the result.
        """
        if encoder != "libx264" or self.stereo is None:
            return ()
        told = self.stereo in (_MATROSKA if container == "mkv" else _ST3D)
        return ("sidedata=mode=delete:type=STEREO3D",) if told or self.stereo[1] else ()

    def matroska_options(self, encoder: str) -> dict[str, str]:
        """What says it in Matroska where the frames do no longer."""
        if encoder != "libx264" or self.stereo not in _MATROSKA:
            return {}
        return {"metadata:s:v:0": f"stereo_mode={_MATROSKA[self.stereo]}"}


def read_views(carried: Sequence[tuple[str, bytes]]) -> Views:
    """From the side data of a frame (see `frame_data.side_data`)."""
    stereo = [struct.unpack_from("=2i", data) for name, data in carried if name == "STEREO3D" and len(data) >= 8]
    spheres = [
        Sphere(*struct.unpack_from("=4i4I", data)) for name, data in carried if name == "SPHERICAL" and len(data) >= 32
    ]
    first = (stereo[0][0], bool(stereo[0][1] & _INVERTED)) if stereo else None
    return Views(spheres[0] if spheres else None, first, twice=len(stereo) > 1)


def boxes_of_views(views: Views, found: Sequence[bytes], *, same_size: bool) -> list[bytes]:
    """The boxes for the description of a result's picture.

    Args:
        found: Those of `KINDS` that stand in the source, as they are.
        same_size: Whether the result has as many pixels as the source.
    """
    copied = [box for box in found if same_size or not _is_padded(box)]
    kinds = {box[4:8] for box in copied}
    if b"st3d" not in kinds and b"vexu" not in kinds and views.stereo in _ST3D:
        copied.append(plain_box(b"st3d", bytes(4), bytes([_ST3D[views.stereo]])))
    if b"sv3d" not in kinds and b"vexu" not in kinds and views.sphere and views.sphere.projection in _WHOLE_SPHERE:
        copied.append(_sv3d(views.sphere))
    return copied


def _sv3d(sphere: Sphere) -> bytes:
    pose = plain_box(b"prhd", bytes(4), struct.pack(">3i", sphere.yaw, sphere.pitch, sphere.roll))
    bounds = struct.pack(">4I", sphere.top, sphere.bottom, sphere.left, sphere.right)
    projection = plain_box(b"proj", pose, plain_box(b"equi", bytes(4), bounds))
    return plain_box(b"sv3d", plain_box(b"svhd", bytes(4), b"media-assets\0"), projection)


def _is_padded(box: bytes) -> bool:
    """Whether a cube map counts pixels between its faces, of which a smaller picture has fewer."""
    at = box.find(b"cbmp")
    return at >= 0 and any(box[at + 12 : at + 16])
