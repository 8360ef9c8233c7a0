"""Zones in colour: what was measured lightly tinted, what wasn't dimmed and hatched by its kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.skin import FEATURE, HAIR, SHADOW, SHINE, SKIN
from skintexture.measure import PATCH, PhotoResult
from skintexture.model import BoolImage, FloatArray, FloatImage, Photo, Zone
from skintexture.report.lettering import INK, Colour, sheet
from skintexture.report.view import Picture, View

_SKY: Colour = (100, 195, 245)
_YELLOW: Colour = (245, 232, 70)
_PINK: Colour = (245, 150, 205)
_GREEN: Colour = (70, 215, 165)
_ORANGE: Colour = (255, 175, 60)
_WHITE: Colour = (245, 245, 245)

# After Okabe and Ito's palette for all kinds of colour vision, lightened to show on dark skin; neighbours differ.
ZONE_COLOURS = MappingProxyType(
    {
        "forehead": _SKY,
        "glabella": _YELLOW,
        "nose": _PINK,
        "cheek": _YELLOW,
        "malar": _GREEN,
        "temple": _ORANGE,
        "periorbital": _WHITE,
        "perioral": _ORANGE,
        "chin": _SKY,
        "jawline": _GREEN,
        WHOLE_FACE: _WHITE,
        PATCH: _SKY,
    }
)
"""By the zone's name without its side."""

MEASURED_TINT = 0.10
"""Share of the zone's colour on measured skin: little enough to leave its texture as it is."""


@dataclass(frozen=True, slots=True)
class Hatching:
    """How skin that was not measured is marked.

    Attributes
    ----------
    meaning : str
        In the legend.
    colour : (red, green, blue)
        Of its lines.
    across : tuple of (x, y)
        One step across each family of its lines.
    """

    meaning: str
    colour: Colour
    across: tuple[tuple[int, int], ...]


# Beyond the kinds of the skin map: skin that was left out for another reason.
_SLANTED, _CLIPPED = 100, 101
_FEATURE_OR_HAIR = HAIR

HATCHINGS = MappingProxyType(
    {
        _FEATURE_OR_HAIR: Hatching("hair or feature", (250, 250, 250), ((1, 1),)),
        SHINE: Hatching("shine", (255, 235, 60), ((1, -1),)),
        SHADOW: Hatching("shadow", (100, 195, 245), ((0, 1),)),
        _SLANTED: Hatching("too slanted", (255, 160, 50), ((1, 0),)),
        _CLIPPED: Hatching("clipped", (245, 110, 200), ((1, 1), (1, -1))),
    }
)
"""Kinds of skin that is not measured, in the legend's order."""

# OpenCV takes coordinates in sixteenths of a pixel.
_SHIFT = 4
_SUBPIXELS = 1 << _SHIFT

_VEIL = 0.38
_LINE = 0.75
# Distance of the lines by the picture's long side.
_SPACING = 1 / 150
# Width of a line by the lines' distance.
_LINE_WIDTH = 0.16


@dataclass(frozen=True, slots=True)
class SkinKinds:
    """Where what was measured, on the skin map's grid.

    Attributes
    ----------
    kinds : (h, w) uint8
        ``SKIN`` where it was measured, otherwise a key of `HATCHINGS` or a kind of the skin map.
    origin_px, step_px : (y, x), float
        Photo coordinates of the first pixel, and photo pixels per pixel.
    """

    kinds: NDArray[np.uint8]
    origin_px: tuple[float, float]
    step_px: float

    @property
    def measured(self) -> BoolImage:
        return np.asarray(self.kinds == SKIN)

    def under(self, view: View) -> NDArray[np.uint8]:
        """Those that a view looks at, and their neighbours."""
        low = (np.array(view.origin_px) - self.origin_px) / self.step_px
        high = low + np.array(view.picture.shape[:2]) / (view.zoom * self.step_px)
        rows, columns = (
            slice(max(0, math.floor(first) - 1), max(0, math.ceil(last) + 2))
            for first, last in zip(low, high, strict=True)
        )
        return self.kinds[rows, columns]


def skin_kinds(photo: Photo, result: PhotoResult, max_slant_deg: float) -> SkinKinds:
    """Tell why each piece of skin was measured or not.

    Parameters
    ----------
    photo : Photo
    result : PhotoResult
    max_slant_deg : float
        The recipe's.

    Returns
    -------
    SkinKinds
    """
    skin = result.skin
    kinds = skin.kinds.copy()
    kinds[kinds == FEATURE] = _FEATURE_OR_HAIR
    rows, columns = np.mgrid[: kinds.shape[0], : kinds.shape[1]].astype(np.float32)
    y_px = np.float32(skin.origin_px[0]) + np.float32(skin.step_px) * rows
    x_px = np.float32(skin.origin_px[1]) + np.float32(skin.step_px) * columns
    bare = kinds == SKIN
    cos = result.surface.sample(y_px, x_px)[..., 0]
    kinds[bare & (cos < math.cos(math.radians(max_slant_deg)))] = _SLANTED
    clipped = cv2.remap(photo.clipped.astype(np.uint8), x_px, y_px, cv2.INTER_NEAREST, borderValue=1)
    kinds[bare & (clipped > 0)] = _CLIPPED
    return SkinKinds(kinds, skin.origin_px, skin.step_px)


