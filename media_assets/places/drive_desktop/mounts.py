"""Where Drive for desktop and its like mount Google Drive on the systems they run on.

macOS: `~/Library/CloudStorage/GoogleDrive-<account>`, older `~/Google Drive` and `/Volumes/GoogleDrive`. Windows: a
drive letter. On Linux GNOME's accounts, google-drive-ocamlfuse, rclone and Insync take its place.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MY_DRIVE = "My Drive"
_SHORTCUT_TARGETS = ".shortcut-targets-by-id"


@dataclass(frozen=True)
class Machine:
    """Where the systems put mounts; by itself, of the machine we are on."""

    platform: str = sys.platform
    home: Path = field(default_factory=Path.home)
    volumes: Path = Path("/Volumes")
    """Where macOS mounts."""
    letters: tuple[Path, ...] = tuple(Path(f"{letter}:\\") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ")
    """Drives of Windows."""
    gvfs: Path = field(default_factory=lambda: Path(f"/run/user/{os.getuid() if hasattr(os, 'getuid') else 0}/gvfs"))
    """Where GNOME mounts."""
    mount_table: Path = Path("/proc/self/mounts")
    """What Linux has mounted."""


@dataclass(frozen=True)
class Mount:
    """A place at which Google Drive is mounted."""

    path: Path
    account: str | None = None
    is_my_drive: bool = False
    """Whether what lies in My Drive lies right there."""

    def folder(self, wanted: str) -> Path:
        """Where a folder of it is, such as `My Drive/Lectures`."""
        first, *rest = Path(wanted).parts or (".",)
        if self.is_my_drive and first == MY_DRIVE and not (self.path / first).exists():
            return self.path.joinpath(*rest)
        return self.path / wanted

    def __str__(self) -> str:
        return f"{self.path} ({self.account})" if self.account else str(self.path)


def mounted(machine: Machine, folder: str) -> list[Mount]:
    """What is mounted on a machine, each place once.

    Args:
        folder: What is wanted of it; by its first part a mount without a telling name is known, too.
    """
    return list(_distinct(_mounts(machine, Path(folder).parts[:1]), folder))


def _mounts(machine: Machine, first: tuple[str, ...]) -> Iterator[Mount]:
    """What looks like a mounted Drive.

    Args:
        first: Of the wanted folder's parts; says of a folder that is called like a mount that it is one.
    """
    called_so = [machine.home / "Google Drive"]
    nameless = [machine.home]  # mirrored instead of streamed
    match machine.platform:
        case "darwin":
            for path in _folders(machine.home / "Library" / "CloudStorage", "GoogleDrive-*"):
                yield Mount(path, path.name.removeprefix("GoogleDrive-"))
            called_so += _folders(machine.volumes, "GoogleDrive*")
        case "win32":
            nameless += machine.letters
        case _:
            for path in _folders(machine.gvfs, "google-drive:*"):
                yield Mount(path, _gvfs_account(path.name))
            for path in _folders(machine.home / "Insync", "*@*"):
                yield Mount(path / "Google Drive", path.name, is_my_drive=True)
            for path, kind in _mount_table(machine.mount_table):
                if kind == "fuse.google-drive-ocamlfuse":
                    yield Mount(path, is_my_drive=True)
                elif kind == "fuse.rclone":
                    nameless.append(path)
            called_so += [machine.home / name for name in ("GoogleDrive", "google-drive", "gdrive")]
    for path in called_so:
        if _has_any(path, (MY_DRIVE, _SHORTCUT_TARGETS, *first)):
            yield Mount(path)
    for path in nameless:
        if _has_any(path, (MY_DRIVE, _SHORTCUT_TARGETS)):
            yield Mount(path)


def _has_any(folder: Path, names: Iterable[str]) -> bool:
    return any(is_directory(folder / name) for name in names)


def _distinct(mounts: Iterable[Mount], folder: str) -> Iterator[Mount]:
    """One of those that lead to the same place: the one whose account is known comes first."""
    seen = set[Path]()
    for mount in mounts:
        place = mount.folder(folder)
        real = (place if place.exists() else mount.path).resolve()
        if is_directory(mount.path) and real not in seen:
            seen.add(real)
            yield mount


def _folders(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if is_directory(path))


def is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a mount whose program died, or a drive without a medium
        return False


def _gvfs_account(name: str) -> str | None:
    """The account `alice@example.com` in `google-drive:host=example.com,user=alice`."""
    parts = dict(part.split("=", 1) for part in name.partition(":")[2].split(",") if "=" in part)
    return f"{parts['user']}@{parts['host']}" if {"user", "host"} <= parts.keys() else None


def _mount_table(table: Path) -> list[tuple[Path, str]]:
    """Mount points and their kinds; blanks in names are written as octal numbers (fstab(5))."""
    try:
        lines = os.fsdecode(table.read_bytes()).splitlines()
    except FileNotFoundError:
        return []
    rows = (line.split(" ") for line in lines)
    return [(Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), row[1])), row[2]) for row in rows]
