"""Unevenness with a known spectrum and known roughness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skintexture.model import FloatArray
from skintexture.phantoms.patch_canvas import Canvas


@dataclass(frozen=True, slots=True)
class BandRelief:
    """A band-limited unevenness as it was laid on, before the camera saw it.

    Attributes
    ----------
    sa_pct, sq_pct : float
        Mean absolute and root mean square deviation over the whole patch, in % contrast.
    band_mm : (float, float)
        Shortest and longest wavelength; between them power is even over the frequency plane. A blur of σ mm leaves
        ``exp(-2 (π σ / wavelength)²)`` of an amplitude.
    """

    sa_pct: float
    sq_pct: float
    band_mm: tuple[float, float]


def band_relief(canvas: Canvas, rng: np.random.Generator) -> tuple[FloatArray, BandRelief]:
    """Draw the unevenness: every frequency of the band with the same amplitude and a random phase.

    Raises
    ------
    ValueError
        No frequency lies within the band, because it is too narrow or too coarse for the patch, or too fine for the
        camera.
    """
    spec = canvas.spec
    per_mm = canvas.spec.photo_px_per_mm
    along_y = np.fft.fftfreq(canvas.shape[0], canvas.step_y_mm)[:, None]
    along_x = np.fft.rfftfreq(canvas.shape[1], 1.0 / per_mm)[None, :]
    frequency = np.hypot(along_y, along_x)
    shortest, longest = spec.band_mm
    within = (frequency >= 1.0 / longest) & (frequency <= 1.0 / shortest)
    if not within.any():
        raise ValueError(f"no frequency of the patch lies between wavelengths of {shortest} and {longest} mm")
    phases = np.exp(2j * np.pi * rng.uniform(size=within.shape))
    image = np.fft.irfft2(within * phases, canvas.shape)
    image *= spec.band_relief_pct / np.sqrt(np.mean(image**2))
    return image, BandRelief(float(np.mean(np.abs(image))), float(np.sqrt(np.mean(image**2))), spec.band_mm)
