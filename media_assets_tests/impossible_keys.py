"""Keys that no file can have, by what is wrong with them, and what is said of that (as a regular expression)."""

from __future__ import annotations

_ENCODED = "has characters that stand percent-encoded"

IMPOSSIBLE = {
    "nothing in it": ("", "does not begin with the name of a source"),
    "no source": ("by hand", "does not begin with the name of a source"),
    "an empty source": (":a.txt", "does not begin with the name of a source"),
    "no path": ("box:", "does not begin with the name of a source"),
    "a source that is a path": ("../box:a.txt", "does not begin with the name of a source"),
    "a source with a line end": ("box\n:a.txt", "does not begin with the name of a source"),
    "a control character": ("box:a\x1b[2J", _ENCODED),
    "a zero byte": ("box:a\x00b", _ENCODED),
    "a line end": ("box:a\nb", _ENCODED),
    "an override of direction": ("box:a\u202eb", _ENCODED),
    "a comma": ("box:a,b", _ENCODED),
    "a wildcard": ("box:*", _ENCODED),
    "a range": ("box:a...b", _ENCODED),
    "letters that are encoded for nothing": ("box:%61", _ENCODED),
    "a blank at its end": ("box:a ", _ENCODED),
    "a way out": ("box:../secret", "leads out of its source"),
    "a way out further on": ("box:a/../../secret", "leads out of its source"),
    "a path from the top": ("box:/etc/passwd", "leads out of its source"),
    "a zero byte that is encoded": ("box:a%00b", "leads out of its source"),
    "no name": ("box:a//b", "leads out of its source"),
    "a name that is too long": (f"box:{'x' * 1025}", "is of a path of 1025 bytes"),
    "a path that is too long": (f"box:{'/'.join(['x' * 100] * 60)}", "is of a path of 6000 bytes"),
    "no end": (f"box:{'x' * 1_000_000}", "has 1000000 characters"),
}
