"""Energy in bands: whole, in the right place, free of outline and direction, and without the camera's noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from skintexture.metrics.bands import BandsParams, EnergySplit, measure, split_energy
from skintexture.model import BoolImage, FloatArray, FloatImage, Patch
from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.areal import ragged_mask
from skintexture.validation.finding import Effort, Exhibit, Finding, Section, Table, at_least, at_most
from skintexture.validation.flat_skin import (
    FULL_WELL,
    SHADE,
    FlatCamera,
    FlatSkin,
    cut_out,
    grow,
    photographed,
)

KEY = "bands"

EDGES_MM = (0.25, 0.5, 1.0, 2.0, 4.0)
_PX_PER_MM = 12.0
_ALONE_PCT = 1e-3
_TONE_PCT, _SAME_PCT, _NOISE_PCT = 95.0, 2.0, 10.0


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Measure waves and random fields of known spectrum, and photographs with and without noise."""
    yield from _parseval()
    yield from _tones()
    yield from _outline({"quick": 24, "standard": 60, "full": 200}[effort])
    yield from _rotation()
    yield from _noise(effort)


def random_field(seed: int, side: int, *, turned_deg: float = 0.0) -> FloatImage:
    """Draw 400 plane waves of 0.25 to 6 mm whose power falls as 1 / frequency², seen on a grid turned by an angle.

    Its values at a place don't depend on the grid: turned, it is the same field.
    """
    rng = np.random.default_rng(seed)
    wave_mm = np.exp(rng.uniform(math.log(0.25), math.log(6.0), 400))
    angle = rng.uniform(0, 2 * np.pi, 400) + math.radians(turned_deg)
    phase = rng.uniform(0, 2 * np.pi, 400)
    at_mm = (np.arange(side) - (side - 1) / 2) / _PX_PER_MM
    along_y = np.outer(at_mm, 2 * np.pi * np.sin(angle) / wave_mm)
    along_x = np.outer(at_mm, 2 * np.pi * np.cos(angle) / wave_mm) + phase
    field: FloatArray = (np.cos(along_y) * wave_mm) @ np.cos(along_x).T - (np.sin(along_y) * wave_mm) @ np.sin(
        along_x
    ).T
    return (0.1 * field).astype(np.float32)


def stationary_field(seed: int, side: int) -> FloatImage:
    """Draw a Gaussian random field whose power falls as 1 / frequency², of 0.2 to 6 mm: alike everywhere."""
    wide = 2 * side
    spectrum = np.fft.rfft2(np.random.default_rng([seed, 2]).standard_normal((wide, wide)))
    frequency = np.hypot(np.fft.fftfreq(wide)[:, None], np.fft.rfftfreq(wide)[None]) * _PX_PER_MM
    power_root = np.where((frequency > 1 / 6.0) & (frequency < 1 / 0.2), 1.0 / np.maximum(frequency, 1e-6), 0.0)
    field = np.fft.irfft2(spectrum * power_root, s=(wide, wide))[:side, :side]
    return np.asarray(field, np.float32)


def disc(side: int) -> BoolImage:
    """Mask that looks alike from all sides."""
    at = np.arange(side) - (side - 1) / 2
    return np.asarray(np.hypot(at[:, None], at[None]) <= side / 2 - 1)


def _patch(signal: FloatImage, mask: BoolImage) -> Patch:
    return Patch(signal, mask, _PX_PER_MM, np.ones_like(signal))


def _parseval() -> Iterator[Finding]:
    signal = random_field(1, 400)
    mask = ragged_mask(400)
    split = split_energy(_patch(signal, mask), EDGES_MM)
    error = 100.0 * abs(split.total_pct2 / float(signal[mask].astype(np.float64).var()) - 1.0)
    note = "finer, all bands and coarser against the variance, in a ragged mask"
    yield at_most(KEY, "Parseval: parts that don't add up", error, limit=_ALONE_PCT, note=note)


def _tones() -> Iterator[Exhibit]:
    """Waves in the middle of each band, in four directions and a ragged mask."""
    mask = ragged_mask(360)
    y, x = np.mgrid[:360, :360] / _PX_PER_MM
    rows, shares = [], {}
    for finer, coarser in pairwise(EDGES_MM):
        wave_mm = math.sqrt(finer * coarser)
        for angle_deg in (0.0, 30.0, 45.0, 80.0):
            way = x * math.cos(math.radians(angle_deg)) + y * math.sin(math.radians(angle_deg))
            patch = _patch(np.sin(2 * np.pi * way / wave_mm).astype(np.float32), mask)
            values = measure(patch, BandsParams(version=1, edges_mm=EDGES_MM))
            share = 100.0 * values[f"band_fraction_{finer:g}_{coarser:g}mm"]
            shares[f"{wave_mm:.2f} mm at {angle_deg:g}°"] = share
        mine = list(shares.values())[-4:]
        rows.append((f"{finer:g} to {coarser:g} mm", f"{wave_mm:.3g}", *(f"{share:.1f}" for share in mine)))
    worst = min(shares, key=lambda where: shares[where])
    yield at_least(KEY, "tone that lands in its band", shares[worst], limit=_TONE_PCT, note=f"least: {worst}")
    columns = ("band", "tone, mm", "0°, %", "30°, %", "45°, %", "80°, %")
    yield Table("Share of a tone that lands in its band", columns, rows)


