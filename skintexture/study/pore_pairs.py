"""Which pore of one photo is which of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skintexture.locate.register import Registration, RegistrationParams, Side
from skintexture.model import BoolImage, FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PorePairs:
    """Pores of two photos, sorted into pairs and singles, as indices into the two lists.

    Attributes
    ----------
    kept : (K, 2) int64
        Before and after, rising in the first.
    distance_mm : (K,) float64
        How far apart the two of a pair lie once carried.
    gone, new : (G,), (N,) int64
        Found in one photo only, on skin that both photos show and that is registered.
    unseen_before, unseen_after : (U,), (V,) int64
        Pores of the before and of the after photo whose place the other photo doesn't show as bare skin, or where
        the registration is refused: nothing can be said.
    """

    kept: IntArray
    distance_mm: FloatArray
    gone: IntArray
    new: IntArray
    unseen_before: IntArray
    unseen_after: IntArray


def match_pores(
    before_px: FloatArray, after_px: FloatArray, registration: Registration, params: RegistrationParams
) -> PorePairs:
    """Pair the pores of two photos that lie nearest to each other, in both photos and within the limit.

    Parameters
    ----------
    before_px, after_px : (N, 2), (M, 2) float64
        ``(y, x)``, each in its own photo.
    registration : Registration
    params : RegistrationParams

    Returns
    -------
    PorePairs
        Each pore is in exactly one of its lists.
    """
    seen = [
        np.flatnonzero(_comparable(points, registration, side="before" if k == 0 else "after"))
        for k, points in enumerate((before_px, after_px))
    ]
    here, there = before_px[seen[0]], after_px[seen[1]]
    to_after, apart_after = _nearest(registration.carry(here, to="after"), there)
    to_before, apart_before = _nearest(registration.carry(there, to="before"), here)
    first = np.flatnonzero(to_after >= 0)
    second = to_after[first]
    scales = registration.px_per_mm
    distance_mm = np.maximum(apart_after[first] / scales[1], apart_before[second] / scales[0])
    mutual = (to_before[second] == first) & (distance_mm <= params.match_mm)
    first, second = first[mutual], second[mutual]
    return PorePairs(
        kept=np.column_stack([seen[0][first], seen[1][second]]),
        distance_mm=distance_mm[mutual],
        gone=np.delete(seen[0], first),
        new=np.delete(seen[1], second),
        unseen_before=np.setdiff1d(np.arange(len(before_px)), seen[0]),
        unseen_after=np.setdiff1d(np.arange(len(after_px)), seen[1]),
    )


def _comparable(points_px: FloatArray, registration: Registration, *, side: Side) -> BoolImage:
    return registration.trusted_at(points_px, side=side) & registration.shared_at(points_px, side=side)


def _nearest(carried_px: FloatArray, points_px: FloatArray) -> tuple[IntArray, FloatArray]:
    """Index of the nearest point to each carried one, and its distance; −1 where there is none."""
    nearest = np.full(len(carried_px), -1, dtype=np.int64)
    apart = np.full(len(carried_px), np.inf)
    known = np.isfinite(carried_px).all(axis=1)
    if known.any() and len(points_px):
        apart[known], nearest[known] = cKDTree(points_px).query(carried_px[known])
    return nearest, apart
