"""Where every place of one photo lies in another, looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.grid import Grid
from skintexture.model import FloatArray, FloatImage

# Areas are taken at this fraction of the resolution.
_AREA_STEP = 4
_ALL_KNOWN = 0.999
# OpenCV's pictures have at most 32767 rows: a list of points is laid out in rows of this length.
_ROW = 1024


@dataclass(frozen=True, slots=True)
class Sheet:
    """Values over a photo, on an even grid.

    Attributes
    ----------
    grid : Grid
    values : (h, w) or (h, w, 2) float32
        Looked up fastest where each of the two lies by itself in memory.
    """

    grid: Grid
    values: FloatImage

    def at(self, places: Grid | FloatArray | FloatImage) -> FloatImage:
        """Interpolate bilinearly; nan outside the sheet, on its last row and column, and beside a nan.

        Parameters
        ----------
        places : Grid, (N, 2) or (h, w, 2) float
            On the photo, ``(y, x)`` in its pixels.

        Returns
        -------
        (h, w[, 2]) or (N[, 2]) float32
        """
        if isinstance(places, Grid):
            rows, columns = (self._steps(line, axis) for axis, line in enumerate(_lines_of(places)))
            return self._interpolate(*np.broadcast_arrays(rows[:, None], columns))
        if places.ndim == 3:
            return self._interpolate(*(self._steps(places[..., axis], axis) for axis in (0, 1)))
        laid = np.full((-(-len(places) // _ROW), _ROW, 2), np.nan, dtype=np.float64)
        laid.reshape(-1, 2)[: len(places)] = places
        found = self.at(laid)
        return found.reshape(-1, *found.shape[2:])[: len(places)]

    def _steps(self, along: FloatArray | FloatImage, axis: int) -> FloatImage:
        """From photo coordinates along an axis to the sheet's own; in single precision, if they are given so."""
        steps = (along - float(self.grid.origin_px[axis])) / float(self.grid.step_px)
        # Far outside instead of nan, which has no place.
        return np.where(np.isnan(steps), np.float32(-1e4), steps).astype(np.float32, copy=False)

    def _interpolate(self, rows: FloatImage, columns: FloatImage) -> FloatImage:
        if not rows.size:
            return np.empty((*rows.shape, *self.values.shape[2:]), dtype=np.float32)
        rows, columns = np.ascontiguousarray(rows), np.ascontiguousarray(columns)
        # Channel by channel: of several at once, OpenCV rounds the places to 1/32 pixel.
        layers = (self.values,) if self.values.ndim == 2 else np.moveaxis(self.values, -1, 0)
        found = [_remapped(np.ascontiguousarray(layer, np.float32), rows, columns) for layer in layers]
        return found[0] if self.values.ndim == 2 else np.asarray(cv2.merge(found), np.float32)


def _remapped(values: FloatImage, rows: FloatImage, columns: FloatImage) -> FloatImage:
    found = cv2.remap(
        values, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(math.nan,) * 4
    )
    return np.asarray(found, np.float32)


def places_of(grid: Grid) -> FloatImage:
    """Photo coordinates ``(y, x)`` of every place of a grid, (h, w, 2) float32."""
    places = np.empty((*grid.shape, 2), dtype=np.float32)
    rows, columns = _lines_of(grid)
    places[..., 0], places[..., 1] = rows[:, None], columns
    return places


def _lines_of(grid: Grid) -> tuple[FloatImage, FloatImage]:
    """Photo coordinates of a grid's rows and of its columns."""
    rows, columns = (
        (first + grid.step_px * np.arange(count)).astype(np.float32)
        for first, count in zip(grid.origin_px, grid.shape, strict=True)
    )
    return rows, columns


@dataclass(frozen=True, slots=True)
class Correspondence:
    """For every place of one photo, where it lies in the other.

    Attributes
    ----------
    shift_px : Sheet
        ``(y, x)`` in the other photo, less that in this one; nan where the way leads outside it. Of a photo laid over
        itself it is exactly 0.
    shared : Sheet
        1 where both photos show bare skin, else 0.
    error_mm : Sheet
        How far from where it started a place lands that is carried there and back.
    local_error_mm : Sheet
        Mean of that error over the shared skin of the tile around each place; nan where there is none.
    area_ratio : Sheet
        Pixels in the other photo for one pixel here, smoothed over about a tile; nan where that is not known.
    """

    shift_px: Sheet
    shared: Sheet
    error_mm: Sheet
    local_error_mm: Sheet
    area_ratio: Sheet


def correspondence(shift_px: Sheet, shared: FloatImage, error_mm: FloatImage, tile_px: float) -> Correspondence:
    """Complete a correspondence.

    Parameters
    ----------
    shift_px : Sheet
        By how much each place is shifted in the other photo.
    shared : (h, w) float32
        1 where both show bare skin, else 0.
    error_mm : (h, w) float32
        There and back; finite.
    tile_px : float
        Side of a tile, in places of the grid.

    Returns
    -------
    Correspondence
    """
    side = 2 * round(tile_px / 2) + 1
    skin, missed = (
        cv2.boxFilter(values, cv2.CV_32F, (side, side), normalize=True, borderType=cv2.BORDER_CONSTANT)
        for values in (shared, shared * error_mm)
    )
    local = np.full(skin.shape, np.nan, dtype=np.float32)
    np.divide(missed, skin, out=local, where=skin * side * side > 0.5)
    grid = shift_px.grid
    return Correspondence(
        shift_px, Sheet(grid, shared), Sheet(grid, error_mm), Sheet(grid, local), _area_ratio(shift_px, tile_px)
    )


def _area_ratio(shift_px: Sheet, tile_px: float) -> Sheet:
    """How much larger a small piece is in the other photo, from the slopes of the shift."""
    grid = shift_px.grid
    coarse = Grid(
        grid.origin_px, grid.step_px * _AREA_STEP, tuple(max(2, (n - 1) // _AREA_STEP + 1) for n in grid.shape)
    )
    thinned = shift_px.values[::_AREA_STEP, ::_AREA_STEP].copy()
    known = np.isfinite(thinned[..., 0]) & np.isfinite(thinned[..., 1])
    thinned[~known] = 0
    # A smoothed shift is right only where all around it is known.
    sigma = 0.25 * tile_px / _AREA_STEP
    weight, y, x = (
        cv2.GaussianBlur(np.asarray(values, np.float32), (0, 0), sigma)
        for values in (known, thinned[..., 0], thinned[..., 1])
    )
    slopes = [np.gradient(np.where(weight < _ALL_KNOWN, np.nan, values), coarse.step_px) for values in (y, x)]
    ratio = (1 + slopes[0][0]) * (1 + slopes[1][1]) - slopes[0][1] * slopes[1][0]
    # Skin doesn't turn over: there the way is lost.
    return Sheet(coarse, np.where(ratio > 0, ratio, np.nan).astype(np.float32))
