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

SIDE_BY_SIDE, TOP_AND_BOTTOM = 1, 2
"""AVStereo3DType of libavutil."""
_MONO = 0
_ST3D = {_MONO: 0, TOP_AND_BOTTOM: 1, SIDE_BY_SIDE: 2}
_MATROSKA = {
    SIDE_BY_SIDE: "left_right",
    TOP_AND_BOTTOM: "top_bottom",
    4: "checkerboard_lr",
    6: "row_interleaved_lr",
    7: "col_interleaved_lr",
}
"""FFmpeg's names of Matroska's StereoMode (RFC 9559, section 5.1.4.1.28.3)."""
_WHOLE_SPHERE = (0, 2)
"""AVSphericalProjection: equirectangular, and a part of one."""
KINDS = (b"st3d", b"sv3d", b"vexu", b"hfov")
_INFORMATION = {"h264": "6", "hevc": "39|40"}
"""Types of the NAL units with supplemental enhancement information (ITU-T H.264, 7.4.1; H.265, 7.4.2.2)."""


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
    stereo: int | None = None
    """AVStereo3DType; None where nothing is said."""
    twice: bool = False
    """Whether the container and the picture itself both say how two views lie in it: ffmpeg's filters take no frame
    with both (File exists)."""

    def input_options(self, codec: str, index: int) -> dict[str, str]:
        """Options of the input that leave the container's word alone.

        Args:
            codec: Of the picture.
            index: Of its stream.
        """
        types = _INFORMATION.get(codec) if self.twice else None
        return {f"bsf:{index}": f"filter_units=remove_types={types}"} if types else {}

    def filters(self, encoder: str) -> tuple[str, ...]:
        """x264 writes it into the picture, and then the container must not say it as well."""
        return ("sidedata=mode=delete:type=STEREO3D",) if self._told_by_container(encoder) else ()

    def matroska_options(self, encoder: str) -> dict[str, str]:
        """What says it in Matroska where the frames do no longer."""
        if self.stereo is None or not self._told_by_container(encoder):
            return {}
        return {"metadata:s:v:0": f"stereo_mode={_MATROSKA[self.stereo]}"}

    def _told_by_container(self, encoder: str) -> bool:
        return encoder == "libx264" and self.stereo in (SIDE_BY_SIDE, TOP_AND_BOTTOM)


def read_views(carried: Sequence[tuple[str, bytes]]) -> Views:
    """From the side data of a frame (see `frame_data.side_data`)."""
    stereo = [struct.unpack_from("=i", data)[0] for name, data in carried if name == "STEREO3D" and len(data) >= 4]
    spheres = [
        Sphere(*struct.unpack_from("=4i4I", data)) for name, data in carried if name == "SPHERICAL" and len(data) >= 32
    ]
    return Views(spheres[0] if spheres else None, stereo[0] if stereo else None, twice=len(stereo) > 1)


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
