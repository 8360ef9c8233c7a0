"""The closed, frozen base of all options that decide a number."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Millimetres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A length on the skin, in mm."""

PxPerMm = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
"""A resolution on the skin, in pixels per mm."""

PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A finite number above zero."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share, from 0 to 1."""


Item = TypeVar("Item")


def unique(values: tuple[Item, ...]) -> tuple[Item, ...]:
    """Refuse a list that names something twice."""
    twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
    if twice:
        raise ValueError(f"named twice: {', '.join(map(str, twice))}")
    return values


class Params(BaseModel):
    """Options of one stage: frozen, unknown keys and NaN refused, nothing that changes a number has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
