"""Metrics with one part of the skin left out."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from skintexture.metrics import bands, glcm, roughness
from skintexture.model import Patch
from skintexture.recipe import load_recipe
from skintexture.study.tallies import OUTSIDE, TALLIES, Groups

RECIPE = load_recipe("standard")
PARAMS = {"glcm": RECIPE.metrics.glcm, "bands": RECIPE.metrics.bands, "roughness": RECIPE.metrics.roughness}
MEASURE = {"glcm": glcm.measure, "bands": bands.measure, "roughness": roughness.measure}


def _patch(contrast=1.0):
    """Skin that is rougher from left to right."""
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.standard_normal((360, 480)).astype(np.float32), (0, 0), 2.0)
    signal = contrast * 40.0 * grain * np.linspace(0.7, 1.3, 480, dtype=np.float32)
    mask = np.ones(signal.shape, bool)
    mask[:20] = False
    return Patch(signal, mask, 12.0, np.ones(signal.shape, np.float32))


def _labels(patch):
    columns = np.minimum(np.arange(480) // 120, 3).astype(np.uint8)
    return np.where(patch.mask, np.broadcast_to(columns, patch.mask.shape), np.uint8(OUTSIDE))


def _groups(patch):
    return Groups.of(_labels(patch), patch.mask)


@pytest.mark.parametrize("in_no_group", [0, 100])
@pytest.mark.parametrize("family", TALLIES)
def test_values_are_those_of_the_family(family, in_no_group):
    patch = _patch()
    labels = _labels(patch)
    labels[:, :in_no_group] = OUTSIDE
    labels[:, 300:] = 1
    groups = Groups.of(labels, patch.mask)
    assert TALLIES[family](patch, groups, PARAMS[family]).values == MEASURE[family](patch, PARAMS[family])


@pytest.mark.parametrize(
    ("family", "metric"),
    [
        ("glcm", "glcm_contrast_0.25mm"),
        ("glcm", "glcm_joint_entropy_0.25mm"),
        ("bands", "band_rms_0.5_1mm"),
        ("roughness", "roughness_sq"),
        ("roughness", "roughness_sdq"),
    ],
)
def test_leaving_a_part_out_is_measuring_without_it(family, metric):
    """In ratio to the whole, and within a few per cent: edges between the parts differ."""
    patch, params = _patch(), PARAMS[family]
    tally = TALLIES[family](patch, _groups(patch), params)
    whole = tally.values[metric]
    for left_out in range(4):
        cut = replace(patch, mask=patch.mask & (_labels(patch) != left_out))
        expected = MEASURE[family](cut, params)[metric] / whole
        found = tally.without[metric][left_out] / tally.without[metric].mean()
        assert found == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("family", TALLIES)
def test_nothing_to_measure_is_nothing_found(family):
    patch = replace(_patch(), mask=np.zeros((360, 480), bool))
    tally = TALLIES[family](patch, _groups(patch), PARAMS[family])
    assert tally.without == {}
    assert np.isnan(list(tally.values.values())).all()


def test_one_part_alone_has_no_scatter():
    patch = _patch()
    one = Groups.of(np.zeros((360, 480), np.uint8), patch.mask)
    for family, tally in TALLIES.items():
        assert tally(patch, one, PARAMS[family]).without == {}
