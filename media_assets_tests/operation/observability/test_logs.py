"""Lines of JSON: their fields, whoever writes them, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions import instigation_logger
from dagster._core.execution import context_creation_job
from pydantic import SecretStr

from media_assets.base import logs
from media_assets.base.logging_settings import LoggingSettings
from media_assets.base.logs import LogStyle, json_formatter
from media_assets.base.secrets import Secrets
from media_assets.operation.dagster_logs import console_logger, use_everywhere
from media_assets.pipeline.progress import log_to_file
from media_assets.pipeline.progress import logger as project_logger
from media_assets_tests import project_log
from media_assets_tests.toy_library import ToyLibrary, key_of

JSON = LogStyle(LoggingSettings(format="json"))


class Lines:
    """What a formatter makes of lines."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(formatter)
        self.logger = logging.Logger("media_assets.test")
        self.logger.addHandler(self.handler)

    def parsed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture
def project_lines() -> Iterator[Lines]:
    """What the project logs."""
    lines, level = Lines(json_formatter()), project_logger.level
    project_logger.addHandler(lines.handler)
    project_logger.setLevel(logging.INFO)
    yield lines
    project_logger.removeHandler(lines.handler)
    project_logger.setLevel(level)


def test_a_line_is_one_object_with_the_fields_of_its_work(project_lines: Lines) -> None:
    lines = Lines(json_formatter())
    with logs.fields(run_id="r1", asset="transcript", lane=None):
        with logs.fields(partition="box:a.txt"):
            lines.logger.warning("two\nlines of %s", "b\udce4r", extra={"seconds": 0.5})
        lines.logger.info("behind it")
    lines.logger.info("outside")
    first, second, third = lines.parsed()
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "WARNING",
        "logger": "media_assets.test",
        "message": "two\nlines of b\udce4r",
        "seconds": 0.5,
        "run_id": "r1",
        "asset": "transcript",
        "partition": "box:a.txt",
    }
    assert "partition" not in second and second["run_id"] == "r1"
    assert "run_id" not in third


def test_a_traceback_stands_in_its_line() -> None:
    lines = Lines(json_formatter())
    try:
        raise ZeroDivisionError("odd")
    except ZeroDivisionError:
        lines.logger.exception("failed")
    (line,) = lines.parsed()
    assert "ZeroDivisionError: odd" in line["exc_info"]


def test_secrets_are_struck_out_wherever_they_turn_up() -> None:
    secrets = Secrets(openai_api_key=SecretStr('sk-"quoted"-key'), aws_session_token=SecretStr("abc"))
    lines = Lines(json_formatter(secrets))
    lines.logger.warning('answered 401 to sk-"quoted"-key, abc', extra={"header": 'Bearer sk-"quoted"-key'})
    (line,) = lines.parsed()
    assert "quoted" not in lines.text
    assert line["message"] == "answered 401 to **********, abc", "three letters are no secret"


@pytest.mark.thorough
def test_the_lines_of_a_run_say_which_run_file_and_attempt_they_are_about(tmp_path: Path, project_lines: Lines) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="odd\nnote: odd", c="flaky\nnote: transient 1")
        run_id = toy.run("note").run_id
    lines = project_lines.parsed()
    assert {line["run_id"] for line in lines} == {run_id}
    assert {line["asset"] for line in lines} == {"note"}
    odd = [line for line in lines if line.get("partition") == key_of("b")]
    assert "ZeroDivisionError" in odd[0]["exc_info"], "logged by the thread that worked on it"
    assert (odd[1]["error"], odd[1]["level"]) == ("Unforeseen", "WARNING")
    assert isinstance(odd[1]["seconds"], float)
    flaky = [(line["attempt"], line.get("error")) for line in lines if line.get("partition") == key_of("c")]
    assert flaky == [(1, "Transient"), (2, None)]


def test_the_command_lines_log_file_is_json_where_that_is_asked_for(tmp_path: Path) -> None:
    with project_log.left_as_it_was():
        path = log_to_file(tmp_path / "process.log", LogStyle(LoggingSettings(format="json", level="warning")))
        project_logger.info("unimportant")
        project_logger.warning("important")
    assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == ["important"]


@pytest.fixture
def dagster_as_it_is() -> Iterator[None]:
    before = context_creation_job.default_system_loggers, instigation_logger.create_console_logger  # type: ignore[attr-defined]
    yield
    context_creation_job.default_system_loggers, instigation_logger.create_console_logger = before  # type: ignore[attr-defined]


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]))
def told(context) -> None:  # Dagster cannot read annotations that are text
    context.log.info("I work")
    context.log.debug("a trifle")


def run_told(**run_config: Any) -> None:
    definitions = dg.Definitions([told], loggers={"console": console_logger(JSON)}, executor=dg.in_process_executor)
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[told.key],
        partition_key="a",
        tags={"media_assets/lane": "live", "dagster/backfill": "bf"},
        run_config=run_config,
    )


@pytest.mark.parametrize("run_config", [{}, {"loggers": {"console": {}}}])
def test_dagsters_own_lines_of_a_run_are_json_with_or_without_run_config(
    capfd: pytest.CaptureFixture[str], dagster_as_it_is: None, run_config: dict[str, Any]
) -> None:
    use_everywhere(JSON)
    run_told(**run_config)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (mine,) = [line for line in lines if line["message"] == "I work"]
    assert (mine["asset"], mine["partition"], mine["lane"], mine["backfill"]) == ("told", "a", "live", "bf")
    assert len(mine["run_id"]) == 36
    assert not any(line["level"] == "DEBUG" for line in lines)


def test_the_level_counts_for_text_too(capfd: pytest.CaptureFixture[str], dagster_as_it_is: None) -> None:
    use_everywhere(LogStyle(LoggingSettings(level="warning")))
    run_told()
    assert "I work" not in capfd.readouterr().err


def test_what_a_sensor_logs_is_json(capfd: pytest.CaptureFixture[str], dagster_as_it_is: None) -> None:
    use_everywhere(JSON)
    logger = instigation_logger.InstigationLogger(repository_name="r", instigator_name="watch_media")
    with logger:
        logger.info("2 new")
    (line,) = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (line["message"], line["sensor"]) == ("2 new", "watch_media")
