"""Rules of photos and videos have the form that those of engines have; the forms of older versions still work."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from media_assets.artifacts.compressed_image.rules import only_rule
from media_assets.artifacts.compressed_image.settings import ImageSettings
from media_assets.artifacts.compressed_video.planning.tiers import only_tier
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.config.settings import Settings
from media_assets.pipeline.rules import FileFacts, first_that_fits

OLD_IMAGE_RULES = [
    {"name": "first"},
    {"name": "old", "older_than_years": 5.0},
    {"name": "large and old", "older_than_years": 5.0, "larger_than_megapixels": 20.0, "larger_than_bytes": 0},
]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (FileFacts(size_bytes=300_001), "first"),
        (FileFacts(size_bytes=300_000), None),
        (FileFacts(size_bytes=300_001, age_years=5.0), "old"),
        (FileFacts(size_bytes=10, age_years=5.0, megapixels=21.0), "large and old"),
        (FileFacts(size_bytes=300_001, age_years=4.9, megapixels=21.0), "first"),
    ],
)
def test_image_rules_of_an_older_version_choose_what_they_chose(facts: FileFacts, name: str | None) -> None:
    rule = first_that_fits(ImageSettings.model_validate({"rules": OLD_IMAGE_RULES}).rules, facts)
    assert (rule.name if rule else None) == name


def test_tiers_of_an_older_version_are_rules_by_years() -> None:
    tiers = [
        {"max_lines": 480, "older_than_intervals": 2, "larger_than_bytes": 1000},
        {"max_lines": 720, "more_lines_than": 1000, "target_vmaf": 90},
    ]
    old = VideoCompressionSettings.model_validate({"tiers": tiers, "interval_years": 2, "codec": "x264"})
    rules = [
        {"when": {"older_than_years": 4, "larger_than_bytes": 1000}, "max_lines": 480},
        {"when": {"more_lines_than": 1000}, "max_lines": 720, "target_vmaf": 90},
    ]
    assert old == VideoCompressionSettings.model_validate({"rules": rules, "codec": "x264"})
    slower = VideoCompressionSettings.model_validate({"interval_years": 4})
    assert [rule.when.older_than_years for rule in slower.rules] == [4, None]


def test_what_was_made_by_rules_of_the_old_form_is_made_by_the_same_settings_now() -> None:
    """Else everything would be made again; these are the settings that the version before wrote into fingerprints."""
    images, videos = ImageSettings(), VideoCompressionSettings()
    later = {"reduction": 0.9, "smallest_long_side": 1920, "quality": 80.0}
    first = {"reduction": 0.8, "smallest_long_side": 2560, "quality": 80.0}
    assert only_rule(images, images.rules[0]).result_settings()["rules"] == [
        {"name": "older than the interval", **beside(0.0, 0), **later}
    ]
    assert images.result_settings()["rules"] == [
        {"name": "first compression", **beside(0.0, 300_000), **first},
        {"name": "older than the interval", **beside(5.0, 300_000), **later},
    ]
    assert tiers_of(only_tier(videos, videos.rules[0])) == ([tier(720, 0.0)], 3.0)
    assert tiers_of(videos) == ([tier(720, 1.0), tier(1080, 0.0)], 3.0)
    assert tiers_of(only_tier(videos, None)) == ([], 3.0)
    assert "rules" not in videos.result_settings()


def beside(years: float, size_bytes: int) -> dict[str, Any]:
    return {"older_than_years": years, "larger_than_bytes": size_bytes, "larger_than_megapixels": 0.0}


def tier(lines: int, intervals: float) -> dict[str, Any]:
    sizes = {"larger_than_bytes": 0, "more_lines_than": 0}
    return {"max_lines": lines, "older_than_intervals": intervals, **sizes, "target_vmaf": None}


def tiers_of(settings: VideoCompressionSettings) -> tuple[object, object]:
    found = settings.result_settings()
    return found["tiers"], found["interval_years"]


def test_conditions_that_are_new_change_the_settings_of_a_result_until_one_rule_is_chosen() -> None:
    given = {"rules": [{"when": {"paths": ["a/**"]}, "max_lines": 720}]}
    settings = VideoCompressionSettings.model_validate(given)
    assert settings.result_settings()["tiers"][0]["when"] == {"paths": ["a/**"]}
    assert "when" not in only_tier(settings, settings.rules[0]).result_settings()["tiers"][0]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"images": {"rules": [{"name": "a", "when": {}}, {"name": "b", "older_than_years": 5}]}}, "belongs in `when`"),
        ({"compression": {"tiers": [{"max_lines": 720}], "rules": [{"max_lines": 720}]}}, "`tiers` are `rules` now"),
        ({"compression": {"interval_years": 2, "rules": [{"max_lines": 720}]}}, "`tiers` are `rules` now"),
        ({"images": {"rules": [{"name": "a", "when": {"sources": ["nosuch"]}}]}}, "nosuch"),
        ({"compression": {"rules": [{"max_lines": 720, "when": {"sources": ["nosuch"]}}]}}, "nosuch"),
        ({"compression": {"tiers": [{"max_lines": 720, "older_than_intervals": "two"}]}}, "valid number"),
    ],
)
def test_forms_are_not_mixed_and_sources_are_known(section: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Settings.model_validate({"sources": {"media": {"path": "media"}}, **section})


def test_a_photo_is_chosen_by_its_source_and_path() -> None:
    rules = [{"name": "raw", "when": {"sources": ["camera"], "paths": ["raw/**"]}}, {"name": "all", "when": {}}]
    chosen = ImageSettings.model_validate({"rules": rules}).rules
    names = [
        first_that_fits(chosen, FileFacts(source, lambda path=path: path))  # type: ignore[misc]
        for source, path in (("camera", "raw/a.jpg"), ("camera", "a.jpg"), ("phone", "raw/a.jpg"))
    ]
    assert [rule.name if rule else None for rule in names] == ["raw", "all", "all"]
