"""What holds between the keys of library.yaml: places apart from one another, stores that exist, unequal batches."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets_tests.config.loading import SOURCES, Load, problems


@pytest.mark.parametrize(
    ("outer", "inner", "key"),
    [
        ("type: bucket, url: s3://b/talks", "type: bucket, url: s3://b/talks/2024", "url"),
        ("type: bucket, url: s3://b", "type: bucket, url: s3://b/talks", "url"),
        ("type: drive, folders: [My Drive/Talks]", "type: drive, folders: [X, My Drive/Talks/2024]", "folders"),
        ("type: drive_desktop", "type: drive_desktop, folder: My Drive/Talks", "folder"),
    ],
)
def test_places_elsewhere_may_not_lie_in_one_another_either(load: Load, outer: str, inner: str, key: str) -> None:
    found = problems(load, f"sources: {{more: {{{inner}}}, talks: {{{outer}}}}}")
    assert set(found) == {f"sources.more.{key}"}
    assert "processed twice" in found[f"sources.more.{key}"]


@pytest.mark.parametrize(
    "other",
    [
        "type: bucket, url: s3://b/talks2",
        "type: bucket, url: s3://other/talks",
        "type: bucket, url: gs://b/talks, endpoint: https://gs.example.com",
        "type: drive, folders: [b/talks]",
    ],
)
def test_places_that_only_look_alike_are_apart(load: Load, other: str) -> None:
    load(f"sources: {{talks: {{type: bucket, url: s3://b/talks}}, more: {{{other}}}}}")


def test_a_store_around_a_source_in_its_bucket_is_refused(load: Load) -> None:
    source, store = "type: bucket, url: s3://b/x/talks", "type: bucket, url: s3://b/x"
    found = problems(load, f"sources: {{talks: {{{source}}}}}\nstores: {{all: {{{store}}}}}")
    assert set(found) == {"stores.all.url"}
    assert "artifacts would be taken for sources" in found["stores.all.url"]


BESIDE = "outputs: {default: {store: s}, m4a_audio: {placement: beside_source}}"


@pytest.mark.parametrize(
    ("source", "store"),
    [
        ("type: drive, folders: [a]", "type: folder, path: x"),
        ("path: a", "type: drive, folder: x"),
        ("type: drive, folders: [a]", "type: drive, folder: x, api_endpoint: https://drive.example.com"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://c/x"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://b/x, endpoint: https://s3.example.com"),
    ],
)
def test_a_store_elsewhere_cannot_put_artifacts_beside_their_sources(load: Load, source: str, store: str) -> None:
    found = problems(load, f"sources: {{talks: {{{source}}}}}\nstores: {{s: {{{store}}}}}\n{BESIDE}")
    assert set(found) == {"outputs.m4a_audio.placement"}
    assert "the store s " in found["outputs.m4a_audio.placement"]


@pytest.mark.parametrize(
    ("source", "store"),
    [
        ("type: drive, folders: [a]", "type: drive, folder: x"),
        ("type: drive_desktop", "type: folder, path: x"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://b/x"),
    ],
)
def test_a_store_in_the_same_place_can(load: Load, source: str, store: str) -> None:
    settings = load(f"sources: {{talks: {{{source}}}}}\nstores: {{s: {{{store}}}}}\n{BESIDE}")
    assert settings.output_for("m4a_audio").placement == "beside_source"
    assert settings.output_for("transcript").placement == "folder"


@pytest.mark.parametrize("url", ["http://b/x", "b/x", "s3://", "s3://key:secret@b/x", "s3://b/x?token=hush"])
def test_what_is_no_address_of_a_bucket_is_refused_without_being_repeated(load: Load, url: str) -> None:
    found = problems(load, f"sources: {{talks: {{type: bucket, url: '{url}'}}}}")
    assert set(found) == {"sources.talks.url"}
    assert "s3://bucket/prefix" in found["sources.talks.url"]
    assert "secret" not in found["sources.talks.url"]
    assert "hush" not in found["sources.talks.url"]


def test_an_unknown_kind_of_place_names_the_known_ones(load: Load) -> None:
    found = problems(load, "sources: {talks: {type: dropbox, path: x}}")
    assert "'folder', 'drive_desktop', 'drive', 'bucket'" in found["sources.talks.type"]


@pytest.mark.parametrize("inner", ["talks", "talks/2024", "talks/x/../y"])
def test_a_source_inside_another_is_refused(load: Load, tmp_path: Path, inner: str) -> None:
    found = problems(load, f"sources: {{talks: {{path: talks}}, more: {{path: {inner}}}}}")
    assert set(found) == {"sources.more.path"}
    assert f"should not lie in the folder of source talks, {tmp_path / 'talks'}" in found["sources.more.path"]


def test_a_source_that_reaches_into_another_through_a_link_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "talks" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "talks" / "inner")
    found = problems(load, f"{SOURCES}", SOURCES__LINKED__PATH="link")
    assert found["sources.linked.path"].endswith("(from the variable MEDIA_ASSETS_SOURCES__LINKED__PATH)")


def test_sources_side_by_side_are_fine_even_when_one_name_begins_with_the_other(load: Load) -> None:
    assert len(load("sources: {a: {path: talks}, b: {path: talks2}}").sources) == 2


def test_two_assets_of_equal_batch_are_refused_with_the_reason(load: Load) -> None:
    found = problems(load, SOURCES, ASSETS__SUMMARY__BATCH="20")
    assert set(found) == {"assets.summary.batch"}
    assert found["assets.summary.batch"].startswith("20 should differ from that of transcript: Dagster puts assets")


def test_unknown_assets_are_refused_and_the_known_ones_listed(load: Load) -> None:
    known = (
        "compressed_image, compressed_video, dedup_index, drive_file, m4a_audio, summary, thumbnail, transcript, "
        "translation"
    )
    found = problems(load, f"{SOURCES}assets: {{video: {{batch: 3}}}}\noutputs: {{video: {{}}}}\npools: {{gpu: 1}}")
    assert f"should be one of {known}" in found["assets.video"]
    with_default = known.replace("dedup_index", "dedup_index, default")
    assert f"should be one of {with_default}" in found["outputs.video"]
    assert "should be one of encoder, ffmpeg, source, summarizer, transcriber" in found["pools.gpu"]


def test_an_output_needs_a_store_that_exists(load: Load) -> None:
    found = problems(load, f"{SOURCES}outputs: {{summary: {{store: nowhere}}}}")
    assert found["outputs.summary.store"].startswith('"nowhere" should be one of artifacts')


def test_with_several_stores_the_default_has_to_be_named(load: Load) -> None:
    text = f"{SOURCES}stores: {{a: {{path: a}}, b: {{path: b}}}}\n"
    assert "should be one of a, b" in problems(load, text)["outputs.default.store"]
    assert load(text, OUTPUTS__DEFAULT__STORE="b").output_for("transcript") == ("b", "folder")


def test_an_output_takes_from_the_default_what_it_does_not_say(load: Load) -> None:
    settings = load(
        f"""{SOURCES}
