"""A smooth map of the plane onto itself: every point is shifted by a polynomial of second degree in its coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray

Real = TypeVar("Real", np.float32, np.float64)

# Newton's method doubles the right digits with each step; faces bend by a few percent, so this many reach 1e-6 px.
_NEWTON_STEPS = 6


@dataclass(frozen=True, slots=True)
class Quadratic:
    """A map of points that shifts each by a polynomial of second degree.

    The shift is what is kept, not the place: of points mapped onto themselves it is exactly nothing.

    Attributes
    ----------
    centre_px : (2,) float64
        ``(y, x)`` around which the polynomial is written.
    reach_px : float
        By which coordinates are divided, so that coefficients are of one size.
    coefficients : (6, 2) float64
        Of 1, y, x, y², yx and x², for the shift along y and x.
    """

    centre_px: FloatArray
    reach_px: float
    coefficients: FloatArray

    @classmethod
    def fit(cls, source_px: FloatArray, target_px: FloatArray) -> Self:
        """Fit by least squares.

        Parameters
        ----------
        source_px, target_px : (N, 2) float64
            At least six points, not all on one conic.

        Returns
        -------
        Quadratic

        Examples
        --------
        >>> square = np.array([(y, x) for y in (0.0, 1.0, 2.0) for x in (0.0, 1.0, 2.0)])
        >>> Quadratic.fit(square, 3 * square + 1)(np.array([[5.0, 7.0]])).round(6)
        array([[16., 22.]])
        """
        centre = source_px.mean(axis=0)
        reach = float(np.abs(source_px - centre).max())
        terms = np.stack(_terms(*np.moveaxis((source_px - centre) / reach, -1, 0)), axis=-1)
        return cls(centre, reach, np.asarray(np.linalg.lstsq(terms, target_px - source_px, rcond=None)[0]))

    def __call__(self, points_px: NDArray[Real]) -> NDArray[Real]:
        """Map points, ``(..., 2)`` → ``(..., 2)``, at their own precision."""
        return points_px + self.shift(points_px)

    def shift(self, points_px: NDArray[Real]) -> NDArray[Real]:
        """By how much points are shifted, ``(..., 2)`` → ``(..., 2)``, at their own precision."""
        return self._shift((points_px - self.centre_px.astype(points_px.dtype)) / points_px.dtype.type(self.reach_px))

    def shift_back(self, points_px: FloatArray) -> FloatArray:
        """By how much points are shifted by the inverse, ``(..., 2)`` → ``(..., 2)``: Newton's method."""
        _, by_y, by_x = self.coefficients[:3]
        linear = np.eye(2) + np.column_stack([by_y, by_x]) / self.reach_px
        places = (points_px - self.centre_px) / self.reach_px
        shift = -(self.coefficients[0] + places @ np.stack([by_y, by_x])) @ np.linalg.inv(linear).T
        for _ in range(_NEWTON_STEPS):
            there = places + shift / self.reach_px
            missed = shift + self._shift(there)
            (a, b), (c, d) = self._slopes(there)
            step = np.stack([d * missed[..., 0] - b * missed[..., 1], a * missed[..., 1] - c * missed[..., 0]], axis=-1)
            shift = shift - step / (a * d - b * c)[..., None]
        return np.asarray(shift)

    def _shift(self, places: NDArray[Real]) -> NDArray[Real]:
        terms, factors = _terms(places[..., 0], places[..., 1]), self.coefficients.astype(places.dtype)
        along = [sum(term * factor for term, factor in zip(terms, factors[:, k], strict=True)) for k in (0, 1)]
        return np.stack(along, axis=-1).astype(places.dtype, copy=False)

    def _slopes(self, places: FloatArray) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
        """Give the derivatives ``((dY/dy, dY/dx), (dX/dy, dX/dx))`` of the map at normalised places."""
        y, x = places[..., 0], places[..., 1]
        _, by_y, by_x, by_yy, by_yx, by_xx = self.coefficients / self.reach_px
        rows = [(by_y[k] + 2 * by_yy[k] * y + by_yx[k] * x, by_x[k] + by_yx[k] * y + 2 * by_xx[k] * x) for k in (0, 1)]
        return (1 + rows[0][0], rows[0][1]), (rows[1][0], 1 + rows[1][1])


def _terms(y: NDArray[Real], x: NDArray[Real]) -> tuple[NDArray[Real], ...]:
    return np.ones_like(y), y, x, y * y, y * x, x * x
