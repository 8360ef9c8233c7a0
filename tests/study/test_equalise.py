"""One scale and one sharpness for two photos."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from skintexture.locate.sharpness import BlurDifference
from skintexture.model import Scale
from skintexture.study.equalise import extra_blur_mm, one_scale, power_left


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


def test_two_given_scales_stay_as_they_are():
    pair, source = one_scale(_pair(14.0, 15.0, 1.0, ("given", "given"), (0.0, 0.0)))
    assert (source, _scales(pair)) == ("given", (14.0, 15.0))


@pytest.mark.parametrize(
    ("sigma_mm", "expected"),
    [(0.1, (0.1, 0.0)), (-0.1, (0.0, 0.1)), (0.01, (0.0, 0.0)), (-0.01, (0.0, 0.0)), (float("nan"), (0.0, 0.0))],
)
def test_the_sharper_photo_is_blurred_and_small_differences_are_left(sigma_mm, expected):
    assert extra_blur_mm(BlurDifference(sigma_mm, 1.0, 1.0, 20), (14.0, 14.0), 0.65, 0.35) == pytest.approx(expected)


def test_what_photos_have_of_their_own_blur_is_not_added_again():
    fewer_pixels_mm = 0.65 * (1 / 10.0**2 - 1 / 14.0**2) ** 0.5
    softer = BlurDifference((fewer_pixels_mm**2 + 0.1**2) ** 0.5, 1.0, 1.0, 20)
    assert extra_blur_mm(softer, (14.0, 10.0), 0.65, 0.35) == pytest.approx((0.1, 0.0))
    assert extra_blur_mm(BlurDifference(-softer.sigma_mm, 1.0, 1.0, 20), (10.0, 14.0), 0.65, 0.35) == pytest.approx(
        (0.0, 0.1)
    )


def test_the_dead_band_is_in_pixels_of_the_coarser_photo():
    soft = BlurDifference(0.045, 1.0, 1.0, 20)
    assert extra_blur_mm(soft, (14.0, 7.0), 0.0, 0.35) == (0.0, 0.0)
    assert extra_blur_mm(soft, (14.0, 8.0), 0.0, 0.35) == pytest.approx((0.045, 0.0))


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
