"""What functions of stages should not return, by names: each is told as a fault of the stage's code."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from media_assets.base.model import Model
from media_assets.pipeline.artifact import Artifact

Made = Artifact[Any]


class Other(Model):
    text: str = "other"


def _linked(directory: Path) -> Path:
    link = directory / "link"
    link.symlink_to(directory / "audio.m4a")
    return link


def _written(directory: Path, text: str) -> Path:
    path = directory / "value.json"
    path.write_text(text, "utf-8")
    return path


def _outside(directory: Path) -> Path:
    path = directory.parent / "of-another"
    path.write_text("another's", "utf-8")
    return path


def _any(value: Any) -> Any:
    """A value that types would forbid."""
    return value


def _files(made: Made, **files: Any) -> Made:
    return replace(made, files={**made.files, **files})


WRONG: dict[str, tuple[Callable[[Made, Path], Any], str]] = {
    "none": (lambda *_: None, "returned None, and no Artifact[Note]"),
    "value": (lambda made, _: made.value, "returned a Note, and no Artifact[Note]"),
    "unfinished": (
        lambda made, _: replace(made, unfinished=_any("a reason")),
        "returned a str as unfinished, and no BadMedia",
    ),
    "other_value": (lambda made, _: replace(made, value=Other()), "returned an Other as value, and no Note"),
    "no_value": (lambda made, _: replace(made, value=None), "returned None as value, and no Note"),
    "unchecked_value": (
        lambda made, _: replace(made, value=type(made.value).model_construct(text=["a", "list"])),
        "returned a Note that cannot be read again once it is stored (text: Input should be a valid string)",
    ),
    "unwritable_value": (
        lambda made, _: replace(made, value=type(made.value).model_construct(text=object())),
        "returned a Note that cannot be read again once it is stored (",
    ),
    "not_made": (lambda made, d: _files(made, x=d / "x"), "names a file x that it did not make ("),
    "folder": (lambda made, d: _files(made, x=d), "names as file x what is none ("),
    "link": (lambda made, d: _files(made, x=_linked(d)), "names as file x what is none ("),
    "outside": (
        lambda made, d: _files(made, x=_outside(d)),
        "names as file x one that lies outside its work directory and would be moved (",
    ),
    "text_as_path": (lambda made, d: _files(made, x=os.fspath(d)), "returned files as {a str: a str}, and not as"),
    "way_out": (lambda made, d: _files(made, **{"../x": d / "audio.m4a"}), "names a file '../x'"),
    "list_of_files": (
        lambda made, d: replace(made, files=_any([d])),
        "returned files as a list, and not as {name",
    ),
    "document": (
        lambda made, _: replace(made, document="x.json"),
        "names x.json as the file of its value, and hands over no such file",
    ),
    "other_document": (
        lambda made, d: replace(_files(made, x=_written(d, '{"other": 1}')), document="x"),
        "wrote a x that is no Note (text: Field required)",
    ),
    "cut_document": (
        lambda made, d: replace(_files(made, x=_written(d, '{"te')), document="x"),
        "wrote a x that is no Note (Invalid JSON: EOF while parsing a string at line 1 column 4)",
    ),
    "version": (lambda made, _: replace(made, version=_any(3)), "returned an int as version, and no text"),
    "seconds": (lambda made, _: replace(made, media_seconds=float("nan")), "returned nan (float) as media_seconds"),
    "cost": (lambda made, _: replace(made, cost_usd=_any("1")), "returned 1 (str) as cost_usd"),
    "debt": (lambda made, _: replace(made, cost_usd=-1.0), "returned -1.0 (float) as cost_usd"),
}
"""What is returned in the place of what was made, and what is said of it."""
