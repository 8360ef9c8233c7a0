"""The sample photos give the numbers that they gave before."""

from __future__ import annotations

import numpy as np
import pytest

from frozen.freeze import RECIPES, frozen, measured

# Processors round differently in the last places; a pore at the very threshold may then come or go.
RELATIVE, ABSOLUTE = 2e-3, 1e-4
# Third moments vary about zero: they are held against the photo's usual size as well.
THIRD_MOMENTS = "roughness_ssk|glcm_cluster_shade"


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_samples_give_the_frozen_numbers(recipe):
    now, then = measured(recipe), frozen(recipe)
    assert list(now.index) == list(then.index)
    assert list(now.columns) == list(then.columns)
    third = then.index.get_level_values("metric").str.contains(THIRD_MOMENTS)
    usual = then.abs().median(axis=1).where(third, 0.0).fillna(0.0).to_numpy()[:, None]
    same = np.isclose(now, then, rtol=RELATIVE, atol=ABSOLUTE + RELATIVE * usual, equal_nan=True)
    drifted = [
        f"{photo} {metric} {zone}: {then.loc[(photo, metric), zone]:.6g} → {now.loc[(photo, metric), zone]:.6g}"
        for (photo, metric), row in zip(now.index, same, strict=True)
        for zone, alike in zip(now.columns, row, strict=True)
        if not alike
    ]
    assert not drifted, f"{len(drifted)} numbers drifted:\n" + "\n".join(drifted[:20])
