"""The closed, frozen base of all options that decide a number."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Millimetres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A length on the skin, in mm."""

PxPerMm = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
"""A resolution on the skin, in pixels per mm."""

PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A finite number above zero."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share, from 0 to 1."""


class Params(BaseModel):
    """Options of one stage: frozen, unknown keys and NaN refused, nothing that changes a number has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
