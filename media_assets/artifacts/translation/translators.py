"""The translators of a library: each is built when a transcript first needs it, and once."""

from __future__ import annotations

from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.translator import Translator
from media_assets.work.engine_pool import EnginePool

Translators = EnginePool[TranslationSettings, Translator]
"""The configured ones: `translation` and those of `translation_rules`."""
