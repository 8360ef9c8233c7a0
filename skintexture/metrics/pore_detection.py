"""Find places that may be pores: dark round blobs in a scale space of the masked signal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatArray, FloatImage, Patch

_Bytes = NDArray[np.uint8]
_ScaleSpace = tuple[list[FloatImage], list[FloatImage]]
"""Smoothed pictures, and the response of each."""

SCALE_RATIO = 1.45
"""From one scale to the next: halfway between, the response to a pit is 3 % below its best. The fit finds the size."""

_KERNEL_SIGMAS = 3.0
"""Half-width of the Gaussians that blur, in σ: 0.3 % of a Gaussian's weight lies further out."""

_FILL_MM = 0.3
"""Half-width of the mean that stands in for what lies outside the mask, so that its outline is no dark edge."""

_NEARBY_MM = 0.75
"""Half-width of the square in which the skin's texture is judged: many skin lines, few pores, one kind of skin."""

_MEAN_BY_ROOT = 1.18
"""Mean magnitude of Gaussian texture by the square of its mean root. The root is taken because a single hair, glint or
mole's rim then counts for little."""

_MEAN_BY_SD = math.sqrt(2.0 / math.pi)
"""Mean magnitude of Gaussian noise by its standard deviation."""

_RISE = 0.5
"""Power of the scale with which the response of skin's texture rises: structure of all widths adds to it."""

_LEAST_TEXTURE_PCT = 0.4
"""Added to the texture that is found, so that on smooth skin a pore needs contrast and not merely a smooth surround."""

_STRIP_PX = 1 << 19
"""Pixels searched at a time: what is worked out on the way then stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Search:
    """Scales and thresholds of the search.

    Attributes
    ----------
    sigmas_px : (S,) float64
        Ascending.
    min_contrast_pct : (S,) float64
        Blobs of less, at their scale, are left out.
    min_prominence : float
        Blobs that answer less by what is expected of the texture around them, all blobs included, are left out.
    noise_pct : (S,) float64
        Standard deviation that the camera's noise gives the response at each scale; 0 where that isn't known.
    """

    sigmas_px: FloatArray
    min_contrast_pct: FloatArray
    min_prominence: float
    noise_pct: FloatArray


@dataclass(frozen=True, slots=True)
class Blobs:
    """Maxima of the scale space, sorted by (y, x).

    Attributes
    ----------
    y_px, x_px : (N,) intp
        Whole pixels.
    scale : (N,) intp
        Which of the search's scales answers most.
    contrast_pct : (N,) float64
        Depth of the round Gaussian pit that is curved everywhere as the signal is in its least curved direction.
    response_pct : (N,) float64
        Answer of the scale-normalised Laplacian at that scale.
    prominence : (N,) float64
        That answer by what is expected of the texture around, all blobs included.
    share : (N,) float64
        Of the square around, in which the texture is judged, how much lies in the mask.
    """

    y_px: NDArray[np.intp]
    x_px: NDArray[np.intp]
    scale: NDArray[np.intp]
    contrast_pct: FloatArray
    response_pct: FloatArray
    prominence: FloatArray
    share: FloatArray


def cropped(patch: Patch, largest_px: float) -> tuple[Patch, tuple[int, int]]:
    """Cut the patch to the box of its mask and a masked-out margin, as far as a blob's surroundings matter.

    So it makes no difference where the patch's frame lies around the mask.

    Parameters
    ----------
    patch : Patch
        Its mask is not empty.
    largest_px : float
        Largest scale, σ.

    Returns
    -------
    Patch
    (y, x) : int
        Of its first pixel in the given patch.
    """
    margin = math.ceil(_KERNEL_SIGMAS * largest_px) + _half_width(_FILL_MM, patch.px_per_mm)
    rows, columns = (np.flatnonzero(patch.mask.any(axis=axis)) for axis in (1, 0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    piece = replace(
        patch,
        signal=np.pad(patch.signal[box], margin),
        mask=np.pad(patch.mask[box], margin),
        cos_slant=np.pad(patch.cos_slant[box], margin, constant_values=1.0),
        counted=None if patch.counted is None else np.pad(patch.counted[box], margin),
    )
    return piece, (int(rows[0]) - margin, int(columns[0]) - margin)


def fill_outside(signal: FloatImage, mask: BoolImage, px_per_mm: float) -> FloatImage:
    """Continue the signal beyond the mask by its mean nearby, and by zero further out.

    Parameters
    ----------
    signal : (H, W) float32
        In % contrast.
    mask : (H, W) bool
        Where the signal counts.
    px_per_mm : float
        Of the grid.

    Returns
    -------
    (H, W) float32
        Unchanged inside; nothing of what lay outside has entered.
    """
    within = mask.view(np.uint8)
    inside = np.asarray(cv2.copyTo(signal, within), np.float32)
    total, share = (_box_means(layer, _half_width(_FILL_MM, px_per_mm)) for layer in (inside, within))
    outside = np.flatnonzero(~mask)
    inside.reshape(-1)[outside] = total.reshape(-1)[outside] / np.maximum(share.reshape(-1)[outside], np.float32(1e-3))
    return inside


def _box_means(layer: FloatImage | _Bytes, reach: int) -> FloatImage:
    """Mean over the square of this half-width around every pixel, nothing beyond the edges."""
    size = (2 * reach + 1, 2 * reach + 1)
    return np.asarray(cv2.boxFilter(layer, cv2.CV_32F, size, borderType=cv2.BORDER_CONSTANT), np.float32)


def _half_width(length_mm: float, px_per_mm: float) -> int:
    return max(1, round(length_mm * px_per_mm))


def inner_region(mask: BoolImage, margin_px: float) -> BoolImage:
    """Pixels of the mask farther than `margin_px` from everything outside it, the picture's edge included."""
    reach = np.arange(-math.floor(margin_px), math.floor(margin_px) + 1)
    disc = (np.hypot(reach[:, None], reach[None, :]) <= margin_px).astype(np.uint8)
    eroded = cv2.erode(mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded > 0)


