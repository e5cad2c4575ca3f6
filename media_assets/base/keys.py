"""Partition keys: the way from a source file to its key and back.

A key reads `<source>:<path in the source>`. It is reversible: what Dagster or its UI would trip over, and bytes that
are no UTF-8, stand percent-encoded in it; everything else stands as it is, letters of every script included.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from media_assets.base.errors import BadMedia
from media_assets.base.paths import LeadsOut, plain

# `,` breaks the selection of partitions in the UI (dagster #32183); `[` `]` `"` and `...` belong to the syntax of
# ranges, `*` to that of wildcards. `%` is ours.
_RESERVED = frozenset('%,[]"*')
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Letters of Persian and of the Indic scripts need them, and so do many emoji."""
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONG_DOTS = re.compile(r"(?<=\.\.)\.+")
_SOURCE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 3 * 32_768
"""Characters of a name or path, all of them encoded: more than any place allows."""
_LONGEST_PATH_BYTES = 4_096
_LONGEST_PART_BYTES = 1_024
_DRIVE_ID = re.compile(r"~[A-Za-z0-9_-]{25,}$")


def encode_path(path: str) -> str:
    """The form of a path (as Python gives it, with surrogates for stray bytes) that stands in a key."""
    encoded = "".join(map(_encode, path))
    encoded = _LONG_DOTS.sub(lambda dots: "%2E" * len(dots.group()), encoded)
    # Forms trim what they are given, blanks of every width.
    body = encoded.strip()
    if not body:
        return _percent(encoded)
    start = encoded.index(body)
    return _percent(encoded[:start]) + body + _percent(encoded[start + len(body) :])


@lru_cache(maxsize=4096)
def _encode(character: str) -> str:
    """Cached, because a look at a source asks it for every character of every path."""
    if character in _RESERVED or unicodedata.category(character) in _INVISIBLE_CATEGORIES:
        return _percent(character)
    return character


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(text))


def decode_path(encoded: str) -> str:
    """The reverse of `encode_path`."""
    if "%" not in encoded:  # most, and a look at a library asks it for every key
        return encoded
    return os.fsdecode(unquote_to_bytes(encoded.encode("utf-8", "surrogateescape")))


def partition_key(source: str, path: str) -> str:
    """The key of the file at `path` (relative, `/`-separated) in the source of that name."""
    return f"{source}:{encode_path(path)}"


def prefix_of_folder(key: str) -> str:
    """What the keys of all files in a folder begin with, from the key that the folder itself would have.

    Not that key with a slash: what ends in a blank is encoded otherwise where it ends.
    """
    source, path = split_key(key)
    return partition_key(source, f"{path}/")


def split_key(key: str) -> tuple[str, str]:
    """(name of the source, decoded path) of a partition key.

    Raises:
        BadMedia: the key was not made by `partition_key`.
    """
    source, separator, encoded = key.partition(":")
    if not (separator and source and encoded):
        raise BadMedia("is no key of media_files; keys read <source>:<path>", next_step="Delete that partition")
    return source, decode_path(encoded)


def why_impossible(key: str, *, has_ids: bool | None) -> str:
    """Why no source ever makes this key, as a clause behind it; empty where one could.

    Args:
        has_ids: Whether its source knows files by ids, so that the rest of a key is a name, and no path; None where
            that is not known.
    """
    source, separator, encoded = key.partition(":")
    if not (separator and encoded and _SOURCE.fullmatch(source)):
        return "does not begin with the name of a source"
    if len(encoded) > _LONGEST_NAME:
        return f"has {len(encoded)} characters"
    name, has_id, _ = encoded.rpartition("~")
    if encode_path(decode_path(encoded)) != encoded and not (has_id and encode_path(decode_path(name)) == name):
        return "has characters that stand percent-encoded in keys, or is encoded otherwise"
    if has_ids or (has_ids is None and _DRIVE_ID.search(encoded)):
        return ""
    path = decode_path(encoded)
    try:
        plain(path)
    except LeadsOut:
        return "leads out of its source"
    lengths = [len(os.fsencode(part)) for part in path.split("/")]
    if max(lengths) > _LONGEST_PART_BYTES or sum(lengths) > _LONGEST_PATH_BYTES:
        return f"is of a path of {sum(lengths)} bytes"
    return ""


def readable(key: str) -> str:
    """A key for people: nothing encoded, and nothing that a terminal would act on."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_invisible(char) else char for char in decode_path(key))


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE_CATEGORIES and char not in _JOINERS


def display_name(key: str) -> str:
    """The name of the file of a key, for people; without the id that tells files of one name apart on Drive."""
    return readable(_DRIVE_ID.sub("", key[key.find(":") + 1 :].rsplit("/", 1)[-1]))


def drive_key(source: str, name: str, file_id: str) -> str:
    """The key of a file on Drive, where a name says little and the id everything."""
    return f"{source}:{encode_path(name)}~{file_id}"


def split_drive_key(key: str) -> tuple[str, str, str]:
    """(name of the source, name of the file when it was registered, its id).

    Raises:
        BadMedia: the key was not made by `drive_key`.
    """
    source, rest = split_key(key)
    name, separator, file_id = rest.rpartition("~")
    if not separator or not file_id:
        raise BadMedia("is no key of a file on Drive; keys read <source>:<name>~<id>", next_step="Delete it")
    return source, name, file_id
