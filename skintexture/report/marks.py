"""Marks on the overlay: pores and irises, drawn where they are and as large as they are."""

from __future__ import annotations

import math

import cv2
import numpy as np

from skintexture.measure import PhotoResult
from skintexture.model import LocatedPore, Scale
from skintexture.report.lettering import Colour
from skintexture.report.view import Picture, View

VISIBLE_MM, ENLARGED_MM = 0.25, 0.4
"""Pores from here on are drawn in colours of their own."""
SMALL_COLOUR: Colour = (190, 255, 120)
PORE_COLOUR: Colour = (70, 235, 255)
ENLARGED_COLOUR: Colour = (255, 95, 205)
_IRIS_COLOUR: Colour = (245, 245, 245)

# OpenCV takes coordinates in fractions of a pixel.
_SHIFT = 6
_SUBPIXELS = 1 << _SHIFT
# Opacity of a pore that is as likely as not to be none.
_FAINTEST = 0.35
# The antialiased line covers one pixel to either side.
_CLEARANCE_PX = 1.0


def pore_colour(diameter_mm: float) -> Colour:
    """Return the colour of a pore's outline."""
    if diameter_mm >= ENLARGED_MM:
        return ENLARGED_COLOUR
    return PORE_COLOUR if diameter_mm >= VISIBLE_MM else SMALL_COLOUR


def opacity(probability: float) -> float:
    """Return how opaque the outline of a pore is that is one with this probability: sure ones stand out."""
    return _FAINTEST + (1.0 - _FAINTEST) * min(1.0, max(0.0, 2.0 * probability - 1.0))


def draw_circle(
    picture: Picture, centre: tuple[float, float], radius_px: float, *, colour: Colour, width_px: int = 1
) -> None:
    """Draw a circle in place; ``centre`` is ``(y, x)``, it and the radius to a fraction of a pixel."""
    y, x, radius = (round(v * _SUBPIXELS) for v in (*centre, radius_px))
    cv2.circle(picture, (x, y), radius, colour, width_px, cv2.LINE_AA, _SHIFT)


def draw_pores(view: View, result: PhotoResult) -> None:
    """Outline each pore in place: its ellipse at half depth lies free inside the line.

    The colour tells the diameter, the opacity the probability that it is a pore.
    """
    px_per_mm = {zone.name: zone.px_per_mm * view.zoom for zone in result.zones}
    at = view.place(np.array([(pore.y_px, pore.x_px) for pore in result.pores]).reshape(-1, 2))
    for (y, x), located in zip(at, result.pores, strict=True):
        outline_pore(view.picture, (y, x), located, px_per_mm=px_per_mm[located.zone])


def outline_pore(
    picture: Picture, centre: tuple[float, float], located: LocatedPore, *, px_per_mm: float, width_px: int = 1
) -> None:
    """Outline one pore in place; ``centre`` is ``(y, x)`` in the picture, which has ``px_per_mm``."""
    pore = located.pore
    stretch = math.sqrt(pore.elongation)
    axes = [pore.diameter_mm * px_per_mm / 2 * by + _CLEARANCE_PX for by in (stretch, 1.0 / stretch)]
    reach = math.ceil(max(axes)) + width_px + 1
    y0, x0 = (max(0, math.floor(at) - reach) for at in centre)
    box = picture[y0 : max(0, math.ceil(centre[0]) + reach + 1), x0 : max(0, math.ceil(centre[1]) + reach + 1)]
    if not box.size:
        return
    drawn = box.copy()
    at = (round((centre[1] - x0) * _SUBPIXELS), round((centre[0] - y0) * _SUBPIXELS))
    size = (round(axes[0] * _SUBPIXELS), round(axes[1] * _SUBPIXELS))
    colour = pore_colour(pore.diameter_mm)
    # The picture's y axis points down, the angle is counter-clockwise.
    cv2.ellipse(drawn, at, size, -pore.angle_deg, 0, 360, colour, width_px, cv2.LINE_AA, _SHIFT)
    opaque = opacity(pore.probability)
    box[:] = cv2.addWeighted(drawn, opaque, box, 1.0 - opaque, 0.0)


def draw_irises(view: View, scale: Scale) -> None:
    """Mark the rims of the irises that the scale was read from, left and right, in place."""
    for centre_y, centre_x, diameter_px in scale.irises:
        y, x = view.place(np.array([[centre_y, centre_x]]))[0]
        radius_px = diameter_px * view.zoom / 2
        width = max(1, round(radius_px / 60))
        box = (round(x), round(y)), (round(radius_px), round(radius_px))
        for start in (-40, 140):
            cv2.ellipse(view.picture, *box, 0, start, start + 80, _IRIS_COLOUR, width, cv2.LINE_AA)
