"""What an engine raises, whatever it is, is told with its name and with the place in its code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from media_assets.base.errors import (
    BadMedia,
    BadResult,
    Cancelled,
    Fatal,
    FaultOfCode,
    MediaAssetsError,
    NoMemory,
    TimeLimitExceeded,
    Transient,
    Unforeseen,
    classify,
)
from media_assets.work.engine_errors import named, opening
from media_assets.work.engine_section import EngineSection
from media_assets.work.work import Work


class Odd:
    """An engine of somebody else's."""


class OddSection(EngineSection):
    engine: Literal["odd"] = "odd"


def raised(within: AbstractContextManager[None], fail: Callable[[], object]) -> BaseException:
    """What comes out of a context in which something fails, in a thread as those of a batch."""
    found: list[BaseException] = []

    def work() -> None:
        try:
            with within:
                fail()
        except BaseException as error:  # noqa: BLE001
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


def import_of(name: str) -> Callable[[], object]:
    return lambda: __import__(name)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("cannot do this"), "the engine odd raised ValueError: cannot do this"),
        (KeyboardInterrupt(), "the engine odd raised KeyboardInterrupt"),
        (SystemExit("bye"), "the engine odd raised SystemExit: bye"),
        (IsADirectoryError(21, "x", "/a"), "the engine odd raised IsADirectoryError: [Errno 21] x: '/a'"),
    ],
)
def test_what_nobody_foresaw_names_the_engine_and_where_it_is_to_be_mended(
    tmp_path: Path, error: BaseException, told: str
) -> None:
    known = raised(named(Odd(), "odd", tmp_path), raising(error))
    assert isinstance(known, Unforeseen)
    assert known.reason == told
    assert "Mend media_assets_tests.work.test_engine_errors.Odd (raised at " in known.next_step
    assert "test_engine_errors.py:" in known.next_step and known.next_step.endswith("then `media-assets retry`")
    assert "test_engine_errors.py:" in known.place


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (MemoryError(), NoMemory, "the engine odd: memory is used up"),
        (OSError(12, "Cannot allocate memory"), NoMemory, "the engine odd: memory is used up"),
        (ConnectionResetError(104, "reset"), Transient, "the engine odd: ConnectionResetError: [Errno 104] reset"),
        (PermissionError(13, "x", "/p"), Fatal, "the engine odd: permission is denied (/p)"),
        (FileNotFoundError(2, "x", "ffprobe"), Transient, "the engine odd: something that is needed is gone (ffprobe)"),
    ],
)
def test_what_the_machine_refuses_an_engine_names_it_too(
    tmp_path: Path, error: Exception, kind: type[MediaAssetsError], told: str
) -> None:
    known = raised(named(Odd(), "odd", tmp_path), raising(error))
    assert (type(known), getattr(known, "reason", None)) == (kind, told)


@pytest.mark.parametrize("error", [BadMedia("is odd"), Fatal("no key"), Cancelled("stopped"), Transient("busy")])
def test_what_an_engine_says_by_our_errors_stays_as_it_is(tmp_path: Path, error: MediaAssetsError) -> None:
    assert raised(named(Odd(), "odd", tmp_path), raising(error)) is error
    assert raised(opening(OddSection()), raising(error)) is error
    wrapped = RuntimeError("a library's")
    wrapped.__cause__ = error
    assert classify(raised(named(Odd(), "odd", tmp_path), raising(wrapped))) is error


def test_a_time_limit_names_the_engine_that_was_at_work(tmp_path: Path) -> None:
    known = raised(named(Odd(), "odd", tmp_path), Work(tmp_path, time_limit_seconds=0.0).check)
    assert isinstance(known, TimeLimitExceeded)
    assert known.reason == "took longer than its limit of 0 s; at work was the engine odd"
    assert known.next_step.endswith("of the asset in library.yaml, or choose another engine for it")


def test_a_file_that_an_engine_looks_for_and_did_not_make_is_its_fault(tmp_path: Path) -> None:
    known = raised(named(Odd(), "odd", tmp_path), (tmp_path / "said.json").read_bytes)
    assert isinstance(known, BadResult)
    assert known.reason == "the engine odd looks for said.json in its work directory, where nothing made it"
    assert "media_assets_tests.work.test_engine_errors.Odd" in known.next_step


@pytest.mark.parametrize("error", [RuntimeError("no such weights"), KeyboardInterrupt(), SystemExit(3), SyntaxError()])
def test_an_engine_that_cannot_be_opened_blames_no_file(error: BaseException) -> None:
    known = raised(opening(OddSection()), raising(error))
    assert isinstance(known, FaultOfCode)
    assert known.reason.startswith(f"the engine odd cannot be opened: {type(error).__name__}")
    assert known.next_step.startswith("Mend media_assets_tests.work.test_engine_errors.OddSection")
    known = raised(opening(OddSection()), raising(MemoryError()))
    assert isinstance(known, NoMemory) and known.reason == "the engine odd cannot be opened: memory is used up"


def test_a_stop_in_the_main_thread_is_no_fault_of_an_engine(tmp_path: Path) -> None:
    for within in (named(Odd(), "odd", tmp_path), opening(OddSection())):
        with pytest.raises(KeyboardInterrupt), within:
            raise KeyboardInterrupt


def test_a_module_of_this_package_that_is_missing_is_no_fault_of_the_installation() -> None:
    known = raised(opening(OddSection()), import_of("media_assets.work.engines.odd"))
    assert type(known) is Fatal
    assert known.reason.startswith("the engine odd cannot be opened: the module media_assets.work.engines is not there")
    assert known.next_step.startswith("Add it, or correct that import; if nobody changed media_assets, install")


def test_who_imports_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = {"gone": "import media_assets.nowhere", "less": "from media_assets.base.keys import Nothing"}
    said = {}
    for name, text in {**code, "other": "import no_such_package"}.items():
        module = {"__name__": f"media_assets.work.{name}"}
        with pytest.raises(ImportError) as caught:
            exec(compile(text, f"{name}.py", "exec"), module)
        said[name] = classify(caught.value)
    assert said["gone"].reason == (
        "the module media_assets.nowhere is not there, and media_assets.work.gone (line 1) imports it"
    )
    assert said["less"].reason.startswith("the module media_assets.base.keys lacks what is imported from it (cannot")
    assert said["less"].reason.endswith(", and media_assets.work.less (line 1) imports it")
    assert said["other"].reason == "the installation is not whole (ModuleNotFoundError: no_such_package)"
    assert said["other"].next_step.endswith(
        "; media_assets.work.other (line 1) imports it: if that is your own, install what it needs"
    )
