"""A smooth map of the plane onto itself: a polynomial of second degree in both coordinates."""

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
    """A map of points by a polynomial of second degree.

    Attributes
    ----------
    centre_px : (2,) float64
        ``(y, x)`` around which the polynomial is written.
    reach_px : float
        By which coordinates are divided, so that coefficients are of one size.
    coefficients : (6, 2) float64
        Of 1, y, x, y², yx and x², for the mapped y and x.
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
        terms = _terms((source_px - centre) / reach)
        return cls(centre, reach, np.asarray(np.linalg.lstsq(terms, target_px, rcond=None)[0]))

    def __call__(self, points_px: NDArray[Real]) -> NDArray[Real]:
        """Map points, ``(..., 2)`` → ``(..., 2)``, at their own precision."""
        kind = points_px.dtype
        places = (points_px - self.centre_px.astype(kind)) / kind.type(self.reach_px)
        return np.asarray(_terms(places) @ self.coefficients.astype(kind))

    def invert(self, points_px: FloatArray) -> FloatArray:
        """Find what is mapped to these points, ``(..., 2)`` → ``(..., 2)``, by Newton's method from the linear part."""
        offset, by_y, by_x = self.coefficients[:3]
        linear = np.column_stack([by_y, by_x])
        places = (points_px - offset) @ np.linalg.inv(linear).T
        for _ in range(_NEWTON_STEPS):
            missed = _terms(places) @ self.coefficients - points_px
            (a, b), (c, d) = self._slopes(places)
            step = np.stack([d * missed[..., 0] - b * missed[..., 1], a * missed[..., 1] - c * missed[..., 0]], axis=-1)
            places = places - step / (a * d - b * c)[..., None]
        return np.asarray(places * self.reach_px + self.centre_px)

    def _slopes(self, places: FloatArray) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
        """Give the derivatives ``((dY/dy, dY/dx), (dX/dy, dX/dx))`` at normalised places."""
        y, x = places[..., 0], places[..., 1]
        _, by_y, by_x, by_yy, by_yx, by_xx = self.coefficients
        rows = [(by_y[k] + 2 * by_yy[k] * y + by_yx[k] * x, by_x[k] + by_yx[k] * y + 2 * by_xx[k] * x) for k in (0, 1)]
        return rows[0], rows[1]


def _terms(places: NDArray[Real]) -> NDArray[Real]:
    y, x = places[..., 0], places[..., 1]
    return np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=-1)