def scales_px(smallest_px: float, largest_px: float) -> FloatArray:
    """σ of the scale space, from `smallest_px` to `largest_px` in steps of about `SCALE_RATIO`."""
    count = 1 + max(1, round(math.log(largest_px / smallest_px) / math.log(SCALE_RATIO)))
    return np.geomspace(smallest_px, largest_px, count)


def find_blobs(filled: FloatImage, mask: BoolImage, px_per_mm: float, search: Search) -> Blobs:
    """Find the maxima of the scale-normalised Laplacian of Gaussian: in place, and against the scales beside.

    A round Gaussian pit of depth c and width σ answers with ``2 c σ² t² / (σ² + t²)²`` at scale t: at most c / 2, at
    t = σ. A furrow or a hair answers too; but there the smaller of the Hessian's two eigenvalues is near zero, and
    the contrast reported here is ``4 t² · (smaller eigenvalue)``: the same c for a round pit, 0 for a line.

    The prominence asked for is the response by ``(T + 0.4 %) · √(t / finest t)``, T being the mean magnitude of the
    finest response around: what the skin's lines and grain would give here if nothing else were there. The camera's
    noise, which answers less and less on wider scales, is taken off T and added again as it is at scale t.

    Parameters
    ----------
    filled : (H, W) float32
        Signal in % contrast, meaningful everywhere: from `fill_outside`.
    mask : (H, W) bool
        Where the signal counts, and a blob's centre may lie.
    px_per_mm : float
        Of the grid.
    search : Search
        Scales, and what a blob needs.

    Returns
    -------
    Blobs

    References
    ----------
    Lindeberg T (1998) Feature detection with automatic scale selection. Int J Comput Vis 30:79–116.
    doi:10.1023/A:1008045108935
    """
    strips = list(_strips(mask.shape, _reach_px(search.sigmas_px, px_per_mm)))
    rows = max(near.stop - near.start for _, near in strips)
    room = np.empty((2, len(search.sigmas_px), rows, mask.shape[1]), np.float32)
    found = []
    for own, near in strips:
        space = _scale_space(filled[near], search.sigmas_px, room[:, :, : near.stop - near.start])
        blobs = _blobs_of(space, mask[near], px_per_mm, search)
        y_px = blobs.y_px + near.start
        inside = (y_px >= own.start) & (y_px < own.stop)
        found.append([y_px[inside], *(getattr(blobs, field.name)[inside] for field in fields(blobs)[1:])])
    return Blobs(*map(np.concatenate, zip(*found, strict=True)))


