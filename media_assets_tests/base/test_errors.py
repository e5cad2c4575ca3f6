"""What any exception means for its file and for the batch."""

from __future__ import annotations

import ast
import errno
import os
import re
from pathlib import Path

import pytest
from dagster._core.errors import DagsterInvalidInvocationError

import media_assets
from media_assets.base import errors
from media_assets.base.errors import (
    BadMedia,
    Cancelled,
    Fatal,
    MediaAssetsError,
    NoMemory,
    NotApplicable,
    OverBudget,
    SourceChanged,
    Transient,
    Unforeseen,
    classify,
    is_passing,
    kind_of,
)
from media_assets.media.probe import IncompleteMedia
from media_assets.places.bucket.client.failures import ConditionFailed, ObjectGone
from media_assets.places.cache.room import NoRoom
from media_assets.places.drive.api.errors import IdTaken, NotFound, Refused, Unavailable
from media_assets_tests.awkward_errors import AWKWARD, PASSING, TouchyRefusal


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/disk"), Fatal, "No space left on device (/disk)"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Fatal, "Disk quota exceeded"),
        (OSError(errno.EROFS, "Read-only file system", "/disk"), Fatal, "Read-only file system (/disk)"),
        (OSError(errno.EMFILE, "Too many open files"), Fatal, "Too many open files"),
        (MemoryError(), NoMemory, "memory is used up"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Transient, "ConnectionResetError: [Errno 104] reset"),
        (TimeoutError("too long"), Transient, "TimeoutError: too long"),
        (OSError(errno.EIO, "Input/output error"), Transient, "OSError: [Errno 5] Input/output error"),
        (OSError(errno.ESTALE, "Stale file handle"), Transient, "OSError: [Errno 116] Stale file handle"),
        (OSError(errno.ENOTCONN, "not connected", "/mnt"), Transient, "OSError: [Errno 107] not connected: '/mnt'"),
        (OSError(errno.EHOSTDOWN, "Host is down"), Transient, "OSError: [Errno 112] Host is down"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Transient, "ConnectionRefusedError: [Errno 111] x"),
        (BrokenPipeError(errno.EPIPE, "x"), Transient, "BrokenPipeError: [Errno 32] x"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), NoMemory, "memory is used up"),
        (OSError(errno.ENOEXEC, "Exec format error", "/bin/x"), Fatal, "Exec format error (/bin/x)"),
        (FileNotFoundError(errno.ENOENT, "x", "/a.mp4"), Transient, "something that is needed is gone (/a.mp4)"),
        (NotADirectoryError(errno.ENOTDIR, "x", "/a/b"), Transient, "something that is needed is gone (/a/b)"),
        (PermissionError(errno.EACCES, "x", "/a.mp4"), Fatal, "permission is denied (/a.mp4)"),
        (IsADirectoryError(errno.EISDIR, "x", "/a"), Unforeseen, "IsADirectoryError: [Errno 21] x: '/a'"),
        (ModuleNotFoundError("no av", name="av"), Fatal, "the installation is not whole (ModuleNotFoundError: av)"),
        (RuntimeError("can't start new thread"), Fatal, "this machine allows no more threads"),
        (ZeroDivisionError("odd"), Unforeseen, "ZeroDivisionError: odd"),
        (RecursionError("deep"), Unforeseen, "RecursionError: deep"),
    ],
)
def test_an_exception_is_known_by_what_it_means(error: Exception, kind: type[MediaAssetsError], reason: str) -> None:
    known = classify(error)
    assert type(known) is kind
    assert known.reason == reason


@pytest.mark.parametrize("error", [BadMedia("a"), Cancelled("b"), Fatal("c"), SourceChanged("d"), Transient("e")])
def test_our_own_errors_stay_what_they_are(error: MediaAssetsError) -> None:
    assert classify(error) is error


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (FileNotFoundError(errno.ENOENT, "x", "/in/a.mp4"), SourceChanged, "vanished while it was read (/in/a.mp4)"),
        (NotADirectoryError(errno.ENOTDIR, "x", "/in/a.mp4"), SourceChanged, "vanished while it was read (/in/a.mp4)"),
        (PermissionError(errno.EACCES, "x", b"/in/a.mp4"), BadMedia, "may not be read (/in/a.mp4)"),
        (FileNotFoundError(errno.ENOENT, "x", "/bin/ffmpeg"), Transient, "something that is needed is gone"),
        (PermissionError(errno.EACCES, "x", "/state/work"), Fatal, "permission is denied (/state/work)"),
        (OSError(errno.ENXIO, "it is a pipe", "/in/a.mp4"), BadMedia, "it is a pipe (/in/a.mp4)"),
        (OSError(errno.EIO, "Input/output error", "/in/a.mp4"), Transient, "OSError"),
    ],
)
def test_a_source_is_to_blame_only_for_its_own_file(
    error: Exception, kind: type[MediaAssetsError], reason: str
) -> None:
    known = classify(error, source=Path("/in/a.mp4"))
    assert type(known) is kind
    assert known.reason.startswith(reason)


