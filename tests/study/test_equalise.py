"""One scale and one sharpness for two photos."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from skintexture.locate.sharpness import BlurDifference
from skintexture.model import Scale
from skintexture.study.equalise import extra_blur_mm, one_scale, power_left, widened_mm
from skintexture.study.photometry import fit_mean_profiles, read_profiles


@dataclass(frozen=True)
class FakeSighting:
    scene: SimpleNamespace

    def rescaled(self, factor):
        scale = replace(self.scene.scale, px_per_mm=self.scene.scale.px_per_mm * factor)
        return FakeSighting(SimpleNamespace(scale=scale))


@dataclass(frozen=True)
class FakePair:
    before: FakeSighting
    after: FakeSighting
    registration: SimpleNamespace


def _pair(before, after, ratio, methods=("iris", "iris"), uncertainties=(0.04, 0.04)):
    sides = [
        FakeSighting(SimpleNamespace(scale=Scale(value, method, sd, 800.0, "exif")))
        for value, method, sd in zip((before, after), methods, uncertainties, strict=True)
    ]
    return FakePair(*sides, SimpleNamespace(scale_ratio=ratio))


def _scales(pair):
    return pair.before.scene.scale.px_per_mm, pair.after.scene.scale.px_per_mm


def test_the_ratio_is_the_registrations_and_the_level_that_of_both():
    pair, source = one_scale(_pair(14.0, 14.7, 1.02))
    before, after = _scales(pair)
    assert source == "registration"
    assert after / before == pytest.approx(1.02)
    assert before * after == pytest.approx(14.0 * 14.7)


def test_the_surer_scale_counts_more():
    pair, _ = one_scale(_pair(14.0, 15.4, 1.0, ("given", "iris"), (0.0, 0.04)))
    assert _scales(pair)[0] == pytest.approx(14.0, rel=0.001)


def test_one_scale_stated_for_a_series_does_not_hide_that_a_photo_was_taken_from_nearer():
    pair, source = one_scale(_pair(14.0, 14.0, 1.02, ("given", "given"), (0.0, 0.0)))
    before, after = _scales(pair)
    assert source == "registration"
    assert after / before == pytest.approx(1.02)
    assert before * after == pytest.approx(14.0**2)


def test_without_registered_skin_each_photo_keeps_its_own_scale():
    pair, source = one_scale(_pair(14.0, 15.0, math.nan, ("given", "given"), (0.0, 0.0)))
    assert (source, _scales(pair)) == ("each photo", (14.0, 15.0))


JPEG = (92.0, 92.0)


def _read_where_skin_is_softer_by(sigma_mm):
    """Blur that hair shows in JPEG files, 4.5 % more of it, in σ², than skin."""
    return BlurDifference(sigma_mm / math.sqrt(1 - 0.045), 1.0, 1.0, 20)


@pytest.mark.parametrize(
    ("sigma_mm", "expected"),
    [(0.1, (0.1, 0.0)), (-0.1, (0.0, 0.1)), (0.01, (0.0, 0.0)), (-0.01, (0.0, 0.0)), (float("nan"), (0.0, 0.0))],
)
def test_the_sharper_photo_is_blurred_and_small_differences_are_left(sigma_mm, expected):
    found = extra_blur_mm(_read_where_skin_is_softer_by(sigma_mm), (14.0, 14.0), 0.65, 0.35, jpeg_quality=JPEG)
    assert found == pytest.approx(expected)


def test_what_photos_have_of_their_own_blur_is_not_added_again():
    fewer_pixels_mm = 0.65 * (1 / 10.0**2 - 1 / 14.0**2) ** 0.5
    beyond_mm = _read_where_skin_is_softer_by(0.1).sigma_mm
    softer = BlurDifference((fewer_pixels_mm**2 + beyond_mm**2) ** 0.5, 1.0, 1.0, 20)
    sharper = BlurDifference(-softer.sigma_mm, 1.0, 1.0, 20)
    assert extra_blur_mm(softer, (14.0, 10.0), 0.65, 0.35, jpeg_quality=JPEG) == pytest.approx((0.1, 0.0))
    assert extra_blur_mm(sharper, (10.0, 14.0), 0.65, 0.35, jpeg_quality=JPEG) == pytest.approx((0.0, 0.1))


@pytest.mark.parametrize(
    ("softers_quality", "less"), [(math.nan, 0.0), (100.0, 0.0), (97.5, 0.0225), (95.0, 0.045), (60.0, 0.045)]
)
def test_only_where_compression_passes_for_blur_is_skin_less_soft_than_hair(softers_quality, less):
    read = BlurDifference(0.1, 1.0, 1.0, 20)
    quality = (80.0, softers_quality)
    found = extra_blur_mm(read, (14.0, 14.0), 0.65, 0.1, jpeg_quality=quality)
    turned = extra_blur_mm(replace(read, sigma_mm=-0.1), (14.0, 14.0), 0.65, 0.1, jpeg_quality=quality[::-1])
    assert found == pytest.approx((0.1 * math.sqrt(1 - less), 0.0))
    assert turned == found[::-1]


@pytest.mark.parametrize("coarser", [14.0, 7.0, 3.5])
def test_fewer_pixels_alone_ask_for_no_blur(coarser):
    own_mm = 0.65 * (1 / coarser**2 - 1 / 28.0**2) ** 0.5
    fewer = BlurDifference(own_mm, 1.0, 1.0, 20)
    assert extra_blur_mm(fewer, (28.0, coarser), 0.65, 0.1, jpeg_quality=JPEG) == (0.0, 0.0)


def test_the_dead_band_is_in_pixels_of_the_coarser_photo():
    soft = _read_where_skin_is_softer_by(0.045)
    assert extra_blur_mm(soft, (14.0, 7.0), 0.0, 0.35, jpeg_quality=JPEG) == (0.0, 0.0)
    assert extra_blur_mm(soft, (14.0, 8.0), 0.0, 0.35, jpeg_quality=JPEG) == pytest.approx((0.045, 0.0))


def test_power_that_compression_writes_back_grows_with_what_blur_has_taken():
    shares = [power_left(0.015, beyond_mm, 0.7) for beyond_mm in (0.0, 0.05, 0.1, 0.15)]
    assert shares[0] == 1.0
    assert np.all(np.diff(shares) < 0)
    # A wave of power 1 falls to exp(−x), and 0.015 is written back.
    fallen = np.exp(-((2 * np.pi * 0.15 / 0.7) ** 2))
    assert shares[-1] == pytest.approx(fallen / (fallen + 0.015 * (1 - fallen)))
    assert power_left(0.0, 0.15, 0.7) == 1.0


def test_where_nothing_is_registered_each_photo_keeps_its_scale():
    pair, source = one_scale(_pair(14.0, 15.0, math.nan))
    assert (source, _scales(pair)) == ("each photo", (14.0, 15.0))


PX_PER_MM, FWHM_MM = 14.0, 0.24


def _pits(blur_px, side_px=700):
    """Skin full of pits of one size, as a photo of that blur shows it, and where they are."""
    rng = np.random.default_rng(4)
    steps = np.arange(24, side_px - 24, 32)
    at = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2) + rng.uniform(
        -6, 6, (len(steps) ** 2, 2)
    )
    pit_px = FWHM_MM / 2.355 * PX_PER_MM
    seen_px = math.hypot(pit_px, blur_px)
    y, x = np.arange(side_px)[:, None], np.arange(side_px)[None]
    depth = np.zeros((side_px, side_px))
    for row, column in at:
        depth += np.exp(-((y - row) ** 2) / 2 / seen_px**2) * np.exp(-((x - column) ** 2) / 2 / seen_px**2)
    lines = cv2.GaussianBlur(rng.normal(size=depth.shape), (0, 0), math.hypot(2.0, blur_px))
    light = 0.28 * np.exp(-0.18 * (pit_px / seen_px) ** 2 * depth + 0.03 * lines / lines.std())
    return light + rng.normal(size=light.shape) * 0.004 * np.sqrt(light), at


def _stored(light, quality):
    eight_bit = np.rint(255 * (1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(eight_bit).save(file, "JPEG", quality=quality)
    return ((np.asarray(Image.open(file)) / 255 + 0.055) / 1.055) ** 2.4


def _area_mm2(light, at, blur_px, widened):
    log_light = cv2.GaussianBlur(np.log(light), (0, 0), 1.0)
    signal = 100 * (log_light - cv2.GaussianBlur(log_light, (0, 0), 9.0))
    profiles = read_profiles(signal.astype(np.float32), np.ones(signal.shape, bool), at, PX_PER_MM)
    mean = profiles[np.isfinite(profiles).all(axis=1)].mean(axis=0)[None]
    blur_mm = math.hypot(blur_px / PX_PER_MM, 1.0 / PX_PER_MM, widened)
    return float(fit_mean_profiles(mean, blur_mm, PX_PER_MM).area_mm2[0])


@pytest.mark.parametrize(("blur_px", "most_left"), [(0.65, 0.65), (1.25, 0.55), (2.1, 0.4)])
def test_of_what_compression_widens_pits_most_is_known(blur_px, most_left):
    light, at = _pits(blur_px)
    whole = _area_mm2(light, at, blur_px, 0.0)
    stored = _stored(light, 88)
    wider = _area_mm2(stored, at, blur_px, 0.0) / whole - 1
    left = _area_mm2(stored, at, blur_px, widened_mm(88.0, PX_PER_MM, blur_px / PX_PER_MM)) / whole - 1
    assert wider > 0.06
    assert abs(left) < most_left * wider
    assert abs(_area_mm2(_stored(light, 97), at, blur_px, 0.0) / whole - 1) < 0.05
