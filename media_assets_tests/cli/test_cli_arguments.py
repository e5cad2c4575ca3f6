"""Wrong arguments of every command, of each kind: a clear line, exit code 2, no traceback, and nothing is begun."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from typer.main import get_command

from media_assets.base.errors import Fatal
from media_assets.cli.app import app, main
from media_assets.config.load import load_settings
from media_assets.operation.instance import open_instance
from media_assets.operation.selection_checks import require_new_file
from media_assets.pipeline.partitions import register
from media_assets_tests.dagster_homes import empty_home
from media_assets_tests.unprivileged import unprivileged_folder


class Line:
    """The command line in this process, in a folder with a small library."""

    def __init__(self, root: Path, captured: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._captured = captured
        self._patch = patch
        (root / "media" / "talks").mkdir(parents=True)
        (root / "media" / "talks" / "a.txt").write_text("a")
        (root / "library.yaml").write_text("sources: {media: {path: media}}\nassets: {dedup_index: {enabled: true}}\n")
        patch.chdir(root)
        for name in os.environ:
            if name.startswith(("DAGSTER", "MEDIA_A")):
                patch.delenv(name)
        patch.setenv("DAGSTER_HOME", str(empty_home(root)))

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Its exit code and what it said, to standard output and error."""
        self._patch.setattr(sys, "argv", ["media-assets", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._captured.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    def refused(self, *arguments: str) -> str:
        code, _, said = self(*arguments)
        assert code == 2, said
        assert "Traceback" not in said
        assert said.strip()
        return " ".join(said.split())


NEEDED = {
    ("export",): ("x.zip",),
    ("import",): ("x.zip",),
    ("people", "forget"): ("Anna",),
    ("people", "name"): ("a.txt", "S1", "Anna"),
    ("transcript",): ("a.txt",),
}
"""The arguments without which a command does not begin."""


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(tmp_path, capsys, monkeypatch)


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    group = group or get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


EVERY = sorted(commands())


def parameters(command: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The options of a command that take a value, each with the kind of it."""
    found = get_command(app)
    for name in command:
        found = found.commands[name]  # type: ignore[attr-defined]
    for parameter in found.params:
        if parameter.param_type_name == "option" and not getattr(parameter, "is_flag", False):
            yield parameter.opts[0], parameter.type_descriptor.annotation.__name__  # type: ignore[attr-defined]


NUMBERS = [(command, option) for command in EVERY for option, kind in parameters(command) if kind in ("int", "float")]
VALUES = [(command, option) for command in EVERY for option, _ in parameters(command)]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_tells_its_exit_codes(line: Line, command: tuple[str, ...]) -> None:
    code, said, _ = line(*command, "--help")
    assert code == 0
    assert "Exit codes:" in said and "0: done" in said and "2: it could not" in said and "143" in said


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_refuses_options_and_arguments_that_it_does_not_have(
    line: Line, command: tuple[str, ...]
) -> None:
    assert "--nosuch" in line.refused(*command, "--nosuch")
    assert "unexpected extra argument" in line.refused(*command, "one", "two", "three", "four")


@pytest.mark.parametrize("command", [command for command in EVERY if command != ("init",)], ids=" ".join)
@pytest.mark.parametrize("config", ["nosuch.yaml", "media", "binary.yaml", "broken.yaml", "media/talks/a.txt/x.yaml"])
def test_every_command_says_that_its_settings_cannot_be_read(line: Line, command: tuple[str, ...], config: str) -> None:
    (line.root / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (line.root / "broken.yaml").write_text("sources:\n\ta: {path: b}\n")
    assert config.split("/")[-1] in line.refused("--config", config, *command, *NEEDED.get(command, ()))


@pytest.mark.parametrize(
    ("command", "option"), VALUES, ids=lambda part: part if isinstance(part, str) else " ".join(part)
)
def test_an_option_without_its_value_is_named(line: Line, command: tuple[str, ...], option: str) -> None:
    assert option in line.refused(*command, option)


@pytest.mark.parametrize(
    ("command", "option"), NUMBERS, ids=lambda part: part if isinstance(part, str) else " ".join(part)
)
@pytest.mark.parametrize("value", ["-1", "ten", "", "1e99", "inf", "nan"])
def test_a_number_that_is_none_or_out_of_range_is_named(
    line: Line, command: tuple[str, ...], option: str, value: str
) -> None:
    assert option in line.refused(*command, f"{option}={value}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("process", "--file", "nomatch*"), "no file of the library matches --file 'nomatch*'"),
        (("process", "--file", ""), "no file of the library matches --file ''"),
        (("process", "--folder", "nosuch"), "no file of the library matches --folder 'nosuch'"),
        (("process", "--folder", "/media/talks", "--file", "*.txt"), "matches --folder '/media/talks' --file '*.txt'"),
        (("process", "--file", "[z-a].txt"), "'[z-a].txt' is no glob"),
        (("process", "--source", "nosuch"), "no source is called 'nosuch'. There are: media"),
        (("process", "--stage", "nosuch"), "no stage is called 'nosuch'. There are: drive_file"),
        (("retry", "--file", "nomatch*"), "no file that was processed before matches --file 'nomatch*'"),
        (("retry", "--folder", "nosuch"), "no file that was processed before matches --folder 'nosuch'"),
        (("retry", "--source", "nosuch"), "no source is called 'nosuch'"),
        (("retry", "--stage", "nosuch"), "no stage is called 'nosuch'"),
        (("status", "--file", "nomatch*"), "no file that was processed before matches --file 'nomatch*'"),
        (("status", "--folder", "nosuch"), "no file that was processed before matches --folder 'nosuch'"),
        (("status", "--source", "nosuch"), "no source is called 'nosuch'"),
        (("status", "--file", "[z-a]"), "'[z-a]' is no glob"),
        (("duplicates", "--source", "nosuch"), "no source is called 'nosuch'"),
        (("duplicates", "--apply", "--undo"), "--apply and --undo at once"),
        (("duplicates", "--csv", "/nope/x.csv"), "/nope/x.csv cannot be written: the folder /nope does not exist"),
        (("duplicates", "--csv", "media"), "media is a folder"),
        (("duplicates", "--csv", "library.yaml/x"), "is no folder"),
        (("export", "/nope/x.zip"), "/nope/x.zip cannot be written: the folder /nope does not exist"),
        (("export", "media"), "media is a folder"),
        (("export", "library.yaml"), "library.yaml is there already"),
        (("export",), "Missing argument 'file'"),
        (("import", "nosuch.zip"), "nosuch.zip cannot be read: No such file"),
        (("import", "media"), "media cannot be read: Is a directory"),
        (("import", "library.yaml"), "library.yaml is damaged, or no archive"),
        (("import",), "either FILE or --from-stores"),
        (("import", "x.zip", "--from-stores"), "either FILE or --from-stores"),
        (("login", "--client-secrets", "nosuch.json"), "nosuch.json cannot be read"),
        (("login", "--client-secrets", "media"), "media cannot be read"),
        (("login", "--client-secrets", "library.yaml"), "holds no secret of an OAuth app"),
        (("dev", "--host", "no such host"), "no such host, port"),
        (("metrics", "--host", "no such host"), "no such host, port"),
        (("modal", "deploy"), "library.yaml does not use Modal"),
        (("nosuch",), "No such command 'nosuch'"),
        (("modal", "nosuch"), "No such command 'nosuch'"),
        (("--nosuch",), "--nosuch"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_what_cannot_be_done_is_said(line: Line, arguments: tuple[str, ...], said: str) -> None:
    assert said in line.refused(*arguments)


def test_what_is_not_writable_is_said_before_work_begins() -> None:
    with unprivileged_folder() as folder:
        (folder / "shut").mkdir(mode=0o500)
        with pytest.raises(Fatal, match="may not be written"):
            require_new_file(folder / "shut" / "x.zip")


def test_windows_is_told_what_to_do_instead(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "runs on Linux and macOS, and on Windows within WSL" in line.refused("status")


@pytest.mark.thorough
def test_a_folder_that_may_not_be_listed_is_told_by_every_command_that_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid():
        pytest.skip("only root can give up its rights and take them again")
    with TemporaryDirectory() as name:
        root = Path(name)
        line = Line(root, capsys, monkeypatch)
        shutil.copytree((root / "home").resolve(), root / "own_home")
        monkeypatch.setenv("DAGSTER_HOME", str(root / "own_home"))
        (root / "media" / "shut").mkdir(mode=0)
        for path in (root, *root.rglob("*")):
            os.chown(path, 65534, 65534, follow_symlinks=False)
        os.seteuid(65534)
        try:
            for command in (("process", "--stage", "drive_file"), ("status",), ("duplicates",)):
                said = line.refused(*command)
                assert "media:shut cannot be looked at: Permission denied" in said, command
                assert "it was left out" in said
            code, _, said = line("status", "--file", "a.txt")
            assert (code, said) == (0, ""), "who asks about one file does not ask what else there is"
        finally:
            os.seteuid(0)


@pytest.mark.thorough
def test_status_says_that_nothing_is_registered_and_what_missing_leaves_out(line: Line) -> None:
    assert "Nothing is registered yet; `media-assets process`" in line("status")[1]
    assert "registered" not in line("status", "--json")[1]
    with open_instance(load_settings(line.root / "library.yaml")) as instance:
        register(instance, ["media:talks/a.txt"])
    assert "registered" not in line("status")[1]
    assert "files that no look has registered yet are not in it" in line("status", "--missing")[1]


def test_the_option_that_named_a_wrong_file_is_told(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--config names no file" in line.refused("--config", "", "status")
    assert "--config names the file" in line.refused("--config", "media", "status")
    monkeypatch.setenv("MEDIA_ASSETS_CONFIG", "media")
    assert "MEDIA_ASSETS_CONFIG names the file" in line.refused("status")


@pytest.mark.thorough
def test_init_asks_for_recordings_only_where_there_are_none(line: Line) -> None:
    assert "put recordings" not in line("init")[1]
    assert "put recordings or photos into" in line("init", "new")[1]
