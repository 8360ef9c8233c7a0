"""Fit a Gaussian pit on a sloping ground to many small windows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatArray, FloatImage

_Floats = NDArray[np.float32]

WINDOW_SIGMAS = 2.5
"""Half-width of a window in σ of the pit: there the pit has fallen to 4 %, and the ground shows."""

SPACING_SIGMAS = 0.8
"""Of a wide pit, pixels this many σ apart at most are looked at: it is smooth, and more of them only take time."""

WEIGHT_SIGMAS = 1.2
"""σ of the Gaussian weight, in σ of the pit: wide enough to see the ground, narrow enough to ignore the next pore."""

STEPS = 4
"""Steps of the fit: on noisy phantoms, ten more change the mean diameter by less than 0.05 %."""

_SHAPE_LIMITS = (0.4, 2.5)
"""How far σ may wander from its start, as a factor: beyond, the fit has left the pit for its surroundings."""

_FARTHEST = 1.5
"""How far the centre may wander from its start, in σ of the start."""

FILL_SIGMAS = 3.0
"""Half-width of the window in which a pit is filled up, in σ of its long axis: 1 % of its depth is left there."""

_CHUNK = 512
"""Windows fitted together: their arrays then stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class PitFits:
    """Fitted pits, one entry each, in pixels of the grid.

    Attributes
    ----------
    y_px, x_px : (N,) float64
        Centres.
    depth : (N,) float64
        Of the fitted pit below the ground, in the signal's unit.
    covariance_px2 : (N, 2, 2) float64
        Shape of the pit, in (y, x) order; its eigenvalues are the σ² of the axes.
    explained : (N,) float64
        Share of the pit's and the residual's weighted energy that is the pit's, 0 … 1.
    """

    y_px: FloatArray
    x_px: FloatArray
    depth: FloatArray
    covariance_px2: FloatArray
    explained: FloatArray


@dataclass(frozen=True, slots=True)
class _Windows:
    """N windows of K pixels: values times the root of their weights, those roots, and the pixels' monomials.

    The columns of ``basis`` (K, 6) are 1, y, x, y², yx, x² in pixels from the window's middle.
    """

    values: _Floats
    roots: _Floats
    basis: _Floats


@dataclass(slots=True)
class _Look:
    """How N windows look from their parameters: squared error, energy of the pit, normal equations."""

    cost: FloatArray
    energy: FloatArray
    normal: FloatArray
    gradient: FloatArray

    def take(self, better: BoolImage, other: _Look) -> None:
        """Replace windows that the other has done better."""
        for name in ("cost", "energy", "normal", "gradient"):
            getattr(self, name)[better] = getattr(other, name)[better]


def fit_pits(signal: FloatImage, mask: BoolImage, starts: FloatArray) -> PitFits:
    """Fit every pit from its start by damped least squares.

    The model is ``ground + slope · p − depth · exp(−½ (p − centre)ᵀ S (p − centre))`` with a symmetric S, so that
    the pit may be an ellipse in any direction and no direction is preferred. Pixels outside `mask` have no weight.

    Parameters
    ----------
    signal : (H, W) float32
        Finite everywhere.
    mask : (H, W) bool
        Where the signal counts.
    starts : (N, 4) float64
        ``(y, x)`` in whole pixels, σ in pixels, depth.

    Returns
    -------
    PitFits
        In the order of `starts`.
    """
    found = [_empty()]
    order = np.argsort(starts[:, 2], kind="stable")
    for sigma in np.unique(starts[:, 2]):
        same = order[starts[order, 2] == sigma]
        for first in range(0, len(same), _CHUNK):
            chosen = starts[same[first : first + _CHUNK]]
            found.append(_fit_chunk(_cut_windows(signal, mask, chosen), chosen))
    rows = np.concatenate(found)
    rows = rows[np.argsort(order, kind="stable")]
    return PitFits(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:7].reshape(-1, 2, 2), rows[:, 7])


def without_pits(signal: FloatImage, fits: PitFits, chosen: BoolImage) -> FloatImage:
    """Fill the chosen pits up to the ground around them.

    Parameters
    ----------
    signal : (H, W) float32
    fits : PitFits
        N pits of this signal.
    chosen : (N,) bool

    Returns
    -------
    (H, W) float32
    """
    sigma = np.sqrt(np.linalg.eigvalsh(fits.covariance_px2)[:, 1]) if len(chosen) else np.empty(0)
    reach = np.ceil(FILL_SIGMAS * sigma).astype(np.intp)
    pad = int(reach[chosen].max(initial=0)) + 2
    filled = np.pad(signal, pad)
    flat = filled.reshape(-1)
    for size in np.unique(reach[chosen]):
        same = np.flatnonzero(chosen & (reach == size))
        y, x = np.rint(fits.y_px[same]).astype(np.intp), np.rint(fits.x_px[same]).astype(np.intp)
        dy, dx = (grid.ravel() for grid in np.indices((2 * size + 1, 2 * size + 1)) - size)
        depth = _pit_values(fits, same, dy - (fits.y_px[same] - y)[:, None], dx - (fits.x_px[same] - x)[:, None])
        places = (y[:, None] + dy + pad) * filled.shape[1] + x[:, None] + dx + pad
        np.add.at(flat, places.ravel(), depth.ravel())
    return np.asarray(filled[pad:-pad, pad:-pad], np.float32)


