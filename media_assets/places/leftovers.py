"""Names under which systems and programs leave what is no part of a library: bins, thumbnails, transfers, locks.

Letters' case does not matter. Each list says who writes such names; docs/configuration.md names them to users.
"""

from __future__ import annotations

import re
from fnmatch import translate

BINS = (
    "#recycle", "@recycle", ".recycle", ".recycle.bin", "recycle.bin",  # Synology, QNAP, Samba, Unraid
    "$recycle.bin", "recycler", "recycled",  # Windows
    ".trash*", "network trash folder",  # macOS, freedesktop.org (.Trash-1000), AFP
    ".stversions", ".dropbox.cache", ".rslsync", "files_trashbin", ".bzvol", ".tmp.drivedownload", ".tmp.driveupload",
    # Syncthing, Dropbox, Resilio, Nextcloud, Backblaze, Drive for desktop
)  # fmt: skip
"""Folders of what somebody has deleted, or of older versions of files."""

FOLDERS = (
    "@eadir", "@tmp", "@sharebin", "#snapshot", ".@__thumb", "@recently-snapshot", ".@upload_cache",  # Synology, QNAP
    "lost+found", ".snapshot", ".snapshots", "~snapshot", ".zfs",  # Unix, NetApp
    "system volume information", "found.[0-9][0-9][0-9]",  # Windows
    ".spotlight-v100", ".fseventsd", ".documentrevisions-v100", ".temporaryitems", "temporary items", ".appledouble",
    "__macosx",  # macOS
    ".stfolder", ".sync", ".thumbnails", ".rsync-partial", ".rsync-tmp", ".~tmp~",  # Syncthing, Resilio, rsync …
    ".git", ".hg", ".svn", ".bzr",
)  # fmt: skip

FILES = (
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini",  # Windows
    ".ds_store", "._*", ".localized", ".apdisk", "icon\r",  # macOS
    "*.part", "*.partial", "*.filepart", "*.crdownload", "*.opdownload", "*.download", "*.aria2", "*.!qb", "*.!ut",
    "*.bc!", "*.part-frag*", "*.ytdl", "*.xltd", "*.bts", "*.aria2__temp", "*.tmp",
    "*.fdmdownload", "*.jc!", "*.dtapart", "*.tdownload", "*.dlpart", "*.!bt", ".getxfer.*.mega",
    ".com.google.chrome.*", ".goutputstream-*",  # what is still on its way
    ".~lock.*#", "~$*", ".#*", "*.lock", "*.lck", "*.swp", "*.kate-swp",  # LibreOffice, Microsoft Office, Emacs, vi
    ".syncthing.*", "~syncthing~*", ".sync*.db*", "._sync_*.db*", ".owncloudsync*", "*.!sync", ".dropbox",
    ".dropbox.attr", ".*.icloud",  # programs that synchronise
    ".nfs[0-9a-f]*", ".fuse_hidden*", ".smbdelete*", ".directory", ".nomedia",
)  # fmt: skip


def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, globs)), re.IGNORECASE)


_BIN, _FOLDER, _FILE = _any_of(BINS), _any_of((*BINS, *FOLDERS)), _any_of(FILES)


def is_leftover_folder(name: str) -> bool:
    """Whether a folder of this name holds nothing that belongs to a library."""
    return bool(_FOLDER.match(name))


def is_leftover_file(name: str) -> bool:
    """Whether a file of this name does not belong to a library."""
    return bool(_FILE.match(name))


def is_leftover(path: str) -> bool:
    """Whether a file at this path, `/`-separated, does not belong to a library."""
    *folders, name = path.split("/")
    return is_leftover_file(name) or any(map(is_leftover_folder, folders))


def is_in_bin(path: str) -> bool:
    """Whether a file at this path lies in a folder of what somebody has deleted."""
    return any(_BIN.match(folder) for folder in path.split("/")[:-1])