def _outline(fields: int) -> Iterator[Finding]:
    """See the same skin through strips and blotches instead of a square: the mean over many fields, band by band."""
    side = 300
    strip = np.zeros((side, side), dtype=bool)
    strip[110:190] = True
    masks = {"strip along x": strip, "strip along y": strip.T, "ragged mask": ragged_mask(side)}
    whole = np.ones((side, side), dtype=bool)
    energies: dict[str, list[FloatArray]] = {name: [] for name in ("square", *masks)}
    for seed in range(fields):
        signal = stationary_field(seed, side)
        for name, mask in {"square": whole, **masks}.items():
            energies[name].append(split_energy(_patch(signal, mask), EDGES_MM).texture_pct2[1:-2])
    means = {name: np.mean(values, axis=0) for name, values in energies.items()}
    for name in masks:
        ratios = np.stack(energies[name]) / means["square"]
        change = 100.0 * (means[name] / means["square"] - 1.0)
        chance = 100.0 * ratios.std(axis=0) / math.sqrt(fields)
        at = int(np.argmax(np.abs(change)))
        note = f"band {EDGES_MM[at]:g} to {EDGES_MM[at + 1]:g} mm, mean of {fields} fields, chance {chance[at]:.1g} %"
        yield at_most(KEY, f"outline: {name} for a square, bands to 2 mm", abs(change[at]), limit=_SAME_PCT, note=note)


def _rotation() -> Iterator[Finding]:
    """One field in a disc, turned by angles that no pixel grid has."""
    mask = disc(300)
    params = BandsParams(version=1, edges_mm=EDGES_MM)
    straight = measure(_patch(random_field(7, 300), mask), params)
    worst, where = 0.0, ""
    for angle_deg in (10.0, 30.0, 45.0, 77.0):
        turned = measure(_patch(random_field(7, 300, turned_deg=angle_deg), mask), params)
        for name, value in straight.items():
            change = 100.0 * abs(turned[name] / value - 1.0)
            worst, where = max((worst, where), (change, f"{name} at {angle_deg:g}°"))
    yield at_most(KEY, "rotation", worst, limit=_SAME_PCT, note=where)


def _noise(effort: Effort) -> Iterator[Exhibit]:
    """Hold the noise that is estimated on photographed skin, and taken off, against that of a photograph of nothing."""
    skin = grow(SkinSpec(seed=2, side_mm={"quick": 16.0, "standard": 24.0, "full": 40.0}[effort], relief_pct=2.0))
    blank = FlatSkin(np.zeros_like(skin.contrast_pct), ())
    rows = []
    for px_per_mm, full_well in ((14.0, FULL_WELL), (14.0, FULL_WELL / 4), (20.0, FULL_WELL), (20.0, FULL_WELL / 4)):
        camera = FlatCamera(px_per_mm=px_per_mm, full_well=full_well, channel_contrast=SHADE)
        seen, nothing = (_energy(shown, camera) for shown in (skin, blank))
        truth, removed = (nothing.texture_pct2 + nothing.noise_pct2)[:-1], seen.noise_pct2[:-1]
        error = 100.0 * abs(removed.sum() / truth.sum() - 1.0)
        what = f"noise at {px_per_mm:g} px/mm, {full_well:g} electrons"
        yield at_most(KEY, f"{what}: wrongly taken off", error, limit=_NOISE_PCT, note="all bands up to 4 mm")
        names = ("finer than 0.25 mm", *(f"{a:g} to {b:g} mm" for a, b in pairwise(EDGES_MM)))
        rows += [
            (f"{what}, {name}", *(f"{number:.3g}" for number in numbers))
            for name, *numbers in zip(names, seen.texture_pct2[:-1], truth, removed, strict=True)
        ]
    yield Table("Camera noise in bands, %²", ("photograph and band", "texture", "its noise", "taken off"), rows)


def _energy(skin: FlatSkin, camera: FlatCamera) -> EnergySplit:
    photo = photographed(skin, camera)
    return split_energy(cut_out(photo, camera, load_recipe(DEFAULT_RECIPE)).patches["luminance"], EDGES_MM)


SECTION = Section(
    KEY,
    "Energy in bands",
    "Plane waves and random fields whose power falls as 1 / frequency², on a grid of 12 px/mm; and the noise of 8-bit "
    "photographs of flat skin, against that of photographs of a blank sheet under the same light.",
    findings,
)