def _blobs_of(space: _ScaleSpace, mask: BoolImage, px_per_mm: float, search: Search) -> Blobs:
    """Find the maxima in one strip."""
    levels, responses = space
    y, x, scale = _peaks(responses, mask, search.min_contrast_pct / 2.0)
    smaller = _by_scale(
        [_smaller_curvature(level, (y[scale == index], x[scale == index])) for index, level in enumerate(levels)]
    )
    contrast = 4.0 * search.sigmas_px[scale] ** 2 * smaller
    deep = contrast >= search.min_contrast_pct[scale]
    y, x, scale, contrast = y[deep], x[deep], scale[deep], contrast[deep]
    response = _by_scale([layer[y[scale == index], x[scale == index]] for index, layer in enumerate(responses)])
    share = _means_nearby(mask.view(np.uint8), (y, x), px_per_mm)
    prominence = response / _expected(responses[0], mask, (y, x, scale, share), (search, px_per_mm))
    chosen = np.flatnonzero(prominence >= search.min_prominence)
    chosen = chosen[np.lexsort((scale[chosen], x[chosen], y[chosen]))]
    judged = (values[chosen] for values in (contrast, response, prominence, share))
    return Blobs(y[chosen], x[chosen], scale[chosen], *judged)


def _strips(shape: tuple[int, ...], reach_px: int) -> Iterator[tuple[slice, slice]]:
    """Rows of each strip of a picture, and with them those around that have a say."""
    rows = max(1, _STRIP_PX // shape[1])
    for top in range(0, shape[0], rows):
        bottom = min(top + rows, shape[0])
        yield slice(top, bottom), slice(max(0, top - reach_px), min(bottom + reach_px, shape[0]))


def _steps_px(sigmas_px: FloatArray) -> list[float]:
    """σ of the blur that leads from each scale to the next, from none to the first."""
    steps: list[float] = np.sqrt(np.diff(np.square(sigmas_px), prepend=0.0)).tolist()
    return steps


def _reach_px(sigmas_px: FloatArray, px_per_mm: float) -> int:
    """How far away a pixel can have a say in what is found at another."""
    widths = [_kernel_reach(sigma) for sigma in _steps_px(sigmas_px)]
    laplacian, beside = 1, 1
    return max(sum(widths) + laplacian + beside, widths[0] + laplacian + _half_width(_NEARBY_MM, px_per_mm))


def prominence_over(rest: FloatImage, mask: BoolImage, blobs: Blobs, scene: tuple[Search, float]) -> FloatArray:
    """Judge blobs again by the texture that is left once the clear pits are taken away.

    Where pores lie close to each other, they are most of the texture, and would hide each other.

    Parameters
    ----------
    rest : (H, W) float32
        Signal without those pits, meaningful everywhere.
    mask : (H, W) bool
        Where the signal counts.
    blobs : Blobs
        From `find_blobs`.
    scene : Search, float
        The search that found them, and the grid's pixels per mm.

    Returns
    -------
    (N,) float64
        As `Blobs.prominence`, with what is left as the texture.
    """
    search, px_per_mm = scene
    finest_px = float(search.sigmas_px[0])
    expected = []
    for own, near in _strips(mask.shape, _reach_px(search.sigmas_px[:1], px_per_mm)):
        first, last = np.searchsorted(blobs.y_px, (own.start, own.stop))
        here = (getattr(blobs, name)[first:last] for name in ("x_px", "scale", "share"))
        places = (blobs.y_px[first:last] - near.start, *here)
        finest = _laplacian(blurred(rest[near], finest_px), finest_px)
        expected.append(_expected(finest, mask[near], places, scene))
    return blobs.response_pct / np.concatenate(expected)


def _expected(
    finest: FloatImage,
    mask: BoolImage,
    place: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], FloatArray],
    scene: tuple[Search, float],
) -> FloatArray:
    """Response that texture and noise alone would give at each row, column and scale, with the share around it."""
    search, px_per_mm = scene
    y, x, scale, share = place
    magnitude = np.abs(finest)
    np.sqrt(magnitude, out=magnitude)
    inside = np.asarray(cv2.multiply(magnitude, mask.view(np.uint8), magnitude, dtype=cv2.CV_32F), np.float32)
    root = _means_nearby(inside, (y, x), px_per_mm) / share
    seen = _MEAN_BY_ROOT * root**2
    noise = _MEAN_BY_SD * search.noise_pct
    texture = np.sqrt(np.maximum(seen**2 - noise[0] ** 2, 0.0)) + _LEAST_TEXTURE_PCT
    widths = search.sigmas_px[scale] / search.sigmas_px[0]
    return np.asarray(np.hypot(texture * widths**_RISE, noise[scale]), np.float64)


