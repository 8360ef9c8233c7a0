"""Pores read at given places."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skintexture.study.photometry import contrast_pct, fit_mean_profiles, read_profiles, slant_gain

PX_PER_MM = 12.0
SIGMA_MM, BLUR_MM = 0.12, 0.056


def _skin(depth_pct=20.0, sigma_mm=SIGMA_MM, blur_mm=BLUR_MM, ground=3.0, cos=1.0):
    """Pits on a lattice that falls between the pixels, on skin that slants to one side.

    They are blurred as a camera blurs them: volume is kept.
    """
    rng = np.random.default_rng(1)
    at = np.stack(np.meshgrid(np.arange(20, 380, 24.0), np.arange(20, 380, 24.0), indexing="ij"), -1).reshape(-1, 2)
    at = at + rng.uniform(-0.5, 0.5, at.shape)
    seen, narrow = math.hypot(sigma_mm, blur_mm), math.hypot(sigma_mm * cos, blur_mm)
    rows, columns = np.mgrid[:400, :400]
    skin = np.full((400, 400), ground)
    for y, x in at:
        square = (((rows - y) / seen) ** 2 + ((columns - x) / narrow) ** 2) / PX_PER_MM**2
        skin -= depth_pct * sigma_mm**2 * cos / (seen * narrow) * np.exp(-0.5 * square)
    return skin.astype(np.float32), at


def _profiles(**skin):
    signal, at = _skin(**skin)
    return read_profiles(signal, np.ones(signal.shape, bool), at, PX_PER_MM)


def test_contrast_follows_depth_and_not_the_ground():
    deep, shallow = _profiles(depth_pct=20.0), _profiles(depth_pct=12.0, ground=-5.0)
    assert contrast_pct(shallow).mean() / contrast_pct(deep).mean() == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("cos", [0.9, 0.7, 0.5])
def test_slanted_skin_shows_its_pores_as_much_weaker_as_foretold(cos):
    slanted, head_on = (contrast_pct(_profiles(sigma_mm=0.1, cos=it)).mean() for it in (cos, 1.0))
    assert slanted / head_on == pytest.approx(slant_gain(np.array([cos]), BLUR_MM)[0], abs=0.015)
    assert slanted / head_on < 0.6 + 0.4 * cos


def test_area_is_that_of_the_pit_without_the_blur():
    fwhm = 2 * math.sqrt(2 * math.log(2)) * SIGMA_MM
    for blur in (BLUR_MM, 0.12):
        fit = fit_mean_profiles(_profiles(blur_mm=blur).mean(axis=0)[None], blur, PX_PER_MM)
        assert fit.area_mm2[0] == pytest.approx(math.pi / 4 * fwhm**2, rel=0.06)


def test_volume_does_not_depend_on_blur():
    volumes = [
        fit_mean_profiles(_profiles(blur_mm=blur).mean(axis=0)[None], blur, PX_PER_MM).volume_pct_mm2[0]
        for blur in (BLUR_MM, 0.12)
    ]
    assert volumes[1] / volumes[0] == pytest.approx(1.0, abs=0.04)
    assert volumes[0] == pytest.approx(2 * math.pi * 20.0 * SIGMA_MM**2, rel=0.08)


def test_a_change_of_depth_alone_leaves_the_area():
    areas = [
        fit_mean_profiles(_profiles(depth_pct=depth).mean(axis=0)[None], BLUR_MM, PX_PER_MM).area_mm2[0]
        for depth in (20.0, 12.0)
    ]
    assert areas[1] / areas[0] == pytest.approx(1.0, abs=0.01)


def test_what_is_not_skin_is_not_read():
    signal, at = _skin()
    usable = np.ones(signal.shape, bool)
    usable[:, 200:] = False
    repainted = np.where(usable, signal, np.float32(500.0))
    profiles = read_profiles(repainted, usable, at, PX_PER_MM)
    seen = np.isfinite(profiles).all(axis=1)
    assert np.isnan(profiles[at[:, 1] > 205]).all()
    assert seen[at[:, 1] < 190].all()
    assert contrast_pct(profiles[seen]).max() < 25


def test_places_outside_the_picture_are_unread():
    signal, _ = _skin()
    odd = np.array([[-50.0, 20.0], [np.nan, np.nan], [200.0, 900.0]])
    assert np.isnan(read_profiles(signal, np.ones(signal.shape, bool), odd, PX_PER_MM)).all()
    assert read_profiles(signal, np.ones(signal.shape, bool), np.empty((0, 2)), PX_PER_MM).shape[0] == 0