stores: {{a: {{path: a}}, b: {{path: b}}}}
outputs:
  default: {{store: a, placement: beside_source}}
  summary: {{store: b}}
  transcript: {{placement: folder}}
"""
    )
    assert settings.output_for("summary") == ("b", "beside_source")
    assert settings.output_for("transcript") == ("a", "folder")
    assert settings.output_for("m4a_audio") == ("a", "beside_source")


def test_without_outputs_everything_goes_into_the_only_store(load: Load) -> None:
    assert load(SOURCES).output_for("summary") == ("artifacts", "folder")


def test_who_names_a_language_has_recordings_translated_and_nobody_else(load: Load) -> None:
    assert not load(SOURCES).assets["translation"].enabled
    named = load(f"{SOURCES}translation: {{languages: [de]}}").assets["translation"]
    assert (named.enabled, named.batch) == (True, 30)
    rule = "translation_rules: [{when: {paths: ['talks/**']}, use: {engine: libretranslate, languages: [fr]}}]"
    assert load(f"{SOURCES}{rule}").assets["translation"].enabled
    tuned = f"{SOURCES}translation: {{languages: [de]}}\nassets: {{translation: {{workers: 5}}}}"
    assert load(tuned).assets["translation"].enabled
    off = f"{SOURCES}translation: {{languages: [de]}}\nassets: {{translation: {{enabled: false}}}}"
    assert not load(off).assets["translation"].enabled


def test_who_has_recordings_translated_says_into_what(load: Load) -> None:
    found = problems(load, f"{SOURCES}assets: {{translation: {{enabled: true}}}}")
    assert "or `translation.languages` should name what is translated into" in found["assets.translation.enabled"]


def test_languages_of_translations_are_tags_each_once(load: Load) -> None:
    tags = ("de", "pt-BR", "zh-Hant", "es-419", "sr-Latn-RS")
    settings = load(f"{SOURCES}translation: {{languages: [{', '.join(tags)}]}}")
    assert settings.translation.languages == tags
    assert "should be the tag of a language" in str(problems(load, f"{SOURCES}translation: {{languages: [german]}}"))
    assert "names de twice" in str(problems(load, f"{SOURCES}translation: {{languages: [de, fr, de]}}"))
    empty = f"{SOURCES}translation: {{languages: [de], glossary: {{de: {{queen: ''}}}}}}"
    assert "neither of them empty" in str(problems(load, empty))


def test_sources_in_rules_of_translations_are_known(load: Load) -> None:
    rule = "translation_rules: [{when: {sources: [talk]}, use: {engine: openai, languages: [fr]}}]"
    assert "did you mean talks?" in str(problems(load, f"{SOURCES}{rule}"))
