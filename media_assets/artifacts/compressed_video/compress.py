"""One video made smaller: the steps in their order, and what ends them early."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.compressed_video.encoding.encode import is_marked
from media_assets.artifacts.compressed_video.finish import (
    DAMAGED,
    GIVEN_AWAY_VMAF,
    Compressed,
    Finish,
    LeftAsItIs,
    NotWorthIt,
    allowed_bytes,
    margin,
)
from media_assets.artifacts.compressed_video.judging.gates import out_of_step
from media_assets.artifacts.compressed_video.planning.encoders import require
from media_assets.artifacts.compressed_video.planning.hdr import lacks_base_layer
from media_assets.artifacts.compressed_video.planning.leaving import irreplaceable
from media_assets.artifacts.compressed_video.planning.plan import EncodePlan, make_plan
from media_assets.artifacts.compressed_video.planning.tiers import choose_tier, is_efficient, main_video, target_size
from media_assets.artifacts.compressed_video.reading.data_tracks import sample_formats
from media_assets.artifacts.compressed_video.reading.fields import look_at_fields
from media_assets.artifacts.compressed_video.reading.picture import Picture, look_at_picture
from media_assets.artifacts.compressed_video.reading.shapes import changed_shapes
from media_assets.artifacts.compressed_video.reading.shown import as_shown, cannot_be_shown, has_aperture
from media_assets.artifacts.compressed_video.reading.sound_formats import SAYS_IT_ITSELF, changed_sound
from media_assets.artifacts.compressed_video.reading.timeline import Timeline, read_timeline
from media_assets.artifacts.compressed_video.searching.crf_search import search
from media_assets.artifacts.compressed_video.searching.quality import SMALLEST_SIDE
from media_assets.artifacts.compressed_video.searching.samples import Samples, take_samples, try_crf
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.artifacts.compressed_video.value import CompressedVideo, CrfTrial
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.completeness import is_empty_track
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.truncation import missing_end
from media_assets.media.untrusted import ISO
from media_assets.work.portions import portions
from media_assets.work.work import Work

_PREDICTION_FAILS_BY = 1.25
"""A predicted size is not taken for too large before it is so many times what is allowed."""
_UNTIMED_SHARE = 0.05
"""So many frames without a time are got over: FFmpeg fills in those of a few."""
_WEIGHTS = (0.05, 0.35, 0.5, 0.1)
"""Shares of samples, search, encode and checks in the whole work; progress need not be exact."""


def compress_video(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    size_bytes: int,
    age_years: float,
    settings: VideoCompressionSettings,
    work: Work,
) -> Compressed:
    """Make a video smaller, or say why it is left as it is.

    Args:
        age_years: Since its recording; with the tiers it decides about the size of the picture.
        settings: All of them change the result.
        work: Receives the fraction done; the result is written to its directory.

    Raises:
        NotApplicable: there is no moving picture in it.
        BadMedia: it is cut off or damaged.
        Fatal: the encoder or libvmaf is not there, or the disk is full.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient: see `FFmpeg.run`.
    """
    main = main_video(media)
    if main is None:
        unseen = "; of its video track nothing is known, not even its size" if media.video_streams else ""
        raise NotApplicable(f"has no moving picture{unseen}")
    if cut_off := missing_end(source, media.container):
        raise BadMedia(cut_off, next_step=DAMAGED)
    tier = choose_tier(settings, media, size_bytes, age_years)
    try:
        if tier is None:
            raise LeftAsItIs("no rule of compression.rules is for it")
        return _compress(ffmpeg, source, media, main, tier, size_bytes, settings, work)
    except NotWorthIt as verdict:
        work.report(1.0)
        value = CompressedVideo(
            compressed=False,
            reason=f"{verdict.verdict}: {verdict.reason}",
            source_bytes=size_bytes,
            max_lines=tier.max_lines if tier else None,
            encoder=verdict.plan.encoder.name if verdict.plan else None,
            preset=verdict.plan.encoder.preset if verdict.plan else None,
            trials=verdict.trials,
        )
        return Compressed(None, value)


def _compress(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    main: Stream,
    tier: VideoRule,
    size_bytes: int,
    settings: VideoCompressionSettings,
    work: Work,
) -> Compressed:
    assert main.display_size is not None
    smaller = target_size(main.display_size, tier.max_lines) < tuple(side // 2 * 2 for side in main.display_size)
    if is_marked(media) and not smaller:
        raise LeftAsItIs("media-assets made it, and it has the size of its tier")
    if odd := cannot_be_shown(source, media):
        raise LeftAsItIs(odd)
    timeline = _timeline(source, media, main, work)
    if not smaller and is_efficient(
        main.codec, timeline.bit_rate, main.display_size, timeline.frame_rate, settings.efficient_bits_per_pixel
    ):
        raise NotWorthIt(f"{main.codec} at {timeline.bit_rate / 1000:.0f} kbit/s is efficient already")
    width, height = target_size(main.display_size, tier.max_lines)
    if min(width, height) < SMALLEST_SIDE:
        raise LeftAsItIs(
            f"the quality of {width} × {height} pixels cannot be measured: {SMALLEST_SIDE} a side are needed"
        )
    plan = _plan(ffmpeg, source, media, main, timeline, tier, settings, work)
    _require_sound(plan, size_bytes, settings, work)
    require(ffmpeg, plan.encoder, work)
    if plan.encoder.hardware is not None:
        ffmpeg = ffmpeg.freer("programs")
    sampling, searching, encoding, checking = portions(work, _WEIGHTS)
    samples = take_samples(ffmpeg, plan, timeline, settings, sampling)
    target = settings.target_vmaf if tier.target_vmaf is None else tier.target_vmaf
    crf, trials = settings.crf, tuple[CrfTrial, ...]()
    if crf is None:
        crf, trials = _search(ffmpeg, samples, target, size_bytes, settings, searching)
    finish = Finish(ffmpeg, samples, settings, target, size_bytes, trials)
    return finish.make(crf, encoding, checking)


def _timeline(source: Path, media: MediaInfo, main: Stream, work: Work) -> Timeline:
    """When the frames are shown, of a video that shows any and whose times can be followed."""
    timeline = read_timeline(source, main.index, work)
    if timeline.untimed > _UNTIMED_SHARE * (timeline.untimed + timeline.seconds.size):
        raise LeftAsItIs(
            f"nothing says when {timeline.untimed} of its frames are shown (a bare stream, or times below 0): put it "
            "into a container first, say with ffmpeg -i it -c copy it.mp4"
        )
    if not timeline.seconds.size:
        if timeline.hidden_bytes:
            raise LeftAsItIs("its edit list shows none of its frames")
        if is_empty_track(source, media, main, work):
            raise NotApplicable("has a video track without a picture in it")
        raise BadMedia("no frame of it can be read", next_step=DAMAGED)
    if timeline.falls:
        raise LeftAsItIs(f"the clock of its picture goes back ({timeline.falls} ×), and frames would be lost")
    return timeline


def _plan(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    main: Stream,
    timeline: Timeline,
    tier: VideoRule,
    settings: VideoCompressionSettings,
    work: Work,
) -> EncodePlan:
    """What is to be made of a video that loses nothing irreplaceable by it."""
    if media.container == ISO and "encv" in sample_formats(source):
        raise LeftAsItIs("its picture is encrypted (DRM), and cannot be decoded without its key")
    picture = look_at_picture(source, main, work)
    reason = _refused(picture, main) or irreplaceable(source, media, work)
    if picture.hidden_layer:
        reason = reason or "it holds a second layer (another view, or more pixels), which a result would lose"
    reason = reason or changed_shapes(source, main, timeline.duration_seconds, work)
    if reason:
        raise LeftAsItIs(reason)
    main = _as_shown(ffmpeg, source, media, main, picture, work)
    fields = look_at_fields(source, main, work)
    if fields.doubt is not None:
        raise LeftAsItIs(fields.doubt)
    return make_plan(source, media, main, picture, tier, _holding_changes(source, media, settings, work), fields)


def _holding_changes(
    source: Path, media: MediaInfo, settings: VideoCompressionSettings, work: Work
) -> VideoCompressionSettings:
    """The settings with a container that holds sound that changes its format and says so itself."""
    if settings.container != "auto" or media.container == ISO:
        return settings
    tracks = (stream for stream in media.audio_streams if stream.codec in SAYS_IT_ITSELF)
    if any(changed_sound(source, stream, work) for stream in tracks):
        return settings.model_copy(update={"container": "mkv"})
    return settings


def _require_sound(plan: EncodePlan, size_bytes: int, settings: VideoCompressionSettings, work: Work) -> None:
    """Sound is copied: whether the result can be in step with it, and small, is known before anything is encoded."""
    budget, copied_bytes = allowed_bytes(size_bytes, settings), 0
    for stream in plan.streams.copied:
        if stream.type != "audio":
            continue
        clock = read_timeline(plan.source, stream.index, work)
        kept = plan.streams.container == "mkv" and stream.codec in SAYS_IT_ITSELF
        if reason := out_of_step(clock) or (None if kept else changed_sound(plan.source, stream, work)):
            raise LeftAsItIs(reason)
        copied_bytes += int(clock.sizes.sum())
    if copied_bytes >= budget:
        raise NotWorthIt(f"its sound, which is copied, has {copied_bytes} bytes, and {budget} are allowed")


def _refused(picture: Picture, main: Stream) -> str | None:
    """Why a picture is not encoded at all, as a clause; None when it can be."""
    if lacks_base_layer(main, picture):
        return "its colours are Dolby Vision's own (profile 5), and would be wrong without it"
    if picture.slant_degrees:
        return f"it is shown turned by {picture.slant_degrees}°, and a result would lose its corners"
    return None


def _as_shown(ffmpeg: FFmpeg, source: Path, media: MediaInfo, main: Stream, picture: Picture, work: Work) -> Stream:
    shown = as_shown(ffmpeg, source, media, main, picture.views.input_options(main.codec, main.index), work)
    if shown.display_size == main.display_size and has_aperture(source, media, main):
        raise LeftAsItIs("this ffmpeg shows more of its picture than its aperture (clap); version 7.1 would not")
    return shown


def _search(
    ffmpeg: FFmpeg,
    samples: Samples,
    target: float,
    size_bytes: int,
    settings: VideoCompressionSettings,
    work: Work,
) -> tuple[float, tuple[CrfTrial, ...]]:
    """The CRF for the target, and the trials it took."""
    trials: list[CrfTrial] = []
    budget = allowed_bytes(size_bytes, settings)
    rest = size_bytes - int(samples.timeline.sizes.sum()) - samples.timeline.hidden_bytes
    steps = iter(portions(work, [4, 3, 2, 1, *[0.5] * 60]))

    def measure(crf: float) -> tuple[float, float]:
        trial = try_crf(ffmpeg, samples, crf, next(steps))
        trials.append(trial)
        found = margin(trial.vmaf, target, settings)
        predicted = trial.predicted_video_bytes + max(0, rest)
        if found <= GIVEN_AWAY_VMAF and predicted > budget * _PREDICTION_FAILS_BY:
            raise NotWorthIt(
                f"VMAF {target:g} would take about {predicted} bytes, and {budget} are allowed",
                tuple(trials),
                samples.plan,
            )
        return found, trial.predicted_video_bytes

    point = search(measure, samples.plan.encoder.scale, target, GIVEN_AWAY_VMAF)
    if point is None:
        raise LeftAsItIs(f"VMAF {target:g} is out of reach at this size", tuple(trials), samples.plan)
    return point.crf, tuple(trials)
