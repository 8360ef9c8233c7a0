"""What holds for every metric, whatever it measures."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage

from skintexture.metrics.catalogue import FAMILIES
from skintexture.model import Patch

EXAMPLES = json.loads((Path(__file__).parents[1] / "metrics" / "family_params.json").read_text("utf-8"))
PARAMS = {name: family.params.model_validate(EXAMPLES[name]) for name, family in FAMILIES.items()}

every_family = pytest.mark.parametrize("name", FAMILIES)
few = settings(max_examples=12, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Skin:
    """Recipe of a random patch; small, so that a failing example is readable."""

    seed: int
    height_px: int
    width_px: int
    blur_px: float
    covered: float

    def patch(self):
        """Blotchy skin with dark pits, in a blotchy mask that leaves at least the middle."""
        rng = np.random.default_rng(self.seed)
        shape = (self.height_px, self.width_px)
        texture = ndimage.gaussian_filter(rng.normal(size=shape), self.blur_px)
        pits = ndimage.gaussian_filter((rng.random(shape) < 0.006).astype(float), 1.4)
        signal = (6.0 * texture / texture.std() - 150.0 * pits).astype(np.float32)
        blotches = ndimage.gaussian_filter(rng.normal(size=shape), 5.0)
        mask = blotches >= np.quantile(blotches, 1.0 - self.covered)
        mask[shape[0] // 2 - 4 : shape[0] // 2 + 4, shape[1] // 2 - 4 : shape[1] // 2 + 4] = True
        cos_slant = np.tile(np.linspace(0.6, 1.0, shape[1], dtype=np.float32), (shape[0], 1))
        return Patch(signal, mask, 12.0, cos_slant, noise_pct=0.4, noise_px_per_mm=15.0, noise_blur_mm=0.03)


sides_px = st.integers(30, 80)
skins = st.builds(
    Skin,
    seed=seeds,
    height_px=sides_px,
    width_px=sides_px,
    blur_px=st.floats(0.5, 2.5),
    covered=st.floats(0.1, 1.0),
)


def measure(name, patch):
    return FAMILIES[name].measure(patch, PARAMS[name])


def repaint(patch, seed):
    """Put other values, some of them extreme, wherever the mask is not."""
    rng = np.random.default_rng(seed)
    paint = rng.choice(np.float32([-1e6, -50, 0, 3, 50, 1e6]), patch.signal.shape)
    slant = rng.uniform(0.01, 1.0, patch.signal.shape).astype(np.float32)
    return replace(
        patch,
        signal=np.where(patch.mask, patch.signal, paint),
        cos_slant=np.where(patch.mask, patch.cos_slant, slant),
    )


def pad(patch, margins):
    """Add masked-out margins whose content is not like skin."""
    return replace(
        patch,
        signal=np.pad(patch.signal, margins, constant_values=37.0),
        mask=np.pad(patch.mask, margins),
        cos_slant=np.pad(patch.cos_slant, margins, constant_values=0.5),
    )


def transform(patch, change):
    return replace(
        patch, **{name: np.ascontiguousarray(change(getattr(patch, name))) for name in ("signal", "mask", "cos_slant")}
    )


def assert_equal_up_to_rounding(values, expected):
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=1e-3, abs=1e-3, nan_ok=True), name


@every_family
@few
@given(skin=skins, seed=seeds)
def test_what_lies_outside_the_mask_changes_nothing(name, skin, seed):
    patch = skin.patch()
    values, repainted = measure(name, patch), measure(name, repaint(patch, seed))
    differing = {
        metric: (value, repainted[metric])
        for metric, value in values.items()
        if value != repainted[metric] and not (math.isnan(value) and math.isnan(repainted[metric]))
    }
    assert differing == {}  # to the last bit


@every_family
@few
@given(skin=skins, margins=st.tuples(*[st.tuples(st.integers(0, 40), st.integers(0, 40))] * 2))
def test_margins_outside_the_mask_change_nothing(name, skin, margins):
    patch = skin.patch()
    assert_equal_up_to_rounding(measure(name, pad(patch, margins)), measure(name, patch))


@every_family
@few
@given(skin=skins)
def test_a_quarter_turn_changes_nothing(name, skin):
    patch = skin.patch()
    assert_equal_up_to_rounding(measure(name, transform(patch, np.rot90)), measure(name, patch))


@every_family
@few
@given(skin=skins, axis=st.sampled_from([np.fliplr, np.flipud]))
def test_a_mirror_image_measures_the_same(name, skin, axis):
    patch = skin.patch()
    assert_equal_up_to_rounding(measure(name, transform(patch, axis)), measure(name, patch))


@every_family
@few
@given(skin=skins)
def test_measuring_leaves_the_patch_alone_and_repeats(name, skin):
    patch = skin.patch()
    before = [array.copy() for array in (patch.signal, patch.mask, patch.cos_slant)]
    first, second = measure(name, patch), measure(name, patch)
    assert str(first) == str(second)  # as text, so that nan equals nan
    for array, copy in zip((patch.signal, patch.mask, patch.cos_slant), before, strict=True):
        np.testing.assert_array_equal(array, copy)


# Counting families are left out: fewer found pores are a different sample, whose mean can go either way.
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.per_channel])
@few
@given(seed=seeds, factor=st.floats(0.3, 0.7))
def test_fainter_texture_never_moves_a_metric_for_the_worse(name, seed, factor):
    patch = Skin(seed, 90, 90, blur_px=1.0, covered=0.8).patch()
    fainter = replace(patch, signal=(factor * patch.signal).astype(np.float32))
    before, after = measure(name, patch), measure(name, fainter)
    for metric in FAMILIES[name].describe(PARAMS[name]):
        change = after[metric.name] - before[metric.name]
        slack = 1e-6 * abs(before[metric.name])
        assert not (metric.direction == "lower_better" and change > slack), metric.name
        assert not (metric.direction == "higher_better" and change < -slack), metric.name


@few
@given(skin=skins, sigma_px=st.floats(0.4, 3.0), more=st.floats(1.2, 2.0))
def test_more_blur_never_adds_energy_to_the_finest_band(skin, sigma_px, more):
    clean = replace(skin.patch(), noise_pct=0.0)
    energies = [
        measure("bands", replace(clean, signal=ndimage.gaussian_filter(clean.signal, sigma)))["band_energy_0.25_0.5mm"]
        for sigma in (0.0, sigma_px, more * sigma_px)
    ]
    if not math.isnan(energies[0]):
        slack = 1e-4 * energies[0]
        assert energies[1] <= energies[0] + slack
        assert energies[2] <= energies[1] + slack


@few
@given(skin=skins, factor=st.floats(0.1, 10.0))
def test_optical_amplitudes_scale_with_contrast(skin, factor):
    patch = replace(skin.patch(), noise_pct=0.0)
    scaled = replace(patch, signal=(factor * patch.signal).astype(np.float32))
    power = {"%": 1, "%/mm": 1, "%²": 2, "1": 0, "mm": 0}
    for name in ("bands", "roughness"):
        before, after = measure(name, patch), measure(name, scaled)
        for metric in FAMILIES[name].describe(PARAMS[name]):
            expected = before[metric.name] * factor ** power[metric.unit]
            assert after[metric.name] == pytest.approx(expected, rel=1e-3, abs=1e-3, nan_ok=True), metric.name
