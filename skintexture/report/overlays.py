"""The overlay: what was measured on a photo and what was not, for a person to check in a minute."""

from __future__ import annotations

import cv2
import numpy as np

from skintexture.locate.anatomy import not_skin_outlines
from skintexture.measure import PhotoResult
from skintexture.model import Photo
from skintexture.report.footer import draw_footer
from skintexture.report.insets import draw_insets
from skintexture.report.labels import Ground, place_labels
from skintexture.report.lettering import INK, label_size_px, write_label
from skintexture.report.marks import draw_irises, draw_pores
from skintexture.report.view import Picture, View, view_result
from skintexture.report.zone_paint import SkinKinds, colour_of, filled, paint_zones, parts, short_name, skin_kinds

# Height of letters by the picture's width: 11 pixels where the picture is shown 600 wide.
_LETTERS = 11 / 600
# Labels are placed on a copy with this many pixels along its longer side.
_GROUND_PX = 320


def draw_overlay(photo: Photo, result: PhotoResult, *, max_slant_deg: float) -> Picture:
    """Draw what was measured into the photo.

    The picture holds the zones' outlines and names, measured skin lightly tinted, skin that was left out dimmed and
    hatched by its reason, every pore's outline (at half depth; its colour is its size, its opacity how sure it is), the
    irises if the scale rests on them; below it a closer look at the pores of every zone and their sizes, and a strip
    that says what was found.

    Parameters
    ----------
    photo : Photo
    result : PhotoResult
        Of this photo.
    max_slant_deg : float
        The recipe's ``zones.max_slant_deg``.

    Returns
    -------
    (H, W, 3) uint8
        sRGB, upright: the face at the photo's own resolution (its longer side brought to 1200 … 3600 pixels), and
        what stands below it.
    """
    view = view_result(photo, result)
    seen = skin_kinds(photo, result, max_slant_deg)
    hatchings = paint_zones(view, result, seen)
    draw_pores(view, result)
    draw_irises(view, result.scale)
    _name_zones(view, result, seen)
    footer = draw_footer(photo, result, view, hatchings=hatchings)
    insets = draw_insets(photo, result, max(view.picture.shape[1], footer.shape[1]))
    return _stacked(view.picture, np.vstack([insets, footer]) if insets.size else footer)


def _name_zones(view: View, result: PhotoResult, seen: SkinKinds) -> None:
    """Write each zone's short name into it."""
    height, width = view.picture.shape[:2]
    letters_px = max(10, round(_LETTERS * width))
    shrink = _GROUND_PX / max(height, width)
    named = parts(result.zones)
    sizes = [label_size_px(short_name(zone.name), letters_px) for zone in named]
    shrunk = [(int(np.ceil(h * shrink)) + 1, int(np.ceil(w * shrink)) + 1) for h, w in sizes]
    places = place_labels(_ground(view, result, seen, shrink=shrink), shrunk)
    for zone, place in zip(named, places, strict=True):
        if place is not None:
            corner = (round(place[0] / shrink), round(place[1] / shrink))
            write_label(view.picture, short_name(zone.name), corner, size_px=letters_px, colour=colour_of(zone.name))


def _ground(view: View, result: PhotoResult, seen: SkinKinds, *, shrink: float) -> Ground:
    shape = tuple(int(side * shrink) for side in view.picture.shape[:2])
    zones = [filled(view.place(zone.outline_px) * shrink, shape) for zone in parts(result.zones)]
    small = View(np.zeros((*shape, 3), dtype=np.uint8), view.origin_px, view.zoom * shrink)
    measured = small.stretch(seen.measured.astype(np.uint8), seen.origin_px, seen.step_px)
    features = np.zeros(shape, dtype=bool)
    if result.face is not None:
        for outlines in not_skin_outlines().values():
            for outline in outlines:
                features |= filled(view.place(result.face.points_px[list(outline)]) * shrink, shape)
    return Ground(np.array(zones, dtype=bool), measured > 0, features)


def _stacked(picture: Picture, footer: Picture) -> Picture:
    """Set the picture above the strip; the narrower of them is widened with the strip's colour."""
    missing = footer.shape[1] - picture.shape[1]
    if missing > 0:
        picture = np.asarray(cv2.copyMakeBorder(picture, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=INK), np.uint8)
    return np.vstack([picture, footer])


def encode_jpeg(picture: Picture, quality: int = 90) -> bytes:
    """Encode as JPEG.

    Parameters
    ----------
    picture : (H, W, 3) uint8
        sRGB.
    quality : int
        1 … 100.

    Returns
    -------
    bytes
        Colour at full resolution, since thin coloured lines would fade otherwise; no metadata. Same picture, same
        bytes.
    """
    full_colour = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, *full_colour]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    return bytes(data)
