"""A kind of place or engine that lacks something is refused where it is declared or opened, and told what it lacks."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from media_assets.artifacts.summary.summarizer import SummarizerSection, opened_summarizer
from media_assets.artifacts.transcript.transcriber import Tools, TranscriberSection, opened_transcriber
from media_assets.base.errors import FaultOfCode
from media_assets.base.promises import declared_wrongly, kept, members_of
from media_assets.base.secrets import Secrets
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.settings import FFmpegSettings
from media_assets.pipeline.settings import AssetTuning
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.section import SourceSection, StoreSection, Surroundings, Territory
from media_assets.places.settings import SOURCE_KINDS
from media_assets.places.source import Source
from media_assets.places.store import ArtifactStore


class _Nowhere(SourceSection):
    """What a kind of source needs but for its type."""

    usual_interval_seconds = 10

    @property
    def neighbourhood(self) -> str:
        return "nowhere"

    def territories(self) -> Iterator[Territory]:
        yield from ()

    def open_source(self, name: str, library: Surroundings) -> Source:
        raise NotImplementedError

    @classmethod
    def state_names(cls, source: str) -> tuple[str, ...]:  # noqa: ARG003
        return ()


class _NoInterval(SourceSection):
    @property
    def neighbourhood(self) -> str:
        return "nowhere"

    def territories(self) -> Iterator[Territory]:
        yield from ()


def declared(*bases: type[Any], **fields: Any) -> type[Any]:
    """A class with a `type`, as a kind is declared."""
    annotations = {"type": Literal["odd"], "engine": Literal["odd"]}
    key = "engine" if issubclass(bases[0], TranscriberSection | SummarizerSection) else "type"
    body = {"__module__": __name__, "__qualname__": "Odd", "__annotations__": {key: annotations[key]}, **fields}
    return types.new_class("Odd", bases, {}, lambda namespace: namespace.update(body))


def test_a_whole_kind_is_taken() -> None:
    assert declared(_Nowhere)(type="odd").usual_interval_seconds == 10


@pytest.mark.parametrize(
    ("base", "lacking"),
    [
        (SourceSection, "neighbourhood, open_source, state_names, territories, usual_interval_seconds"),
        (_NoInterval, "open_source, state_names, usual_interval_seconds"),
        (StoreSection, "neighbourhood, open_store, territories"),
        (TranscriberSection, "open"),
        (SummarizerSection, "open"),
    ],
)
def test_a_kind_that_lacks_something_is_refused_where_it_is_declared(base: type[Any], lacking: str) -> None:
    with pytest.raises(FaultOfCode) as caught:
        declared(base)
    assert caught.value.reason == f"the section {__name__}.Odd lacks {lacking}"
    assert "Section says what each is" in caught.value.next_step


@pytest.mark.parametrize("interval", [0, -1, "30", None, 1.5])
def test_a_time_between_looks_that_is_none_is_refused(interval: object) -> None:
    with pytest.raises(FaultOfCode, match="Odd has usual_interval_seconds = "):
        declared(_Nowhere, usual_interval_seconds=interval)


def test_every_kind_says_what_it_remembers() -> None:
    assert all(isinstance(kind.state_names("box"), tuple) and kind.state_names("box") for kind in SOURCE_KINDS)


class Half:
    """Some of what a source and a store are."""

    name = "half"

    def check(self) -> str:
        return "fine"


class HalfSource(FolderSource):
    def open_source(self, name: str, library: Surroundings) -> Any:
        return Half()


class HalfStore(FolderStore):
    def open_store(self, name: str, library: Surroundings) -> Any:
        return None


def test_a_place_that_lacks_a_method_is_told_with_all_that_it_lacks(tmp_path: Path) -> None:
    settings = Settings(sources={"box": HalfSource(path=tmp_path)}, stores={"out": HalfStore(path=tmp_path / "out")})
    library = open_library(settings)
    with pytest.raises(FaultOfCode) as caught:
        _ = library.sources
    assert caught.value.reason == (
        f"{__name__}.HalfSource.open_source made a {__name__}.Half, which is no Source: it lacks beside, changes, "
        "direct_path, entry, fetch, has_ids, identity, lies_at, link, link_of, scan"
    )
    with pytest.raises(FaultOfCode, match="open_store made None, which is no ArtifactStore: it lacks everything"):
        _ = library.stores


def test_an_engine_that_lacks_a_method_is_told_with_all_that_it_lacks() -> None:
    half = declared(TranscriberSection, open=lambda *_: Half())(engine="odd")
    with pytest.raises(FaultOfCode, match=r"Odd.open made a .*Half, which is no Transcriber: it lacks model, transcri"):
        opened_transcriber(half, Tools(FFmpeg(FFmpegSettings())))
    nothing = declared(SummarizerSection, open=lambda *_: None)(engine="odd")
    with pytest.raises(FaultOfCode, match=r"Odd.open made None, which is no Summarizer"):
        opened_summarizer(nothing, Secrets())


def test_what_a_protocol_asks_for_includes_what_it_stands_on_and_no_property_is_called() -> None:
    assert {"manifest", "intact", "publish", "name"} <= set(members_of(ArtifactStore))

    class Touchy:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

        manifest = intact = property(lambda _: 1 / 0)

    from media_assets.places.store import ManifestReader

    touchy = Touchy()
    assert kept(touchy, ManifestReader, "a test") is touchy


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "from media_assets.pipeline.settings import AssetTuning\nx = AssetTuning(btach=3, workers='many')\n",
            "AssetTuning cannot be used as it is declared (batch: Field required; workers: Input should be a valid int",
        ),
        (
            "from typing import Annotated\nfrom pydantic import Field, TypeAdapter\n"
            "from media_assets.base.section import Section\nclass A(Section): ...\nclass B(Section): ...\n"
            "x = TypeAdapter(Annotated[A | B, Field(discriminator='type')])\n",
            "a class cannot be used as it is declared (Model 'A' needs a discriminator field for key 'type')",
        ),
        ("x = CsvSource\n", "a module cannot be loaded (NameError: name 'CsvSource' is not defined)"),
    ],
)
def test_what_is_declared_wrongly_is_told_in_a_line_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    (tmp_path / "declared_here.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "declared_here", raising=False)
    try:
        exec("import declared_here")
    except Exception as error:  # noqa: BLE001  as the command line does
        known = declared_wrongly(error)
    assert known is not None
    assert known.reason.startswith(told)
    assert known.next_step == f"Correct {tmp_path}/declared_here.py:{len(code.splitlines())}"


def test_two_kinds_of_one_name_are_told_with_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from typing import Annotated, Literal\nfrom pydantic import Field, TypeAdapter\n"
        "from media_assets.base.section import Section\n"
        "class A(Section):\n    type: Literal['own']\nclass B(Section):\n    type: Literal['own']\n"
        "x = TypeAdapter(Annotated[A | B, Field(discriminator='type')])\n"
    )
    (tmp_path / "declared_twice.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError) as caught:
        exec("import declared_twice")
    known = declared_wrongly(caught.value)
    assert known is not None
    assert known.reason == "two kinds have type: own (declared_twice.A and declared_twice.B)"


def test_what_is_refused_later_is_no_mistake_in_a_declaration() -> None:
    with pytest.raises(ValidationError) as caught:
        AssetTuning.model_validate({})
    assert declared_wrongly(caught.value) is None
    assert declared_wrongly(ValueError("x")) is None
