"""What a library begins with, and the command line of an installed wheel."""

from __future__ import annotations

import importlib.metadata
import re
import stat
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from media_assets.config.load import load_settings
from media_assets_tests.broken_library import tone
from media_assets_tests.command_line import environment, typed

CHECKOUT = Path(__file__).resolve().parents[2]
SAYS_WARNING = ("warning", "deprecat", "supersed", "traceback")


def started(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command with a Python of its own, in a folder, without variables of ours."""
    variables = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=cwd, env=variables, text=True, capture_output=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("begun")
    return folder / "my library", typed("init", "my library", cwd=folder)


@pytest.mark.thorough
def test_init_writes_what_a_library_needs_and_says_how_to_go_on(
    begun: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = begun
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ a second of sound: probed, converted, transcribed" in done.stdout
    assert done.stdout.splitlines()[-1] == f"media-assets --config '{folder}/library.yaml' process"
    assert f"put recordings or photos into {folder}/media" in done.stdout
    assert not any(word in (done.stdout + done.stderr).lower() for word in SAYS_WARNING)
    assert load_settings(folder / "library.yaml").sources["media"].path == folder / "media"  # type: ignore[union-attr]


@pytest.mark.thorough
def test_the_env_file_is_for_its_owner_alone_and_holds_nothing_of_compose(
    begun: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    env_file = begun[0] / ".env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    lines = env_file.read_text("utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines), "nothing is set until somebody sets it"
    assert "#OPENAI_API_KEY=sk-your-key" in lines
    assert "POSTGRES" not in env_file.read_text("utf-8")


def test_documents_that_are_named_are_there(begun: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    text = (begun[0] / "library.yaml").read_text("utf-8") + (begun[0] / ".env").read_text("utf-8")
    named = {word.rstrip(".,:;") for word in text.split() if ".md" in word}
    assert named
    assert all(Path(name).is_file() for name in named), named
    assert ".env.example" not in text


@pytest.mark.thorough
def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("sources: {talks: {path: talks}}\n")
    (tmp_path / "talks").mkdir()
    (tmp_path / ".env").write_text("#mine\n")
    done = typed("init", cwd=tmp_path)
    assert (tmp_path / "library.yaml").read_text() == "sources: {talks: {path: talks}}\n"
    assert (tmp_path / ".env").read_text() == "#mine\n"
    assert f"{tmp_path}/library.yaml is there already and left as it is" in done.stdout
    assert "✓ source talks" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("media-assets process"), "this folder's library is found by itself"


@pytest.mark.thorough
def test_recordings_may_lie_elsewhere_under_any_name(tmp_path: Path) -> None:
    recordings = tmp_path / 'über "all": #1'
    recordings.mkdir()
    (tmp_path / "library").mkdir()
    done = typed("init", "--media", str(recordings), cwd=tmp_path / "library")
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_settings(tmp_path / "library" / "library.yaml").sources["media"].path == recordings  # type: ignore[union-attr]
    assert not (tmp_path / "library" / "media").exists()


def test_init_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = typed("init", "file", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "file" in done.stderr


def test_a_missing_library_yaml_leads_to_init(tmp_path: Path) -> None:
    done = typed("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "`media-assets init` writes one" in done.stderr


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = typed("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"media-assets {importlib.metadata.version('media-assets')}\n")


@pytest.mark.thorough
def test_a_shell_gets_completion(tmp_path: Path) -> None:
    started_by_bash = ("bash", "-c", '"$0" "$@" && true', sys.executable, "-m", "media_assets.cli")
    done = started(*started_by_bash, "--show-completion", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "complete" in done.stdout


@pytest.mark.thorough
def test_quiet_says_only_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    tone(tmp_path / "media" / "tone.ogg", 440, 1)
    (tmp_path / "media" / "empty.mp4").touch()
    (tmp_path / "library.yaml").write_text("sources: {media: {path: media}}\n")
    done = typed("--quiet", "process", "--stage", "drive_file", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("✗ drive_file of media:empty.mp4")
    done = typed("doctor", "-q", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.thorough
def test_a_wheel_holds_what_commands_and_messages_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = {"library.yaml", ".env.example", "dagster.yaml", "docs/configuration.md", "media/second_of_speech.ogg"}
    assert {f"media_assets/{name}" for name in needed} <= names
    assert not [name for name in names if name.startswith("media_assets_tests/") or "__pycache__" in name]


@pytest.mark.slow
def test_a_library_begins_and_is_processed_from_a_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """The libraries are this environment's, the package is the wheel's: the checkout is nowhere on the path."""
    installed = tmp_path / "installed"
    venv.create(installed, with_pip=False)
    site = next(installed.glob("lib/python3*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    (libraries,) = [path for path in map(Path, sys.path) if (path / "dagster").is_dir()]
    (site / "libraries.pth").write_text(f"{libraries}\n")
    code = "import sys, media_assets; sys.stdout.write(media_assets.__file__)"
    command = (str(installed / "bin" / "python"), "-P")
    outside = tmp_path / "library"
    outside.mkdir()
    assert str(installed) in started(*command, "-c", code, cwd=outside).stdout
    media_assets = (*command, "-m", "media_assets.cli")
    begun = started(*media_assets, "init", cwd=outside)
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert f"{site}/media_assets/docs/configuration.md" in (outside / "library.yaml").read_text()
    tone(outside / "media" / "tone.ogg", 440, 1)
    done = started(*media_assets, "process", cwd=outside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(word in (done.stdout + done.stderr).lower() for word in SAYS_WARNING)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_wheel_runs_in_an_empty_environment_with_what_it_requires_and_nothing_built(
    wheel: Path, tmp_path: Path
) -> None:
    """From uv's cache: the packages of the lock that are for running, and the wheel."""
    uv = Path(sys.executable).with_name("uv")
    python = tmp_path / "installed" / "bin" / "python"
    lock = tmp_path / "runtime.lock"
    lock.write_text(started(sys.executable, "deploy/docker/lock_subset.py", "runtime", cwd=CHECKOUT).stdout)
    install = (str(uv), "pip", "install", "--offline", "--python", str(python), "--only-binary", ":all:", "--no-deps")
    if not uv.exists():
        pytest.skip("uv is where make has set up")
    assert started(str(uv), "venv", "--offline", "--python", sys.executable, "installed", cwd=tmp_path).returncode == 0
    fetched = started(*install, "--require-hashes", "-r", str(lock), cwd=tmp_path)
    if "cache" in fetched.stderr and fetched.returncode != 0:
        pytest.skip(f"uv's cache lacks something: {fetched.stderr}")
    assert fetched.returncode == 0, fetched.stderr
    assert started(*install, str(wheel), cwd=tmp_path).returncode == 0
    checked = started(str(uv), "pip", "check", "--python", str(python), cwd=tmp_path)
    lacking = re.findall(r"^The package `(.+?)` requires `([a-z]+)", checked.stderr, re.MULTILINE)
    assert set(lacking) == {("resemblyzer", name) for name in ("librosa", "torch", "typing", "webrtcvad")}, (
        checked.stderr
    )
    command = str(python.with_name("media-assets"))
    begun = started(command, "init", cwd=tmp_path)
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "✓ a second of sound: probed, converted, transcribed" in begun.stdout
    mistaken = started(command, "stauts", cwd=tmp_path)
    assert (mistaken.returncode, "status" in mistaken.stderr) == (2, True)
    tone(tmp_path / "media" / "tone.ogg", 440, 1)
    done = started(command, "process", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(word in (begun.stdout + done.stdout + done.stderr).lower() for word in SAYS_WARNING)
