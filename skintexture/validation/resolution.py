"""The same skin photographed at 14, 20 and 28 pixels per mm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Finding, Section
from skintexture.validation.flat_skin import FULL_WELL, FlatCamera, grow, measured, photographed
from skintexture.validation.yardstick import (
    CHANNELS,
    NOISE_STAYS,
    Values,
    bands,
    changes_table,
    coarser,
    endpoints,
    fine_bands,
    noisy_texture,
    stays,
    texture,
)

KEY = "resolution"
_SIDE_MM: dict[Effort, float] = {"quick": 20.0, "standard": 30.0, "full": 40.0}
_TEXTURE_PCT, _FINE_BAND_PCT, _DENSITY_PCT = 2.0, 5.0, 3.0


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Photograph one skin three times, with and without noise."""
    quiet = _photographs(effort, full_well=math.inf, stored="png16")
    at_20 = quiet.pop("20 px/mm")
    for channel in CHANNELS:
        metrics = coarser(texture(at_20, channel), at_20)
        yield stays((KEY, f"texture of {channel}"), quiet, at_20, metrics=metrics, limit=_TEXTURE_PCT)
    yield stays((KEY, "bands below 0.5 mm"), quiet, at_20, metrics=fine_bands(at_20), limit=_FINE_BAND_PCT)
    yield stays((KEY, "pore density"), quiet, at_20, metrics=["pore_density"], limit=_DENSITY_PCT)
    yield from _with_noise(effort)
    title = "Same skin, other resolution (no noise, 16 bit): change against 20 px/mm"
    yield changes_table(title, quiet, ("20 px/mm", at_20), shown=list(endpoints(at_20)))


def _with_noise(effort: Effort) -> Iterator[Finding]:
    """Bands are free of the camera's noise; the other families are not."""
    noisy = _photographs(effort, full_well=FULL_WELL, stored="png8")
    at_20 = noisy.pop("20 px/mm")
    for name, metrics, limit in (
        ("bands from 0.5 mm", coarser(bands(at_20), at_20), _TEXTURE_PCT),
        ("bands below 0.5 mm", fine_bands(at_20), _FINE_BAND_PCT),
        ("pore density", ["pore_density"], _DENSITY_PCT),
    ):
        yield stays((KEY, f"{name}, with camera noise"), noisy, at_20, metrics=metrics, limit=limit)
    for channel in CHANNELS:
        what = f"glcm and roughness of {channel}, with camera noise"
        metrics = noisy_texture(at_20, channel)
        yield stays((KEY, what), noisy, at_20, metrics=metrics, limit=_TEXTURE_PCT, why=NOISE_STAYS)


def _photographs(effort: Effort, *, full_well: float, stored: Literal["png8", "png16"]) -> dict[str, Values]:
    skin = grow(SkinSpec(seed=1, side_mm=_SIDE_MM[effort], relief_pct=2.0))
    recipe = load_recipe(DEFAULT_RECIPE)
    found: dict[str, Values] = {}
    for px_per_mm in (14.0, 20.0, 28.0):
        camera = FlatCamera(px_per_mm=px_per_mm, full_well=full_well)
        found[f"{px_per_mm:g} px/mm"] = measured(photographed(skin, camera, stored=stored), camera, recipe)
    return found


SECTION = Section(
    KEY,
    "Same skin, other resolution",
    "Flat skin with pores, furrows and relief, drawn once and photographed at 14, 20 and 28 px/mm, in focus (blur of "
    "half a pixel), through a file. Metrics near zero are judged by an absolute difference: correlations by 0.02, "
    "skewness by 0.05.",
    findings,
)
