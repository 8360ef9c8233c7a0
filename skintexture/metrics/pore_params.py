"""What a pore is: every number that decides it."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from skintexture.metrics.pore_detection import scales_px
from skintexture.model import FloatArray
from skintexture.params import Fraction, Millimetres, Params

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""Full width at half depth of a Gaussian by its σ: 2.355."""


ROOM_MM = 0.25
"""How far beyond a zone's outline skin is looked at, so that the pores on it are seen whole: few are twice as wide."""


class PoreParams(Params):
    """Everything that decides which pits are pores.

    Attributes
    ----------
    version : 1
        Of the definition.
    smallest_mm, largest_mm : float
        Diameters (FWHM) between which a pit can be a pore at all.
    min_diameter_mm : float
        From here on a pore counts for density, mean area and covered area; 0.25 in Flament 2015.
    enlarged_mm : float
        From here on a pore is called enlarged.
    min_contrast_pct : float
        Least depth, as seen on the grid in the pit's least curved direction.
    max_contrast_pct : float
        Greatest depth of the pit itself: what is darker is a hair's end.
    min_snr : float
        Least depth by its noise.
    min_prominence : float
        Least response of a blob by what is expected, at its scale, of skin with the texture that is left around it once
        the clear pits are taken away.
    depth_weight : float
        Power of the contrast (by 10 %) that the prominence is multiplied with before it is judged: what is expected of
        the texture is uncertain, and a faint pit is the first to be mistaken.
    max_elongation : float
        Greatest long by short axis of a pit, as seen on the grid, for skin that faces the camera. On slanted skin it is
        divided by the cosine of the slant.
    hair_mm : float
        A pit whose short axis is narrower can be a hair: for such, the limit of the elongation falls in a straight
        line to 1 at ``max_contrast_pct``, as hairs are dark and long.
    min_explained : float
        Least share that the fitted pit has of its own and the residual's energy, 0 … 1.
    grid_blur_mm : float
        Total blur of the signal, σ, which is taken off every pit's width.
    margin_mm : float
        Pores whose centres lie nearer to the edge of the measurable skin are left out, and so is that skin's area.
    probability_at_least : float
        Probability that a pit of just the least prominence is a pore, 0 … 1: counted on phantoms, not chosen.
    probability_rise : float
        By how much the logit of that probability grows with the natural log of the prominence: counted likewise.
    """

    version: Literal[1]
    smallest_mm: Millimetres
    largest_mm: Millimetres
    min_diameter_mm: Millimetres
    enlarged_mm: Millimetres
    min_contrast_pct: Annotated[float, Field(gt=0)]
    max_contrast_pct: Annotated[float, Field(gt=0)]
    min_snr: Annotated[float, Field(ge=0)]
    min_prominence: Annotated[float, Field(ge=0)]
    depth_weight: Annotated[float, Field(ge=0)]
    max_elongation: Annotated[float, Field(ge=1)]
    hair_mm: Annotated[float, Field(ge=0)]
    min_explained: Fraction
    grid_blur_mm: Annotated[float, Field(ge=0)]
    margin_mm: Annotated[float, Field(ge=0)]
    probability_at_least: Annotated[float, Field(gt=0, lt=1)]
    probability_rise: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _limits_ascend(self) -> Self:
        ladder = (self.smallest_mm, self.min_diameter_mm, self.enlarged_mm, self.largest_mm)
        if sorted(ladder) != list(ladder) or self.smallest_mm == self.largest_mm:
            raise ValueError(f"smallest_mm ≤ min_diameter_mm ≤ enlarged_mm ≤ largest_mm must ascend, found {ladder}")
        if self.max_contrast_pct <= self.min_contrast_pct:
            raise ValueError("max_contrast_pct must be above min_contrast_pct")
        return self

    def scales_px(self, px_per_mm: float) -> FloatArray:
        """σ of the scale space on a grid of this resolution, the grid's blur included."""
        ends = (self.smallest_mm, self.largest_mm)
        small, large = (math.hypot(d / FWHM_PER_SIGMA, self.grid_blur_mm) * px_per_mm for d in ends)
        return scales_px(small, large)
