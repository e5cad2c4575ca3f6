"""What a stage hands over is looked at before it is published, so that what is stored can be read again.

What does not belong here: whether a result is a good one (the stage's own checks, and those of its engines).
"""

from __future__ import annotations

import math
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import BaseModel, TypeAdapter, ValidationError

from media_assets.base.errors import BadMedia, BadResult, FaultOfCode
from media_assets.base.files import read_file
from media_assets.base.paths import LeadsOut, plain_name
from media_assets.base.promises import name_of
from media_assets.base.telling import text_of
from media_assets.pipeline.artifact import Artifact, first_of
from media_assets.work.engine_errors import not_made

if TYPE_CHECKING:
    from media_assets.pipeline.stage import FileAsset
    from media_assets.places.manifest import Manifest
    from media_assets.places.store import ArtifactStore


def checked(stage: FileAsset[Any], made: object, directory: Path) -> Artifact[Any]:
    """What the function of a stage returned, once it is seen to be an artifact.

    Args:
        directory: The work directory, in which its files have to lie: they are moved.

    Raises:
        FaultOfCode: it is none.
    """
    if not isinstance(made, Artifact):
        raise _fault(stage, f"returned {_kind(made)}, and no Artifact[{stage.value_type.__name__}]")
    _require_value(stage, made.value)
    if not isinstance(made.files, Mapping):
        raise _fault(stage, f"returned files as {_kind(made.files)}, and not as {{name: path}}")
    for name, path in made.files.items():
        _require_file(stage, name, path, directory)
    if made.document is not None:
        _require_document(stage, made, made.document)
    if made.version is not None and not (isinstance(made.version, str) and made.version):
        raise _fault(stage, f"returned {_kind(made.version)} as version, and no text")
    if not isinstance(made.by_hand, bool):
        raise _fault(stage, f"returned {_kind(made.by_hand)} as by_hand, and no bool")
    if not (made.unfinished is None or isinstance(made.unfinished, BadMedia)):
        raise _fault(stage, f"returned {_kind(made.unfinished)} as unfinished, and no BadMedia")
    if not isinstance(made.figures, Mapping) or not all(map(_is_figure, made.figures.items())):
        raise _fault(stage, f"returned {text_of(made.figures)} as figures, and not {{name: number}}")
    for field in ("media_seconds", "cost_usd"):
        number = getattr(made, field)
        if not (number is None and field == "media_seconds") and not _is_amount(number):
            raise _fault(stage, f"returned {text_of(number)} ({type(number).__name__}) as {field}")
    return made


def described_by(stage: FileAsset[Any], described: object) -> Mapping[str, Any]:
    """What `describe` of a stage says of an artifact, once it is seen that Dagster takes it: one bad value spoils all.

    Raises:
        FaultOfCode: Dagster does not take it.
    """
    if not isinstance(described, Mapping) or not all(isinstance(name, str) for name in described):
        raise FaultOfCode(
            f"`describe` of the stage {stage.name} returned {_kind(described)}, and no {{name: value}}",
            next_step=_mend(stage, stage.describe),
        )
    for name, value in described.items():
        try:
            dg.AssetObservation(stage.name, metadata={name: value})
        except dg.DagsterError:
            raise FaultOfCode(
                f"`describe` of the stage {stage.name} returned {_kind(value)} as {text_of(name)}, which Dagster "
                "cannot show",
                next_step=_mend(stage, stage.describe),
            ) from None
    return described


def found_in(store: ArtifactStore, asset: str, fingerprint: str) -> Manifest | None:
    """An artifact that a store has with this fingerprint, of whichever file.

    Raises:
        FaultOfCode: it gave another one, which would be taken for what was asked for.
    """
    found = store.find(asset, fingerprint)
    if found is not None and (found.asset, found.fingerprint) != (asset, fingerprint):
        raise FaultOfCode(
            f"the store {store.name} ({name_of(type(store))}) was asked for {asset} with the fingerprint "
            f"{fingerprint[:12]}…, and its `find` gave {found.asset} with {found.fingerprint[:12]}…",
            next_step="Have `find` return what has that very fingerprint, or None",
        )
    return found


def own_fault(stage: FileAsset[Any], error: Exception, directory: Path) -> BadResult | None:
    """What it means where a stage stumbles over what it made, or did not make, itself; None where it is not that."""
    if isinstance(error, ValidationError):
        what = f"meets what is no {error.title} ({first_of(error)})"
        return BadResult(
            f"the stage {stage.name} {what}",
            next_step=f"The stage is at fault, not the file: {_mend(stage)}",
            place=f"{stage.name}: {error.title}: {first_of(error, with_input=False)}",
        )
    name = not_made(error, directory)
    if name is None:
        return None
    return BadResult(
        f"the stage {stage.name} looks for {text_of(name)} in its work directory, where nothing made it",
        next_step=f"The stage is at fault, not the file: {_mend(stage)}",
        place=f"{stage.name}: {name} is not made",
    )


def _require_value(stage: FileAsset[Any], value: object) -> None:
    if not isinstance(value, stage.value_type):
        raise _fault(stage, f"returned {_kind(value)} as value, and no {stage.value_type.__name__}")
    assert isinstance(value, BaseModel)
    try:
        TypeAdapter(stage.value_type).validate_json(value.model_dump_json(warnings=False))
    except (ValidationError, ValueError) as error:  # ValueError: what pydantic cannot write
        reason = f"returned a {stage.value_type.__name__} that cannot be read again once it is stored"
        raise _fault(stage, f"{reason} ({first_of(error)})") from error


def _require_file(stage: FileAsset[Any], name: object, path: object, directory: Path) -> None:
    if not (isinstance(name, str) and isinstance(path, Path)):
        raise _fault(stage, f"returned files as {{{_kind(name)}: {_kind(path)}}}, and not as {{name: Path}}")
    try:
        plain_name(name)
    except LeadsOut as error:
        raise _fault(stage, f"names a file {text_of(error)}") from None
    try:
        kind = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _fault(stage, f"names a file {name} that it did not make ({path})") from None
    if not stat.S_ISREG(kind):
        raise _fault(stage, f"names as file {name} what is none ({path})")
    if not path.resolve().is_relative_to(directory.resolve()):
        raise _fault(
            stage, f"names as file {name} one that lies outside its work directory and would be moved ({path})"
        )


def _require_document(stage: FileAsset[Any], made: Artifact[Any], document: str) -> None:
    if document not in made.files:
        raise _fault(stage, f"names {text_of(document)} as the file of its value, and hands over no such file")
    try:
        TypeAdapter(stage.value_type).validate_json(read_file(made.files[document]))
    except ValidationError as error:
        name = stage.value_type.__name__
        raise _fault(stage, f"wrote a {document} that is no {name} ({first_of(error)})") from error


def _is_figure(named: tuple[object, object]) -> bool:
    name, number = named
    is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
    return isinstance(name, str) and is_number


def _is_amount(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number) and number >= 0


def _kind(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def _fault(stage: FileAsset[Any], what: str) -> FaultOfCode:
    return FaultOfCode(f"the stage {stage.name} {what}", next_step=_mend(stage))


def _mend(stage: FileAsset[Any], function: Callable[..., Any] | None = None) -> str:
    function = function or stage.function
    code = function.__code__
    return f"Mend `{function.__name__}` ({code.co_filename}:{code.co_firstlineno}); repetitions end the same"