def test_a_failure_is_recorded_by_the_kind_and_what_may_pass_is_known_by_it() -> None:
    fine = {
        IdTaken("x"): "Transient",
        Unavailable("x"): "Transient",
        NoRoom("x"): "Transient",
        ConditionFailed("x"): "Transient",
        NotFound("x"): "SourceChanged",
        ObjectGone("x"): "SourceChanged",
        Refused("x"): "BadMedia",
        IncompleteMedia("x"): "BadMedia",
        OverBudget("x"): "OverBudget",
        Unforeseen(ZeroDivisionError("x")): "Unforeseen",
    }
    for error, kind in fine.items():
        assert kind_of(error) == kind
        passing = isinstance(error, Transient | SourceChanged | OverBudget)
        assert is_passing(kind) is passing
        # As it was recorded once.
        assert is_passing(type(error).__name__) is passing


def test_what_a_library_raised_from_something_known_is_known() -> None:
    def raised(error: Exception, cause: Exception) -> Exception:
        error.__cause__ = cause
        return error

    assert type(classify(raised(ValueError("cannot load"), ConnectionResetError("reset")))) is Transient
    stopped = Cancelled("stop")
    assert classify(raised(RuntimeError("callback failed"), stopped)) is stopped
    assert type(classify(raised(DagsterInvalidInvocationError("x"), ConnectionResetError("reset")))) is Transient
    # What is only mentioned may be chance.
    odd = ValueError("odd")
    odd.__context__ = ConnectionResetError("reset")
    assert type(classify(odd)) is Unforeseen


def test_real_errors_of_the_operating_system_are_known(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "nothing").read_bytes()
    assert isinstance(classify(caught.value, source=tmp_path / "nothing"), SourceChanged)
    with pytest.raises(OSError) as caught, Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")
    assert isinstance(classify(caught.value), Fatal)


def test_a_message_is_the_reason_and_the_next_step() -> None:
    assert str(BadMedia("is cut off", next_step="Copy it again")) == "is cut off. Copy it again"
    assert str(BadMedia("is cut off")) == "is cut off"


def test_a_message_can_be_printed_whatever_name_is_in_it(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xe4r")
    known = classify(PermissionError(errno.EACCES, "x", f"/{name}"), source=Path(f"/{name}"))
    assert known.reason == r"may not be read (/b\udce4r)"
    str(known).encode("utf-8")
    assert BadMedia("x", next_step=name).next_step == r"b\udce4r"


def test_a_full_disk_is_told_with_what_is_free_there(tmp_path: Path) -> None:
    error = classify(OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x")))
    assert re.fullmatch(rf"Free space on that disk, .*; \d+ bytes are free in {tmp_path}", error.next_step)


def test_the_tree_of_errors_in_the_module_is_that_of_the_classes() -> None:
    root = Path(str(media_assets.__file__)).parent
    bases = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    tree = re.findall(r"^    ([│ ]*)[├└]── (\w+)", str(errors.__doc__), re.MULTILINE)
    parents = {0: MediaAssetsError.__name__}
    shown = dict[str, str]()
    for indent, name in tree:
        depth = len(indent) // 4 + 1
        parents[depth] = name
        shown[name] = parents[depth - 1]
    ours = {MediaAssetsError.__name__, *shown}
    assert shown == {name: base for name, given in bases.items() for base in given if base in ours}


@pytest.mark.parametrize("name", AWKWARD)
def test_every_exception_is_told_in_text_that_can_be_printed_and_kept(name: str) -> None:
    make, reason = AWKWARD[name]
    try:
        raise make()
    except BaseException as error:  # noqa: BLE001  that is what this is about
        known = classify(error, source=Path("/in/a.mp4"))
    assert isinstance(known, BadMedia)
    assert known.reason == reason
    text = str(known)
    text.encode("utf-8")
    assert not set(text) & set("\x00\x1b\x9b\r\u202e")


def test_an_exception_that_is_known_by_its_class_is_told_though_its_text_raises() -> None:
    assert classify(TouchyRefusal()).reason == "TouchyRefusal: (its text cannot be told: RuntimeError)"
    assert type(classify(TouchyRefusal())) is Transient


def test_a_group_means_what_is_in_it_and_what_stops_the_batch_comes_first() -> None:
    for make in PASSING.values():
        assert type(classify(make())) is Transient
    fatal, stopped = Fatal("the key is wrong"), Cancelled("stop")
    assert classify(ExceptionGroup("tasks", [BadMedia("odd"), fatal])) is fatal
    assert classify(ExceptionGroup("tasks", [Transient("busy"), stopped])) is stopped
    full = OSError(errno.ENOSPC, "No space left on device", "/disk")
    assert type(classify(ExceptionGroup("tasks", [ConnectionResetError(104, "reset"), full]))) is Fatal
    assert type(classify(ExceptionGroup("tasks", [ValueError("x"), MemoryError()]))) is NoMemory
    # That a part of the work had nothing to do says nothing of the file.
    assert type(classify(ExceptionGroup("tasks", [NotApplicable("is a photo")]))) is Unforeseen
