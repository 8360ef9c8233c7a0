"""Two photos of a face brought to one frame, for people to look at; nothing is measured on what is warped here."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.correspondence import places_of
from skintexture.locate.grid import Grid, look_up
from skintexture.locate.landmarks import encode_srgb
from skintexture.model import FloatImage
from skintexture.report.face_maps import Outlines
from skintexture.report.view import Picture
from skintexture.study.joint import Pair

WIDTH_PX = 750

_ROOM = 0.05  # around the zones, relative to their larger side
# The way from photo to photo is evened out over this, so that lashes and hair don't ripple.
_SMOOTH_MM = 3.0
# The way is even: it is looked up at every so many pixels of the picture.
_CARRY_STEP = 4
_LEAST_WEIGHT = np.float32(1e-3)
_OUTSIDE = 0.5  # where the other photo ends: a grey, in linear light


@dataclass(frozen=True, slots=True)
class RegisteredView:
    """The face on both photos, and its zones.

    Attributes
    ----------
    before, after : (H, W, 3) uint8
        sRGB; the same skin at the same place.
    outlines : mapping of str to (N, 2) float
        ``(y, x)`` in these pictures.
    """

    before: Picture
    after: Picture
    outlines: Outlines


def registered_view(pair: Pair) -> RegisteredView:
    """Show the after photo as if it had been taken from the before photo's place.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    RegisteredView
        `WIDTH_PX` wide.
    """
    photo = pair.before.scene.photo
    corners = np.vstack([zone.outline_px for zone in pair.before.zones])
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = _ROOM * float((high - low).max())
    low = np.maximum(low - room, 0)
    high = np.minimum(high + room, (photo.height_px - 1, photo.width_px - 1))
    step = float(high[1] - low[1]) / WIDTH_PX
    grid = Grid((float(low[0]), float(low[1])), step, (int((high[0] - low[0]) / step), WIDTH_PX))
    coarse = Grid(grid.origin_px, _CARRY_STEP * step, tuple(n // _CARRY_STEP + 2 for n in grid.shape))
    photo_px_per_mm = pair.before.scene.scale.px_per_mm
    sigma = _SMOOTH_MM * photo_px_per_mm / coarse.step_px
    evened = _evened(pair.registration.carry_grid(coarse, to="after"), places_of(coarse), sigma)
    places = look_up(evened, coarse, grid, border=cv2.BORDER_REPLICATE)
    scale = pair.after.scene.scale.px_per_mm / photo_px_per_mm
    outlines = {zone.name: (zone.outline_px - low) / step for zone in pair.before.zones}
    before = _seen(photo.linear_rgb, places_of(grid), step)
    return RegisteredView(before, _seen(pair.after.scene.photo.linear_rgb, places, step * scale), outlines)


def _evened(places: FloatImage, own: FloatImage, sigma: float) -> FloatImage:
    """Average the shift of every place over its surroundings, and carry it on a little beyond where it is known."""
    known = np.asarray(np.isfinite(places).all(axis=-1))
    shift = np.where(known[..., None], places - own, np.float32(0)).astype(np.float32)
    weight = np.asarray(cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma))[..., None]
    evened = own + np.asarray(cv2.GaussianBlur(shift, (0, 0), sigma)) / np.maximum(weight, _LEAST_WEIGHT)
    return np.asarray(np.where(weight > _LEAST_WEIGHT, evened, np.float32(np.nan)), np.float32)


def _seen(linear: FloatImage, places: FloatImage, step_px: float) -> Picture:
    """Look a photo up at places, averaged over what each picture pixel covers."""
    rows, columns = (_span(places[..., axis], linear.shape[axis], step_px) for axis in (0, 1))
    piece, places = linear[rows, columns], places - np.array([rows.start, columns.start], np.float32)
    shrunk = piece
    if step_px > 1:
        size = (max(1, round(piece.shape[1] / step_px)), max(1, round(piece.shape[0] / step_px)))
        shrunk = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.float32)
    factors = np.array(shrunk.shape[:2], np.float32) / np.array(piece.shape[:2], np.float32)
    at = (places + np.float32(0.5)) * factors - np.float32(0.5)
    y, x = (np.nan_to_num(at[..., axis], nan=-1e4).astype(np.float32) for axis in (0, 1))
    outside = (_OUTSIDE,) * 3
    found = cv2.remap(shrunk, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return encode_srgb(np.asarray(found, np.float32))


def _span(at_px: FloatImage, size_px: int, step_px: float) -> slice:
    """Rows, or columns, of the photo that these places are interpolated from."""
    known = at_px[np.isfinite(at_px)]
    if not known.size:
        return slice(0, 1)
    room = 3 * max(step_px, 1.0)
    low, high = (int(np.clip(at, 0, size_px - 1)) for at in (known.min() - room, known.max() + room))
    return slice(low, high + 1)
