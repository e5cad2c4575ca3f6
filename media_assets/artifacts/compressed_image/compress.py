"""From a photo to a smaller one that looks the same: how small, at which quality, and proof that it is as promised."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.compressed_image.colours import has_hidden_colours
from media_assets.artifacts.compressed_image.encoding import ImageEncoder, decoded, encoders, least_quality
from media_assets.artifacts.compressed_image.exif import Mark
from media_assets.artifacts.compressed_image.judging import JudgedAreas, choose_sample, damaged_area, score
from media_assets.artifacts.compressed_image.leaving import FORMATS, peculiarity, satisfied
from media_assets.artifacts.compressed_image.metadata import (
    Metadata,
    carried_over,
    found_again,
    read_metadata,
)
from media_assets.artifacts.compressed_image.profiles import fits_profile, lost_profile
from media_assets.artifacts.compressed_image.rules import goal_bytes, next_long_side
from media_assets.artifacts.compressed_image.settings import ImageFormat, ImageRule, ImageSettings
from media_assets.artifacts.compressed_image.value import CompressedImage
from media_assets.base.errors import BadMedia
from media_assets.media.info import MediaInfo
from media_assets.media.pictures.formats import why_unopened
from media_assets.media.pictures.opening import (
    LIBRARIES,
    UnreadablePicture,
    limits_for,
    open_image,
    upright,
    written_file,
)
from media_assets.media.pictures.pixels import eight_bits, in_srgb, resized
from media_assets.media.sandbox.child import run_in_child
from media_assets.pipeline.rules import FileFacts, first_that_fits
from media_assets.work.work import Work

if TYPE_CHECKING:
    from PIL import Image

_WHOLE_TOLERANCE = 1.0
"""How far the result may exceed the target: the whole is dearer to encode than its sample."""
_BYTES_PER_PIXEL = 32
"""The picture, its copy for the encoder, the encoder's own, and what is decoded again to be compared."""
_OPENED = {"apng", "bmp", "gif", "j2k", "jpeg", "mjpeg", "mov", "png", "ppm", "tiff", "webp", "webp_anim"}
"""FFmpeg's names of what is opened here, so that only damage keeps it from being read."""
_WRITTEN_BYTES = 1_000_000_000
_LOADED_AHEAD = (*LIBRARIES, "ssimulacra2", __name__)
_EIGHT_BITS = 8
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
"""Values of the EXIF orientation that swap width and height."""


def compress_image(
    source: Path, media: MediaInfo, age_years: float | None, settings: ImageSettings, work: Work
) -> tuple[Path | None, CompressedImage]:
    """Write a smaller image that reaches the rule's quality, or say why the original stays.

    The result is upright, in the colours of the source's ICC profile, with its EXIF and XMP; EXIF says what it was
    made from, so that it is recognised when it comes back as a source. Nothing counts before the file was read again
    and found to be whole, of the right size, and as good as promised.

    Args:
        age_years: Since it was taken; None when that is not known.
        work: The result is in its directory.

    Returns:
        The file, None when the original stays; and what was done and why.

    Raises:
        BadMedia: it is truncated, damaged or too large.
        TimeLimitExceeded, Cancelled: from `work`.
    """
    work.report(0.1)
    limits = limits_for(media, settings.max_megapixels, _BYTES_PER_PIXEL, _WRITTEN_BYTES, work)
    try:
        value = run_in_child(
            _compressed,
            source,
            media,
            age_years,
            settings,
            work.directory,
            work=work,
            limits=limits,
            ahead=_LOADED_AHEAD,
        )
    except UnreadablePicture:
        if what := run_in_child(why_unopened, source, work=work):
            return None, _other_format(source, media, f"is {what}, which is left as it is")
        if media.container.split(",")[0].removesuffix("_pipe") in _OPENED:
            raise
        return None, _other_format(source, media)
    work.report(1.0)
    if value.format is None:
        return None, value
    return written_file(work.directory / _file_name(value.format)), value


def _other_format(source: Path, media: MediaInfo, reason: str | None = None) -> CompressedImage:
    """The value for what the probe knows as a picture, in none of the formats that are opened."""
    name = media.container.removesuffix("_pipe")
    stream = next((stream for stream in media.streams if stream.display_size), None)
    width, height = (stream.display_size if stream else None) or (0, 0)
    return CompressedImage(
        outcome="left",
        reason=reason or f"is {name.upper()}, a format that is left as it is",
        source_format=name,
        source_width=width,
        source_height=height,
        source_bytes=source.stat().st_size,
    )


