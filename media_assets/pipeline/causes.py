"""What failures of many files have in common, by what is said of each: that is told once, and not once per file."""

from __future__ import annotations

import re
from functools import lru_cache

# What differs between the files of one cause.
_VARIABLE = re.compile(
    r"""\s*\([^()]*\)                    # an aside
      | [a-z][a-z0-9+.-]*://\S+          # an address
      # a name; an apostrophe within a word begins none and ends none
      | (?<!\w)'(?:[^'\\]|\\.|(?<=\w)'(?=\w))*'(?!\w)
      | "[^"]*" | »[^«]*« | “[^”]*” | `[^`]*`
      | (?<!\w)/\S+                      # a path
      | \b\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:?\d\d)?  # a time
      # ids; digits alone are a number, however many
      | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b | \b0x[0-9a-f]+\b
      | \b(?=\d*[a-f])[0-9a-f]{8,}\b
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"(?<!\w)-?\d+(?:[.,:x×]\d+)*(?:e[+-]?\d+)?")


@lru_cache(maxsize=1000)
def cause(reason: str) -> str:
    """What failures of one cause have in common: their reason without addresses, names, paths, ids and asides, and with
    `N` for each number."""
    return " ".join(_NUMBER.sub("N", _VARIABLE.sub(_placeholder, reason)).split())


def _placeholder(match: re.Match[str]) -> str:
    return "" if match[0].lstrip().startswith("(") else "…"
