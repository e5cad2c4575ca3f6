"""Reads the text of library.yaml: what is allowed in it, and what to do about the mistakes that many make.

YAML takes more for something else than people expect, and can be made to unfold without end. Here all keys are text, a
date and `7:30` are text, `010` is ten, and a file has bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from media_assets.base.files import open_regular
from media_assets.config.errors import Key, Problem, SettingsError

MOST_BYTES = 1_000_000
"""A library.yaml has some thousand."""
THERE_TWICE = "is there twice"
_MOST_VALUES = 100_000
"""How many values a file may have with all its aliases unfolded."""
_STRING = "tag:yaml.org,2002:str"
_INTEGER = "tag:yaml.org,2002:int"
_MERGE = "tag:yaml.org,2002:merge"
_FIRST_BEYOND_ASCII = 0x80
_PATH_OF_WINDOWS = re.compile(r"[A-Za-z]:.*[\x00-\x1f\x7f]", re.DOTALL)


class _Loader(yaml.SafeLoader):
    """Reads YAML 1.1, with less magic."""

    twice: Sequence[tuple[Key, yaml.Mark]] = ()
    """Keys that are there already, of which PyYAML silently takes the last."""

    def get_single_node(self) -> yaml.Node | None:
        root = super().get_single_node()
        if root is not None:
            _require_bounds(root, {}, ())
            self.twice = list(_keys_that_are_there_twice(root, (), set()))
        return root

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key should be text", key.start_mark)
            if key.tag == _MERGE:
                continue
            key.tag = _STRING
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        text = super().construct_scalar(node)
        if isinstance(text, str) and getattr(node, "style", None) == '"' and _PATH_OF_WINDOWS.match(text):
            problem = "this escape sequence stands for a character that no path has"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        if isinstance(text, str) and "\0" in text:
            raise yaml.constructor.ConstructorError(None, None, "there is a zero byte in it", node.start_mark)
        return text


# No setting is a date. A time of day and what begins with zeros are left to whoever validates them: YAML 1.1 takes 7:30
# for 450 and 010 for eight.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_INTEGER, "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _INTEGER, re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0b[01_]+|0x[0-9a-fA-F_]+)$"), list("-+0123456789")
)


def _require_bounds(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """How many values a node unfolds to; `known` has those that were counted.

    Raises:
        ConstructorError: too many, or without end.
    """
    if id(node) in above:
        raise yaml.constructor.ConstructorError(None, None, "an alias stands within what it names", node.start_mark)
    if id(node) not in known:
        inside: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inside = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inside = node.value
        known[id(node)] = 1 + sum(_require_bounds(part, known, (*above, id(node))) for part in inside)
        if known[id(node)] > _MOST_VALUES:
            problem = f"this unfolds to more than {_MOST_VALUES} values"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    return known[id(node)]


def _keys_that_are_there_twice(node: yaml.Node, above: Key, seen: set[int]) -> Iterator[tuple[Key, yaml.Mark]]:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, member in enumerate(node.value):
            yield from _keys_that_are_there_twice(member, (*above, str(index)), seen)
    if not isinstance(node, yaml.MappingNode):
        return
    names: set[str] = set()
    for key, content in node.value:
        if not isinstance(key, yaml.ScalarNode):  # is told when it is read
            continue
        if key.value in names and key.tag != _MERGE:
            yield (*above, key.value), key.start_mark
        names.add(key.value)
        yield from _keys_that_are_there_twice(content, (*above, key.value), seen)


def read_yaml(
    file: Path, *, next_step_if_missing: str, next_step_if_unreadable: str
) -> tuple[dict[str, Any], list[Problem]]:
    """What the file says, and the keys that are there twice, each with its last value.

    Raises:
        SettingsError: it cannot be read, or is no mapping.
    """
    try:
        with open(file, "rb", opener=open_regular) as opened:
            text = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(f"there is no {file}", next_step=next_step_if_missing) from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", next_step=next_step_if_unreadable) from error
    if len(text) > MOST_BYTES:
        raise SettingsError(
            f"{file} has more than {MOST_BYTES} bytes, which no library.yaml has", next_step="Name the right file"
        )
    data, twice = _parsed(file, text)
    if data is None:
        return {}, []
    if not isinstance(data, dict):
        raise SettingsError(
            f"{file}, line 1, column 1: the file should be a mapping of sections",
            next_step="`media-assets init` writes a library.yaml that shows them into an empty folder",
        )
    return data, [
        Problem(key, f"{THERE_TWICE}; keep one of them", f"{file}, line {mark.line + 1}, column {mark.column + 1}")
        for key, mark in twice
    ]


def _parsed(file: Path, text: bytes) -> tuple[Any, Sequence[tuple[Key, yaml.Mark]]]:
    try:
        loader = _Loader(text)
        return loader.get_single_data(), loader.twice
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = str(error.problem)
        if error.context and problem.startswith("but "):  # the first half of the sentence is there
            problem = f"{error.context}, {problem}"
        raise SettingsError(f"{file}{where}: {problem}", next_step=_advice(problem, str(error.context))) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count(b"\n") + 1
        what, next_step = "what is no text in UTF-8", "Save it as text in UTF-8"
        if isinstance(error.character, int) and error.character < _FIRST_BEYOND_ASCII:
            line = text.decode("utf-8", "replace")[: error.position].count("\n") + 1
            what, next_step = f"a control character (\\x{error.character:02x})", "Remove it"
        raise SettingsError(
            f"{file} is no YAML: line {line} holds {what} ({error.reason})",
            next_step=next_step,
        ) from None
    except RecursionError:
        raise SettingsError(
            f"{file} is nested too deeply: one thing in another, hundreds of times", next_step="Name the right file"
        ) from None
    except ValueError as error:  # of a number with thousands of digits
        raise SettingsError(f"{file}: {error}", next_step="Write a number that the setting may have") from None


def _advice(problem: str, context: str) -> str:
    """What to do about a mistake that many make; PyYAML tells it in its own terms."""
    if "'\\t'" in problem:
        return "Indent with spaces: YAML allows no tabs"
    if "escape" in problem:
        return "Use single quotes around a path with backslashes: 'C:\\Users'"
    if "alias" in f"{problem} {context}" and "within" not in problem:
        return "Put quotes around text that begins with *, such as a glob: '*.mp4'"
    if "another document" in problem:
        return "Take out the line `---`: settings are one document"
    if "unfolds" in problem or "alias" in problem:
        return "Write out what the aliases stand for"
    return f"Correct the YAML there; text that holds any of {', '.join(':#{}[]&*')} or quotes is put between quotes"
