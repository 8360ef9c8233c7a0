"""How sharp and how noisy a photo really is, whatever its pixel count."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.anatomy import FACE_OVAL
from skintexture.locate.skin import luminance
from skintexture.model import BoolImage, Face, FloatArray, FloatImage, Photo

_TILE_PX = 64
_MOST_TILES = 400
# Power spectra of faces fall as frequency to some power between these before any blur; at most about the cube.
_POWERS = np.arange(1.5, 3.6, 0.25)
# Below this the face's own shape rules, not its sharpness (cycles per pixel).
_LOWEST_FREQUENCY = 0.04
_FLOOR_SHARES = (0.3, 0.6, 0.9, 1.0)
_LEAST_POINTS = 5
# Lower than this below the coarsest structure, compression and rounding write the spectrum, not the lens.
_DYNAMIC_RANGE = 300.0
# Structure falls the steeper the finer it is, blurred structure above all. Where a fall at least this steep (as a power
# of frequency; looked at in steps of this ratio) becomes flatter than this share of its steepest, noise begins: the
# camera's, or what compression has left of it, which falls again further on.
_STEEP, _STEP, _FLATTER = 3.5, 1.2, 0.7
# Structure is told from that noise where it has this many times its power; two points tell a slope.
_OVER_NOISE, _LEAST_OVER_NOISE = 2.0, 2
# Waves longer than the face's height by this number, about 3 mm, are of its shape: those fall as steeply when sharp.
_WAVES_OF_SKIN = 60.0
# Less power than this is the rounding of the arithmetic, a hundredth of that of 16 bits.
_NOTHING = 1e-10

# Grain of an enlarged photo: power at these frequencies (cycles per pixel), in bands of this half-width (natural log).
_GRAIN_BANDS = (0.1, 0.14, 0.2, 0.4)
_BAND = math.log(1.15)
# It falls by less than this over the first octave (log10 of power; skin: 0.9 and more, enlarged portraits 0.3 to 0.6),
_FLAT = -0.75
# by so much more over the second, and by more than twice as much (skin full of narrow pits: 1.5 to 1.95 times),
_DROP, _TIMES = -0.6, 2.0
# and its quietest tenth lies no further below the median than this (white noise: 0.1, skin 0.3 and more).
_EVEN = 0.5
# Fine pores seen from afar fall like that, too, but by less than this many times as much, as every Gaussian does,
_GAUSSIAN = 4.0
# and the photo's edges are sharp: on this share of its tiles, the strongest, the second octave falls by less than this
# (three enlarged portraits: 1.6 to 1.8; phantoms made smaller: 1.2, one in fifty more than 1.4).
_EDGES, _SOFT_EDGES = 0.05, -1.4
# Where it has fallen to one part in this, its own pixels end.
_FALLEN = 3.0

PIXEL_SIGMA = 1 / math.sqrt(12)
"""Standard deviation of a square pixel."""

NOISE_BLOCK_PX = 24
"""Side of the blocks in which noise is looked for."""
# The quietest blocks of skin hold the least texture. By chance alone their noise seems this much weaker than it is
# (white noise, blocks of this size).
_QUIET_SHARE = 0.1
_QUIET_BIAS = 0.90


@dataclass(frozen=True, slots=True)
class Quality:
    """What the photo resolves.

    Attributes
    ----------
    blur_px : float
        σ of the Gaussian that the photo's total blur (lens, focus, motion, pixels, enlargement) amounts to, in its
        own pixels. Within about 20 % from 0.5 px up; never below that of the pixels themselves, 0.29 px.
    enlargement : float
        How many of its pixels stand for one that the camera resolved, where grain covers the skin's detail and shows
        it: 2 for a photo enlarged to twice its size. 1 where nothing tells of an enlargement.
    """

    blur_px: float
    enlargement: float = 1.0

    def own_px_per_mm(self, px_per_mm: float) -> float:
        """Resolution that is left of a photo's pixels per mm once its enlargement is undone."""
        return px_per_mm / self.enlargement


def assess(photo: Photo, face: Face) -> Quality:
    """Measure how sharp the face is.

    Parameters
    ----------
    photo : Photo
    face : Face

    Returns
    -------
    Quality
    """
    outline = face.points_px[list(FACE_OVAL)]
    low = np.maximum(np.floor(outline.min(axis=0)), 0).astype(int)
    high = np.ceil(outline.max(axis=0)).astype(int) + 1
    crop = photo.linear_rgb[low[0] : high[0], low[1] : high[1]]
    inside = np.zeros(crop.shape[:2], dtype=np.uint8)
    cv2.fillPoly(inside, [np.rint(outline - low)[:, ::-1].astype(np.int32)], 1)
    inside[photo.clipped[low[0] : high[0], low[1] : high[1]]] = 0
    coarsest = _WAVES_OF_SKIN / float(high[0] - low[0])
    return assess_skin(luminance(crop), inside.astype(bool), coarsest)


