"""Outlines of pores as a person would draw them: a mask to lay beside masks that were drawn by hand.

No number of the tables comes from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skintexture.metrics.pore_params import FWHM_PER_SIGMA
from skintexture.model import BoolImage, FloatArray

HAND_MM = 0.1
"""Standard deviation, along either axis, with which a hand puts its line beside a pore's rim: on one outlined face,
centres scattered by 0.08 mm about the pits, and sizes besides."""

LEAST_CHANCE = 0.35
"""Chance to be outlined from which on a pixel is painted. To overlap most with what one doesn't know, paint what is
likelier than half the overlap that can be had (Lipton 2014), about 0.3. Chosen on that face, on either half alike."""

COMPANY_MM = 3.0
"""σ of the Gaussian in which the pores around are counted."""

_ALONE_PER_CM2 = 5.0
"""Added to the pores around, so that a lone one is unlikely and not impossible."""

_FARTHEST = 3.0
"""How many σ away the pores around are counted."""


@dataclass(frozen=True, slots=True)
class Dips:
    """Pores of one photo, one entry each.

    Attributes
    ----------
    places_px : (N, 2) float64
        Centres ``(y, x)`` in the photo.
    px_per_mm : (N,) float64
        Of the photo, there.
    diameter_mm, elongation, angle_deg, probability : (N,) float64
        As in `Pore`.
    """

    places_px: FloatArray
    px_per_mm: FloatArray
    diameter_mm: FloatArray
    elongation: FloatArray
    angle_deg: FloatArray
    probability: FloatArray


def paint_outlines(dips: Dips, shape: tuple[int, int], blur_mm: float) -> BoolImage:
    """Paint what a person would probably outline as pores.

    A pit is a Gaussian dip. The grid's blur and the scatter of a hand widen it alike along both axes; the chance that a
    pixel is outlined is that of the pore, times what the widened dip has there of its depth. So every pore is an
    ellipse, the larger the surer it is.

    Parameters
    ----------
    dips : Dips
    shape : (int, int)
        Of the photo.
    blur_mm : float
        Of the grid that they were found on, σ.

    Returns
    -------
    (H, W) bool

    References
    ----------
    Lipton ZC, Elkan C, Naryanaswamy B (2014) Optimal thresholding of classifiers to maximize F1 measure. ECML PKDD
    2014:225–239. doi:10.1007/978-3-662-44851-9_15
    """
    chance = in_company(dips)
    reach = np.sqrt(2.0 * np.log(np.maximum(chance / LEAST_CHANCE, 1.0)))
    stretch = np.stack([dips.elongation, 1.0 / dips.elongation])
    spread_mm2 = (dips.diameter_mm / FWHM_PER_SIGMA) ** 2 * stretch + blur_mm**2 + HAND_MM**2
    return paint_ellipses(dips, shape, reach * np.sqrt(spread_mm2))


def paint_ellipses(dips: Dips, shape: tuple[int, int], half_axes_mm: FloatArray) -> BoolImage:
    """Paint an ellipse for each pore in its direction: the pixels whose centres lie within.

    Parameters
    ----------
    dips : Dips
    shape : (int, int)
        Of the photo.
    half_axes_mm : (2, N) float64
        Long and short; where they are 0, nothing is painted.

    Returns
    -------
    (H, W) bool
    """
    painted = np.zeros(shape, bool)
    half_axes_px = half_axes_mm * dips.px_per_mm
    for index in np.flatnonzero(half_axes_px.min(axis=0) > 0.0):
        long_px, short_px = half_axes_px[:, index].tolist()
        y, x = dips.places_px[index].tolist()
        _paint(painted, (y, x, math.radians(dips.angle_deg[index])), (long_px, short_px))
    return painted


def in_company(dips: Dips) -> FloatArray:
    """Tell how likely each is to be outlined (N), given how many others are around.

    A faint dot among many pores is taken for one sooner than the same dot on bare skin: by Bayes' rule, the odds are
    proportional to the pores per area. What counts is whether there are more or fewer of them than around the other
    pores of the photo; the mean log odds stay. The probabilities of the tables leave this out: there, it would make
    the number of faint pores follow that of clear ones.
    """
    places, scale = dips.places_px, dips.px_per_mm
    if len(places) < 2:
        return dips.probability
    around = np.zeros(len(places))
    first, second = _pairs(places, _FARTHEST * COMPANY_MM * float(scale.max())).T
    apart_mm = np.linalg.norm(places[first] - places[second], axis=1) / (scale[first] + scale[second]) * 2.0
    weight = np.exp(-0.5 * (apart_mm / COMPANY_MM) ** 2)
    np.add.at(around, first, weight * dips.probability[second])
    np.add.at(around, second, weight * dips.probability[first])
    company = np.log(100.0 * around / (2.0 * math.pi * COMPANY_MM**2) + _ALONE_PER_CM2)
    more = np.exp(company - company.mean())
    return np.asarray(dips.probability * more / (dips.probability * more + 1.0 - dips.probability))


def _pairs(places: FloatArray, within_px: float) -> NDArray[np.intp]:
    return np.asarray(cKDTree(places).query_pairs(within_px, output_type="ndarray"))


def _paint(painted: BoolImage, place: tuple[float, float, float], half_axes_px: tuple[float, float]) -> None:
    """Paint the pixels whose centres lie in an ellipse at (y, x, angle), the angle counter-clockwise from the row."""
    y, x, angle = place
    long_px, short_px = half_axes_px
    top, left = (max(0, math.ceil(at - long_px)) for at in (y, x))
    bottom, right = (max(0, math.floor(at + long_px) + 1) for at in (y, x))
    box = painted[top:bottom, left:right]
    dy, dx = np.arange(top, top + box.shape[0])[:, None] - y, np.arange(left, left + box.shape[1]) - x
    along, across = dx * math.cos(angle) - dy * math.sin(angle), dx * math.sin(angle) + dy * math.cos(angle)
    box |= (along / long_px) ** 2 + (across / short_px) ** 2 <= 1.0
