"""Co-occurrence against the IBSI standard, scikit-image and plain counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from skimage.feature import graycomatrix, graycoprops

from skintexture.metrics import glcm
from skintexture.metrics.glcm_features import FEATURE_NAMES, FEATURES
from skintexture.model import Patch
from skintexture.validation.cooccurrence import ibsi_reference

IBSI = ibsi_reference()


def flat_patch(signal, mask=None, px_per_mm=1.0):
    signal = np.asarray(signal, np.float32)
    mask = np.ones(signal.shape, bool) if mask is None else mask
    return Patch(signal, mask, px_per_mm, np.ones_like(signal))


def make_params(**changes):
    values = {
        "version": 1,
        "distances_mm": (1.0,),
        "levels": 8,
        "contrast_range_pct": (0.0, 8.0),
        "aggregation": "averaged",
        "features": FEATURE_NAMES,
    }
    return glcm.GlcmParams(**(values | changes))


@pytest.fixture
def levels(rng):
    """A patchy image of 8 levels in which 40 % of the pixels don't count."""
    image = rng.integers(0, 8, (23, 31)).astype(np.uint8)
    image[rng.random(image.shape) < 0.4] = 255
    return image


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture(scope="module")
def phantom_values():
    """Features of the IBSI phantom by aggregation, averaged over its slices."""
    values = {}
    for aggregation in IBSI["published"]:
        params = make_params(levels=IBSI["levels"], contrast_range_pct=(0.5, 6.5), aggregation=aggregation)
        slices = [np.array(rows) for rows in IBSI["slices"]]
        measured = [glcm.measure(flat_patch(image, image > 0), params) for image in slices]
        values[aggregation] = {name: np.mean([m[f"glcm_{name}_1mm"] for m in measured]) for name in FEATURE_NAMES}
    return values


@pytest.mark.parametrize("feature", FEATURE_NAMES)
@pytest.mark.parametrize("aggregation", ["averaged", "merged"])
def test_ibsi_phantom_gives_the_published_value(phantom_values, aggregation, feature):
    assert float(f"{phantom_values[aggregation][feature]:.3g}") == IBSI["published"][aggregation][feature]


@pytest.mark.parametrize("offset", [(0, 3), (2, 2), (3, 0), (2, -2), (0, 1)])
def test_pairs_are_counted_as_one_would_by_hand(levels, offset):
    expected = np.zeros((8, 8))
    for (y, x), level in np.ndenumerate(levels):
        there = (y + offset[0], x + offset[1])
        if level < 255 and there[0] < levels.shape[0] and 0 <= there[1] < levels.shape[1] and levels[there] < 255:
            expected[level, levels[there]] += 1
            expected[levels[there], level] += 1
    np.testing.assert_array_equal(glcm.count_pairs(levels, offset, 8), expected)


def test_pairs_agree_with_scikit_image_on_a_rectangle(rng):
    image = rng.integers(0, 16, (40, 50)).astype(np.uint8)
    ours = [glcm.count_pairs(image, offset, 16) for offset in glcm.offsets_px(1.0, 1.0)]
    theirs = graycomatrix(image, [1], np.deg2rad([0, 45, 90, 135]), levels=16, symmetric=True)[:, :, 0]
    # scikit-image's 45° goes down to the right, like our second offset, and its 135° down to the left.
    np.testing.assert_array_equal(np.moveaxis(theirs, 2, 0), np.stack(ours))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("contrast", "contrast"),
        ("dissimilarity", "dissimilarity"),
        ("inverse_difference_moment", "homogeneity"),
        ("angular_second_moment", "ASM"),
        ("correlation", "correlation"),
        ("joint_variance", "variance"),
    ],
)
def test_features_agree_with_scikit_image_on_a_rectangle(rng, ours, theirs):
    image = rng.integers(0, 8, (40, 50)).astype(np.uint8)
    table = graycomatrix(image, [2], np.deg2rad([0, 90]), levels=8, symmetric=True, normed=True)
    expected = graycoprops(table, theirs)[0]
    for offset, value in zip([(0, 2), (2, 0)], expected, strict=True):
        pairs = glcm.Cooccurrence.from_counts(glcm.count_pairs(image, offset, 8))
        assert FEATURES[ours].value(pairs) == pytest.approx(value, rel=1e-10)


