"""Marks on the overlay: pores and irises, drawn where they are and as large as they are."""

from __future__ import annotations

import cv2
import numpy as np

from skintexture.locate.anatomy import LEFT_IRIS, RIGHT_EYELIDS, RIGHT_IRIS, mirrored
from skintexture.locate.iris import IrisFit, eye_axis_rad, fit_iris
from skintexture.measure import PhotoResult
from skintexture.model import Face, Photo
from skintexture.report.lettering import Colour
from skintexture.report.view import Picture, View

ENLARGED_MM = 0.4
"""Pores from here on are drawn in a colour of their own."""
PORE_COLOUR: Colour = (70, 235, 255)
ENLARGED_COLOUR: Colour = (255, 95, 205)
_IRIS_COLOUR: Colour = (245, 245, 245)

# OpenCV takes coordinates in fractions of a pixel.
_SHIFT = 6
_SUBPIXELS = 1 << _SHIFT
# The antialiased line covers one pixel to either side.
_CLEARANCE_PX = 1.0
# An eye that the landmark model calls more closed than open shows no iris.
_SHUT = 0.5


def pore_colour(diameter_mm: float) -> Colour:
    """Return the colour of a pore's circle."""
    return ENLARGED_COLOUR if diameter_mm >= ENLARGED_MM else PORE_COLOUR


def draw_circle(
    picture: Picture, centre: tuple[float, float], radius_px: float, *, colour: Colour, width_px: int = 1
) -> None:
    """Draw a circle in place; ``centre`` is ``(y, x)``, it and the radius to a fraction of a pixel."""
    y, x, radius = (round(v * _SUBPIXELS) for v in (*centre, radius_px))
    cv2.circle(picture, (x, y), radius, colour, width_px, cv2.LINE_AA, _SHIFT)


def draw_pores(view: View, result: PhotoResult) -> None:
    """Draw a circle around each pore, in place: the pore's diameter lies free inside the line."""
    px_per_mm = {zone.name: zone.px_per_mm * view.zoom for zone in result.zones}
    at = view.place(np.array([(pore.y_px, pore.x_px) for pore in result.pores]).reshape(-1, 2))
    for (y, x), located in zip(at, result.pores, strict=True):
        diameter_mm = located.pore.diameter_mm
        radius_px = diameter_mm * px_per_mm[located.zone] / 2 + _CLEARANCE_PX
        draw_circle(view.picture, (y, x), radius_px, colour=pore_colour(diameter_mm))


def draw_irises(view: View, photo: Photo, face: Face) -> None:
    """Mark the rim of each open eye's iris where the scale was read, left and right, in place."""
    for fit in _irises(photo, face):
        y, x = view.place(np.array([fit.centre_px]))[0]
        radius_px = fit.diameter_px * view.zoom / 2
        width = max(1, round(radius_px / 60))
        box = (round(x), round(y)), (round(radius_px), round(radius_px))
        for start in (-40, 140):
            cv2.ellipse(view.picture, *box, 0, start, start + 80, _IRIS_COLOUR, width, cv2.LINE_AA)


def _irises(photo: Photo, face: Face) -> list[IrisFit]:
    eyes = {
        "eyeBlinkRight": (RIGHT_IRIS, RIGHT_EYELIDS),
        "eyeBlinkLeft": (LEFT_IRIS, mirrored(RIGHT_EYELIDS)),
    }
    return [
        fit_iris(photo, face.points_px[iris : iris + 5], face.points_px[list(lids)], axis_rad=eye_axis_rad(face))
        for blink, (iris, lids) in eyes.items()
        if face.expression[blink] <= _SHUT
    ]
