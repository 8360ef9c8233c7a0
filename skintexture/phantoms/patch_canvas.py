"""What a patch of skin is to look like, and the coordinates that it is drawn in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skintexture.model import FloatArray


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
    fine_lines, vellus, comedones : int
        How many wrinkles of 6–18 mm, pale hairs of 1–3 mm, and blackheads of 0.35–0.8 mm.
    band_relief_pct : float
        Sq of a band-limited Gaussian unevenness, in % contrast; its power is spread evenly over the frequency plane
        between the wavelengths of ``band_mm``, with random phases.
    band_mm : (float, float)
        Shortest and longest wavelength of it.
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
    fine_lines: int = 0
    vellus: int = 0
    comedones: int = 0
    band_relief_pct: float = 0.0
    band_mm: tuple[float, float] = (0.5, 1.0)


class Canvas:
    """Coordinates *on the skin*, in mm, of the photo's pixels: a slant makes the skin reach farther in y."""

    def __init__(self, spec: SkinSpec) -> None:
        self.spec = spec
        self.cos_slant = math.cos(math.radians(spec.slant_deg))
        count = round(spec.side_mm * spec.photo_px_per_mm)
        along: FloatArray = (np.arange(count, dtype=np.float64) + 0.5) / spec.photo_px_per_mm
        self.y_mm = np.asarray(along / self.cos_slant, np.float64)
        self.step_y_mm = 1.0 / (spec.photo_px_per_mm * self.cos_slant)
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
