"""Flat patches of synthetic skin whose pores are known, with everything on them that isn't a pore."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.fft import dctn, idctn
from scipy.ndimage import affine_transform
from scipy.spatial import cKDTree

from skintexture.model import BoolImage, FloatArray, Patch, Pore

_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))

_FURROW_WIDTH_MM = 0.06
"""σ of a skin line's profile: primary lines are about 0.1–0.2 mm wide."""

_RELIEF_MM = 0.12
"""σ of the kernel that makes white noise the soft unevenness between the lines."""

_ROUNDS = 50
"""How often new places are drawn for the pores that don't fit yet."""

_HAIR_WIDTH_MM = 0.035
"""σ of a hair's profile: 0.08 mm across."""

_STRONG_GLINT = 0.1
"""Share of mirrored light in the skin's own beyond which a pixel is no measurable skin."""


@dataclass(frozen=True, slots=True)
class SkinSpec:
    """What a patch of skin looks like, and through which camera.

    Attributes
    ----------
    seed : int
        Everything random follows from it.
    side_mm : float
        Length of the square patch's sides, in the picture's plane.
    pores_per_cm2 : float
        Of skin.
    diameter_mm, contrast_pct : (float, float)
        Ranges of the pores' full width at half depth and of their depth in % contrast; uniform between.
    max_elongation : float
        Long by short axis, uniform from 1.
    spacing_mm : float
        Least distance between two pores.
    tone : float
        Share of light that the skin reflects, 0 … 1: about 0.05 for the darkest, 0.5 for the lightest.
    furrow_pct : float
        Depth of the network of skin lines.
    furrow_spacing_mm : float
        Size of the cells between them.
    relief_pct : float
        Standard deviation of the soft unevenness.
    shading_pct_per_mm : float
        Slope of the light across the patch.
    hairs, stubble, moles, freckles, glints : int
        How many of each.
    slant_deg : float
        Between the skin's normal and the line of sight; the skin is tilted about the patch's x axis.
    photo_px_per_mm : float
        Resolution of the camera.
    focus_mm : float
        σ of the camera's blur, its pixels' aperture included.
    noise_pct : float
        Noise of one photo pixel at tone 0.5, in % of the light there; photon noise: it grows as the skin gets darker.
    grid_px_per_mm, grid_blur_mm, local_mean_mm : float
        Of the patch: its resolution, the total blur that the photo is brought to, and σ of the local mean.
    """

    seed: int
    side_mm: float = 20.0
    pores_per_cm2: float = 60.0
    diameter_mm: tuple[float, float] = (0.2, 0.5)
    contrast_pct: tuple[float, float] = (15.0, 40.0)
    max_elongation: float = 1.4
    spacing_mm: float = 0.7
    tone: float = 0.35
    furrow_pct: float = 4.0
    furrow_spacing_mm: float = 0.6
    relief_pct: float = 1.0
    shading_pct_per_mm: float = 0.5
    hairs: int = 0
    stubble: int = 0
    moles: int = 0
    freckles: int = 0
    glints: int = 0
    slant_deg: float = 0.0
    photo_px_per_mm: float = 14.0
    focus_mm: float = 0.035
    noise_pct: float = 1.0
    grid_px_per_mm: float = 12.0
    grid_blur_mm: float = 0.056
    local_mean_mm: float = 2.0


@dataclass(frozen=True, slots=True)
class SkinPatch:
    """A patch and the truth about it.

    Attributes
    ----------
    patch : Patch
        As a recipe would have cut it from a photograph; its mask leaves out strong glints.
    pores : tuple of Pore
        Those that are there, sorted by (y, x), in the patch's pixels, unblurred and unslanted.
    """

    patch: Patch
    pores: tuple[Pore, ...]


