"""Shake, sharpening and contrast between two photos, read at brows, lids and lips."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hair_like import HEAD, PX_PER_MM, SCALE, hair_like, reference_of
from known_head import photo_of, see_head
from skintexture.locate.edges import _until_hidden, edges_between
from skintexture.locate.reference import Reference, see_reference
from skintexture.locate.sharpness import UNKNOWN_BLUR, blur_between
from skintexture.model import Scale
from skintexture.recipe import load_recipe

LIMITS = load_recipe("standard").comparability
SHARP = reference_of(hair_like())


def _edges(after: Reference, before: Reference = SHARP):
    return edges_between(before, after, blur_between(before, after))


def _moved(reach_px: int, turn_deg: float) -> np.ndarray:
    """Average over a straight way through the picture, from x to y."""
    way = np.zeros((reach_px, reach_px), np.float32)
    way[reach_px // 2] = 1.0 / reach_px
    middle = (reach_px - 1) / 2
    turned = cv2.warpAffine(way, cv2.getRotationMatrix2D((middle, middle), -turn_deg, 1.0), way.shape[::-1])
    return cv2.filter2D(hair_like(), -1, turned / turned.sum(), borderType=cv2.BORDER_REFLECT_101)


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0])
@pytest.mark.parametrize("reach_px", [5, 7])
def test_motion_is_found_with_its_direction(reach_px, turn_deg):
    found = _edges(reference_of(_moved(reach_px, turn_deg), seed=1))
    stretch = math.sqrt((reach_px**2 - 1) / 12) * (1.1 if turn_deg == 45.0 else 1.0)
    assert found.shake_mm * PX_PER_MM == pytest.approx(stretch, rel=0.3)
    assert abs((found.shake_deg - turn_deg + 90) % 180 - 90) < 10
    assert found.shake_mm > LIMITS.shake_mm.refuse


@pytest.mark.parametrize("sigma_px", [0.0, 0.8, 1.5, 2.0])
def test_focus_is_none_of_the_three(sigma_px):
    light = cv2.GaussianBlur(hair_like(), (0, 0), sigma_px) if sigma_px else hair_like()
    found = _edges(reference_of(light, seed=1))
    assert found.shake_mm < LIMITS.shake_mm.caveat
    assert abs(found.sharpening) < LIMITS.sharpening.caveat
    assert abs(found.contrast_pct) < 1.5


@pytest.mark.parametrize(("share", "seen"), [(0.3, 0.18), (0.6, 0.59), (1.0, 1.12)])
def test_sharpening_is_found_on_the_photo_that_has_it(share, seen):
    """A little passes for focus, and the fit's own error is taken off; a wide share reads a little large."""
    light = hair_like()
    sharpened = reference_of(light + share * (light - cv2.GaussianBlur(light, (0, 0), 2.0)), seed=1)
    found, swapped = _edges(sharpened), _edges(SHARP, before=sharpened)
    assert found.sharpening == pytest.approx(seen, abs=0.05)
    assert found.sharpening > LIMITS.sharpening.refuse
    assert swapped.sharpening == pytest.approx(-found.sharpening, abs=0.01)
    assert found.shake_mm < LIMITS.shake_mm.caveat


@pytest.mark.parametrize("exponent", [0.9, 1.1])
def test_a_tone_curve_is_found_whatever_the_exposure_and_focus(exponent):
    for exposure, sigma_px in ((1.0, 0.0), (0.7, 0.0), (1.2, 1.5)):
        light = exposure * hair_like() ** exponent
        light = cv2.GaussianBlur(light, (0, 0), sigma_px) if sigma_px else light
        found = _edges(reference_of(light, seed=1))
        assert found.contrast_pct == pytest.approx(100 * math.log(exponent), abs=2.0)


def test_where_focus_is_unknown_so_is_contrast():
    assert math.isnan(edges_between(SHARP, SHARP, UNKNOWN_BLUR).contrast_pct)


def test_windows_that_are_black_say_nothing_of_contrast():
    """Eight bits cut off what a tone curve would have changed there."""
    dark = reference_of(0.003 * hair_like(), seed=1)
    assert math.isnan(_edges(dark, before=dark).contrast_pct)


def test_the_widest_half_of_the_windows_tells_contrast():
    """Others show skin, and what a treatment does to it."""
    order = np.argsort([window.std() for window in SHARP.windows])
    faint = set(order[: len(order) // 2 - 1].tolist())
    windows = tuple(0.3 + (0.05 if k in faint else 1.0) * (w - 0.3) for k, w in enumerate(SHARP.windows))
    smoother = tuple(0.3 + (0.02 if k in faint else 1.0) * (w - 0.3) for k, w in enumerate(SHARP.windows))
    found = _edges(replace(SHARP, windows=smoother), before=replace(SHARP, windows=windows))
    assert abs(found.contrast_pct) < 0.5
    assert abs(found.sharpening) < LIMITS.sharpening.caveat
    assert found.shake_mm < LIMITS.shake_mm.caveat


def test_what_lies_beyond_a_hidden_ring_does_not_count():
    seen = np.array([[False, True, True], [True, True, True], [True, False, True], [True, True, True]])
    kept = np.array([[False, True, True], [True, True, True], [True, False, True], [True, False, True]])
    assert np.array_equal(_until_hidden(seen), kept)


def test_without_the_reference_nothing_is_known():
    small = see_head(1.2)
    photo = photo_of(np.full((*small.shape, 3), 0.3, np.float32))
    flat = see_reference(photo, small.face, Scale(1.2, "given", 0.0, 800.0, "exif"))
    found = _edges(flat, before=flat)
    assert all(map(math.isnan, (found.shake_mm, found.shake_deg, found.sharpening, found.contrast_pct)))
    outside = see_reference(photo_of(np.full((40, 40, 3), 0.3, np.float32)), HEAD.face, SCALE)
    assert math.isnan(_edges(outside, before=outside).contrast_pct)