def _compressed(
    source: Path, media: MediaInfo, age_years: float | None, settings: ImageSettings, directory: Path
) -> CompressedImage:
    """Everything that is done with the bytes of an image; runs in a child."""
    work = Work(directory)
    with open_image(source, settings.max_megapixels) as image:
        facts, rule, metadata = _look(image, source, age_years, settings)
        mark = metadata.mark
        leave = peculiarity(image, source, media, metadata.behind) or satisfied(
            rule, settings, facts["source_format"], facts["source_bytes"], image.width * image.height, mark
        )
        if leave or rule is None:
            return CompressedImage(outcome="left", reason=leave or "", **facts)
        picture, changes = _picture(image, metadata, media)
    job = _Job(picture, metadata, rule, settings, facts, work, list(changes))
    return job.run()


def _file_name(image_format: ImageFormat) -> str:
    return f"image.{'jpg' if image_format == 'jpeg' else image_format}"


def _look(
    image: Image.Image, source: Path, age_years: float | None, settings: ImageSettings
) -> tuple[dict[str, Any], ImageRule | None, Metadata]:
    """What is known before decoding."""
    metadata = read_metadata(image, source)
    width, height = image.size
    if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
        width, height = height, width
    size_bytes = source.stat().st_size
    known = FileFacts(
        age_years=age_years, size_bytes=size_bytes, megapixels=width * height / 1_000_000, lines=min(width, height)
    )
    rule = first_that_fits(settings.rules, known)
    facts = {
        "source_format": FORMATS.get(image.format or "", str(image.format).lower()),
        "source_width": width,
        "source_height": height,
        "source_bytes": size_bytes,
        "rule": None if rule is None else rule.name,
    }
    return facts, rule, metadata


def _picture(image: Image.Image, metadata: Metadata, media: MediaInfo) -> tuple[Image.Image, list[str]]:
    """The decoded picture in the colours it will be stored in, and what that loses."""
    lost = list(metadata.lost)
    depth = max((stream.bit_depth or 0 for stream in media.video_streams), default=0)
    depth = max(depth, int(image.info.get("bit_depth") or 0))
    if depth > _EIGHT_BITS:
        lost.append(f"{depth} bits per channel (8 are kept)")
    picture = eight_bits(upright(image))
    if picture.mode == "CMYK":
        lost += ["CMYK inks (converted to sRGB)", *lost_profile(metadata.icc, picture.mode)]
        return in_srgb(picture, metadata.icc), lost
    if picture.mode == "RGBA" and has_hidden_colours(picture):
        lost.append("colours of pixels that are wholly transparent")
    if metadata.icc and not fits_profile(metadata.icc, picture.mode):
        unfit, picture = picture.mode, in_srgb(picture, metadata.icc)
        if not fits_profile(metadata.icc, picture.mode):  # that of a grey picture may be one for colours
            lost += lost_profile(metadata.icc, unfit)
    return picture, lost


