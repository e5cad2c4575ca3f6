"""The base of all sections about places: what they have in common, and what each kind has to say of itself.

A section knows what a place of its kind needs to be opened, where it lies, and what is remembered of it. So nobody else
has to tell the kinds apart, and a kind is one folder.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar

from pydantic import PositiveInt

from media_assets.base.errors import FaultOfCode, MediaAssetsError
from media_assets.base.promises import name_of, require_whole
from media_assets.base.section import Section
from media_assets.base.telling import told
from media_assets.base.validators import Glob

if TYPE_CHECKING:
    from media_assets.base.secrets import Secrets
    from media_assets.places.cache.cache import FetchCache
    from media_assets.places.moving import Mover
    from media_assets.places.source import Source
    from media_assets.places.store import ArtifactStore
    from media_assets.places.watching import AutomationSettings

Shared = TypeVar("Shared")


class Territory(NamedTuple):
    """What belongs to a place: one point and all below it."""

    key: str
    """The key of the section that names it."""
    shown: str
    realm: str
    """Places of different realms never touch."""
    parts: tuple[str, ...]
    """The way from the top of the realm."""


def territories_of(section: PlaceSection) -> tuple[Territory, ...]:
    """What belongs to a place, as its section says it.

    Raises:
        FaultOfCode: it says it in another form.
    """
    method = f"{name_of(type(section))}.territories"
    try:
        found = tuple(section.territories())
    except MediaAssetsError:
        raise
    except Exception as error:
        raise FaultOfCode(f"{method} raised {told(error)}", next_step=f"Mend {_where(section.territories)}") from error
    for each in found:
        parts = each.parts if isinstance(each, Territory) else None
        if not isinstance(parts, tuple) or not all(isinstance(part, str) for part in parts):
            what = (
                f"a {type(each).__name__}" if parts is None else f"a Territory whose parts are a {type(parts).__name__}"
            )
            raise FaultOfCode(
                f"{method} gave {what}, and not Territory(key, shown, realm, parts) with the parts as a tuple of texts",
                next_step=f"Mend {_where(section.territories)}: of a path the parts are `path.resolve().parts`",
            )
    return found


def state_names_of(kind: type[SourceSection], source: str) -> tuple[str, ...]:
    """The names under which a source of a kind keeps what it remembers.

    Raises:
        FaultOfCode: it says it in another form, and an export would lack it.
    """
    try:
        found: object = kind.state_names(source)
    except MediaAssetsError:
        raise
    except Exception as error:
        what = f"raised {told(error)}"
        raise _no_state_names(kind, what) from error
    if not isinstance(found, tuple | list) or not all(isinstance(name, str) and name for name in found):
        raise _no_state_names(kind, f"gave a {type(found).__name__}")
    return tuple(found)


def _no_state_names(kind: type[SourceSection], what: str) -> FaultOfCode:
    return FaultOfCode(
        f"{name_of(kind)}.state_names {what}, and not a tuple of names: an export would lack what it remembers",
        next_step=f"Mend {_where(kind.state_names)}: it is a classmethod that returns a tuple of texts",
    )


def _where(method: Any) -> str:
    code = getattr(inspect.unwrap(getattr(method, "__func__", method)), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else "it"


class PlaceSection(Section):
    """A section of library.yaml about one place, of whatever kind: each kind has a `type` of its own."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """See that a kind has all that is left to it, when it is declared."""
        super().__pydantic_init_subclass__(**kwargs)
        if "type" in cls.model_fields:
            require_whole(cls)

    @property
    @abstractmethod
    def neighbourhood(self) -> str:
        """Where files can lie beside one another: places of equal neighbourhood."""

    @abstractmethod
    def territories(self) -> Iterator[Territory]:
        """What belongs to it, as far as two places of its kind could overlap."""

    def folder_here(self) -> Path | None:
        """The folder of this machine that it is, whether anything is there or not; None where it is none."""
        return None


class SourceSection(PlaceSection):
    """A place files come from; they are chosen by their paths."""

    include: tuple[Glob, ...] = ("**",)
    """Globs on the path below the source; `**` crosses folders."""
    exclude: tuple[Glob, ...] = ()
    hidden: bool = False
    """Whether names that begin with a dot are looked at."""
    leftovers: bool = False
    """Whether bins (`#recycle`, `$RECYCLE.BIN`, `.Trash*` …), what systems keep beside files (`@eaDir`, `Thumbs.db` …),
    unfinished transfers (`*.part`, `*.crdownload`, `*.tmp` …), lock files and those of synchronising programs are
    looked at; `places/leftovers.py` has the list."""
    interval_seconds: PositiveInt | None = None
    """Time between two looks; absent: `automation.source_interval_seconds`, else what is usual for its kind."""

    usual_interval_seconds: ClassVar[int]
    """Time between two looks where library.yaml says nothing else."""
    looks_are_paid: ClassVar[bool] = True
    """A folder is listed in milliseconds; of a bucket each thousand objects cost a request, and Drive has a quota."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        interval = getattr(cls, "usual_interval_seconds", 1)
        if not isinstance(interval, int) or interval <= 0:
            raise FaultOfCode(
                f"the section {name_of(cls)} has usual_interval_seconds = {interval!r}",
                next_step="Give the seconds between two looks, a whole number",
            )

    @abstractmethod
    def open_source(self, name: str, library: Surroundings) -> Source:
        """The source of that name. Nothing of it is reached before it is asked."""

    def open_mover(self, library: Surroundings) -> Mover | None:  # noqa: ARG002
        """What moves duplicates to the review folder and back; None where files of this kind cannot be moved."""
        return None

    def folder_mounted(self) -> Path | None:
        """The folder of this machine where it is mounted just now; None where it is none, or is not mounted."""
        return None

    def link_anywhere(self, key: str) -> str:  # noqa: ARG002
        """An address that opens a file of the source on any machine; empty where there is none."""
        return ""

    @classmethod
    @abstractmethod
    def state_names(cls, source: str) -> tuple[str, ...]:
        """Under which names is kept what a source of this kind remembers between two looks, so that export has it."""


class StoreSection(PlaceSection):
    """A place artifacts go to."""

    @abstractmethod
    def open_store(self, name: str, library: Surroundings) -> ArtifactStore:
        """The store of that name. Nothing of it is reached before it is asked."""


class Surroundings(Protocol):
    """The library around a place, as far as places need to know it."""

    @property
    def state_dir(self) -> Path: ...

    @property
    def review_folder(self) -> str:
        """Name of the folder in a source to which duplicates are moved."""
        ...

    @property
    def min_free_bytes(self) -> int: ...

    @property
    def automation(self) -> AutomationSettings: ...

    @property
    def secrets(self) -> Secrets: ...

    @property
    def cache(self) -> FetchCache: ...

    @property
    def source_sections(self) -> Mapping[str, SourceSection]: ...

    @property
    def store_sections(self) -> Mapping[str, StoreSection]: ...

    @property
    def sources(self) -> Mapping[str, Source]: ...

    @property
    def stores(self) -> Mapping[str, ArtifactStore]: ...

    def shared(self, key: Hashable, make: Callable[[], Shared]) -> Shared:
        """What several places of one kind have in common, such as a connection: made once for each key."""
        ...
