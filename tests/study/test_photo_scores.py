"""Scores of one photo."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from known_head import CLOSED_EYES, OPEN_EYES, photo_of, see_head
from skintexture.locate.exposure import Exposure
from skintexture.study import photo_scores

GOOD = Exposure(
    lightness=0.5,
    dark_share=0.0,
    bright_share=0.0,
    clipped_share=0.0,
    entropy_bits=7.5,
    balance=1.0,
    a_star=15.0,
    b_star=20.0,
)
OF_EXPOSURE = (
    photo_scores.luminance,
    photo_scores.under_exposure_prevention,
    photo_scores.over_exposure_prevention,
    photo_scores.dynamic_range,
    photo_scores.illumination_uniformity,
    photo_scores.natural_colour,
)


@pytest.mark.parametrize("score", OF_EXPOSURE, ids=lambda score: score.__name__)
def test_a_good_photo_scores_high(score):
    assert 90 <= score(GOOD) <= 100


@pytest.mark.parametrize(
    ("score", "fault"),
    [
        (photo_scores.luminance, {"lightness": 0.05}),
        (photo_scores.luminance, {"lightness": 0.97}),
        (photo_scores.under_exposure_prevention, {"dark_share": 0.95}),
        (photo_scores.over_exposure_prevention, {"bright_share": 0.3}),
        (photo_scores.dynamic_range, {"entropy_bits": 2.0}),
        (photo_scores.illumination_uniformity, {"balance": 0.05}),
        (photo_scores.natural_colour, {"a_star": 60.0}),
        (photo_scores.natural_colour, {"b_star": -3.0}),
    ],
)
def test_each_fault_lowers_its_score(score, fault):
    assert 0 <= score(replace(GOOD, **fault)) < 50


def test_formulas_of_the_reference_implementation():
    """By hand: 1 / (0.04 + 0.01); 12.5 · 6; 100 · cos² 30°; 100 · 0.5^0.3."""
    assert photo_scores.over_exposure_prevention(replace(GOOD, bright_share=0.04)) == pytest.approx(20.0)
    assert photo_scores.dynamic_range(replace(GOOD, entropy_bits=6.0)) == pytest.approx(75.0)
    assert photo_scores.head_pose(30.0) == pytest.approx(75.0)
    assert photo_scores.illumination_uniformity(replace(GOOD, balance=0.5)) == pytest.approx(81.2, abs=0.1)


def test_eyes_and_expression():
    open_eyed, closed = see_head(expression=OPEN_EYES).face, see_head(expression=CLOSED_EYES).face
    assert photo_scores.eyes_open(open_eyed) > 90 > 30 > photo_scores.eyes_open(closed)
    smiling = replace(open_eyed, expression={**OPEN_EYES, "mouthSmileLeft": 0.8, "mouthSmileRight": 0.8})
    assert photo_scores.expression_neutrality(open_eyed) == 100
    assert photo_scores.expression_neutrality(smiling) == pytest.approx(20)


def test_compression_is_the_files_quality_and_lossless_is_best():
    rgb = np.full((80, 80, 3), 0.3, np.float32)
    assert photo_scores.compression(photo_of(rgb, jpeg_quality=71.0)) == 71
    assert photo_scores.compression(photo_of(rgb)) == 100


def test_what_is_not_known_has_no_score():
    assert math.isnan(photo_scores.illumination_uniformity(replace(GOOD, balance=math.nan)))
    assert math.isnan(photo_scores.sharpness(math.nan))
