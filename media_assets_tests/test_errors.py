"""What any exception means for its file and for the batch."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from media_assets.errors import BadMedia, Cancelled, Fatal, MediaAssetsError, SourceChanged, Transient, classify


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/disk"), Fatal, "No space left on device (/disk)"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Fatal, "Disk quota exceeded"),
        (OSError(errno.EROFS, "Read-only file system", "/disk"), Fatal, "Read-only file system (/disk)"),
        (OSError(errno.EMFILE, "Too many open files"), Fatal, "Too many open files"),
        (MemoryError(), Fatal, "memory is used up"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Transient, "ConnectionResetError: [Errno 104] reset"),
        (TimeoutError("too long"), Transient, "TimeoutError: too long"),
        (OSError(errno.EIO, "Input/output error"), Transient, "OSError: [Errno 5] Input/output error"),
        (OSError(errno.ESTALE, "Stale file handle"), Transient, "OSError: [Errno 116] Stale file handle"),
        (FileNotFoundError(errno.ENOENT, "x", "/a.mp4"), SourceChanged, "vanished while it was read (/a.mp4)"),
        (PermissionError(errno.EACCES, "x", "/a.mp4"), BadMedia, "may not be read (/a.mp4)"),
        (IsADirectoryError(errno.EISDIR, "x", "/a"), BadMedia, "IsADirectoryError: [Errno 21] x: '/a'"),
        (ZeroDivisionError("odd"), BadMedia, "ZeroDivisionError: odd"),
        (RecursionError("deep"), BadMedia, "RecursionError: deep"),
    ],
)
def test_an_exception_is_known_by_what_it_means(error: Exception, kind: type[MediaAssetsError], reason: str) -> None:
    known = classify(error)
    assert type(known) is kind
    assert known.reason == reason


@pytest.mark.parametrize("error", [BadMedia("a"), Cancelled("b"), Fatal("c"), SourceChanged("d"), Transient("e")])
def test_our_own_errors_stay_what_they_are(error: MediaAssetsError) -> None:
    assert classify(error) is error


def test_real_errors_of_the_operating_system_are_known(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "nothing").read_bytes()
    assert isinstance(classify(caught.value), SourceChanged)
    with pytest.raises(OSError) as caught, Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")
    assert isinstance(classify(caught.value), Fatal)


def test_a_message_is_the_reason_and_the_next_step() -> None:
    assert str(BadMedia("is cut off", next_step="Copy it again")) == "is cut off. Copy it again"
    assert str(BadMedia("is cut off")) == "is cut off"


def test_a_message_can_be_printed_whatever_name_is_in_it(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xe4r")
    known = classify(PermissionError(errno.EACCES, "x", f"/{name}"))
    assert known.reason == r"may not be read (/b\udce4r)"
    str(known).encode("utf-8")
    assert BadMedia("x", next_step=name).next_step == r"b\udce4r"
