"""Which skin of a head belongs to which clinical zone, decided on the resting surface.

The heads share one mesh, so a landmark of the face model is the same vertex on all of them. Zones are outlined by the
same landmarks as on photographs, seen from a usual portrait distance, and drawn once per head as charts of the
distance to the outline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.errors import InputError
from skintexture.locate.anatomy import ZONE_NAMES, ZoneName, zone_outlines
from skintexture.locate.skin import fill
from skintexture.model import BoolImage, FloatArray, FloatImage
from skintexture.phantoms.head import Head, face_landmarks

_SEEN_FROM_MM = 800.0
_CHART_PX_PER_MM = 3.0
_MARGIN_MM = 12.0
_BEHIND_MM = 12.0  # skin this far behind the deepest landmark of a zone is another surface: neck, ear, inside


@dataclass(frozen=True, slots=True)
class Regions:
    """Zones of one resting head.

    Attributes
    ----------
    signed_mm : mapping of str to (h, w) float32
        Per zone, a chart of the distance to its outline: positive inside.
    deepest_mm : mapping of str to float
        Skin with a smaller z is not the zone's.
    origin_mm : (float, float)
        ``(x, y)`` of the charts' first pixel, as seen in perspective at the depth of the eyes.
    """

    signed_mm: Mapping[str, FloatImage]
    deepest_mm: Mapping[str, float]
    origin_mm: tuple[float, float]

    def inside_mm(self, zone: str, points_mm: FloatArray, normals: FloatArray) -> FloatArray:
        """Distance (N,) of skin from a zone's outline, positive inside; −inf on what can't be the zone's skin."""
        flat = (_seen_flat(points_mm) - np.array(self.origin_mm)) * (_CHART_PX_PER_MM, -_CHART_PX_PER_MM)
        chart = self.signed_mm[zone]
        seen = _look_up(chart, flat.astype(np.float32))
        sight = points_mm - (0.0, 0.0, _SEEN_FROM_MM)
        facing = np.sum(sight * normals, axis=1) < 0
        return np.where(facing & (points_mm[:, 2] > self.deepest_mm[zone]), seen, -np.inf)

    def smallest(self, points_mm: FloatArray, normals: FloatArray) -> NDArray[np.str_]:
        """Name of the smallest zone that holds each place (N,); empty outside the face."""
        areas = {zone: np.count_nonzero(chart > 0) for zone, chart in self.signed_mm.items()}
        names = np.full(len(points_mm), "", dtype=f"<U{max(map(len, ZONE_NAMES))}")
        for zone in sorted(areas, key=lambda zone: -areas[zone]):
            names[self.inside_mm(zone, points_mm, normals) > 0] = zone
        return names


def find_regions(head: Head) -> Regions:
    """Chart the zones of a resting head."""
    landmarks_mm = head.vertices_mm[face_landmarks()]
    flat = _seen_flat(landmarks_mm)
    low, high = flat.min(axis=0) - _MARGIN_MM, flat.max(axis=0) + _MARGIN_MM
    width, height = np.ceil((high - low) * _CHART_PX_PER_MM).astype(int).tolist()
    origin = (float(low[0]), float(high[1]))
    outlines = zone_outlines()
    return Regions(
        signed_mm={zone: _signed_mm(flat[list(outlines[zone])], origin, (height, width)) for zone in ZONE_NAMES},
        deepest_mm={zone: float(landmarks_mm[list(outlines[zone]), 2].min()) - _BEHIND_MM for zone in ZONE_NAMES},
        origin_mm=origin,
    )


def checked_zones(zones: tuple[str, ...]) -> tuple[ZoneName, ...]:
    """Return the zones as they are, if all of them exist.

    Raises
    ------
    InputError
        A name is no zone's.
    """
    unknown = [zone for zone in zones if zone not in ZONE_NAMES]
    if unknown:
        raise InputError(f"no such zone: {', '.join(unknown)}", f"zones are {', '.join(ZONE_NAMES)}")
    return tuple(name for zone in zones for name in ZONE_NAMES if name == zone)


def _seen_flat(points_mm: FloatArray) -> FloatArray:
    """``(x, y)`` of points seen from the front, in mm at the depth of the eyes (N, 2)."""
    return np.asarray(points_mm[:, :2] / (1.0 - points_mm[:, 2:] / _SEEN_FROM_MM))


def _signed_mm(outline_mm: FloatArray, origin_mm: tuple[float, float], size: tuple[int, int]) -> FloatImage:
    corners = (outline_mm - np.array(origin_mm)) * (_CHART_PX_PER_MM, -_CHART_PX_PER_MM)
    filled = fill(corners[:, ::-1], size)
    return np.asarray((_depth_px(filled) - _depth_px(~filled)) / np.float32(_CHART_PX_PER_MM), np.float32)


def _depth_px(mask: BoolImage) -> FloatImage:
    """Distance of each pixel of the mask to its border, which runs between pixels; 0 outside."""
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.maximum(distance - 0.5, 0.0) * mask, np.float32)


def _look_up(chart: FloatImage, places_px: FloatImage) -> FloatArray:
    """Chart at ``(x, y)`` places, to the nearest pixel; beyond its rim nothing is inside."""
    column, row = np.rint(places_px).astype(np.int64).T
    height, width = chart.shape
    within = (row >= 0) & (column >= 0) & (row < height) & (column < width)
    found = np.full(len(row), -np.inf)
    found[within] = chart[row[within], column[within]]
    return found
