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

_CHUNK = 256
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
    """N windows of K pixels: values times the root of their weights, those roots, and coordinates."""

    values: _Floats
    roots: _Floats
    dy: _Floats
    dx: _Floats


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
    return _Windows(roots * signal[rows, columns], roots, dy.astype(np.float32), dx.astype(np.float32))


def _fit_chunk(windows: _Windows, starts: FloatArray) -> FloatArray:
    """Rows of (y, x, depth, covariance yy yx xy xx, explained)."""
    theta = _first_guess(windows, starts)
    damping = np.full(len(starts), 1e-2)
    residual, jacobian = _model(windows, theta)
    cost = _energy(residual)
    for _ in range(STEPS):
        trial = _bounded(theta + _step(residual, jacobian, damping), starts)
        trial_residual, trial_jacobian = _model(windows, trial)
        trial_cost = _energy(trial_residual)
        better = trial_cost < cost
        theta = np.where(better[:, None], trial, theta)
        cost = np.minimum(cost, trial_cost)
        trial_residual[~better], trial_jacobian[~better] = residual[~better], jacobian[~better]
        residual, jacobian = trial_residual, trial_jacobian
        damping *= np.where(better, 0.2, 8.0)
    return _rows(theta, starts, cost, theta[:, 0] ** 2 * _energy(jacobian[:, 0]))


def _first_guess(windows: _Windows, starts: FloatArray) -> FloatArray:
    """θ = depth, y, x, S_yy, S_yx, S_xx of the inverse covariance S, ground, slope in y, slope in x."""
    theta = np.zeros((len(starts), 9))
    theta[:, 0] = starts[:, 3]
    theta[:, 3] = theta[:, 5] = 1.0 / starts[:, 2] ** 2
    theta[:, 6] = np.einsum("nk,nk->n", windows.values, windows.roots) / np.maximum(_energy(windows.roots), 1e-12)
    return theta


def _model(windows: _Windows, theta: FloatArray) -> tuple[_Floats, _Floats]:
    """Signal minus model (N, K), and the model's derivative by each parameter (N, 9, K), times the weights' roots."""
    depth, y, x, s_yy, s_yx, s_xx, ground, slope_y, slope_x = theta.astype(np.float32).T[:, :, None]
    dy, dx = windows.dy - y, windows.dx - x
    u, v = s_yy * dy + s_yx * dx, s_yx * dy + s_xx * dx
    jacobian = np.empty((len(theta), 9, len(windows.dy)), np.float32)
    jacobian[:, 0] = -windows.roots * np.exp(np.float32(-0.5) * (u * dy + v * dx))
    deep = depth * jacobian[:, 0]
    jacobian[:, 1] = deep * u
    jacobian[:, 2] = deep * v
    jacobian[:, 4] = -deep * dy * dx
    half = np.float32(-0.5) * deep
    jacobian[:, 3] = half * dy * dy
    jacobian[:, 5] = half * dx * dx
    jacobian[:, 6] = windows.roots
    jacobian[:, 7] = windows.roots * windows.dy
    jacobian[:, 8] = windows.roots * windows.dx
    plane = ground + slope_y * windows.dy + slope_x * windows.dx
    return windows.values - windows.roots * plane - deep, jacobian


def _energy(values: _Floats) -> FloatArray:
    """Sum of squares of each window."""
    return np.asarray(np.einsum("nk,nk->n", values, values), np.float64)


def _step(residual: _Floats, jacobian: _Floats, damping: FloatArray) -> FloatArray:
    """Levenberg's step with Marquardt's scaling."""
    normal = np.asarray(jacobian @ jacobian.transpose(0, 2, 1), np.float64)
    gradient = np.asarray(jacobian @ residual[:, :, None], np.float64)
    diagonal = np.arange(normal.shape[1])
    normal[:, diagonal, diagonal] *= 1.0 + damping[:, None]
    normal[:, diagonal, diagonal] += 1e-9
    return np.asarray(np.linalg.solve(normal, gradient)[:, :, 0], np.float64)


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


def _rows(theta: FloatArray, starts: FloatArray, cost: FloatArray, energy: FloatArray) -> FloatArray:
    depth, y, x, s_yy, s_yx, s_xx = theta[:, :6].T
    covariance = np.stack([s_xx, -s_yx, -s_yx, s_yy], axis=1) / (s_yy * s_xx - s_yx**2)[:, None]
    explained = energy / np.maximum(energy + cost, 1e-12)
    return np.column_stack([starts[:, 0] + y, starts[:, 1] + x, depth, covariance, explained])
