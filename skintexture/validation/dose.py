"""Furrows made shallower and deeper by known factors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Finding, Plot, Section, Series
from skintexture.validation.flat_skin import FlatCamera, FlatSkin, grow, measured, photographed

KEY = "dose"

_DOSES = (0.2, 0.35, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5)
_LEAST_R2 = 0.98


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Photograph skin that has nothing but furrows, at nine depths."""
    side_mm = {"quick": 16.0, "standard": 30.0, "full": 40.0}[effort]
    furrows = grow(
        SkinSpec(seed=7, side_mm=side_mm, pores_per_cm2=0.0, relief_pct=0.0, shading_pct_per_mm=0.0, furrow_pct=6.0)
    )
    recipe = load_recipe(DEFAULT_RECIPE)
    camera = FlatCamera()
    nothing, *found = (
        measured(photographed(FlatSkin(dose * furrows.contrast_pct, ()), camera), camera, recipe)
        for dose in (0.0, *_DOSES)
    )
    noise = nothing["roughness_sq_luminance"]
    responses = {
        "Sq, noise taken off": [math.sqrt(max(0.0, v["roughness_sq_luminance"] ** 2 - noise**2)) for v in found]
    }
    for finer, coarser in ((0.25, 0.5), (0.5, 1.0), (1.0, 2.0)):
        name = f"√energy {finer:g} to {coarser:g} mm"
        responses[name] = [v[f"band_rms_{finer:g}_{coarser:g}mm_luminance"] for v in found]
    for name, values in responses.items():
        yield from _judged(name, values)
    series = [Series(name, _DOSES, values, "both") for name, values in responses.items()]
    yield Plot("dose_response", "Dose and response", "furrow depth, ×", "contrast, %", series)


def _judged(name: str, values: Sequence[float]) -> Iterator[Finding]:
    rising = sum(later > earlier for earlier, later in pairwise(values))
    steps = len(_DOSES) - 1
    yield Finding(
        KEY,
        f"{name}: steps that rise",
        f"{steps} of {steps}",
        f"{rising} of {steps}",
        rising == steps,
        "",
        rising,
    )
    r_squared = _r_squared(values)
    target = f"R² ≥ {_LEAST_R2:g}"
    yield Finding(KEY, f"{name}, linear", target, f"{r_squared:.5f}", r_squared >= _LEAST_R2, "", r_squared)


def _r_squared(values: Sequence[float]) -> float:
    """Share of the variance that a straight line explains."""
    return float(np.corrcoef(_DOSES, values)[0, 1] ** 2)


SECTION = Section(
    KEY,
    "Dose and response",
    "Furrow-only skin at 20 px/mm, its furrows 0.2 to 1.5 times as deep, with camera noise, through 8-bit files. Bands "
    "are free of noise by themselves; from Sq² that of a photograph of nothing is taken off.",
    findings,
)
