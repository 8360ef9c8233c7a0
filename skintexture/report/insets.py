"""A closer look: for every zone a piece of its skin as it is and with its pores outlined, and their sizes as bars."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.spatial import cKDTree

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.landmarks import encode_srgb
from skintexture.measure import PhotoResult
from skintexture.model import FloatArray, LocatedPore, Photo, Zone
from skintexture.report.lettering import INK, Colour, label_size_px, sheet, write_label
from skintexture.report.marks import outline_pore, pore_colour
from skintexture.report.view import Picture
from skintexture.report.zone_paint import colour_of, short_name

SIDE_MM = 7.0
"""Side of the skin that an inset shows: a dozen pores and more, each as wide as a letter."""

BIN_MM = 0.05
"""Width of a bar of the histogram."""

# Two squares side by side, at least this wide each.
_LEAST_SIDE_PX = 230
_LETTERS = 1 / 14  # height of letters by an inset's side
_PALE: Colour = (235, 235, 235)
_GREY: Colour = (160, 160, 165)
_WIDEST_MM = 0.7
_LADDER_MM = (0.1, 0.25, 0.4, 0.55, 0.7)


def draw_insets(photo: Photo, result: PhotoResult, width_px: int) -> Picture:
    """Draw one inset per zone that has pores, and a histogram of all diameters, in rows.

    Parameters
    ----------
    photo : Photo
    result : PhotoResult
    width_px : int
        Of the strip.

    Returns
    -------
    (H, width_px, 3) uint8
        sRGB; H is 0 where there is no pore.
    """
    by_zone = {zone.name: [pore for pore in result.pores if pore.zone == zone.name] for zone in result.zones}
    shown = [zone for zone in result.zones if by_zone[zone.name] and zone.name != WHOLE_FACE]
    columns = max(1, width_px // (2 * _LEAST_SIDE_PX))
    side_px = width_px // (2 * columns)
    cells = [_inset(photo, zone, by_zone[zone.name], side_px) for zone in shown]
    if cells:
        cells.append(_histogram([located.pore.diameter_mm for located in result.pores], side_px))
    rows = [_row(cells[first : first + columns], width_px) for first in range(0, len(cells), columns)]
    return np.vstack([np.empty((0, width_px, 3), np.uint8), *rows])


def _row(cells: Sequence[Picture], width_px: int) -> Picture:
    row = sheet(cells[0].shape[0], width_px)
    drawn = np.hstack(cells)
    row[:, : drawn.shape[1]] = drawn
    return row


def _inset(photo: Photo, zone: Zone, pores: Sequence[LocatedPore], side_px: int) -> Picture:
    """Skin as it is beside the same with its pores, titled, with a bar of 1 mm."""
    places = np.array([(pore.y_px, pore.x_px) for pore in pores])
    side_photo_px = SIDE_MM * zone.px_per_mm
    corner = _liveliest(places, side_photo_px) - side_photo_px / 2
    zoom = side_px / side_photo_px
    bare = _enlarged(photo, corner, (side_px, zoom))
    marked = bare.copy()
    px_per_mm = zone.px_per_mm * zoom
    at = (places - corner) * zoom
    shown = ((at > -px_per_mm) & (at < side_px + px_per_mm)).all(axis=1)
    for k in np.flatnonzero(shown).tolist():
        outline_pore(marked, (float(at[k, 0]), float(at[k, 1])), pores[k], px_per_mm=px_per_mm, width_px=2)
    letters = max(10, round(side_px * _LETTERS))
    title = f"{short_name(zone.name)}: {len(pores)} pore{'s' if len(pores) != 1 else ''}"
    _millimetre(marked, side_px / SIDE_MM, letters)
    framed = np.hstack([bare, marked])
    _letter(framed, title, (letters // 2, letters // 2), letters, colour_of(zone.name))
    framed[[0, -1]] = framed[:, [0, -1]] = INK
    return framed


def _liveliest(places: FloatArray, side_px: float) -> FloatArray:
    """Return the pore that has most others within an inset about it, the most central of them on equal terms."""
    others = cKDTree(places).query_ball_point(places, side_px / 2, p=np.inf, return_length=True)
    off = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    return np.asarray(places[np.lexsort((off, -others))[0]])


def _enlarged(photo: Photo, corner: FloatArray, how: tuple[int, float]) -> Picture:
    """Square of the photo from ``corner`` (y, x) on, ``how`` = side in picture pixels and zoom."""
    side_px, zoom = how
    matrix = np.array([[1 / zoom, 0, corner[1]], [0, 1 / zoom, corner[0]]])
    low = np.maximum(np.floor(corner).astype(int) - 3, 0)
    high = np.ceil(corner + side_px / zoom).astype(int) + 4
    piece = encode_srgb(photo.linear_rgb[low[0] : max(0, high[0]), low[1] : max(0, high[1])])
    matrix[:, 2] -= low[::-1]
    if not piece.size:
        return np.zeros((side_px, side_px, 3), np.uint8)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(piece, matrix, (side_px, side_px), flags=flags), np.uint8)


def _letter(picture: Picture, text: str, corner: tuple[int, int], size_px: int, colour: Colour) -> None:
    height, width = label_size_px(text, size_px)
    if corner[0] + height <= picture.shape[0] and corner[1] + width <= picture.shape[1]:
        write_label(picture, text, corner, size_px=size_px, colour=colour)


def _millimetre(picture: Picture, px_per_mm: float, letters_px: int) -> None:
    bottom, left = picture.shape[0] - letters_px, letters_px
    right = left + round(px_per_mm)
    for width, colour in ((5, INK), (2, _PALE)):
        cv2.line(picture, (left, bottom), (right, bottom), colour, width)
    _letter(picture, "1 mm", (bottom - letters_px - letters_px // 2, left), letters_px, _PALE)


def _histogram(diameters_mm: Sequence[float], side_px: int) -> Picture:
    """Bars in the colours of the outlines: the legend of both."""
    cell = sheet(side_px, 2 * side_px)
    letters = max(10, round(side_px * _LETTERS))
    edges = np.arange(0.1, _WIDEST_MM + BIN_MM / 2, BIN_MM)
    counts = np.histogram(np.clip(diameters_mm, edges[0], edges[-1] - 1e-6), edges)[0]
    left, right, bottom, top = 2 * letters, 2 * side_px - 2 * letters, side_px - 4 * letters, 3 * letters
    bar_px = (right - left) / len(counts)
    for k, count in enumerate(counts):
        x0, x1 = round(left + k * bar_px) + 1, round(left + (k + 1) * bar_px) - 1
        height = round((bottom - top) * count / max(1, counts.max()))
        cv2.rectangle(cell, (x0, bottom - height), (x1, bottom), pore_colour(float(edges[k]) + BIN_MM / 2), cv2.FILLED)
    cv2.line(cell, (left, bottom + 1), (right, bottom + 1), _GREY, 1)
    for mm in _LADDER_MM:
        x = round(left + (mm - edges[0]) / (edges[-1] - edges[0]) * (right - left))
        cv2.line(cell, (x, bottom), (x, bottom + letters // 3), _GREY, 1)
        text = f"{mm:g}"
        _letter(cell, text, (bottom + letters // 2, x - label_size_px(text, letters)[1] // 2), letters, _PALE)
    _letter(cell, f"diameter in mm, {len(diameters_mm):,} pores", (letters // 2, letters), letters, _PALE)
    note = f"highest bar: {counts.max():,} pores. Paler outlines are less sure"
    _letter(cell, note, (side_px - 2 * letters, letters), round(0.85 * letters), _GREY)
    return cell