@dataclass
class _Job:
    """The work on one decoded picture."""

    picture: Image.Image
    metadata: Metadata
    rule: ImageRule
    settings: ImageSettings
    facts: dict[str, Any]
    work: Work
    lost: list[str]
    trials: int = field(default=0, init=False)

    def run(self) -> CompressedImage:
        image_format = self._format()
        if image_format == "webp" and self.picture.mode == "L":  # which WebP has not
            self.lost += lost_profile(self.metadata.icc, self.picture.mode)
            self.picture = in_srgb(self.picture, self.metadata.icc)
        for encoder in encoders(image_format, self.settings):
            reference, quality, best = self._search(encoder)
            if quality is not None:
                return self._finish(encoder, reference, quality)
        return self._left(f"does not reach SSIMULACRA2 {self.rule.quality:g} as {image_format}; at best {best:.1f}")

    def _format(self) -> ImageFormat:
        if self.picture.mode == "RGBA" and self.settings.format == "jpeg":
            return self.settings.alpha_format
        return self.settings.format

    def _search(self, encoder: ImageEncoder) -> tuple[Image.Image, int | None, float]:
        """The size and the quality to encode at, and the best score seen.

        First at the size the picture has; when that would take more than the goal, once more at the size that should
        meet it.
        """
        reference = self.picture
        quality, estimate, best = self._trial(encoder, reference)
        if quality is None:
            return reference, None, best
        long_side = max(reference.size)
        goal = goal_bytes(self.rule, self.facts["source_bytes"], self.metadata.mark)
        wanted = next_long_side(long_side, estimate, goal, self.rule)
        if wanted < long_side:
            reference = resized(self.picture, wanted)
            quality, _, best = self._trial(encoder, reference)
        return reference, quality, best

    def _trial(self, encoder: ImageEncoder, reference: Image.Image) -> tuple[int | None, float, float]:
        """The least quality for a size, the bytes the whole picture will take, and the best score seen."""
        sample = choose_sample(reference, self.settings.judged_megapixels)
        piece = sample.of(reference)
        sizes: dict[int, int] = {}

        def judge(quality: int) -> float:
            self.trials += 1
            data = encoder.encode(piece, quality)
            sizes[quality] = len(data)
            return score(piece, decoded(data, piece.mode))

        quality, scores = least_quality(judge, self.rule.quality, encoder.qualities)
        share = piece.width * piece.height / (reference.width * reference.height)
        return quality, sizes[quality] / share if quality is not None else 0.0, max(scores.values())

    def _finish(self, encoder: ImageEncoder, reference: Image.Image, quality: int) -> CompressedImage:
        """Encode the whole and hold it against the gates. It may be a little better or worse than its sample."""
        original = self.metadata.mark.original_bytes if self.metadata.mark else self.facts["source_bytes"]
        mark = Mark(self.rule.reduction, original)
        options, missed = carried_over(self.metadata, encoder.format, reference.mode, reference.size, mark)
        sample = choose_sample(reference, 2 * self.settings.judged_megapixels)
        files: dict[int, bytes] = {}

        def judge(quality: int) -> float:
            files[quality] = encoder.encode(reference, quality, options)
            return self._checked(files[quality], reference, sample)

        low, high, _ = encoder.qualities
        final, scores = least_quality(judge, self.rule.quality, (low, high, quality), _WHOLE_TOLERANCE)
        if final is None:
            best = max(scores.values())
            return self._left(f"does not reach SSIMULACRA2 {self.rule.quality:g} as a whole; at best {best:.1f}")
        saved = 1 - len(files[final]) / self.facts["source_bytes"]
        if saved < self.settings.min_saving:
            return self._left(
                f"not worth it: {encoder.format} at SSIMULACRA2 {self.rule.quality:g} would save {saved:.0%} "
                f"of its bytes, and {self.settings.min_saving:.0%} are wanted"
            )
        return self._written(encoder, final, scores[final], files[final], reference, options, missed)

    def _checked(self, data: bytes, reference: Image.Image, sample: JudgedAreas) -> float:
        """The score of a finished file, which is decoded whole."""
        self.trials += 1
        result = decoded(data, reference.mode)
        if result.size != reference.size:
            raise BadMedia(f"came out of the encoder with {result.size} pixels in place of {reference.size}")
        if area := damaged_area(reference, result):
            raise BadMedia(f"came out of the encoder damaged at {area}", next_step="Try again with another format")
        return score(sample.of(reference), sample.of(result))

    def _written(
        self,
        encoder: ImageEncoder,
        quality: int,
        reached: float,
        data: bytes,
        reference: Image.Image,
        options: dict[str, Any],
        missed: list[str],
    ) -> CompressedImage:
        path = self.work.directory / _file_name(encoder.format)
        path.write_bytes(data)
        with open_image(path, self.settings.max_megapixels) as result:
            kept, not_found = found_again(result, self.metadata, options)
        named = {name.split(" (")[0] for name in (*self.lost, *missed)}
        return CompressedImage(
            outcome="compressed",
            reason=self._summary(len(data), reference),
            **self.facts,
            format=encoder.format,
            width=reference.width,
            height=reference.height,
            size_bytes=len(data),
            encoder_quality=quality,
            chroma=None if reference.mode == "L" else encoder.chroma,
            ssimulacra2=round(reached, 2),
            target_ssimulacra2=self.rule.quality,
            kept=kept,
            lost=(*self.lost, *missed, *(name for name in not_found if name not in named)),
            trials=self.trials,
        )

    def _summary(self, size_bytes: int, reference: Image.Image) -> str:
        saved = 1 - size_bytes / self.facts["source_bytes"]
        done = f"saves {saved:.0%} of its bytes"
        if max(reference.size) < max(self.picture.size):
            done += f" at {reference.width}×{reference.height} in place of {self.picture.width}×{self.picture.height}"
        if size_bytes > goal_bytes(self.rule, self.facts["source_bytes"], self.metadata.mark):
            done += f"; the goal of {self.rule.reduction:.0%} is not met at the quality and size the rule wants"
        return done

    def _left(self, reason: str) -> CompressedImage:
        return CompressedImage(
            outcome="left",
            reason=reason,
            **self.facts,
            target_ssimulacra2=self.rule.quality,
            trials=self.trials,
        )
