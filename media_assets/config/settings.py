"""`library.yaml` and the environment become one typed `Settings`.

What belongs here: which sections there are, under which keys, and what holds between them. What does not: the keys and
defaults of a section (`settings.py` of the artifact, the place or the room it is for), how the rules between keys are
checked (`config.rules`), reading the file and the environment (`config.load`), and anything that looks at the machine
(`operation.doctor`). docs/configuration.md names every key; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    PositiveInt,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from media_assets.artifacts.all import PIPELINE
from media_assets.artifacts.compressed_image.settings import ImageRule, ImageSettings
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.settings import SummaryRule, SummarySettings, with_template
from media_assets.artifacts.summary.template import SummaryTemplate
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.settings import TranscriptionRule, TranscriptionSettings
from media_assets.artifacts.transcript.vocabulary import VocabularyEntry
from media_assets.artifacts.transcript.voices.settings import SpeakerSettings
from media_assets.artifacts.translation.engines.openai.settings import OpenAITranslation
from media_assets.artifacts.translation.settings import TranslationRule, TranslationSettings
from media_assets.base.logging_settings import LoggingSettings
from media_assets.base.section import Section
from media_assets.base.validators import NamedPath, WebAddress, library_name, owner
from media_assets.config import rules
from media_assets.config.notices import AlertSettings, WebhookSettings
from media_assets.config.quality import QualitySettings
from media_assets.config.tracing import TracingSettings
from media_assets.media.settings import FFmpegSettings
from media_assets.pipeline.settings import (
    USUAL_POOLS,
    AssetTuning,
    LimitSettings,
    Output,
    ResolvedOutput,
    RetentionSettings,
    RetrySettings,
)
from media_assets.places.cache.settings import CacheSettings
from media_assets.places.folder.settings import FolderStore
from media_assets.places.settings import SourceSettings, StoreSettings, with_types
from media_assets.places.watching import AutomationSettings
from media_assets.work.settings import BudgetSettings

LibraryName = Annotated[str, AfterValidator(library_name)]
Owner = Annotated[str, AfterValidator(owner)]


class Settings(Section):
    """All of library.yaml; `config.load.load_settings` reads it."""

    state_dir: NamedPath = Path(".media_assets")
    """Dagster's own storage, work directories, cache, locks. Relative paths start at the folder of library.yaml."""
    owners: tuple[Owner, ...] = ()
    """E-mail addresses or `team:name`, shown on every asset."""
    ui_base_url: WebAddress | None = None
    """Where people reach the Dagster UI; absent: messages and events have no links to it."""
    sources: Annotated[dict[LibraryName, SourceSettings], Field(min_length=1)]
    stores: Annotated[dict[LibraryName, StoreSettings], Field(min_length=1)] = Field(
        default_factory=lambda: dict[str, StoreSettings](artifacts=FolderStore(path=Path("artifacts")))
    )
    outputs: dict[str, Output] = Field(default_factory=dict)
    """Where artifacts go: `default`, and for single assets what differs from it."""
    ffmpeg: FFmpegSettings = FFmpegSettings()
    audio: AudioSettings = AudioSettings()
    transcription: TranscriptionSettings = FasterWhisperTranscription()
    transcription_rules: tuple[TranscriptionRule, ...] = ()
    """The first that fits a file decides; `transcription` where none does."""
    speakers: SpeakerSettings = SpeakerSettings()
    vocabulary: tuple[VocabularyEntry, ...] = ()
    """Words that help to hear; all that fit a file count for it."""
    summary_templates: dict[LibraryName, SummaryTemplate] = Field(default_factory=dict)
    """Forms of summaries, by name; stands before what names them."""
    summary: SummarySettings = ExtractiveSummary()
    summary_rules: tuple[SummaryRule, ...] = ()
    """The first that fits a file decides; `summary` where none does."""
    translation: TranslationSettings = OpenAITranslation()
    """Nothing is translated where it names no language."""
    translation_rules: tuple[TranslationRule, ...] = ()
    """The first that fits a file decides; `translation` where none does."""
    budgets: BudgetSettings = BudgetSettings()
    thumbnails: ThumbnailSettings = ThumbnailSettings()
    images: ImageSettings = ImageSettings()
    compression: VideoCompressionSettings = VideoCompressionSettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    quality: QualitySettings = QualitySettings()
    assets: dict[str, AssetTuning] = Field(default_factory=dict, validate_default=True)
    """How each asset is run: what is given here, over its `usual_tuning`."""
    retries: RetrySettings = RetrySettings()
    limits: LimitSettings = LimitSettings()
    cache: CacheSettings = CacheSettings()
    retention: RetentionSettings = RetentionSettings()
    pools: dict[str, PositiveInt] = Field(default_factory=lambda: dict(USUAL_POOLS))
    """How many steps may use a scarce thing at once, over all runs."""
    automation: AutomationSettings = AutomationSettings()
    alerts: AlertSettings = AlertSettings()
    webhooks: dict[LibraryName, WebhookSettings] = Field(default_factory=dict)
    """Receivers of signed events, by name."""
    logging: LoggingSettings = LoggingSettings()
    tracing: TracingSettings = TracingSettings()

    _config_path: Path | None = PrivateAttr(default=None)

    @classmethod
    def usual_tuning(cls) -> dict[str, AssetTuning]:
        """How every stage of a library is run, as the stage itself says it; no other name can stand under `assets`.

        A library of other stages has settings of its own class."""
        return {stage.name: stage.tuning for stage in PIPELINE}

    @field_validator("sources", "stores", mode="before")
    @classmethod
    def _folders_by_default(cls, places: object) -> object:
        return with_types(places)

    @field_validator("summary", mode="after")
    @classmethod
    def _with_its_template(cls, summary: SummarySettings, info: ValidationInfo) -> SummarySettings:
        return with_template(summary, info.data.get("summary_templates"))

    @field_validator("summary_rules", mode="after")
    @classmethod
    def _with_their_templates(cls, found: tuple[SummaryRule, ...], info: ValidationInfo) -> tuple[SummaryRule, ...]:
        templates = info.data.get("summary_templates")
        return tuple(rule.model_copy(update={"use": with_template(rule.use, templates)}) for rule in found)

    @field_validator("assets", mode="before")
    @classmethod
    def _complete_tuning(cls, assets: object, info: ValidationInfo) -> object:
        usual = cls.usual_tuning()
        if "translation" in usual and _languages(info.data):
            # Who names a language wants it: nobody has to say so in two places.
            usual["translation"] = usual["translation"].model_copy(update={"enabled": True})
        return rules.completed_tuning(assets, usual)

    @field_validator("assets", mode="after")
    @classmethod
    def _distinct_batches(cls, assets: dict[str, AssetTuning], info: ValidationInfo) -> dict[str, AssetTuning]:
        rules.translated_into(assets, _languages(info.data))
        rules.distinct_batches(
            {name: tuning.batch for name, tuning in assets.items()},
            {name: tuning.batch for name, tuning in cls.usual_tuning().items()},
        )
        return assets

    @field_validator("pools", mode="before")
    @classmethod
    def _complete_pools(cls, pools: object) -> object:
        return rules.completed_pools(pools, USUAL_POOLS)

    @field_validator("outputs", mode="after")
    @classmethod
    def _known_outputs(cls, outputs: dict[str, Output]) -> dict[str, Output]:
        rules.known_outputs(outputs, cls.usual_tuning())
        return outputs

    @model_validator(mode="after")
    def _existing_stores(self) -> Self:
        rules.existing_stores({name: output.store for name, output in self.outputs.items()}, self.stores)
        return self

    @model_validator(mode="after")
    def _known_sources_in_rules(self) -> Self:
        chosen: dict[
            tuple[str, ...],
            Sequence[TranscriptionRule | VocabularyEntry | SummaryRule | TranslationRule | ImageRule | VideoRule],
        ] = {
            ("transcription_rules",): self.transcription_rules,
            ("vocabulary",): self.vocabulary,
            ("summary_rules",): self.summary_rules,
            ("translation_rules",): self.translation_rules,
            ("images", "rules"): self.images.rules,
            ("compression", "rules"): self.compression.rules,
        }
        rules.existing_sources(
            {
                (*section, str(index), "when", "sources"): rule.when.sources
                for section, given in chosen.items()
                for index, rule in enumerate(given)
                if rule.when is not None
            },
            self.sources,
        )
        return self

    @model_validator(mode="after")
    def _known_assets_of_webhooks(self) -> Self:
        enabled = [name for name, tuning in self.assets.items() if tuning.enabled]
        rules.enabled_assets({name: hook.assets for name, hook in self.webhooks.items()}, enabled)
        return self

    @model_validator(mode="after")
    def _neighbours(self) -> Self:
        beside = {
            asset: output.store
            for asset in self.assets
            if (output := self.output_for(asset)).placement == "beside_source" and output.store in self.stores
        }
        rules.neighbours(
            {asset: (store, self.stores[store].neighbourhood) for asset, store in beside.items()},
            {name: source.neighbourhood for name, source in self.sources.items()},
            own=[asset for asset in beside if asset in self.outputs],
        )
        return self

    @property
    def people_path(self) -> Path | None:
        """The file that says whose voices are whose; None for settings that were read from no file and name none."""
        usual = self.config_path.with_name("people.yaml") if self.config_path else None
        return self.speakers.people or usual

    @property
    def config_path(self) -> Path | None:
        """The file these settings were loaded from; None when they were built by hand."""
        return self._config_path

    def output_for(self, asset: str) -> ResolvedOutput:
        """The store and the placement of an asset's artifacts: its own, else the default's."""
        own = self.outputs.get(asset, Output())
        default = self.outputs.get("default", Output())
        store = own.store or default.store or next(iter(self.stores))
        return ResolvedOutput(store, own.placement or default.placement or "folder")


def _languages(data: Mapping[str, Any]) -> list[str]:
    """What some file is translated into; empty where those sections are wrong, which is told by itself."""
    sections = [data.get("translation"), *(rule.use for rule in data.get("translation_rules", ()))]
    return [language for section in sections if section is not None for language in section.languages]
