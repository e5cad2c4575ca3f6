"""What exceptions from below us mean: of databases, the network, the system, Dagster. They are never a file's fault.

The one list for what no service's own module knows (those of Drive, buckets, OpenAI and Modal know their own better).
Classes are known by their names, so that nothing has to be imported to recognise them. Their texts are never quoted:
they hold SQL with its values, addresses with their secrets, and answers of servers.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import ssl
import traceback
from collections.abc import Iterator
from typing import NamedTuple

from media_assets.base.telling import text_of, told


class Meaning(NamedTuple):
    """What is wrong, and whether it stays so until a person repairs it."""

    lasting: bool
    reason: str
    next_step: str = ""


_LOOK = "Run `media-assets doctor`; the traceback is in the log of the run"
_INSTALL = "Install media-assets again, with all that it requires"
_OWN = __name__.partition(".")[0]
_DATABASE = ("sqlalchemy.", "sqlite3.", "psycopg2.", "psycopg.", "alembic.")
_NETWORK = (
    "aiohttp.",
    "botocore.",
    "google.api_core.",
    "google.auth.",
    "googleapiclient.",
    "grpc.",
    "grpclib.",
    "http.client.",
    "httpcore.",
    "httplib2.",
    "httpx.",
    "modal.exception.",
    "obstore.",
    "openai.",
    "requests.",
    "socket.",
    "ssl.",
    "urllib.error.",
    "urllib3.",
    "websockets.",
)
_DAGSTER = ("dagster.", "dagster_shared.", "dagster_postgres.")

# Names of classes that know what is wrong without a status.
_UNUSABLE = frozenset(
    {
        "DefaultCredentialsError",
        "InvalidSchema",
        "InvalidURL",
        "LocationParseError",
        "MissingSchema",
        "NoCredentialsError",
        "RefreshError",
        "UnauthenticatedError",
        "UnsupportedProtocol",
    }
)
_LASTING_GRPC = frozenset({"FAILED_PRECONDITION", "INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED"})
_PASSING_STATUS = frozenset({408, 409, 423, 425, 429})

# SQLite's own words for what a person has to repair; the rest passes (BUSY, LOCKED, INTERRUPT, PROTOCOL).
_SQLITE_LASTING = {
    "AUTH": "may not be used",
    "CANTOPEN": "cannot be opened",
    "CORRUPT": "is damaged",
    "FULL": "cannot grow: its disk is full",
    "IOERR": "cannot be read or written: its disk fails or is gone",
    "NOTADB": "is damaged: it is no database",
    "PERM": "may not be used",
    "READONLY": "cannot be written",
    "ERROR": "lacks what Dagster keeps in it",
    "NOMEM": "had no memory left",
    "SCHEMA": "lacks what Dagster keeps in it",
}
# PostgreSQL's, by the class of SQLSTATE, or by the whole of it.
_SQLSTATE_LASTING = {
    "28": "does not accept the login",
    "3D": "is not there",
    "3F": "lacks what Dagster keeps in it",
    "42": "lacks what Dagster keeps in it, or does not permit it",
    "53100": "cannot grow: its disk is full",
    "58": "cannot be read or written: its disk fails",
    "XX": "is damaged",
}
# Words of a server that refuses a connection, for which there is no SQLSTATE.
_REFUSED_LOGINS = ("authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied")


def meaning_of(error: BaseException) -> Meaning | None:
    """What an exception means for the batch it hit; None when it says nothing against anything but the file."""
    names = [f"{kind.__module__}.{kind.__qualname__}".removeprefix("_") for kind in type(error).__mro__]
    if _any(names, _DATABASE):
        return _of_database(error)
    if isinstance(error, ssl.SSLCertVerificationError) or any(map(_is_untrusted, _within(error))):
        return Meaning(
            True,
            "the certificate of the server is not trusted",
            "Name the certificates to trust (ca_file in library.yaml, or SSL_CERT_FILE), and set the clock",
        )
    if _any(names, _NETWORK):
        return _of_network(error)
    if _any(names, _DAGSTER):
        return _of_dagster(error)
    if isinstance(error, ImportError):
        return _of_import(error)
    if isinstance(error, RuntimeError) and "can't start new thread" in text_of(error):
        return Meaning(
            True,
            "this machine allows no more threads",
            "Raise the limit of processes (ulimit -u), or lower `workers` in library.yaml",
        )
    return None


def is_of_database(name: str) -> bool:
    """Whether a class of this name, with its module, is one of a database's errors."""
    return name.startswith(_DATABASE)


def _any(names: list[str], beginnings: tuple[str, ...]) -> bool:
    return any(name.startswith(beginnings) for name in names)


# ----------------------------------------------------------------------------------------------- imports


def _of_import(error: ImportError) -> Meaning:
    importer = _importer_of(error)
    if is_own_import(error):
        lacking = f"the module {error.name} is not there"
        if not isinstance(error, ModuleNotFoundError):
            lacking = f"the module {error.name} lacks what is imported from it ({text_of(error)})"
        return Meaning(
            True,
            f"{lacking}{f', and {importer} imports it' if importer else ''}",
            f"Add it, or correct that import; if nobody changed {_OWN}, {_INSTALL[0].lower()}{_INSTALL[1:]}",
        )
    what = f"the installation is not whole ({type(error).__name__}: {error.name})"
    also = f"; {importer} imports it: if that is your own, install what it needs" if importer else ""
    return Meaning(True, what, f"{_INSTALL}{also}")


def is_own_import(error: BaseException) -> bool:
    """Whether what could not be imported is of this package: to install others again does not help."""
    return isinstance(error, ImportError) and (error.name or "").partition(".")[0] == _OWN