def assess_skin(light: FloatImage, mask: BoolImage, coarsest: float = 0.0) -> Quality:
    """Measure how sharp a picture is inside a mask.

    Parameters
    ----------
    light : (H, W) float32
        Linear luminance.
    mask : (H, W) bool
    coarsest : float
        Frequency in cycles per pixel below which it is not skin that falls steeply.

    Returns
    -------
    Quality
    """
    frequency, spectra = _spectra(light, mask)
    return Quality(_blur_px(frequency, spectra, coarsest), _enlargement(frequency, spectra))


def blur_px(light: FloatImage, mask: BoolImage) -> float:
    """Total blur of a picture, from how its spectrum falls.

    The median over small tiles of the power spectrum, so that single edges don't rule, is fitted by ``power law ×
    Gaussian + noise floor``; the Gaussian's width is the blur. Only what lies below the noise's first frequency is
    fitted: a JPEG smooths its own noise, whose fall would pass for that of a sharp picture.

    Parameters
    ----------
    light : (H, W) float32
        Linear luminance.
    mask : (H, W) bool
        Tiles that lie inside it are used.

    Returns
    -------
    float
        σ in pixels, at least that of a square pixel (1/√12 = 0.29), also where no blur can be told from the spectrum's
        own fall; nan where there are too few tiles, or nothing on them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> grain = rng.standard_normal((400, 400)).astype(np.float32)
    >>> rough = 0.5 + 0.02 * cv2.GaussianBlur(grain, (0, 0), 2.0)
    >>> softer = cv2.GaussianBlur(rough, (0, 0), 1.5)
    >>> everywhere = np.ones(rough.shape, dtype=bool)
    >>> blur_px(rough, everywhere) < blur_px(softer, everywhere)
    True
    """
    return _blur_px(*_spectra(light, mask))


def _blur_px(frequency: FloatArray, spectra: FloatArray, coarsest: float = 0.0) -> float:
    if not len(spectra):
        return math.nan
    power = np.maximum(np.median(spectra, axis=0), _NOTHING)
    if power.max() == _NOTHING:
        return math.nan
    floor = float(power[frequency > 0.35].min())
    rising = frequency >= _LOWEST_FREQUENCY
    above = rising & (power > max(3 * floor, power[rising][0] / _DYNAMIC_RANGE))
    above[np.flatnonzero(rising)[:_LEAST_POINTS]] = True
    noisy = frequency >= _noise_from(frequency, power, coarsest)
    if (above & noisy).any():
        floor = float(power[noisy][0])
        skin = frequency >= coarsest
        above = skin & ~noisy & (power > _OVER_NOISE * floor)
        above[np.flatnonzero(skin)[:_LEAST_OVER_NOISE]] = True
    best_misfit, best_sigma = math.inf, math.nan
    for share in _FLOOR_SHARES:
        misfit, sigma = _fit_fall(frequency[above], np.maximum(power[above] - share * floor, 0.1 * floor))
        if misfit < best_misfit:
            best_misfit, best_sigma = misfit, sigma
    return max(best_sigma, PIXEL_SIGMA)


def _noise_from(frequency: FloatArray, power: FloatArray, coarsest: float) -> float:
    """Frequency at which a spectrum that has fallen steeply becomes flat; inf where none does."""
    finest = float(frequency[-1])
    at = np.exp(np.arange(math.log(max(coarsest, float(frequency[0]))), math.log(finest), math.log(_STEP)))
    slope = -np.diff(np.interp(np.log(at), np.log(frequency), np.log(power))) / math.log(_STEP)
    steepest = np.maximum.accumulate(slope)
    flat = (steepest >= _STEEP) & (slope < _FLATTER * steepest)
    return float(at[:-1][flat][0]) if flat.any() else math.inf


def _enlargement(frequency: FloatArray, spectra: FloatArray) -> float:
    """Tell from its grain by how much a photo has been enlarged.

    A camera's grain is white up to the finest waves that pixels can hold. Where a photo was enlarged, or its noise
    smoothed, grain is white only up to the pixels that there were, and falls from there on: the spectrum is flat and
    then drops, and it is the same everywhere. Skin's own spectrum falls all the way, and differs from place to place.
    Fine pores seen from afar fall late as well; then brows, lashes and lips are still sharp.
    """
    if not len(spectra):
        return 1.0
    levels = np.array([spectra[:, np.abs(np.log(frequency / at)) < _BAND].mean(axis=1) for at in _GRAIN_BANDS])
    levels = np.maximum(levels, _NOTHING)
    usual = np.median(levels, axis=1)
    first, second = np.diff(np.log10(usual[[0, 2, 3]]))
    uneven = -float(np.mean(np.log10(np.percentile(levels[1:3], 10, axis=1) / usual[1:3])))
    if first < _FLAT or second > min(first + _DROP, _TIMES * first) or uneven > _EVEN:
        return 1.0
    edges = levels[1] >= np.quantile(levels[1], 1 - _EDGES)
    at_edges = float(np.diff(np.log10(np.median(levels[2:, edges], axis=1)))[0])
    if second > _GAUSSIAN * first and at_edges > _SOFT_EDGES:
        return 1.0
    plateau = math.sqrt(usual[0] * usual[1])
    fallen = (frequency > _GRAIN_BANDS[0]) & (np.median(spectra, axis=0) < plateau / _FALLEN)
    return max(1.0, 0.5 / float(frequency[fallen][0])) if fallen.any() else 1.0


