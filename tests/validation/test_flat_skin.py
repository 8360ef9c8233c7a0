"""The phantom photographs that the validation rests on are what they claim to be."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import load_recipe
from skintexture.validation.areal import ragged_mask
from skintexture.validation.flat_skin import (
    DRAWN_PX_PER_MM,
    SHADE,
    FlatCamera,
    FlatSkin,
    exposed,
    grow,
    linear_picture,
    measured,
    photographed,
    tone_rgb,
)
from skintexture.validation.spectrum import random_field, stationary_field
from skintexture.validation.yardstick import change_pct, stays, worst_change

BLANK = FlatSkin(np.zeros((560, 560)), ())


def wave(wave_mm, amplitude_pct=1.0):
    at_mm = (np.arange(560) + 0.5) / DRAWN_PX_PER_MM
    return FlatSkin(np.tile(amplitude_pct * np.sin(2 * np.pi * at_mm / wave_mm), (560, 1)), ())


@pytest.mark.parametrize("px_per_mm", [14.0, 20.0, 28.0])
def test_a_wave_keeps_the_contrast_that_a_gaussian_blur_leaves(px_per_mm):
    camera = FlatCamera(px_per_mm=px_per_mm, tone_rgb=(0.5, 0.5, 0.5), channel_contrast=SHADE)
    light = linear_picture(wave(0.5), camera)[:, 20:-20, 1].astype(np.float64)
    seen_pct = 100 * math.sqrt(2) * np.log(light).std()
    left = math.exp(-2 * (math.pi * 0.5 / px_per_mm / 0.5) ** 2)
    assert seen_pct == pytest.approx(left, rel=0.03)


def test_slanted_skin_is_shorter_by_the_cosine():
    facing, slanted = (linear_picture(BLANK, FlatCamera(slant_deg=slant)).shape for slant in (0.0, 60.0))
    assert slanted[0] == facing[0] // 2
    assert slanted[1] == facing[1]


def test_noise_is_as_strong_as_its_electrons_say():
    camera = FlatCamera(tone_rgb=(0.4, 0.4, 0.4), full_well=10_000.0)
    light = exposed(linear_picture(BLANK, camera), camera)
    assert float(light.std() / light.mean()) == pytest.approx(1 / math.sqrt(4000), rel=0.02)


def test_gloss_takes_a_quarter_from_the_darkest_skin():
    tone = np.array(tone_rgb(-50.0)) @ [0.2126, 0.7152, 0.0722]
    assert 0.018 / (0.018 + tone) == pytest.approx(0.25, abs=0.03)


def test_a_file_changes_light_by_less_than_a_step():
    camera = FlatCamera(full_well=math.inf)
    straight = linear_picture(grow(SkinSpec(seed=1, side_mm=8.0)), camera)
    for stored, step in (("png8", 1.3e-2), ("png16", 6e-5)):
        photo = photographed(grow(SkinSpec(seed=1, side_mm=8.0)), camera, stored=stored)
        assert np.abs(photo.linear_rgb / straight - 1).max() < step


def test_known_slant_is_measured_on_its_own_area():
    camera = FlatCamera(slant_deg=40.0)
    values = measured(photographed(grow(SkinSpec(seed=1, side_mm=12.0)), camera), camera, load_recipe("standard"))
    assert values["pore_density"] > 0


def test_a_field_is_the_same_field_when_turned():
    straight, turned = random_field(3, 61), random_field(3, 61, turned_deg=90.0)
    np.testing.assert_allclose(np.rot90(turned), straight, atol=2e-3)


def test_power_of_the_stationary_field_falls_as_the_square_of_frequency():
    power = np.mean([np.abs(np.fft.rfft(stationary_field(seed, 240), axis=1)) ** 2 for seed in range(8)], axis=(0, 1))
    # Along a line, power 1/f² in the plane is 1/f.
    assert power[20:24].mean() / power[40:48].mean() == pytest.approx(2.0, rel=0.3)


def test_a_ragged_mask_is_ragged():
    mask = ragged_mask(300)
    smooth = cv2.medianBlur(mask.view(np.uint8), 9).view(bool)
    edges = [np.count_nonzero(m[:, 1:] != m[:, :-1]) for m in (mask, smooth)]
    assert 0.5 < mask.mean() < 0.7
    assert edges[0] > 1.15 * edges[1]


def test_the_worst_is_found_and_a_missing_number_is_worst():
    reference = {"a_luminance": 10.0, "b_luminance": 1.0}
    measured_ones = {"x": {"a_luminance": 10.2, "b_luminance": 0.9}, "y": {"a_luminance": 10.0, "b_luminance": 1.0}}
    worst = worst_change(measured_ones, reference, list(reference))
    assert (worst.metric, worst.condition) == ("b_luminance", "x")
    assert worst.change_pct == pytest.approx(10.0)
    measured_ones["y"]["a_luminance"] = math.nan
    assert worst_change(measured_ones, reference, list(reference)).metric == "a_luminance"
    finding = stays(("s", "w"), measured_ones, reference, metrics=list(reference), limit=5.0, why="so it is")
    assert not finding.passed
    assert finding.note.endswith("2 beyond the limit; so it is")


def test_metrics_near_zero_are_judged_by_their_difference():
    assert change_pct("glcm_correlation_0.5mm_red", 0.01, -0.005) == 0.0
    assert abs(change_pct("glcm_correlation_0.5mm_red", 0.05, -0.005)) > 100.0
    assert change_pct("roughness_ssk_luminance", -1.0, -0.9) < -5.0