def laplacian_of_pits(fits: PitFits, sigmas_px: FloatArray) -> FloatArray:
    """Tell what the scale-normalised Laplacian of Gaussian answers at the centre of each fitted pit, all of it seen.

    Parameters
    ----------
    fits : PitFits
        N pits.
    sigmas_px : (N,) float64
        Scale for each.

    Returns
    -------
    (N,) float64
        ``c t² √(|Σ| / |Σ + t²|) tr((Σ + t²)⁻¹)`` for depth c, covariance Σ and scale t, in the signal's unit.
    """
    square = sigmas_px**2
    blurred = fits.covariance_px2 + square[:, None, None] * np.eye(2)
    left = np.sqrt(np.linalg.det(fits.covariance_px2) / np.linalg.det(blurred))
    return np.asarray(fits.depth * square * left * np.trace(np.linalg.inv(blurred), axis1=1, axis2=2))


def _pit_values(fits: PitFits, chosen: NDArray[np.intp], dy: FloatArray, dx: FloatArray) -> _Floats:
    """Depth of pits (N) at offsets (N, K) from their centres."""
    inverse = np.linalg.inv(fits.covariance_px2[chosen])
    s_yy, s_yx, s_xx = (inverse[:, i, j, None] for i, j in ((0, 0), (0, 1), (1, 1)))
    away = s_yy * dy**2 + 2.0 * s_yx * dy * dx + s_xx * dx**2
    return np.asarray(fits.depth[chosen, None] * np.exp(-0.5 * away), np.float32)


def _empty() -> FloatArray:
    return np.empty((0, 8), np.float64)


def _cut_windows(signal: FloatImage, mask: BoolImage, starts: FloatArray) -> _Windows:
    """Windows of one size around starts of equal σ; what lies outside the picture or the mask has no weight."""
    sigma = float(starts[0, 2])
    gap = max(1, int(sigma * SPACING_SIGMAS))
    reach = gap * int(np.ceil(WINDOW_SIGMAS * sigma / gap))
    steps = np.arange(-reach, reach + 1, gap)
    dy, dx = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    rows = starts[:, :1].astype(np.intp) + dy
    columns = starts[:, 1:2].astype(np.intp) + dx
    height, width = signal.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    near = np.exp(-0.25 * (dy**2 + dx**2) / (WEIGHT_SIGMAS * sigma) ** 2).astype(np.float32)
    roots = near * (inside & mask[rows, columns])
    basis = np.stack([np.ones_like(dy), dy, dx, dy * dy, dy * dx, dx * dx], axis=1)
    return _Windows(roots * signal[rows, columns], roots, basis.astype(np.float32))


def _fit_chunk(windows: _Windows, starts: FloatArray) -> FloatArray:
    """Rows of (y, x, depth, covariance yy yx xy xx, explained)."""
    theta = _first_guess(windows, starts)
    damping = np.full(len(starts), 1e-2)
    look = _look(windows, theta)
    for _ in range(STEPS):
        trial = _bounded(theta + _step(look, damping), starts)
        tried = _look(windows, trial)
        better = tried.cost < look.cost
        theta[better] = trial[better]
        look.take(better, tried)
        damping *= np.where(better, 0.2, 8.0)
    return _rows(theta, starts, look)


def _first_guess(windows: _Windows, starts: FloatArray) -> FloatArray:
    """θ = depth, y, x, S_yy, S_yx, S_xx of the inverse covariance S, ground, slope in y, slope in x."""
    theta = np.zeros((len(starts), 9))
    theta[:, 0] = starts[:, 3]
    theta[:, 3] = theta[:, 5] = 1.0 / starts[:, 2] ** 2
    theta[:, 6] = np.einsum("nk,nk->n", windows.values, windows.roots) / np.maximum(_energy(windows.roots), 1e-12)
    return theta


