"""What an engine returned is looked at before a stage goes on with it: engines are added by others.

What does not belong here: what a result of one kind has to be beyond its type (`transcriber`, `summarizer`), and what
an engine raises (`engine_errors`).
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from media_assets.base.errors import BadResult, FaultOfCode
from media_assets.base.model import Model, mistakes
from media_assets.base.promises import name_of
from media_assets.base.telling import text_of

Result = TypeVar("Result", bound=Model)


def of_type(returned: object, kind: type[Result], engine: object, name: str) -> Result:
    """What an engine returned, once it is seen to be a `kind` through and through.

    Args:
        engine: The engine.
        name: What library.yaml calls it.

    Raises:
        FaultOfCode: it is none.
    """
    if isinstance(returned, kind):
        try:
            kind.model_validate(returned.model_dump(warnings=False))
        except (ValidationError, ValueError, AttributeError) as error:  # of a value that was made without its check
            raise _fault(engine, name, f"a {kind.__name__} that is none ({_first(error)})") from None
        return returned
    made = "None" if returned is None else f"a {type(returned).__name__}"
    raise _fault(engine, name, f"{made}, and no {kind.__name__}")


def nonsense(engine: object, name: str, what: str) -> BadResult:
    """The error for a result of the right type that cannot be true.

    Args:
        what: What is wrong with it, without what differs from file to file.
    """
    return BadResult(
        f"the engine {name} returned nonsense: {what}",
        next_step=f"The engine is at fault, not the file: mend {name_of(type(engine))}, or choose another engine for "
        "it in library.yaml, then `media-assets retry`",
        place=f"{name}: {what}",
    )


def _fault(engine: object, name: str, what: str) -> FaultOfCode:
    return FaultOfCode(
        f"the engine {name} returned {what}",
        next_step=f"Mend {name_of(type(engine))}, or choose another engine in library.yaml",
    )


def _first(error: Exception) -> str:
    return text_of(mistakes(error)[0] if isinstance(error, ValidationError) else error)
