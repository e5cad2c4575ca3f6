"""What an XMP packet says, whatever prefixes and spellings it uses (ISO 16684-1): attributes or elements."""

from __future__ import annotations

from xml.parsers import expat

_MOST_BYTES = 1 << 24
_LONGEST_TEXT = 1000
_BETWEEN = " "
"""Stands between namespace and name; a namespace has none."""


class NoXmp(ValueError):
    """It is no XML, or one with a document type, which no XMP has and which can be made to swell."""


def properties(packet: bytes) -> dict[tuple[str, str], str]:
    """The first text of each property, by its namespace and name.

    Raises:
        NoXmp: it cannot be read.
    """
    found: dict[tuple[str, str], str] = {}
    open_elements: list[tuple[str, str]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        open_elements.append(_split(name))
        for key, value in attributes.items():
            found.setdefault(_split(key), value[:_LONGEST_TEXT])

    def text(data: str) -> None:
        if open_elements and data.strip():
            found.setdefault(open_elements[-1], data[:_LONGEST_TEXT])

    parser = parser_for(packet)
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.CharacterDataHandler = text
    parse(parser, packet)
    return found


def parser_for(packet: bytes) -> expat.XMLParserType:
    """A parser that knows namespaces and refuses document types.

    Raises:
        NoXmp: the packet is larger than any that can be read.
    """
    if len(packet) > _MOST_BYTES:
        raise NoXmp(f"has {len(packet)} bytes")
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def parse(parser: expat.XMLParserType, packet: bytes) -> None:
    """Let a parser read a packet.

    Raises:
        NoXmp: it cannot be read.
    """
    try:
        parser.Parse(packet.rstrip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, UnicodeError) as error:
        raise NoXmp(f"is no XML: {error}") from error


def _refuse(*_: object) -> None:
    raise NoXmp("has a document type")


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(_BETWEEN)
    return namespace, local