def skin_patch(spec: SkinSpec) -> SkinPatch:
    """Make a patch of skin: the same bytes from the same `spec`, whatever the machine's load or locale.

    The log of the skin's reflectance is drawn at the camera's resolution, lit, blurred, made noisy, brought to the
    grid's blur and resolution, and turned into % contrast about its local mean.

    Parameters
    ----------
    spec : SkinSpec
        The skin and its camera.

    Returns
    -------
    SkinPatch

    Raises
    ------
    ValueError
        If the pores don't fit on the skin at the spacing asked for, or the camera is softer than the grid.
    """
    if spec.focus_mm > spec.grid_blur_mm:
        raise ValueError(f"focus_mm {spec.focus_mm} is softer than grid_blur_mm {spec.grid_blur_mm}")
    rng = np.random.default_rng(spec.seed)
    canvas = _Canvas(spec)
    pores = _scatter_pores(canvas, rng)
    contrast = _pits(canvas, pores) + _furrows(canvas, rng) + _relief(canvas, rng) + _light(canvas)
    contrast += _lines(canvas, rng) + _spots(canvas, rng)
    glints = _glints(canvas, rng)
    light = spec.tone * np.exp(contrast / 100.0) + glints
    photo = _blurred(light, spec.focus_mm * spec.photo_px_per_mm)
    photo += rng.normal(size=photo.shape) * np.sqrt(photo * 0.5) * spec.noise_pct / 100.0
    return SkinPatch(_patch(photo, glints, spec), tuple(_as_seen(row, spec) for row in pores))


class _Canvas:
    """Coordinates *on the skin*, in mm, of the photo's pixels: a slant makes the skin reach farther in y."""

    def __init__(self, spec: SkinSpec) -> None:
        self.spec = spec
        self.cos_slant = math.cos(math.radians(spec.slant_deg))
        count = round(spec.side_mm * spec.photo_px_per_mm)
        along: FloatArray = (np.arange(count, dtype=np.float64) + 0.5) / spec.photo_px_per_mm
        self.y_mm = np.asarray(along / self.cos_slant, np.float64)
        self.x_mm = along
        self.size_mm = (spec.side_mm / self.cos_slant, spec.side_mm)
        self.shape = (count, count)

    def near(self, y_mm: float, x_mm: float, reach_mm: float) -> tuple[tuple[slice, slice], FloatArray, FloatArray]:
        """Window of the pixels within reach, and their offsets from the place."""
        rows = slice(*np.searchsorted(self.y_mm, (y_mm - reach_mm, y_mm + reach_mm)))
        columns = slice(*np.searchsorted(self.x_mm, (x_mm - reach_mm, x_mm + reach_mm)))
        dy, dx = np.asarray(self.y_mm[rows] - y_mm), np.asarray(self.x_mm[columns] - x_mm)
        return (rows, columns), dy[:, None], dx[None, :]

    def places(self, count: int, rng: np.random.Generator) -> FloatArray:
        """(count, 2) uniform places in mm."""
        return rng.uniform(0.0, self.size_mm, (count, 2))