def _laplacian(smooth: FloatImage, sigma_px: float, into: FloatImage | None = None) -> FloatImage:
    """Scale-normalised Laplacian of what has been smoothed."""
    mirrored = cv2.BORDER_REFLECT
    return np.asarray(cv2.Laplacian(smooth, cv2.CV_32F, into, scale=sigma_px**2, borderType=mirrored), np.float32)


def _scale_space(filled: FloatImage, sigmas_px: FloatArray, room: FloatImage) -> _ScaleSpace:
    """Smooth a picture (H, W) in the room given for what is found (2, S, H, W), which holds until the next takes it.

    Memory asked for anew takes longer than the smoothing.
    """
    smooth = filled
    for level, response, sigma, step in zip(*room, sigmas_px, _steps_px(sigmas_px), strict=True):
        smooth = blurred(smooth, step, level)
        _laplacian(smooth, float(sigma), response)
    return list(room[0]), list(room[1])


def _peaks(
    responses: list[FloatImage], mask: BoolImage, least: FloatArray
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows, columns and scales of the maxima among the neighbours in place that answer less on the scales beside.

    Each scale is searched by itself: in the picture of the strongest responses of all scales, a wide hollow would
    swallow the narrow pits in it.
    """
    found = [_peaks_at(responses, index, mask, float(floor)) for index, floor in enumerate(least)]
    y, x = (np.concatenate(places) for places in zip(*found, strict=True))
    return y, x, np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found])


def _peaks_at(
    responses: list[FloatImage], index: int, mask: BoolImage, floor: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    here = responses[index].ravel()
    highest = cv2.dilate(responses[index], np.ones((3, 3), np.uint8)).ravel()
    peak = here >= highest
    peak &= here > floor
    peaks = np.flatnonzero(peak)
    peaks = peaks[mask.ravel()[peaks]]
    for beside in responses[max(0, index - 1) : index + 2]:
        peaks = peaks[here[peaks] >= beside.ravel()[peaks]]
    y, x = np.divmod(peaks, mask.shape[1])
    return y, x


def _by_scale(values: list[FloatArray]) -> FloatArray:
    return np.concatenate(values).astype(np.float64)


def _means_nearby(
    layer: FloatImage | _Bytes, place: tuple[NDArray[np.intp], NDArray[np.intp]], px_per_mm: float
) -> FloatArray:
    """Mean over the square around each place in which texture is judged."""
    return _box_means(layer, _half_width(_NEARBY_MM, px_per_mm))[place].astype(np.float64)


def blurred(image: FloatImage, sigma_px: float, into: FloatImage | None = None) -> FloatImage:
    """Blur by a Gaussian, the picture mirrored at its edges."""
    side = (2 * _kernel_reach(sigma_px) + 1,) * 2
    return np.asarray(cv2.GaussianBlur(image, side, sigma_px, into, borderType=cv2.BORDER_REFLECT), np.float32)


def _kernel_reach(sigma_px: float) -> int:
    return math.ceil(_KERNEL_SIGMAS * sigma_px)


def _smaller_curvature(level: FloatImage, place: tuple[NDArray[np.intp], NDArray[np.intp]]) -> FloatArray:
    """Smaller eigenvalue of the Hessian at every place (N)."""
    rows, columns = (_around(at, size)[:, None] for at, size in zip(place, level.shape, strict=True))
    near = level[rows, columns.swapaxes(0, 1)].astype(np.float64)
    yy = near[2, 1] + near[0, 1] - 2.0 * near[1, 1]
    xx = near[1, 2] + near[1, 0] - 2.0 * near[1, 1]
    xy = (near[2, 2] + near[0, 0] - near[2, 0] - near[0, 2]) / 4.0
    return np.asarray((yy + xx) / 2.0 - np.hypot((yy - xx) / 2.0, xy))


def _around(position: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """(3, N): one before, at, and one after each position, kept inside the picture."""
    return np.asarray(np.clip(position + np.array([[-1], [0], [1]]), 0, size - 1), np.intp)
