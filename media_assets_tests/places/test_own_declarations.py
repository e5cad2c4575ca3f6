"""What a section says of its place in another form than it should is told in a line with its class and place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import FaultOfCode
from media_assets.places.folder.settings import FolderSource
from media_assets.places.section import Territory, state_names_of, territories_of
from media_assets.places.settings import SOURCE_KINDS


class Texts(FolderSource):
    def territories(self) -> Any:
        yield "a"


class Paths(FolderSource):
    def territories(self) -> Any:
        yield Territory("path", "a", "folder", Path("/a"))  # type: ignore[arg-type]


class Raises(FolderSource):
    def territories(self) -> Any:
        raise ZeroDivisionError("bug")


class OneName(FolderSource):
    @classmethod
    def state_names(cls, source: str) -> Any:
        return source


class NoClassMethod(FolderSource):
    def state_names(self, source: str) -> Any:  # type: ignore[override]
        return (source,)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (Texts, "gave a str"),
        (Paths, "gave a Territory whose parts are a PosixPath"),
        (Raises, "raised ZeroDivisionError: bug"),
    ],
)
def test_territories_of_another_form_are_told(section: type[FolderSource], told: str) -> None:
    with pytest.raises(FaultOfCode, match=f"{section.__name__}.territories {told}") as error:
        territories_of(section(path=Path("a")))
    assert f"{__file__}:" in error.value.next_step


@pytest.mark.parametrize("kind", [OneName, NoClassMethod])
def test_names_of_states_of_another_form_are_told_before_an_export_lacks_them(kind: type[FolderSource]) -> None:
    with pytest.raises(FaultOfCode, match=f"{kind.__name__}.state_names") as error:
        state_names_of(kind, "talks")
    assert f"{__file__}:" in error.value.next_step


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_every_kind_there_is_names_its_states(kind: type[FolderSource]) -> None:
    assert state_names_of(kind, "talks")
