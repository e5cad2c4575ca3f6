"""`media-assets metrics` as an operator runs it, beside a library that was processed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from media_assets.operation.metrics.cells import cause_of
from media_assets_tests import postgres
from media_assets_tests.broken_library import cut_flac, tone
from media_assets_tests.dagster_homes import empty_home
from media_assets_tests.operation.observability.metric_samples import Samples, figure, parsed, states
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.sample_media import picture
from media_assets_tests.waiting import wait_until

DISABLED = ("transcript", "summary", "thumbnail")


@pytest.mark.slow
def test_the_command_serves_what_status_says_and_keeps_its_totals_over_a_restart(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = empty_home(tmp_path)
    if database:
        (home / "dagster.yaml").write_text(yaml.safe_dump(postgres.storage(database)))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    library = RealLibrary(tmp_path, assets={name: {"enabled": False} for name in DISABLED})
    shutil.copy(tone(library.media / "a.flac", 440), library.media / "d.flac")
    cut_flac(tone(library.media / "b.flac", 330))
    picture(library.media / "c.png")
    library.process()
    status = library.everything()
    ((_, asset), failure), *others = status.failures.items()
    assert not others

    command = [sys.executable, "-m", "media_assets.cli", "--config", str(tmp_path / "library.yaml"), "metrics"]
    process = subprocess.Popen([*command, "--port", "0"], env=os.environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:") and address.endswith("/metrics")
        samples = _caught_up(address, status.counts())
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert figure(samples, "files", source="media") == 4
    why = cause_of(failure.kind, failure.reason).reason
    assert figure(samples, "failed_files", asset=asset, error=failure.kind, cause=why) == 1
    assert figure(samples, "failures_total", asset=asset, error=failure.kind) == 1
    sound = library.manifest("m4a_audio", "a.flac").files
    assert figure(samples, "artifact_bytes_total", asset="m4a_audio") == sum(file.size_bytes for file in sound)
    assert (tmp_path / ".media_assets/metrics/history.json").exists()


def _caught_up(address: str, expected: dict[str, dict[str, int]]) -> Samples:
    """The first figures that hold all; what is young is not counted at once where several processes write."""

    def caught_up() -> Samples | None:
        samples = parsed(requests.get(address, timeout=10).text)
        told = samples.get(("media_assets_exporter_caught_up", frozenset())) == 1 and states(samples) == expected
        return samples if told else None

    samples = wait_until(caught_up, pause_seconds=0.05)
    assert samples
    return samples