def colour_of(zone: str) -> Colour:
    """Return a zone's colour; left and right share it."""
    return ZONE_COLOURS[zone.removeprefix("left_").removeprefix("right_")]


def parts(zones: Sequence[Zone]) -> list[Zone]:
    """Return the zones that make up the face: all but the whole face, unless it is alone."""
    smaller = [zone for zone in zones if zone.name != WHOLE_FACE]
    return smaller or list(zones)


def paint_zones(view: View, result: PhotoResult, seen: SkinKinds) -> list[Hatching]:
    """Tint what was measured in each zone, hatch what wasn't, and draw the outlines; in place.

    Returns
    -------
    list of Hatching
        Those that were used, for the legend.
    """
    used: set[int] = set()
    spacing_px = max(6, round(_SPACING * max(view.picture.shape[:2])))
    for zone in parts(result.zones):
        used |= _paint_zone(view, zone, seen, spacing_px=spacing_px)
    _draw_outlines(view, result.zones)
    return [hatching for kind, hatching in HATCHINGS.items() if kind in used]


def _paint_zone(view: View, zone: Zone, seen: SkinKinds, *, spacing_px: int) -> set[int]:
    """Paint one zone; return the kinds of skin that were hatched."""
    window = view.around(zone.outline_px)
    if not window.picture.size:
        return set()
    inside = filled(window.place(zone.outline_px), window.picture.shape)
    height, width = window.picture.shape[:2]
    paint = sheet(height, width, colour_of(zone.name))
    weight = (inside & _where(window, seen, SKIN)) * np.float32(MEASURED_TINT)
    near = seen.under(window)
    used = set()
    for kind, hatching in HATCHINGS.items():
        if not (near == kind).any():
            continue
        left_out = inside & _where(window, seen, kind)
        if left_out.any():
            used.add(kind)
            colours, shares = hatch_tile(hatching, spacing_px)
            _repeat(colours, left_out, paint)
            _repeat(shares, left_out, weight)
    window.picture[:] = cv2.blendLinear(np.ascontiguousarray(window.picture), paint, 1 - weight, weight)
    return used


def _where(window: View, seen: SkinKinds, kind: int) -> BoolImage:
    layer = (seen.kinds == kind).astype(np.uint8) * np.uint8(255)
    return window.stretch(layer, seen.origin_px, seen.step_px) > 127


def filled(outline_px: FloatArray, shape: tuple[int, ...]) -> BoolImage:
    """Fill a polygon ``(y, x)`` in a picture of this shape."""
    drawn = np.zeros(shape[:2], dtype=np.uint8)
    cv2.fillPoly(drawn, [_to_subpixels(outline_px)], (1,), shift=_SHIFT)
    return drawn.astype(bool)


def _to_subpixels(points_px: FloatArray) -> NDArray[np.int32]:
    return np.rint(points_px[:, ::-1] * _SUBPIXELS).astype(np.int32)


def _repeat(tile: NDArray[Any], where: BoolImage, onto: NDArray[Any]) -> None:
    """Lay a tile side by side over a picture, and take it over where it counts; in place."""
    repeats = tuple(-(-side // len(tile)) for side in where.shape)
    laid = np.tile(tile, repeats + (1,) * (tile.ndim - 2))[: where.shape[0], : where.shape[1]]
    cv2.copyTo(np.ascontiguousarray(laid), where.view(np.uint8), onto)


def hatch_tile(hatching: Hatching, spacing_px: int) -> tuple[Picture, FloatImage]:
    """One tile of a hatching, to be repeated: its colours, and their share 0 … 1 in the picture."""
    y, x = np.mgrid[:spacing_px, :spacing_px].astype(np.float32)
    line = np.zeros(x.shape, dtype=np.float32)
    for across_x, across_y in hatching.across:
        steps = (across_x * x + across_y * y) / spacing_px
        away_px = np.abs(steps - np.round(steps)) * spacing_px / math.hypot(across_x, across_y)
        line = np.maximum(line, np.clip(_LINE_WIDTH / 2 * spacing_px + 0.5 - away_px, 0, 1))
    weights = np.float32(_VEIL) + np.float32(_LINE - _VEIL) * line
    colours = line[..., None] * np.array(hatching.colour, dtype=np.float32)
    return np.rint(colours).astype(np.uint8), weights


def _draw_outlines(view: View, zones: Sequence[Zone]) -> None:
    """Each outline in its colour over a dark one, so that it shows on any skin."""
    thin = max(1, round(max(view.picture.shape[:2]) / 1600))
    ordered = sorted(zones, key=lambda zone: zone.name != WHOLE_FACE)
    at = [_to_subpixels(view.place(zone.outline_px)) for zone in ordered]
    for line in at:
        cv2.polylines(view.picture, [line], True, INK, thin + (1 if thin == 1 else 2), cv2.LINE_AA, _SHIFT)
    for zone, line in zip(ordered, at, strict=True):
        cv2.polylines(view.picture, [line], True, colour_of(zone.name), thin, cv2.LINE_AA, _SHIFT)


def short_name(zone: str) -> str:
    """Return a zone's name as it stands in the picture; L and R are the subject's.

    Examples
    --------
    >>> short_name("left_cheek")
    'L cheek'
    """
    return zone.replace("left_", "L ").replace("right_", "R ").replace("_", " ")
