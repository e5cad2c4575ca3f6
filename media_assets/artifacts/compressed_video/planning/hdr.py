"""High dynamic range: kept whole (10 bit, colour tags, mastering display, light levels), or tone-mapped and no longer
said to be there. Never half of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from media_assets.artifacts.compressed_video.reading.picture import Light, Mastering, Picture
from media_assets.media.info import Stream

# Numbers of ITU-T H.273 and FFmpeg's names for them.
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}
_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
_PQ = 16
_HLG = 18
_NOMINAL_PEAK_NITS = 100
"""SDR white: what lies above it is bent down by the tone curve."""


@dataclass(frozen=True)
class DynamicRange:
    """What is done with the dynamic range of a file."""

    filters: tuple[str, ...] = ()
    """They map what must be mapped, and take away what would no longer be true."""
    color_options: tuple[tuple[str, str], ...] = ()
    """Options of the output that tag it."""
    mastering: Mastering | None = None
    light: Light | None = None
    losses: tuple[str, ...] = ()


def plan_dynamic_range(stream: Stream, picture: Picture, *, ten_bit: bool) -> DynamicRange:
    """Keep it when the target has 10 bit, map it otherwise."""
    losses = ["Dolby Vision (its base layer is kept)"] if stream.hdr == "Dolby Vision" else []
    if picture.hdr10_plus:
        losses.append("HDR10+ (its base layer is kept)")
    # Encoders take the layers over by themselves, though they are wrong for another size.
    layers = tuple(_without(name) for name in ("DOVI_RPU_BUFFER", "DOVI_METADATA", "DYNAMIC_HDR_PLUS") if losses)
    if stream.hdr is None or picture.transfer not in (_PQ, _HLG):
        return DynamicRange(layers, _tags(picture), losses=tuple(losses))
    if ten_bit:
        return DynamicRange(layers, _tags(picture), picture.mastering, picture.light, tuple(losses))
    losses.append(f"{'HLG' if picture.transfer == _HLG else 'HDR10'} (tone-mapped to standard dynamic range)")
    tags = _options({"primaries": "bt709", "trc": "bt709", "space": "bt709"})
    # x264 writes the light of the master into the stream when frames still carry it.
    static = (_without("MASTERING_DISPLAY_METADATA"), _without("CONTENT_LIGHT_LEVEL"))
    return DynamicRange((*layers, *_tone_map(picture), *static), tags, losses=tuple(losses))


def lacks_base_layer(stream: Stream, picture: Picture) -> bool:
    """Dolby Vision profile 5: its colours make sense to a Dolby Vision decoder only, and its transfer is not said."""
    return stream.hdr == "Dolby Vision" and picture.transfer is None


def x265_parameters(plan: DynamicRange) -> list[str]:
    """What goes into `-x265-params`: chromaticities in units of 0.00002, luminances of 0.0001 cd/m² (x265's manual)."""
    if plan.mastering is None and plan.light is None:
        return []
    parameters = ["hdr10=1", "repeat-headers=1"]
    if (m := plan.mastering) is not None:
        points = "".join(
            f"{name}({round(x * 50000)},{round(y * 50000)})"
            for name, (x, y) in (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
        )
        parameters.append(
            f"master-display={points}L({round(m.max_luminance * 10000)},{round(m.min_luminance * 10000)})"
        )
    if plan.light is not None:
        parameters.append(f"max-cll={plan.light.max_content},{plan.light.max_frame_average}")
    return parameters


def svt_av1_parameters(plan: DynamicRange) -> list[str]:
    """What goes into `-svtav1-params`: chromaticities from 0 to 1, luminances in cd/m² (SVT-AV1's manual)."""
    parameters = []
    if (m := plan.mastering) is not None:
        points = "".join(
            f"{name}({x:.5f},{y:.5f})"
            for name, (x, y) in (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
        )
        parameters.append(f"mastering-display={points}L({m.max_luminance:.4f},{m.min_luminance:.4f})")
    if plan.light is not None:
        parameters.append(f"content-light={plan.light.max_content},{plan.light.max_frame_average}")
    return parameters


def _tags(picture: Picture) -> tuple[tuple[str, str], ...]:
    """The source's own tags; where it has none, the result has none."""
    return _options(
        {
            "primaries": _PRIMARIES.get(picture.primaries or 0),
            "trc": _TRANSFERS.get(picture.transfer or 0),
            "space": _MATRICES.get(picture.matrix or 0),
        }
    )


def _options(names: dict[str, str | None]) -> tuple[tuple[str, str], ...]:
    options = {"primaries": "color_primaries", "trc": "color_trc", "space": "colorspace"}
    return tuple((options[key], name) for key, name in names.items() if name is not None)


def _without(side_data: str) -> str:
    return f"sidedata=mode=delete:type={side_data}"


def _tone_map(picture: Picture) -> tuple[str, ...]:
    """Filters to linear light, to BT.709's colours, through Hable's curve, and back (as FFmpeg documents `tonemap`)."""
    source = (
        f"transferin={_TRANSFERS[picture.transfer or _PQ]}"
        f":primariesin={_PRIMARIES.get(picture.primaries or 9, 'bt2020')}"
        f":matrixin={_MATRICES.get(picture.matrix or 9, 'bt2020nc')}"
        f":rangein={'full' if picture.full_range else 'limited'}"
    )
    return (
        f"zscale={source}:transfer=linear:npl={_NOMINAL_PEAK_NITS}",
        "format=gbrpf32le",
        "zscale=primaries=bt709",
        "tonemap=tonemap=hable:desat=0",
        "zscale=transfer=bt709:matrix=bt709:range=limited",
    )