def test_the_largest_number_of_levels_leaves_outside_out(rng):
    patch = flat_patch(rng.integers(0, 255, (30, 30)) + 0.5, rng.random((30, 30)) < 0.5)
    params = make_params(levels=255, contrast_range_pct=(0.0, 255.0))
    levels = glcm.to_levels(patch.signal, patch.mask, params)
    np.testing.assert_array_equal(levels, np.where(patch.mask, np.floor(patch.signal), 255))
    pairs_along_rows = np.sum(patch.mask[:, 1:] & patch.mask[:, :-1])
    assert glcm.count_pairs(levels, (0, 1), 255).sum() == 2 * pairs_along_rows


def test_a_signal_beyond_the_range_counts_in_the_last_bin():
    signal = np.array([[-1e6, -4.001, -4.0, -3.001, 0.0, 3.999, 4.0, 1e6]], np.float32)
    levels = glcm.to_levels(signal, np.ones((1, 8), bool), make_params(contrast_range_pct=(-4.0, 4.0)))
    assert levels.tolist() == [[0, 0, 0, 0, 4, 7, 7, 7]]


def test_bins_are_fixed_so_fainter_texture_has_less_contrast(rng):
    strong = rng.normal(4.0, 1.5, (60, 60))
    faint = 4.0 + (strong - 4.0) / 2
    params = make_params(features=("contrast",), levels=64)
    contrast = [glcm.measure(flat_patch(s), params)["glcm_contrast_1mm"] for s in (strong, faint)]
    assert contrast[1] / contrast[0] == pytest.approx(0.25, rel=0.1)


def test_distances_are_millimetres(rng):
    signal = rng.random((20, 20)) * 8
    one_mm = glcm.measure(flat_patch(signal, px_per_mm=3.0), make_params(distances_mm=(1.0,)))
    three_mm = glcm.measure(flat_patch(signal, px_per_mm=1.0), make_params(distances_mm=(3.0,)))
    assert list(one_mm.values()) == list(three_mm.values())


def test_distances_that_meet_in_one_offset_give_one_value_under_both_names(rng):
    values = glcm.measure(flat_patch(rng.random((20, 20)) * 8), make_params(distances_mm=(3.0, 3.1)))
    assert values["glcm_contrast_3mm"] == values["glcm_contrast_3.1mm"]


def test_merged_weighs_directions_by_their_pairs():
    stripes = np.tile(np.float32([0, 7]), (4, 8))
    averaged, merged = (
        glcm.measure(flat_patch(stripes), make_params(aggregation=how, features=("contrast",)))["glcm_contrast_1mm"]
        for how in ("averaged", "merged")
    )
    # Of 4 × 15 pairs along rows, 3 × 16 along columns and 2 · 3 × 15 diagonal ones, those along columns are equal.
    assert averaged == pytest.approx(49 * 3 / 4)
    assert merged == pytest.approx(49 * 150 / 198)


def test_a_constant_signal_has_no_correlation_and_no_contrast():
    values = glcm.measure(flat_patch(np.full((9, 9), 3.2)), make_params())
    undefined = {name for name, value in values.items() if math.isnan(value)}
    assert undefined == {"glcm_correlation_1mm", "glcm_first_information_correlation_1mm"}
    assert values["glcm_contrast_1mm"] == values["glcm_joint_entropy_1mm"] == 0.0
    assert values["glcm_joint_maximum_1mm"] == 1.0


@pytest.mark.parametrize(
    ("mask", "distance_mm"),
    [
        (np.zeros((9, 9), bool), 1.0),
        (np.eye(9, dtype=bool), 1.0),  # pairs along one diagonal only
        (np.ones((9, 9), bool), 0.4),  # less than half a pixel
        (np.ones((9, 9), bool), 0.6),  # half a pixel, but not so on the diagonals
        (np.ones((9, 9), bool), 20.0),  # wider than the patch
    ],
)
def test_without_pairs_in_all_four_directions_everything_is_nan(rng, mask, distance_mm):
    values = glcm.measure(flat_patch(rng.random((9, 9)) * 8, mask), make_params(distances_mm=(distance_mm,)))
    assert all(math.isnan(value) for value in values.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"distances_mm": (0.5, 0.25)},
        {"distances_mm": (0.5, 0.5)},
        {"contrast_range_pct": (4.0, -4.0)},
        {"features": ("contrast", "contrast")},
        {"features": ("homogeneity",)},
        {"levels": 256},
    ],
)
def test_params_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValidationError):
        make_params(**changes)
