"""Lay masks of pores, on phantoms, beside what a hand would have outlined there.

    python benchmarks/cover_pores.py

Prints Dice coefficients of `skintexture pore-masks` and of the ellipses at half depth, on skin whose pores are clear
and on skin on which they are hard to tell. The hand outlines every pore there is, the way of the outlined face in
docs/metrics/pores.md: centres scatter by 0.08 mm, sizes by 19 %, and what is seen is 0.25 mm wider, in quadrature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from skintexture.metrics.pore_outlines import Dips, paint_ellipses, paint_outlines
from skintexture.metrics.pore_params import FWHM_PER_SIGMA, PoreParams
from skintexture.metrics.pores import detect
from skintexture.model import BoolImage, FloatArray, Pore
from skintexture.phantoms.patches import SkinPatch, SkinSpec, skin_patch
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.pores import rough_skin

HAND_CENTRE_MM, HAND_SIZE, HAND_WIDENS_MM = 0.08, 0.19, 0.25


def main() -> None:
    """Make skin, find its pores, paint and compare."""
    params = load_recipe(DEFAULT_RECIPE).metrics.pores
    assert isinstance(params, PoreParams)
    clear = SkinSpec(seed=0, hairs=2, stubble=6, moles=1, freckles=8, glints=20)
    for name, skins in (
        ("clear pores", (skin_patch(replace(clear, seed=200 + seed)) for seed in range(10))),
        ("hard to tell", (rough_skin(seed) for seed in range(2000, 2040))),
    ):
        print(f"{name}: Dice with outlines by hand, with the true dips")
        for what, row in zip(("masks", "ellipses at half depth"), _dice(skins, params), strict=True):
            print(f"  {what}: {row[0]:.2f}, {row[1]:.2f}")


def _dice(skins: Iterable[SkinPatch], params: PoreParams) -> FloatArray:
    """Masks and ellipses at half depth, in a row each, against the hand's outlines and the true dips."""
    both, all_ = np.zeros((2, 2)), np.zeros((2, 2))
    for index, made in enumerate(skins):
        mask = made.patch.mask
        dips = dips_of(detect(made.patch, params), made.patch.px_per_mm)
        painted = paint_outlines(dips, mask.shape, params.grid_blur_mm), _at_half_depth(dips, mask.shape, params)
        true = dips_of(made.pores, made.patch.px_per_mm)
        hand = params, np.random.default_rng([11, index])
        known = _by_hand(true, made, hand), _at_half_depth(true, mask.shape, params)
        for row, mine in enumerate(painted):
            for column, theirs in enumerate(known):
                both[row, column] += 2 * (mine & theirs & mask).sum()
                all_[row, column] += (mine & mask).sum() + (theirs & mask).sum()
    return both / all_


def dips_of(pores: Sequence[Pore], px_per_mm: float) -> Dips:
    """Pores on a patch's grid as dips of that picture."""
    rows = [(p.y_px, p.x_px, p.diameter_mm, p.elongation, p.angle_deg, p.probability) for p in pores]
    table = np.array(rows, np.float64).reshape(-1, 6)
    return Dips(table[:, :2], np.full(len(table), px_per_mm), *table[:, 2:].T)


def _at_half_depth(dips: Dips, shape: tuple[int, int], params: PoreParams) -> BoolImage:
    seen_mm = np.hypot(dips.diameter_mm, FWHM_PER_SIGMA * params.grid_blur_mm)
    stretch = np.sqrt(np.stack([dips.elongation, 1.0 / dips.elongation]))
    return paint_ellipses(dips, shape, seen_mm / 2.0 * stretch)


def _by_hand(true: Dips, made: SkinPatch, hand: tuple[PoreParams, np.random.Generator]) -> BoolImage:
    params, rng = hand
    moved = true.places_px + rng.normal(0.0, HAND_CENTRE_MM * made.patch.px_per_mm, true.places_px.shape)
    axes_mm = true.diameter_mm * np.sqrt(np.stack([true.elongation, 1.0 / true.elongation]))
    seen_mm = np.hypot(axes_mm, FWHM_PER_SIGMA * params.grid_blur_mm)
    drawn_mm = np.hypot(seen_mm, HAND_WIDENS_MM) * np.exp(rng.normal(0.0, HAND_SIZE, len(moved)))
    return paint_ellipses(replace(true, places_px=moved), made.patch.mask.shape, drawn_mm / 2.0)


if __name__ == "__main__":
    main()
