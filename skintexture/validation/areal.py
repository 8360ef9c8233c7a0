"""Areal roughness against the ISO 25178-2 values of surfaces that have them in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from skintexture.metrics.roughness import areal_parameters, band_limit
from skintexture.model import BoolImage, FloatArray
from skintexture.validation.finding import Effort, Exhibit, Finding, Section, Table, at_most, reported

KEY = "roughness"

_PX_PER_MM = 12.0
_LAG_LIMIT_MM = 1.5
_LIMIT_PCT = 1.0
_ANGLE_RAD = 0.3
"""Between the waves and the rows of pixels: their crests then fall on every place between two pixels."""

_SKEWNESS = 0.05
"""What a skewness, which is 0 in closed form, may differ by: by chance alone a random surface of this size has 0.02."""


@dataclass(frozen=True, slots=True)
class _Surface:
    name: str
    height: FloatArray
    truth: Mapping[str, float]


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Measure a wave, crossed waves and a Gaussian random surface, whole and in ragged masks."""
    side = {"quick": 900, "standard": 1500, "full": 2000}[effort]
    rows: list[tuple[str, ...]] = []
    for surface in (wave(side), _crossed(side), _gaussian(side)):
        for name, mask in (("whole", np.ones((side, side), dtype=bool)), ("ragged mask", ragged_mask(side))):
            height = surface.height.astype(np.float32)
            found = asdict(areal_parameters(height, mask, _PX_PER_MM, lag_limit_mm=_LAG_LIMIT_MM))
            yield _finding(f"{surface.name}, {name}", surface.truth, found)
            if "sal" in surface.truth:
                error = 100.0 * (1.0 - found["str"])
                yield reported(
                    KEY, f"{surface.name}, {name}: Str below 1", error, note="a direction is longest by chance"
                )
            rows += [
                (f"{surface.name}, {name}: {key}", f"{truth:.6g}", f"{found[key]:.6g}")
                for key, truth in surface.truth.items()
            ]
    yield from _filters(side)
    yield Table("ISO 25178-2 values in closed form", ("surface", "truth", "found"), rows)


def ragged_mask(side: int) -> BoolImage:
    """Three fifths of a square, in blotches with a fringed outline."""
    noise = np.random.default_rng(5).standard_normal((side, side)).astype(np.float32)
    blotches = cv2.GaussianBlur(noise, (0, 0), 20.0) * 20.0 + 0.15 * cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.asarray(blotches >= np.quantile(blotches, 0.4), dtype=bool)


def _finding(what: str, truth: Mapping[str, float], found: Mapping[str, float]) -> Finding:
    errors = {key: _error_pct(found[key], value) for key, value in truth.items()}
    worst = max(errors, key=lambda key: errors[key])
    note = f"worst of {len(errors)}: {worst.capitalize()}"
    return at_most(KEY, what, errors[worst], limit=_LIMIT_PCT, note=note)


def _error_pct(found: float, truth: float) -> float:
    if truth == 0.0:
        return _LIMIT_PCT * abs(found) / _SKEWNESS
    return 100.0 * abs(found / truth - 1.0)


def _along(side: int, angle_rad: float) -> FloatArray:
    """Way in mm along a direction."""
    y, x = np.mgrid[:side, :side] / _PX_PER_MM
    return np.asarray(x * math.cos(angle_rad) + y * math.sin(angle_rad))


def wave(side: int) -> _Surface:
    """Amplitude 0.05, wavelength 1 mm."""
    truth = {"sa": 0.1 / math.pi, "sq": 0.05 / math.sqrt(2), "ssk": 0.0, "sku": 1.5, "sz": 0.1}
    truth["sdq"] = 0.05 * 2 * math.pi / math.sqrt(2)
    return _Surface("wave", 0.05 * np.sin(2 * np.pi * _along(side, _ANGLE_RAD)), truth)


def _crossed(side: int) -> _Surface:
    """Two such waves at a right angle: a cross-grating."""
    waves = [np.sin(2 * np.pi * _along(side, angle)) for angle in (_ANGLE_RAD, _ANGLE_RAD + np.pi / 2)]
    truth = {"sa": 0.05 * 8 / math.pi**2, "sq": 0.05, "ssk": 0.0, "sku": 2.25, "sz": 0.2, "sdq": 0.05 * 2 * math.pi}
    return _Surface("crossed waves", 0.05 * (waves[0] + waves[1]), truth)


def _gaussian(side: int) -> _Surface:
    """Waves of all directions with random phases: Gaussian heights, of the autocorrelation exp(−d² / 4 s²).

    Only phases are left to chance, so that power, slope and autocorrelation are the truth's and not a draw of them.
    """
    sigma_px = 3.0
    noise = np.fft.rfft2(np.random.default_rng(3).standard_normal((side, side)))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    amplitude = np.exp(-2 * (np.pi * sigma_px * frequency) ** 2) / np.abs(noise)
    amplitude[0, 0] = 0.0
    height = np.fft.irfft2(noise * amplitude, s=(side, side))
    height /= height.std()
    truth = {"sa": math.sqrt(2 / math.pi), "sq": 1.0, "ssk": 0.0, "sku": 3.0}
    truth["sdq"] = _PX_PER_MM / sigma_px  # two directions, each of variance 1 / 2 s²
    truth["sal"] = 2 * sigma_px * math.sqrt(math.log(5)) / _PX_PER_MM
    return _Surface("Gaussian random surface", np.asarray(height), truth)


def _filters(side: int) -> Iterator[Finding]:
    """Waves between the two filters keep the share of their height that ISO 16610-61 gives."""
    s_mm, l_mm, alpha = 0.25, 2.5, math.log(2.0)
    everywhere = np.ones((side, side), dtype=bool)
    inner = everywhere.copy()
    margin = math.ceil(l_mm * _PX_PER_MM)
    inner[:margin] = inner[-margin:] = inner[:, :margin] = inner[:, -margin:] = False
    errors: dict[float, float] = {}
    for wave_mm in (0.3, 0.5, 1.0, 2.0, 4.0):
        height = np.sin(2 * np.pi * _along(side, _ANGLE_RAD) / wave_mm).astype(np.float32)
        kept = band_limit(height, everywhere, s_filter_px=s_mm * _PX_PER_MM, l_filter_px=l_mm * _PX_PER_MM)
        truth = math.exp(-alpha * (s_mm / wave_mm) ** 2) * (1.0 - math.exp(-alpha * (l_mm / wave_mm) ** 2))
        errors[wave_mm] = 100.0 * abs(float(kept[inner].std() / height[inner].std()) / truth - 1.0)
    coarse = max(error for wave_mm, error in errors.items() if wave_mm >= 1.0)
    yield at_most(KEY, "S- and L-filter, waves of 1 to 4 mm", coarse, limit=_LIMIT_PCT)
    for wave_mm in (0.5, 0.3):
        note = "the S-filter is 0.56 pixels wide (σ): sampled so coarsely, it lets through more than a Gaussian"
        yield reported(KEY, f"S- and L-filter, wave of {wave_mm:g} mm", errors[wave_mm], note=note)


SECTION = Section(
    KEY,
    "Areal roughness",
    "Surfaces whose ISO 25178-2 values are known in closed form, on a grid of 12 px/mm, whole and in a mask with a "
    "fringed outline. Skewness, which is 0, is judged by an absolute difference of 0.05; Sz only where it is known.",
    findings,
)
