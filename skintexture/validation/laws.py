"""What must not move a number: exposure, turning, what lies outside the mask; and what must move it one way only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from skintexture.metrics.catalogue import FAMILIES
from skintexture.model import Patch
from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.validation.areal import ragged_mask
from skintexture.validation.finding import Effort, Exhibit, Finding, Plot, Section, Series, at_most
from skintexture.validation.flat_skin import (
    FlatCamera,
    FlatSkin,
    as_photo,
    cut_out,
    exposed,
    grow,
    linear_picture,
    measured,
    photographed,
)
from skintexture.validation.yardstick import CHANNELS, NOISE_STAYS, Values, bands, noisy_texture, stays, texture

KEY = "laws"

_FLOAT_PCT, _FILE_PCT, _ROUNDING_PCT = 0.5, 3.0, 0.1
_GAINS = (0.5, 0.71, 1.41, 2.0)
_PAINT = np.array([-1e6, -50, 0, 50, 1e6], np.float32)
_LIT = 0.7
"""Exposure at gain 1: at twice that no pixel is clipped."""


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Photograph and measure one skin under changes that the laws speak of."""
    skin = grow(SkinSpec(seed=3, side_mm={"quick": 16.0, "standard": 24.0, "full": 36.0}[effort], relief_pct=2.0))
    recipe = load_recipe(DEFAULT_RECIPE)
    yield from _gain(skin, recipe)
    yield from _kernels(skin, recipe)
    yield from _blur(skin, recipe)
    yield from _depth(recipe)


def _gain(skin: FlatSkin, recipe: Recipe) -> Iterator[Finding]:
    """More light: the same picture multiplied, and exposed anew with its own noise and stored in 8 bits."""
    camera = FlatCamera(exposure=_LIT)
    light = exposed(linear_picture(skin, camera), camera)
    at_1 = measured(as_photo(light), camera, recipe)
    scaled = {f"gain {gain:g}": measured(as_photo(np.float32(gain) * light), camera, recipe) for gain in _GAINS}
    yield stays(
        (KEY, "gain × 0.5 … 2, linear light, every metric"), scaled, at_1, metrics=_metrics(at_1), limit=_FLOAT_PCT
    )
    through_files: dict[str, Values] = {}
    for gain in (1.0, *_GAINS):
        again = replace(camera, exposure=gain * _LIT)
        through_files[f"gain {gain:g}"] = measured(photographed(skin, again), again, recipe)
    lit = through_files.pop("gain 1")
    what = "gain × 0.5 … 2, 8-bit files, bands (noise taken off)"
    yield stays((KEY, what), through_files, lit, metrics=bands(lit), limit=_FILE_PCT)
    for channel in CHANNELS:
        what = f"gain × 0.5 … 2, 8-bit files, glcm, roughness of {channel}"
        metrics = noisy_texture(lit, channel)
        yield stays((KEY, what), through_files, lit, metrics=metrics, limit=_FILE_PCT, why=NOISE_STAYS)


def _metrics(values: Values) -> list[str]:
    return [*texture(values), *(m for m in values if m.startswith("pore_"))]


def _kernels(skin: FlatSkin, recipe: Recipe) -> Iterator[Finding]:
    """Measure a patch as it is, repainted outside its mask, turned and mirrored."""
    camera = FlatCamera()
    patch = cut_out(photographed(skin, camera), camera, recipe).patches["luminance"]
    patch = replace(
        patch, mask=patch.mask & ragged_mask(max(patch.mask.shape))[: len(patch.mask), : patch.mask.shape[1]]
    )
    as_it_is = _measure(patch, recipe)
    paint = np.random.default_rng(1).choice(_PAINT, patch.signal.shape)
    repainted = _measure(replace(patch, signal=np.where(patch.mask, patch.signal, paint)), recipe)
    moved = [m for m, value in as_it_is.items() if not (value == repainted[m] or math.isnan(value))]
    count = f"of {len(as_it_is)} metrics"
    yield at_most(KEY, "moved by repainting outside the mask", len(moved), limit=0.0, unit="metrics", note=count)
    turned = {
        name: _measure(_transformed(patch, change), recipe)
        for name, change in (("90°", np.rot90), ("180°", _half_turn), ("mirror", np.fliplr), ("flip", np.flipud))
    }
    defined = [m for m, value in as_it_is.items() if not math.isnan(value)]
    yield stays((KEY, "quarter turns and mirror images"), turned, as_it_is, metrics=defined, limit=_ROUNDING_PCT)


def _measure(patch: Patch, recipe: Recipe) -> dict[str, float]:
    values: dict[str, float] = {}
    for family, params, _ in recipe.families():
        values |= FAMILIES[family.name].measure(patch, params)
    return values


def _half_turn(image: Any) -> Any:
    return np.rot90(image, 2)


def _transformed(patch: Patch, change: Callable[[Any], Any]) -> Patch:
    signal, mask, cos = (np.ascontiguousarray(change(a)) for a in (patch.signal, patch.mask, patch.cos_slant))
    return replace(patch, signal=signal, mask=mask, cos_slant=cos)


def _blur(skin: FlatSkin, recipe: Recipe) -> Iterator[Exhibit]:
    """Put the same skin farther and farther out of focus."""
    blurs_px = (0.5, 0.8, 1.2, 1.6, 2.0, 2.5)
    energies = []
    for blur_px in blurs_px:
        camera = FlatCamera(blur_px=blur_px)
        energies.append(measured(photographed(skin, camera), camera, recipe)["band_energy_0.25_0.5mm_luminance"])
    rise = max(100.0 * (later / earlier - 1.0) for earlier, later in pairwise(energies))
    yield at_most(KEY, "energy of 0.25 to 0.5 mm that more blur adds", max(0.0, rise), limit=0.0)
    series = [Series("", blurs_px, energies, "both")]
    title = "More blur, less fine texture"
    yield Plot("laws_blur", title, "blur of the photo, σ, px (20 px/mm)", "energy 0.25–0.5 mm, %²", series)


def _depth(recipe: Recipe) -> Iterator[Exhibit]:
    """Make every pore deeper, and nothing else."""
    ground = grow(replace(_SPEC_OF_DEPTH, pores_per_cm2=0.0))
    pores = grow(_SPEC_OF_DEPTH).contrast_pct - ground.contrast_pct
    camera = FlatCamera()
    depths = (0.6, 0.8, 1.0, 1.2, 1.4)
    found = []
    for depth in depths:
        deeper = FlatSkin(ground.contrast_pct + depth * pores, ())
        found.append(measured(photographed(deeper, camera), camera, recipe)["pore_contrast"])
    fall = max(100.0 * (1.0 - later / earlier) for earlier, later in pairwise(found))
    yield at_most(KEY, "pore contrast that deeper pores take away", max(0.0, fall), limit=0.0)
    yield Plot(
        "laws_depth",
        "Deeper pores",
        "depth of every pore, ×",
        "mean pore contrast, %",
        [Series("", depths, found, "both")],
    )


_SPEC_OF_DEPTH = SkinSpec(seed=4, side_mm=16.0)

SECTION = Section(
    KEY,
    "Laws",
    "One skin with pores, furrows and relief at 20 px/mm. Exposure is changed in linear light as it is, and anew with "
    "the camera's noise through 8-bit files in which nothing is clipped; turning, mirroring and repainting act on the "
    "patch that is cut from the photograph.",
    findings,
)
