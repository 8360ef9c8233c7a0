"""Where labels go: inside their zone, hiding little, never over one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatImage

# What it costs to hide one pixel. A label may stick out of a zone that is too small for it, over background sooner
# than over another zone.
_IN_ZONE_MEASURED = 0.25
_IN_ZONE_NOT_MEASURED = 0.15
_BACKGROUND = 0.6
_FEATURE = 0.9
_OTHER_ZONE = 1.3
# How strongly a label is drawn to its zone's middle: its cost at one zone's size away.
_AWAY = 0.3


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies where, on a small copy of the picture.

    Attributes
    ----------
    zones : (N, H, W) bool
        Each zone's area.
    measured : (H, W) bool
        Measured skin.
    features : (H, W) bool
        Eyes, brows, lips and nostrils.
    """

    zones: NDArray[np.bool_]
    measured: BoolImage
    features: BoolImage


def place_labels(ground: Ground, sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int] | None]:
    """Find a place for every label.

    Parameters
    ----------
    ground : Ground
    sizes : sequence of (height, width)
        Of each zone's label, in the ground's pixels.

    Returns
    -------
    list of (y, x) or None
        Upper left corners, in the ground's pixels. None where a zone can't be seen, or there is no room left.
    """
    places: list[tuple[int, int] | None] = [None] * len(sizes)
    taken = np.zeros(ground.measured.shape, dtype=bool)
    # Small zones choose first: a large one has room elsewhere.
    for k in np.argsort(ground.zones.sum(axis=(1, 2)), kind="stable"):
        place = _cheapest(_cost(ground, int(k)), taken, sizes[k]) if ground.zones[k].any() else None
        places[k] = place
        if place is not None:
            taken[place[0] : place[0] + sizes[k][0], place[1] : place[1] + sizes[k][1]] = True
    return places


def _cost(ground: Ground, k: int) -> FloatImage:
    zone = ground.zones[k]
    cost = np.full(zone.shape, _BACKGROUND, dtype=np.float32)
    cost[ground.features] = _FEATURE
    cost[ground.zones.any(axis=0)] = _OTHER_ZONE
    cost[zone] = np.where(ground.measured[zone], _IN_ZONE_MEASURED, _IN_ZONE_NOT_MEASURED)
    y, x = np.nonzero(zone)
    rows, columns = np.ogrid[: zone.shape[0], : zone.shape[1]]
    away = ((rows - y.mean()) ** 2 + (columns - x.mean()) ** 2) / len(y)
    return np.asarray(cost + np.float32(_AWAY) * away, dtype=np.float32)


def _cheapest(cost: FloatImage, taken: BoolImage, size: tuple[int, int]) -> tuple[int, int] | None:
    """Upper left corner of the box with the least mean cost that touches nothing taken."""
    rows, columns = cost.shape[0] - size[0] + 1, cost.shape[1] - size[1] + 1
    if rows < 1 or columns < 1:
        return None
    total = _box_sums(cost, size)
    total[_box_sums(taken.astype(np.float32), size) > 0.5] = math.inf
    y, x = divmod(int(np.argmin(total)), columns)
    return (y, x) if math.isfinite(total[y, x]) else None


def _box_sums(values: FloatImage, size: tuple[int, int]) -> NDArray[np.float64]:
    height, width = size
    sums = np.asarray(cv2.integral(values), dtype=np.float64)
    return sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
