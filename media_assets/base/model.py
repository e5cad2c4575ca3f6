"""What every stored value is: made once, never changed, and strict about its fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A value that is never changed once made, and whose stored form has no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
