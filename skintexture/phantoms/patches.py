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
from skintexture.phantoms.patch_canvas import Canvas, SkinSpec
from skintexture.phantoms.patch_marks import PatchMark, PatchMarks
from skintexture.phantoms.patch_relief import BandRelief, band_relief

__all__ = ["BandRelief", "PatchMark", "SkinPatch", "SkinSpec", "skin_patch"]

_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))

_FURROW_WIDTH_MM = 0.06
"""σ of a skin line's profile: primary lines are about 0.1–0.2 mm wide."""

_RELIEF_MM = 0.12
"""σ of the kernel that makes white noise the soft unevenness between the lines."""

_ROUNDS = 50
"""How often new places are drawn for the pores that don't fit yet."""

_STRONG_GLINT = 0.1
"""Share of mirrored light in the skin's own beyond which a pixel is no measurable skin."""


@dataclass(frozen=True, slots=True)
class SkinPatch:
    """A patch and the truth about it.

    Attributes
    ----------
    patch : Patch
        As a recipe would have cut it from a photograph; its mask leaves out strong glints.
    pores : tuple of Pore
        Those that are there, sorted by (y, x), in the patch's pixels, unblurred and unslanted.
    marks : tuple of PatchMark
        All the rest: hairs, spots, lines, glints.
    band_relief : BandRelief or None
        The band-limited unevenness as it was laid on; None if there is none.
    """

    patch: Patch
    pores: tuple[Pore, ...]
    marks: tuple[PatchMark, ...] = ()
    band_relief: BandRelief | None = None


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
    canvas = Canvas(spec)
    pores = _scatter_pores(canvas, rng)
    contrast = _pits(canvas, pores) + _furrows(canvas, rng) + _relief(canvas, rng) + _light(canvas)
    marks = PatchMarks(canvas)
    contrast += marks.hairs(rng) + marks.spots(rng)
    glints = marks.glints(rng)
    later = np.random.default_rng([spec.seed, 21])  # of its own, so that what came first stays as it was
    contrast += marks.fine_lines(later) + marks.vellus(later) + marks.comedones(later)
    band, band_truth = band_relief(canvas, later) if spec.band_relief_pct else (0.0, None)
    contrast += band
    light = spec.tone * np.exp(contrast / 100.0) + glints
    photo = _blurred(light, spec.focus_mm * spec.photo_px_per_mm)
    photo += rng.normal(size=photo.shape) * np.sqrt(photo * 0.5) * spec.noise_pct / 100.0
    return SkinPatch(
        patch=_patch(photo, glints, spec),
        pores=tuple(_as_seen(row, spec) for row in pores),
        marks=marks.listed,
        band_relief=band_truth,
    )


def _scatter_pores(canvas: Canvas, rng: np.random.Generator) -> FloatArray:
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


def _pits(canvas: Canvas, pores: FloatArray) -> FloatArray:
    image = np.zeros(canvas.shape)
    for y, x, diameter, contrast, elongation, angle in pores:
        sigma = diameter / _FWHM_PER_SIGMA
        window, dy, dx = canvas.near(y, x, 4.0 * sigma * math.sqrt(elongation))
        along = dx * math.cos(angle) - dy * math.sin(angle)  # y points down, the angle is counter-clockwise
        across = dx * math.sin(angle) + dy * math.cos(angle)
        image[window] -= contrast * np.exp(-0.5 * (along**2 / elongation + across**2 * elongation) / sigma**2)
    return image


def _furrows(canvas: Canvas, rng: np.random.Generator) -> FloatArray:
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


def _relief(canvas: Canvas, rng: np.random.Generator) -> FloatArray:
    sigma = _RELIEF_MM * canvas.spec.photo_px_per_mm
    noise = cv2.GaussianBlur(rng.normal(size=canvas.shape), (0, 0), sigmaX=sigma, sigmaY=sigma * canvas.cos_slant)
    return np.asarray(noise * canvas.spec.relief_pct / max(float(noise.std()), 1e-12))


def _light(canvas: Canvas) -> FloatArray:
    """Light that falls off diagonally across the patch."""
    y, x = canvas.y_mm - canvas.size_mm[0] / 2, canvas.x_mm - canvas.size_mm[1] / 2
    return canvas.spec.shading_pct_per_mm * (y[:, None] + x[None, :]) / math.sqrt(2.0)


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
