"""Landmarks on the right side of the face, outlines that don't cross."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from skintexture.locate.anatomy import ZONE_NAMES, mirror, not_skin_outlines, zone_outlines
from skintexture.locate.canonical import canonical_mesh

XY = canonical_mesh().vertices_mm[:, :2]


def _drawn(outline):
    canvas = np.zeros((2200, 2000), np.uint8)
    points = np.rint((XY[list(outline)] * [1, -1] + [100, 110]) * 10).astype(np.int32)
    cv2.fillPoly(canvas, [points], 1)
    return canvas.astype(bool), points


def test_mirroring_twice_is_nothing():
    other = mirror()
    assert all(other[other[i]] == i for i in range(468))
    assert other[33] == 263


@pytest.mark.parametrize("name", ZONE_NAMES)
def test_left_is_the_subjects_left(name):
    # The canonical face looks at the viewer: its left is at positive x.
    middle = XY[list(zone_outlines()[name]), 0].mean()
    side = {"left": 1, "right": -1}.get(name.split("_")[0], 0)
    assert np.sign(middle) * (abs(middle) > 1) == side


@pytest.mark.parametrize("name", ZONE_NAMES)
def test_outlines_do_not_cross_themselves(name):
    filled, points = _drawn(zone_outlines()[name])
    assert filled.sum() == pytest.approx(cv2.contourArea(points), rel=0.03)


def test_zones_do_not_overlap():
    smaller = [name for name in ZONE_NAMES if name != "whole_face"]
    cover = np.sum([_drawn(zone_outlines()[name])[0] for name in smaller], axis=0)
    assert (cover > 1).sum() < 0.01 * (cover > 0).sum()


def test_every_zone_lies_in_the_face():
    whole, _ = _drawn(zone_outlines()["whole_face"])
    for name in ZONE_NAMES:
        inside, _ = _drawn(zone_outlines()[name])
        assert (inside & ~whole).sum() <= 0.03 * inside.sum(), name


@pytest.mark.parametrize("feature", ["eyes", "lips", "nostrils"])
@pytest.mark.parametrize("zone", [name for name in ZONE_NAMES if name != "whole_face"])
def test_zones_stay_clear_of_features_even_before_they_are_cut_out(zone, feature):
    filled, _ = _drawn(zone_outlines()[zone])
    for outline in not_skin_outlines()[feature]:
        part, _ = _drawn(outline)
        assert (filled & part).sum() < 0.1 * filled.sum()