def _scatter_pores(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    """Rows of (y mm, x mm, diameter mm, contrast %, elongation, angle rad), sorted by place."""
    spec = canvas.spec
    count = round(spec.pores_per_cm2 * canvas.size_mm[0] * canvas.size_mm[1] / 100.0)
    places = canvas.places(0, rng)
    for _ in range(_ROUNDS):
        places = _spread_out(np.concatenate([places, canvas.places(count, rng)]), spec.spacing_mm)[:count]
        if len(places) == count:
            break
    else:
        raise ValueError(f"only {len(places)} of {count} pores fit {spec.spacing_mm} mm apart")
    places = places[np.lexsort((places[:, 1], places[:, 0]))]
    return np.column_stack(
        [
            places,
            rng.uniform(*spec.diameter_mm, count),
            rng.uniform(*spec.contrast_pct, count),
            rng.uniform(1.0, spec.max_elongation, count),
            rng.uniform(-np.pi / 2, np.pi / 2, count),
        ]
    )


def _spread_out(places: FloatArray, spacing_mm: float) -> FloatArray:
    """Every place that isn't too near to an earlier one."""
    kept = np.ones(len(places), bool)
    for first, second in sorted(cKDTree(places).query_pairs(spacing_mm)):
        kept[second] &= not kept[first]
    return places[kept]


def _pits(canvas: _Canvas, pores: FloatArray) -> FloatArray:
    image = np.zeros(canvas.shape)
    for y, x, diameter, contrast, elongation, angle in pores:
        sigma = diameter / _FWHM_PER_SIGMA
        window, dy, dx = canvas.near(y, x, 4.0 * sigma * math.sqrt(elongation))
        along = dx * math.cos(angle) - dy * math.sin(angle)  # y points down, the angle is counter-clockwise
        across = dx * math.sin(angle) + dy * math.cos(angle)
        image[window] -= contrast * np.exp(-0.5 * (along**2 / elongation + across**2 * elongation) / sigma**2)
    return image


def _furrows(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    """Dark lines along the borders of Voronoi cells: where the two nearest of random seeds are equally far."""
    spec = canvas.spec
    if spec.furrow_pct == 0.0:
        return np.zeros(canvas.shape)
    height, width = (extent + 4 * spec.furrow_spacing_mm for extent in canvas.size_mm)
    count = round(height * width / spec.furrow_spacing_mm**2)
    seeds = rng.uniform(0.0, (height, width), (count, 2)) - 2 * spec.furrow_spacing_mm
    places = np.stack(np.meshgrid(canvas.y_mm, canvas.x_mm, indexing="ij"), axis=-1)
    distance = np.asarray(cKDTree(seeds).query(places, k=2)[0])
    from_border = (distance[..., 1] - distance[..., 0]) / 2.0
    return np.asarray(-spec.furrow_pct * np.exp(-0.5 * (from_border / _FURROW_WIDTH_MM) ** 2))


def _relief(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    sigma = _RELIEF_MM * canvas.spec.photo_px_per_mm
    noise = cv2.GaussianBlur(rng.normal(size=canvas.shape), (0, 0), sigmaX=sigma, sigmaY=sigma * canvas.cos_slant)
    return np.asarray(noise * canvas.spec.relief_pct / max(float(noise.std()), 1e-12))


def _light(canvas: _Canvas) -> FloatArray:
    """Light that falls off diagonally across the patch."""
    y, x = canvas.y_mm - canvas.size_mm[0] / 2, canvas.x_mm - canvas.size_mm[1] / 2
    return canvas.spec.shading_pct_per_mm * (y[:, None] + x[None, :]) / math.sqrt(2.0)


def _lines(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    """Hairs of 5–15 mm, gently bent, and stubble of 0.5–1.2 mm."""
    image = np.zeros(canvas.shape)
    for count, lengths_mm, bend in ((canvas.spec.hairs, (5, 15), 0.06), (canvas.spec.stubble, (0.5, 1.2), 0.2)):
        for y, x in canvas.places(count, rng):
            length, angle = rng.uniform(*lengths_mm), rng.uniform(0, 2 * np.pi)
            _draw_line(image, canvas, _bent(y, x, (length, angle, rng.uniform(-bend, bend))))
    return image


def _bent(y: float, x: float, course: tuple[float, float, float]) -> FloatArray:
    """Points every 0.02 mm along an arc of (length mm, first angle, curvature per mm)."""
    length, angle, bend = course
    way = np.arange(0.0, length, 0.02)
    turned = angle + bend * way
    return np.column_stack([y + 0.02 * np.cumsum(np.sin(turned)), x + 0.02 * np.cumsum(np.cos(turned))])


def _draw_line(image: FloatArray, canvas: _Canvas, points_mm: FloatArray) -> None:
    """Darken by 50 % along the line, where it isn't that dark yet."""
    for y, x in points_mm:
        window, dy, dx = canvas.near(y, x, 4.0 * _HAIR_WIDTH_MM)
        line = -50.0 * np.exp(-0.5 * (dy**2 + dx**2) / _HAIR_WIDTH_MM**2)
        image[window] = np.minimum(image[window], line)


def _spots(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    """Moles, 1.5–3 mm wide and dark, and freckles, 1–2 mm wide and pale; both with a soft rim."""
    image = np.zeros(canvas.shape)
    kinds = ((canvas.spec.moles, (1.5, 3.0), (40.0, 80.0)), (canvas.spec.freckles, (1.0, 2.0), (8.0, 16.0)))
    for count, widths_mm, depths_pct in kinds:
        for y, x in canvas.places(count, rng):
            radius, depth = rng.uniform(*widths_mm) / 2.0, rng.uniform(*depths_pct)
            window, dy, dx = canvas.near(y, x, 2.0 * radius)
            image[window] -= depth * np.exp(-((np.hypot(dy, dx) / radius) ** 4))
    return image


def _glints(canvas: _Canvas, rng: np.random.Generator) -> FloatArray:
    """Mirrored light, which has the lamp's colour and strength whatever the skin's tone."""
    image = np.zeros(canvas.shape)
    for y, x in canvas.places(canvas.spec.glints, rng):
        sigma, strength = rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.3)
        window, dy, dx = canvas.near(y, x, 4.0 * sigma)
        image[window] += strength * np.exp(-0.5 * (dy**2 + dx**2) / sigma**2)
    return image


def _patch(photo: FloatArray, glints: FloatArray, spec: SkinSpec) -> Patch:
    """Bring the photo to the grid, as `Patch` defines it; strong glints aren't measurable."""
    lacking_mm = math.sqrt(spec.grid_blur_mm**2 - spec.focus_mm**2)
    soft = _blurred(photo, lacking_mm * spec.photo_px_per_mm)
    side = round(spec.side_mm * spec.grid_px_per_mm)
    ratio = spec.photo_px_per_mm / spec.grid_px_per_mm
    light = affine_transform(soft, [ratio, ratio], (ratio - 1.0) / 2.0, (side, side), order=3, mode="nearest")
    logarithm = 100.0 * np.log(np.maximum(light, 1e-4))
    mask = cv2.resize(glints, (side, side), interpolation=cv2.INTER_LINEAR) <= _STRONG_GLINT * spec.tone
    signal = _minus_local_mean(logarithm, mask, spec.local_mean_mm * spec.grid_px_per_mm)
    cos_slant = np.full(signal.shape, math.cos(math.radians(spec.slant_deg)), np.float32)
    return Patch(
        signal.astype(np.float32),
        mask,
        spec.grid_px_per_mm,
        cos_slant,
        noise_pct=spec.noise_pct * math.sqrt(0.5 / spec.tone),
        noise_px_per_mm=spec.photo_px_per_mm,
        noise_blur_mm=lacking_mm,
    )


def _minus_local_mean(logarithm: FloatArray, mask: BoolImage, sigma_px: float) -> FloatArray:
    weight = _blurred(mask.astype(np.float64), sigma_px)
    total = _blurred(np.where(mask, logarithm, 0.0), sigma_px)
    return np.where(mask, logarithm - total / np.maximum(weight, 1e-12), 0.0)


def _blurred(image: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur in the frequencies of a mirrored picture: exact at any σ, where a sampled kernel falls short."""
    spectrum = dctn(image, type=2)
    decay = [np.exp(-0.5 * (np.pi * np.arange(count) / count * sigma_px) ** 2) for count in image.shape]
    return np.asarray(idctn(spectrum * decay[0][:, None] * decay[1][None, :], type=2))


def _as_seen(row: FloatArray, spec: SkinSpec) -> Pore:
    """Truth about one pore, its place in the patch's pixels."""
    y_mm, x_mm, diameter, contrast, elongation, angle = (float(value) for value in row)
    return Pore(
        y_px=y_mm * math.cos(math.radians(spec.slant_deg)) * spec.grid_px_per_mm - 0.5,
        x_px=x_mm * spec.grid_px_per_mm - 0.5,
        diameter_mm=diameter,
        area_mm2=math.pi / 4.0 * diameter**2,
        contrast_pct=contrast,
        elongation=elongation,
        angle_deg=math.degrees(angle),
        snr=math.inf,
    )
