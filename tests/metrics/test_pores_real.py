"""Pores of a real face that somebody outlined by hand; the picture is no part of the project."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from skintexture.io.photos import read_photo
from skintexture.measure import measure_patch
from skintexture.metrics.pore_outlines import Dips, paint_outlines
from skintexture.model import BoolImage, FloatArray, LocatedPore
from skintexture.recipe import load_recipe

FACE = Path(__file__).parents[3] / "shared" / "data" / "pores_labelled"
PX_PER_MM = 12.5
MATCH_MM = 0.24

pytestmark = pytest.mark.skipif(not FACE.is_dir(), reason="needs the outlined face beside the project")


@pytest.fixture(scope="module")
def skin() -> BoolImage:
    return np.asarray(cv2.imread(str(FACE / "skin.png"), cv2.IMREAD_GRAYSCALE)) > 0


@pytest.fixture(scope="module")
def outlined() -> BoolImage:
    return np.asarray(cv2.imread(str(FACE / "label.png"), cv2.IMREAD_GRAYSCALE)) > 0


@pytest.fixture(scope="module")
def found(skin: BoolImage) -> tuple[LocatedPore, ...]:
    return measure_patch(read_photo(FACE / "photo.png"), skin, load_recipe("standard"), PX_PER_MM).pores


def matches(found: FloatArray, true: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """One to one within the distance: as many as possible, then the nearest."""
    far_px = cdist(found, true)
    far_px[far_px > MATCH_MM * PX_PER_MM] = 1e6
    mine, theirs = linear_sum_assignment(far_px)
    near = far_px[mine, theirs] < 1e6
    return mine[near], theirs[near]


def hits(found: tuple[LocatedPore, ...], skin: BoolImage, outlined: BoolImage) -> tuple[BoolImage, BoolImage, int]:
    """Which pores are outlined, which lie outside the labels' reach, and how many outlines there are within it."""
    centres = cv2.connectedComponentsWithStats(outlined.astype(np.uint8))[3][1:, ::-1].astype(np.float64)
    y, x = np.rint(centres).astype(int).T
    within = skin[y, x]
    mine, theirs = matches(np.array([(pore.y_px, pore.x_px) for pore in found]), centres)
    right, beyond = np.zeros(len(found), bool), np.zeros(len(found), bool)
    right[mine], beyond[mine] = within[theirs], ~within[theirs]
    return right, beyond, int(within.sum())


def test_pores_are_those_that_a_person_outlines(
    found: tuple[LocatedPore, ...], skin: BoolImage, outlined: BoolImage
) -> None:
    right, beyond, true = hits(found, skin, outlined)
    assert 2 * right.sum() / (len(found) - beyond.sum() + true) >= 0.72


def test_the_probability_holds_on_real_skin(
    found: tuple[LocatedPore, ...], skin: BoolImage, outlined: BoolImage
) -> None:
    right, beyond, _ = hits(found, skin, outlined)
    told = np.array([pore.pore.probability for pore in found])
    for low, high in ((0.0, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = (told >= low) & (told < high) & ~beyond
        assert inside.sum() > 100
        assert right[inside].mean() == pytest.approx(float(told[inside].mean()), abs=0.08)


def test_pores_cover_what_a_person_outlines(
    found: tuple[LocatedPore, ...], skin: BoolImage, outlined: BoolImage
) -> None:
    """Drawn a tenth wider than the dip that one sees at half depth."""
    drawn = np.zeros(skin.shape, np.uint8)
    blur_mm = 2.355 * load_recipe("standard").grid.blur_mm
    for pore in found:
        seen_px = 1.1 * float(np.hypot(pore.pore.diameter_mm, blur_mm)) * PX_PER_MM
        stretch = float(np.sqrt(pore.pore.elongation))
        centre = (round(16 * pore.x_px), round(16 * pore.y_px))
        axes = (round(8 * seen_px * stretch), round(8 * seen_px / stretch))
        cv2.ellipse(drawn, centre, axes, -pore.pore.angle_deg, 0, 360, 1, -1, shift=4)
    assert dice((drawn > 0) & skin, outlined & skin) >= 0.51


@pytest.mark.parametrize(("part", "least"), [("upper", 0.47), ("lower", 0.59), ("all", 0.55)])
def test_a_mask_covers_what_a_person_outlines(
    found: tuple[LocatedPore, ...], skin: BoolImage, outlined: BoolImage, part: str, least: float
) -> None:
    """The rule has three numbers, and they were looked at on this face: each half is as good with the other's best."""
    rows = [
        (at.y_px, at.x_px, at.pore.diameter_mm, at.pore.elongation, at.pore.angle_deg, at.pore.probability)
        for at in found
    ]
    table = np.array(rows)
    dips = Dips(table[:, :2], np.full(len(table), PX_PER_MM), *table[:, 2:].T)
    painted = paint_outlines(dips, outlined.shape, load_recipe("standard").grid.blur_mm)
    half_way = int(np.searchsorted(np.cumsum(skin.sum(axis=1)), skin.sum() / 2))
    within = skin.copy()
    within[{"upper": slice(half_way, None), "lower": slice(half_way), "all": slice(0)}[part]] = False
    assert dice(painted & within, outlined & within) >= least


def dice(mine: BoolImage, theirs: BoolImage) -> float:
    return float(2 * (mine & theirs).sum() / (mine.sum() + theirs.sum()))
