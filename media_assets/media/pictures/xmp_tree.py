"""An XMP packet as a tree that knows where in the packet each value stands, so that a few can be changed in place.

To write a packet anew would move, rename and drop what nobody asked to change: prefixes, padding, the order of things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from media_assets.media.pictures.xmp import NoXmp, parse, parser_for

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TAG_NAME = re.compile(rb"<[^\s/>]+")
_MOST_NODES = 200_000
Name = tuple[str, str]
"""Namespace and local name."""


@dataclass
class Value:
    """A text of the packet."""

    text: str
    start: int
    """Offset of its first byte in the packet."""
    end: int


@dataclass
class Node:
    """An element."""

    name: Name
    start: int
    """Offset of its tag."""
    inside: int
    """Offset behind its tag."""
    attributes: dict[Name, Value] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""
    end: int = 0
    """Offset of its end tag."""

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo += reversed(node.children)

    def values(self) -> dict[Name, Value]:
        """The simple values of a structure, written as attributes or as elements, with or without rdf:Description."""
        found = dict(self.attributes)
        for child in self.children:
            if child.name == (RDF, "Description"):
                found |= child.values()
            elif not child.children and child.text.strip():
                found[child.name] = Value(child.text.strip(), child.inside, child.end)
        return found


class _Builder:
    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.open: list[Node] = []
        self.root: Node | None = None
        self.count = 0
        self.parser = parser_for(packet)
        self.parser.namespace_prefixes = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.read

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        start = self.parser.CurrentByteIndex
        raw, inside = _tag(self.packet, start)
        node = Node(_name(name)[0], start, inside)
        for full, text in attributes.items():
            key, written = _name(full)
            if written in raw:
                node.attributes[key] = Value(text, *raw[written])
        if self.open:
            self.open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self.open.append(node)
        self.count += 1
        if self.count > _MOST_NODES:
            raise NoXmp(f"has more than {_MOST_NODES} elements")

    def finish(self, _: str) -> None:
        self.open.pop().end = self.parser.CurrentByteIndex

    def read(self, text: str) -> None:
        self.open[-1].text += text if not self.open[-1].children else ""


def tree_of(packet: bytes) -> Node:
    """The tree of a packet.

    Raises:
        NoXmp: it is none, or not in UTF-8.
    """
    try:
        packet.decode()
    except UnicodeDecodeError as error:
        raise NoXmp("is not in UTF-8") from error
    builder = _Builder(packet)
    parse(builder.parser, packet)
    if builder.root is None:
        raise NoXmp("is empty")
    return builder.root


def _tag(packet: bytes, start: int) -> tuple[dict[bytes, tuple[int, int]], int]:
    """Where the values of the attributes of a tag stand, by their names as written; and the offset behind the tag."""
    head = _TAG_NAME.match(packet, start)
    if head is None:
        raise NoXmp("is not in UTF-8")
    found: dict[bytes, tuple[int, int]] = {}
    at = head.end()
    while attribute := _ATTRIBUTE.match(packet, at):
        found[attribute[1]] = attribute.span(2) if attribute[2] is not None else attribute.span(3)
        at = attribute.end()
    return found, packet.index(b">", at) + 1


def _name(full: str) -> tuple[Name, bytes]:
    """Namespace and local name, and the name as written: expat says `namespace local prefix`."""
    parts = full.split(" ")
    if len(parts) == 1:
        return ("", parts[0]), parts[0].encode()
    written = f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[1]
    return (parts[0], parts[1]), written.encode()


def changed(packet: bytes, changes: dict[tuple[int, int], bytes]) -> bytes:
    """The packet with other bytes in place of those between two offsets."""
    pieces, at = [], 0
    for (start, end), new in sorted(changes.items()):
        pieces += [packet[at:start], new]
        at = end
    return b"".join([*pieces, packet[at:]])