def _importer_of(error: ImportError) -> str:
    """The module in this package that imports what is missing, with the line; empty where there is none."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] == _OWN:
            found = f"{name} (line {line})"
    return found


# ----------------------------------------------------------------------------------------------- databases


def _of_database(error: BaseException) -> Meaning:
    """The database of Dagster: no stage has one of its own."""
    origin = getattr(error, "orig", None) or error
    code = _sqlite_code(origin) if isinstance(origin, sqlite3.Error) else str(getattr(origin, "pgcode", None) or "")
    name = type(error).__name__
    said = f"{name}, {code}" if code else name
    if isinstance(origin, sqlite3.Error):
        lasting = _SQLITE_LASTING.get(code.partition("_")[0])
    else:
        lasting = _SQLSTATE_LASTING.get(code) or _SQLSTATE_LASTING.get(code[:2])
        if not code and any(words in text_of(origin) for words in _REFUSED_LOGINS):
            lasting = "does not accept the login, or is not there"
    if lasting:
        return Meaning(True, f"Dagster's database {lasting} ({said})", _LOOK)
    return Meaning(False, f"Dagster's database did not answer, or is in use by others ({said})")


def _sqlite_code(error: sqlite3.Error) -> str:
    """`BUSY`, `IOERR_WRITE` …; empty for errors of Python's side of it."""
    return str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")


# ----------------------------------------------------------------------------------------------- the network


def _of_network(error: BaseException) -> Meaning:
    name = type(error).__name__
    status = _status_of(error)
    if name in _UNUSABLE and not getattr(error, "retryable", False):
        return Meaning(True, f"a service cannot be used as it is configured ({name})", _LOOK)
    if isinstance(status, str) and status in _LASTING_GRPC:
        return Meaning(True, f"a service refuses the request ({name}, {status})", _LOOK)
    if isinstance(status, int) and 400 <= status < 500 and status not in _PASSING_STATUS:
        return Meaning(True, f"a service refuses the request ({name}, status {status})", _LOOK)
    said = f"{name}, status {status}" if status else name
    return Meaning(False, f"the network, or a service behind it, failed ({said})")


def _status_of(error: BaseException) -> int | str | None:
    """The status of HTTP, or the name of that of gRPC, where a server has answered."""
    code = getattr(error, "code", None)
    try:
        code = code() if callable(code) else code
    except Exception:  # noqa: BLE001  whatever another's error does when it is asked, it remains an error of the network
        code = None
    answers = (error, getattr(error, "response", None), getattr(error, "resp", None))
    found = [getattr(answer, name, None) for answer in answers for name in ("status_code", "status")]
    for status in (*found, code):
        if isinstance(status, int) and 100 <= status < 600:
            return int(status)
        if isinstance(name := getattr(status, "name", None), str):
            return name
    return None


def _is_untrusted(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _within(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those that it was made of: clients of HTTP wrap each other's."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, getattr(found, "reason", None), *found.args]


# ----------------------------------------------------------------------------------------------- Dagster


def _of_dagster(error: BaseException) -> Meaning | None:
    name = type(error).__name__
    if not name.startswith("Dagster"):
        return None  # a check of Dagster's on what it was given
    if "Unreachable" in name or "Timeout" in name:
        return Meaning(False, f"a process of Dagster does not answer ({name})")
    return Meaning(True, f"Dagster could not go on ({name})", _LOOK)


# ----------------------------------------------------------------------------------------------- the system

_LASTING_ERRNOS = {
    errno.ENOSPC: "Free space on that disk, then run again",
    errno.EDQUOT: "Free space within the quota, or have it raised, then run again",
    errno.EROFS: "Mount it for writing, or choose another place in library.yaml",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), or lower `workers` in library.yaml",
    errno.ENFILE: "Too many files are open on this machine; close some, then run again",
    errno.ENOEXEC: "A program is none for this machine: run `media-assets doctor`",
}
# A disk or a share that is away for a moment, a connection, a machine that has too much to do. By name: not every
# system knows all of them.
_PASSING_ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        *("EADDRINUSE", "EADDRNOTAVAIL", "EAGAIN", "EBUSY", "ECOMM", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET"),
        *("EDEADLK", "EHOSTDOWN", "EHOSTUNREACH", "EINTR", "EIO", "ENETDOWN", "ENETRESET", "ENETUNREACH", "ENOBUFS"),
        *("ENODEV", "ENOLCK", "ENOLINK", "ENOMEDIUM", "ENONET", "ENOTCONN", "ENXIO", "EPIPE", "EPROTO", "EREMOTEIO"),
        *("ESHUTDOWN", "ESTALE", "ETIME", "ETIMEDOUT", "ETXTBSY"),
    )
    if hasattr(errno, name)
)


def meaning_of_system(error: OSError) -> Meaning | None:
    """What a refusal of the operating system means for the batch; None when it may be a file's own affair."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in _LASTING_ERRNOS:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename
        room = told_room(error.filename) if is_full and not isinstance(error.filename, int) else ""
        return Meaning(True, f"{error.strerror}{where}", f"{_LASTING_ERRNOS[error.errno]}{room}")
    if isinstance(error, ConnectionError | TimeoutError) or error.errno in _PASSING_ERRNOS:
        return Meaning(False, told(error))
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Meaning(False, f"something that is needed is gone{where}", _LOOK)
    if isinstance(error, PermissionError) and error.filename:
        return Meaning(True, f"permission is denied{where}", "Grant the process access to it, then run again")
    return None


def told_room(path: str | bytes | os.PathLike[str]) -> str:
    """How much is free where a file could not be written, as a clause; nothing where that cannot be told."""
    folder = os.path.dirname(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100, PTH120
    try:
        return f"; {shutil.disk_usage(folder).free} bytes are free in {folder}"
    except OSError:
        return ""