def _fit_fall(frequency: FloatArray, power: FloatArray) -> tuple[float, float]:
    """Fit ``log power = a − p log f − (2π σ f)²``; return the mean squared misfit and σ in pixels."""
    best = (math.inf, math.nan)
    basis = np.column_stack([np.ones_like(frequency), -((2 * np.pi * frequency) ** 2)])
    for exponent in _POWERS:
        wanted = np.log(power) + exponent * np.log(frequency)
        found = np.linalg.lstsq(basis, wanted, rcond=None)[0]
        misfit = float(np.mean((basis @ found - wanted) ** 2))
        if misfit < best[0]:
            best = (misfit, math.sqrt(max(float(found[1]), 0.0)))
    return best


def _spectra(light: FloatImage, mask: BoolImage) -> tuple[FloatArray, FloatArray]:
    """Radial power spectra (T, F) of log light in small tiles, and their frequencies (F), in cycles per pixel."""
    taper = np.hanning(_TILE_PX)
    window = np.outer(taper, taper)
    radius = np.hypot(np.fft.fftfreq(_TILE_PX)[:, None], np.fft.rfftfreq(_TILE_PX)[None])
    edges = np.arange(1.5, _TILE_PX / 2) / _TILE_PX
    ring = np.digitize(radius, edges).ravel()
    pixels = np.maximum(np.bincount(ring), 1)
    spectra = []
    for y, x in _tiles(mask):
        tile = np.log(np.maximum(light[y : y + _TILE_PX, x : x + _TILE_PX], 1e-4))
        power = np.abs(np.fft.rfft2((tile - tile.mean()) * window)) ** 2
        spectra.append((np.bincount(ring, power.ravel()) / pixels)[1 : len(edges)])
    return (edges[1:] + edges[:-1]) / 2, np.array(spectra).reshape(-1, len(edges) - 1)


def _tiles(mask: BoolImage) -> list[tuple[int, int]]:
    """Corners of tiles inside the mask, evenly thinned to a number that takes little time."""
    half_px = _TILE_PX // 2
    area = cv2.integral(mask.view(np.uint8))[::half_px, ::half_px]
    inside = area[2:, 2:] - area[:-2, 2:] - area[2:, :-2] + area[:-2, :-2] >= 0.98 * _TILE_PX**2
    corners = np.argwhere(inside) * half_px
    step = max(1, -(-len(corners) // _MOST_TILES))
    return [(int(y), int(x)) for y, x in corners[::step]]


def whole_blocks(mask: BoolImage) -> BoolImage:
    """Which of the blocks that `noise_pct` looks at lie inside a mask: (rows, columns), of `NOISE_BLOCK_PX` each."""
    inside = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    rows, columns = (side // NOISE_BLOCK_PX for side in mask.shape)
    cut = inside[: rows * NOISE_BLOCK_PX, : columns * NOISE_BLOCK_PX]
    return np.asarray(cut.reshape(rows, NOISE_BLOCK_PX, columns, NOISE_BLOCK_PX).all(axis=(1, 3)))


def noise_pct(log_light: FloatImage, blocks: BoolImage) -> float:
    """Camera noise in the quietest parts of the skin.

    A second difference in both directions removes all that is smooth; what it leaves in the quietest blocks is noise
    (Immerkær 1996, doi 10.1006/cviu.1996.0060).

    Parameters
    ----------
    log_light : (H, W) float32
        Natural log of linear light, in the photo's own pixels.
    blocks : (h, w) bool
        Those that are used, see `whole_blocks`.

    Returns
    -------
    float
        Standard deviation per pixel in % contrast; 0 where there is no block.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.02, (300, 300)).astype(np.float32)
    >>> 1.9 < noise_pct(noise, whole_blocks(np.ones(noise.shape, dtype=bool))) < 2.1
    True
    """
    if not blocks.any():
        return 0.0
    kernel = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float32)
    rough = cv2.filter2D(log_light, cv2.CV_32F, kernel)
    rows, columns = blocks.shape
    squares = rough[: rows * NOISE_BLOCK_PX, : columns * NOISE_BLOCK_PX] ** 2
    variances = squares.reshape(rows, NOISE_BLOCK_PX, columns, NOISE_BLOCK_PX).mean(axis=(1, 3))[blocks]
    quiet = np.sort(variances)[: max(1, round(_QUIET_SHARE * variances.size))]
    return 100.0 * math.sqrt(float(quiet.mean()) / 36.0) / _QUIET_BIAS
