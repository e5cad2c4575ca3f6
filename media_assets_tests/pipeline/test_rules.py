"""Engines chosen by rule, and budgets, in a whole library with a server of transcriptions on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.secrets import Secrets
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets.operation.doctor.doctor import checks
from media_assets.operation.instance import open_instance
from media_assets.pipeline.conditions import RecordingCondition
from media_assets.pipeline.ledger import spent_usd
from media_assets.pipeline.rules import FileFacts, fits
from media_assets.pipeline.status import State
from media_assets_tests.artifacts.transcript.sounds import silence, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone
from media_assets_tests.openai_audio_server import AudioServer, openai_audio_server
from media_assets_tests.real_library import RealLibrary

SHORT, LONG = "short.wav", "long.wav"
PRICE = 0.6
"""A cent a second."""


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        running.key = None
        yield running


@pytest.fixture
def library(tmp_path: Path) -> RealLibrary:
    """A recording of 2 s and one of 12 s."""
    made = RealLibrary(tmp_path)
    write_wav(made.media / SHORT, tone(300, 2.0))
    write_wav(made.media / LONG, tone(500, 5.0), silence(1.0), tone(600, 6.0))
    return made


def by_openai(server: AudioServer, **settings: Any) -> dict[str, Any]:
    return {"engine": "openai", "base_url": server.base_url, "price_per_minute": PRICE, **settings}


def configure(library: RealLibrary, **settings: Any) -> None:
    off = {"assets": {"summary": {"enabled": False}, "thumbnail": {"enabled": False}}, "retries": {"max_retries": 0}}
    library.configure(**off, **settings)


def engine(library: RealLibrary, name: str) -> str:
    text = next((library.root / "artifacts/transcript").glob(f"{Path(name).stem}*/transcript.json")).read_text("utf-8")
    return Transcript.model_validate_json(text).engine


def spent(library: RealLibrary) -> float:
    with open_instance(load_settings(library.root / "library.yaml")) as instance:
        return spent_usd(instance, datetime.now(UTC).date())


@pytest.mark.thorough
def test_a_rule_makes_again_only_the_files_it_is_for(library: RealLibrary, server: AudioServer) -> None:
    configure(library)
    library.process()
    before = library.made()

    rule = {"when": {"longer_than_seconds": 10}, "use": by_openai(server, language="en")}
    configure(library, transcription_rules=[rule])
    library.process()

    after = library.made()
    assert {name for name in after if after[name] != before[name]} == {f"transcript {LONG}"}
    assert (engine(library, SHORT), engine(library, LONG)) == ("faster-whisper", "openai")
    assert library.manifest("transcript", LONG).cost_usd == pytest.approx(0.12, abs=0.005)
    assert spent(library) == pytest.approx(library.manifest("transcript", LONG).cost_usd)

    never = {"when": {"paths": ["nowhere/**"]}, "use": by_openai(server, model="other")}
    configure(library, transcription_rules=[never, rule])
    library.process()
    assert library.made() == after, "a rule that is for no file changes nothing"


@pytest.mark.thorough
def test_a_file_over_its_budget_waits_without_being_bad_and_others_go_on(
    library: RealLibrary, server: AudioServer
) -> None:
    section = {"transcription": by_openai(server)}
    configure(library, **section, budgets={"per_file_usd": 0.05})

    status = library.process()

    assert status.grid[f"media:{SHORT}"]["transcript"] is State.DONE
    assert status.grid[f"media:{LONG}"]["transcript"] is State.MISSING
    assert status.counts()["transcript"]["failed"] == 0
    (failure,) = status.failures.values()
    assert failure.reason == "would cost about $0.12, and a file may cost $0.05"
    assert spent(library) == pytest.approx(0.02, abs=0.005)

    configure(library, **section, budgets={"per_file_usd": 0.5})
    status = library.process()
    assert status.grid[f"media:{LONG}"]["transcript"] is State.DONE
    assert status.failures == {}


@pytest.mark.thorough
def test_the_budget_of_a_day_stops_its_stage_and_blames_no_file(library: RealLibrary, server: AudioServer) -> None:
    section = {"transcription": by_openai(server)}
    configure(library, **section, budgets={"per_day_usd": 0.1})

    library.process()

    (told,) = {str(error) for error in library.spent.values()}
    assert library.spent.keys() == {"transcript"}
    assert "the budget of $0.10 a day" in told
    assert "budgets.per_day_usd" in told
    status = library.everything()
    assert status.counts()["transcript"]["failed"] == 0
    assert status.failures == {}
    assert spent(library) <= 0.1

    configure(library, **section, budgets={"per_day_usd": 1.0})
    assert library.process().counts()["transcript"]["done"] == 2


# ----------------------------------------------------------------------------------------------- single rules


def facts(key: str = "talks:2024/a.mp4", seconds: float = 60.0, language: str | None = None) -> FileFacts:
    source, _, path = key.partition(":")
    return FileFacts(source, lambda: path, seconds, lambda: language)


@pytest.mark.parametrize(
    ("when", "file", "expected"),
    [
        ({"longer_than_seconds": 60}, facts(seconds=60), False),
        ({"longer_than_seconds": 60}, facts(seconds=60.1), True),
        ({"sources": ["talks", "calls"]}, facts(), True),
        ({"sources": ["calls"]}, facts(), False),
        ({"paths": ["2024/**"]}, facts(), True),
        ({"paths": ["*.mp4"]}, facts(), False),
        ({"languages": ["de"]}, facts(language="ger"), True),
        ({"languages": ["de"]}, facts(language="eng"), False),
        ({"languages": ["de"]}, facts(), False),
        ({"sources": ["talks"], "longer_than_seconds": 90}, facts(), False),
    ],
)
def test_a_rule_fits_what_meets_all_of_it(when: dict[str, Any], file: FileFacts, expected: bool) -> None:
    assert fits(RecordingCondition.model_validate(when), file) is expected


@pytest.mark.parametrize(
    ("rule", "key", "says"),
    [
        ({"when": {}, "use": {"engine": "openai"}}, "0.when", "should have at least one of longer_than_seconds"),
        ({"when": {"sources": ["talk"]}, "use": {"engine": "openai"}}, "0.when.sources", "one of media"),
        ({"when": {"longer": 3}, "use": {"engine": "openai"}}, "0.when.longer", "there is no such key"),
        ({"when": {"paths": ["*"]}, "use": {"model": "tiny"}}, "0.use", "has no `engine`; should be one of"),
        ({"when": {"paths": ["*"]}, "use": {"engine": "opnai"}}, "0.use.engine", '"opnai" should be one of'),
        ({"when": {"paths": ["*"]}, "use": {"engine": "openai", "modle": "x"}}, "0.use.modle", "did you mean model?"),
        ({"when": {"paths": ["*"]}, "use": {"engine": "openai", "temperature": 2}}, "0.use.temperature", "less than"),
        ({"use": {"engine": "openai"}}, "0.when", "is missing"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_by_its_key(rule: dict[str, Any], key: str, says: str, library: RealLibrary) -> None:
    library.configure(transcription_rules=[rule])
    with pytest.raises(SettingsError) as caught:
        load_settings(library.root / "library.yaml")
    (problem,) = caught.value.problems
    assert ".".join(problem.key) == f"transcription_rules.{key}"
    assert says in problem.text


def test_paths_in_a_rule_start_at_the_folder_of_the_file(library: RealLibrary) -> None:
    use = {"engine": "faster-whisper", "model": "./models/de"}
    library.configure(transcription_rules=[{"when": {"languages": ["de"]}, "use": use}])
    (rule,) = load_settings(library.root / "library.yaml").transcription_rules
    assert rule.use.model_dump()["model"] == str(library.root / "models/de")


@pytest.mark.thorough
def test_the_doctor_looks_at_every_engine_once(library: RealLibrary, server: AudioServer) -> None:
    used, unknown = by_openai(server), by_openai(server, base_url="http://127.0.0.1:9/v1")
    library.configure(
        transcription_rules=[
            {"when": {"longer_than_seconds": 10}, "use": used},
            {"when": {"paths": ["a/**"]}, "use": used},
            {"when": {"paths": ["b/**"]}, "use": unknown},
        ],
        summary_rules=[{"when": {"longer_than_seconds": 10}, "use": {"engine": "openai", "base_url": server.base_url}}],
    )
    found = {check.name: check for check in checks(load_settings(library.root / "library.yaml"), Secrets())}
    about = {name: check.ok for name, check in found.items() if name.startswith(("transcriber", "summarizer"))}
    assert about == {
        "transcriber": True,
        "transcriber of rule 1": True,
        "transcriber of rule 3": False,
        "summarizer": True,
        "summarizer of rule 1": True,
    }
    assert "127.0.0.1 may not want one" in found["credentials"].detail


@pytest.mark.thorough
def test_the_doctor_names_the_model_without_which_price_a_budget_cannot_be_kept(library: RealLibrary) -> None:
    summary = {"engine": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "small"}
    library.configure(budgets={"per_day_usd": 2}, summary=summary)
    settings = load_settings(library.root / "library.yaml")
    (check,) = [check for check in checks(settings, Secrets()) if check.name == "budgets"]
    assert not check.ok
    assert check.detail == "there is no price for small, so budgets cannot be kept"

    library.configure(budgets={"per_day_usd": 2}, summary={**summary, "prices": {"small": {"input": 0, "output": 0}}})
    settings = load_settings(library.root / "library.yaml")
    (check,) = [check for check in checks(settings, Secrets()) if check.name == "budgets"]
    assert (check.ok, check.detail) == (True, "per_day_usd 2")
