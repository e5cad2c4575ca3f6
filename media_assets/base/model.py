"""What every stored value is: made once, never changed, and strict about its fields; and what is wrong with others."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError


class Model(BaseModel):
    """A value that is never changed once made, and whose stored form has no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def mistakes(error: ValidationError, whole: str = "") -> list[str]:
    """`key.part: what is wrong` for each, without quoting what was given. `whole` stands for the key of the whole."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [": ".join(filter(None, (".".join(map(str, one["loc"])) or whole, one["msg"]))) for one in found]