def _look(windows: _Windows, theta: FloatArray) -> _Look:
    """Compare the windows with their models.

    The model's derivatives are the pit times polynomials of second degree, and a plane, each times the weights' roots.
    So all sums over pixels are sums of the pit's square, of the pit and of the residual times a few monomials, which
    are the same for all windows: one product of matrices each.
    """
    basis, roots = windows.basis, windows.roots
    outline, derivative = _polynomials(theta)
    pit = roots * np.exp(outline.astype(np.float32) @ basis.T)
    plane = theta[:, 6:].astype(np.float32) @ basis[:, :3].T
    residual = windows.values - roots * plane + theta[:, :1].astype(np.float32) * pit
    squares = _sums(pit * pit, basis, basis)
    normal = np.empty((len(theta), 9, 9))
    normal[:, :6, :6] = derivative @ squares @ derivative.transpose(0, 2, 1)
    normal[:, :6, 6:] = derivative @ _sums(pit * roots, basis, basis[:, :3])
    normal[:, 6:, :6] = normal[:, :6, 6:].transpose(0, 2, 1)
    normal[:, 6:, 6:] = _sums(roots * roots, basis[:, :3], basis[:, :3])
    of_pit = derivative @ ((pit * residual) @ basis).astype(np.float64)[:, :, None]
    gradient = np.concatenate([of_pit[:, :, 0], (roots * residual) @ basis[:, :3]], axis=1)
    return _Look(_energy(residual), theta[:, 0] ** 2 * squares[:, 0, 0], normal, gradient)


def _polynomials(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients by the basis: of the pit's logarithm (N, 6), and of the derivatives by its parameters (N, 6, 6)."""
    depth, y, x, s_yy, s_yx, s_xx = theta[:, :6].T
    u, v = s_yy * y + s_yx * x, s_yx * y + s_xx * x
    outline = np.stack([-0.5 * (u * y + v * x), u, v, -0.5 * s_yy, -s_yx, -0.5 * s_xx], axis=1)
    derivative = np.zeros((len(theta), 6, 6))
    derivative[:, 0, 0] = -1.0
    derivative[:, 1, :3] = np.stack([depth * u, -depth * s_yy, -depth * s_yx], axis=1)
    derivative[:, 2, :3] = np.stack([depth * v, -depth * s_yx, -depth * s_xx], axis=1)
    half = 0.5 * depth
    derivative[:, 3, :4] = np.stack([half * y * y, -depth * y, 0.0 * y, half], axis=1)
    derivative[:, 4, :5] = np.stack([depth * y * x, -depth * x, -depth * y, 0.0 * y, depth], axis=1)
    derivative[:, 5, :3] = np.stack([half * x * x, 0.0 * x, -depth * x], axis=1)
    derivative[:, 5, 5] = half
    return outline, derivative


def _sums(weights: _Floats, first: _Floats, second: _Floats) -> FloatArray:
    """Sum over pixels of weights (N, K) times every column of one by every column of the other: (N, I, J)."""
    products = (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)
    shape = (len(weights), first.shape[1], second.shape[1])
    return np.asarray((weights @ products).reshape(shape), np.float64)


def _energy(values: _Floats) -> FloatArray:
    """Sum of squares of each window."""
    return np.asarray(np.einsum("nk,nk->n", values, values), np.float64)


def _step(look: _Look, damping: FloatArray) -> FloatArray:
    """Levenberg's step with Marquardt's scaling."""
    normal = look.normal.copy()
    diagonal = np.arange(normal.shape[1])
    normal[:, diagonal, diagonal] *= 1.0 + damping[:, None]
    normal[:, diagonal, diagonal] += 1e-9
    return np.asarray(np.linalg.solve(normal, look.gradient[:, :, None])[:, :, 0], np.float64)


def _bounded(theta: FloatArray, starts: FloatArray) -> FloatArray:
    """Keep the pit near its start: its centre within 1.5 σ, the σ of its axes within a factor, its depth positive."""
    sigma = starts[:, 2]
    bounded = theta.copy()
    bounded[:, 0] = np.maximum(theta[:, 0], 1e-3)
    reach = np.hypot(theta[:, 1], theta[:, 2])
    bounded[:, 1:3] *= np.minimum(1.0, _FARTHEST * sigma / np.maximum(reach, 1e-12))[:, None]
    narrow, wide = ((limit * sigma) ** -2.0 for limit in _SHAPE_LIMITS)
    mean, half = (theta[:, 3] + theta[:, 5]) / 2.0, (theta[:, 3] - theta[:, 5]) / 2.0
    spread = np.hypot(half, theta[:, 4])
    low, high = np.clip(mean - spread, wide, narrow), np.clip(mean + spread, wide, narrow)
    shrink = (high - low) / (2.0 * np.maximum(spread, 1e-12))
    bounded[:, 3] = (high + low) / 2.0 + half * shrink
    bounded[:, 4] = theta[:, 4] * shrink
    bounded[:, 5] = (high + low) / 2.0 - half * shrink
    return bounded


def _rows(theta: FloatArray, starts: FloatArray, look: _Look) -> FloatArray:
    depth, y, x, s_yy, s_yx, s_xx = theta[:, :6].T
    covariance = np.stack([s_xx, -s_yx, -s_yx, s_yy], axis=1) / (s_yy * s_xx - s_yx**2)[:, None]
    explained = look.energy / np.maximum(look.energy + look.cost, 1e-12)
    return np.column_stack([starts[:, 0] + y, starts[:, 1] + x, depth, covariance, explained])
