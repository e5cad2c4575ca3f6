"""From a chosen CRF to a result that has passed its gates, or to the reason why there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from media_assets.artifacts.compressed_video.encoding.encode import encode
from media_assets.artifacts.compressed_video.encoding.kept_boxes import keep_boxes
from media_assets.artifacts.compressed_video.judging import gates
from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.searching.samples import Samples, rate_result
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.artifacts.compressed_video.value import CompressedVideo, CrfTrial, VmafScore
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.ffmpeg_errors import of_content
from media_assets.work.portions import portions
from media_assets.work.work import Work

GIVEN_AWAY_VMAF = 0.1
"""The search ends when it is so near above the target: about 1 % of the size."""
DAMAGED = "Play the file to its end to see whether it is damaged; export or fetch it again"
_NO_HEADER = "Could not write header"
"""What ffmpeg says when a container does not hold one of the streams that it is given."""
_SAMPLING_VMAF = 0.25
"""How much worse than the target a sampled file may come out: samples start with a key frame each."""


@dataclass(frozen=True)
class Compressed:
    path: Path | None
    """The file in the work directory; None when the original stays."""
    value: CompressedVideo


class NotWorthIt(Exception):
    """Ends the steps: the original stays, for a result would save too little."""

    verdict = "not worth it"

    def __init__(self, reason: str, trials: tuple[CrfTrial, ...] = (), plan: EncodePlan | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trials = trials
        self.plan = plan


class LeftAsItIs(NotWorthIt):
    """The original stays for another reason: nobody asked for less, or no result is as good as it."""

    verdict = "left as it is"


def margin(vmaf: VmafScore, target: float, settings: VideoCompressionSettings) -> float:
    """How far above (below: negative) what is asked for a score is."""
    return min(vmaf.mean - target, vmaf.worst_second - settings.min_second_vmaf)


def _without_covers(errors: tuple[str, ...], plan: EncodePlan) -> tuple[str, ...]:
    """What is said of more than the covers: one that is not what it says is no damage of a video."""
    covers = {stream.codec for stream in plan.media.streams if stream.attached_picture}
    covers -= {stream.codec for stream in plan.media.streams if not stream.attached_picture}
    return tuple(error for error in errors if not error.startswith(tuple(f"[{codec}]" for codec in covers)))


def allowed_bytes(source_bytes: int, settings: VideoCompressionSettings) -> int:
    """How large a result may be."""
    return int(source_bytes * (1 - settings.min_saved_share))


@dataclass(frozen=True)
class Finish:
    """Makes of a CRF a result that has passed its gates."""

    ffmpeg: FFmpeg
    samples: Samples
    settings: VideoCompressionSettings
    target: float
    source_bytes: int
    trials: tuple[CrfTrial, ...]

    @property
    def plan(self) -> EncodePlan:
        return self.samples.plan

    @property
    def budget(self) -> int:
        return allowed_bytes(self.source_bytes, self.settings)

    def make(self, crf: float, encoding: Work, checking: Work) -> Compressed:
        """Encode and check; encode once more with a better CRF when the result falls short of its samples."""
        plan, scale = self.plan, self.plan.encoder.scale
        path = encoding.directory / f"video.{plan.streams.container}"
        vmaf = self._encode(crf, path, encoding, checking)
        for _ in range(self.settings.max_encodes - 1):
            short = self._short(vmaf)
            if self.settings.crf is not None or short <= 0 or crf <= scale.low:
                break
            fall = scale.growth * (100 - self.target)  # VMAF per unit
            steps = max(1.0, round((short + GIVEN_AWAY_VMAF) / fall / scale.step))
            crf = max(scale.low, crf - steps * scale.step)
            vmaf = self._encode(crf, path, encoding, checking)
        if self.settings.crf is None and self._short(vmaf) > 0:
            self._reject(path, LeftAsItIs, f"the result has VMAF {vmaf.mean:.2f}, worst second {vmaf.worst_second:.2f}")
        stat = plan.source.stat()
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        checking.report(1.0)
        return Compressed(path, self._value(path, crf, vmaf, checking))

    def _encode(self, crf: float, path: Path, encoding: Work, checking: Work) -> VmafScore:
        decoding, rating = portions(checking, [0.4, 0.6])
        encoding.require_space(2 * self.budget)  # the index is moved to the front in a second pass
        try:
            errors = encode(self.ffmpeg, self.plan, crf, path, encoding)
        except BadMedia as error:
            if _NO_HEADER not in error.reason:
                raise
            refused = f"{self.plan.streams.container} does not hold all that is in it: {error.reason}"
            raise LeftAsItIs(refused, self.trials, self.plan) from error
        keep_boxes(self.plan, path)
        errors = _without_covers(of_content(errors), self.plan)
        if errors and self.plan.seekable:
            raise BadMedia(f"is damaged: {errors[0]}", next_step=DAMAGED)
        size = path.stat().st_size
        if size > self.budget:
            self._reject(path, NotWorthIt, f"the result has {size} bytes, and {self.budget} are allowed")
        reason = gates.agrees(self.plan, self.samples.timeline, path, decoding)
        reason = reason or gates.decodes(self.ffmpeg, path, self.plan.media.duration_seconds, decoding)
        if reason is not None:
            self._reject(path, LeftAsItIs, reason)
        return rate_result(self.ffmpeg, self.samples, path, rating)

    def _short(self, vmaf: VmafScore) -> float:
        """How much a result misses its target by; not above 0 when it meets it."""
        return -margin(vmaf, self.target, self.settings) - (0.0 if self.samples.whole else _SAMPLING_VMAF)

    def _reject(self, path: Path, verdict: type[NotWorthIt], reason: str) -> None:
        path.unlink()
        raise verdict(reason, self.trials, self.plan)

    def _value(self, path: Path, crf: float, vmaf: VmafScore, work: Work) -> CompressedVideo:
        plan, size = self.plan, path.stat().st_size
        return CompressedVideo(
            compressed=True,
            reason=f"{plan.width} × {plan.height} at VMAF {vmaf.mean:.1f}",
            source_bytes=self.source_bytes,
            size_bytes=size,
            max_lines=plan.tier.max_lines,
            width=plan.width,
            height=plan.height,
            container=plan.streams.container,
            encoder=plan.encoder.name,
            preset=plan.encoder.preset,
            crf=crf,
            vmaf=vmaf,
            vmaf_of="whole" if self.samples.whole else "samples",
            trials=self.trials,
            losses=(
                *plan.losses,
                *self._lost_times(),
                *gates.missing_frames(plan, self.samples.timeline, path, work),
                *gates.losses(plan, path, work),
            ),
        )

    def _lost_times(self) -> tuple[str, ...]:
        jumps = self.samples.timeline.jumps
        return (f"the jumps of its clock ({jumps} ×): what follows one is shown right behind",) if jumps else ()
