"""The pores of two photos: found on either, looked at on both.

A pore that has become fainter is still there. Counting what passes a threshold would call it gone; so a pore found on
one photo is looked for at the same place on the other, and counts there while something is left of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skintexture.locate.cut import Cutting
from skintexture.locate.register import RegistrationParams
from skintexture.locate.surface import LEAST_COS
from skintexture.metrics.definition import Direction, Metric
from skintexture.metrics.pore_summary import PERCENTILES
from skintexture.metrics.pores import PoreParams, describe, detect, summarise
from skintexture.model import BoolImage, Channel, FloatArray, LocatedPore, Patch, Pore
from skintexture.recipe import ComparisonParams
from skintexture.study.joint import JointZone, Labels, Pair, Side, Tiles
from skintexture.study.photometry import contrast_pct, fit_mean_profiles, read_profiles, slant_gain
from skintexture.study.pore_pairs import match_pores
from skintexture.study.sighting import Sighting
from skintexture.study.tallies import Tally

_KINDS = {(True, True): "kept", (True, False): "gone", (False, True): "new"}
_OWN = "own definition, docs/comparison.md"
_ROWS: tuple[tuple[str, str, str, Direction], ...] = (
    ("contrast_luminance", "%", "darker pores, each looked at on both photos", "lower_better"),
    (
        "contrast_red_minus_blue",
        "%",
        "pores less yellow than the skin around them, each looked at on both photos",
        "none",
    ),
    ("area", "mm²", "wider pores: the pit fitted to the mean of their profiles", "lower_better"),
    ("volume", "%·mm²", "larger or darker pores: depth × area of that pit", "lower_better"),
)

PAIRED_METRICS = {
    f"paired_pore_{name}": Metric(
        f"paired_pore_{name}",
        "paired_pores",
        unit,
        0.0,
        math.inf,
        means,
        which,
        1,
        _OWN,
    )
    for name, unit, means, which in _ROWS
}
"""What is measured of pores on pairs of photos only, by name."""


@dataclass(frozen=True, slots=True)
class PairedPores:
    """Pores found on either photo, one entry each; two columns are before and after.

    Attributes
    ----------
    at_px : (N, 2, 2) float64
        Photo by photo, ``(y, x)``.
    chart : (N, 2) float64
        ``(v, u)`` on the canonical face.
    tile : (N,) int32
    found : (N, 2) bool
        On which photo the detector found it.
    diameter_mm, contrast_pct : (N, 2) float64
        As fitted there; nan where it wasn't found.
    profiles : dict of channel to (N, 2, R) float64
        Mean signal on circles of `RADII_MM`; nan where it can't be read.
    area_ratio : (N,) float64
        Skin area in mm² that the after photo's grid gives, by that of the before photo's: slant and distance.
    slant_gain : (N,) float64
        By what the change of slant multiplies each pore's contrast on the after photo.
    """

    at_px: FloatArray
    chart: FloatArray
    tile: Labels
    found: BoolImage
    diameter_mm: FloatArray
    contrast_pct: FloatArray
    profiles: dict[Channel, FloatArray]
    area_ratio: FloatArray
    slant_gain: FloatArray

    @property
    def kind(self) -> list[str]:
        """``kept``, ``gone`` or ``new``, after what the detector found."""
        return [_KINDS[bool(before), bool(after)] for before, after in self.found]

    def forced_pct(self, channel: Channel = "luminance") -> FloatArray:
        """Contrast read at the same place on both photos, (N, 2), in %; nan where it can't be.

        What the change of slant does to it is taken off the after photo's.
        """
        return contrast_pct(self.profiles[channel]) / np.column_stack([np.ones(len(self.tile)), self.slant_gain])


@dataclass(frozen=True, slots=True)
class PoreSignal:
    """The signals in which pores are read.

    Attributes
    ----------
    blur_mm : tuple of float
        σ by which all that widens a pit widens it: before, after.
    px_per_mm : float
    """

    blur_mm: tuple[float, float]
    px_per_mm: float


def pair_pores(
    pair: Pair,
    zone: JointZone,
    params: tuple[PoreParams, RegistrationParams],
    tiles: Tiles,
    *,
    blur_mm: tuple[float, float],
) -> PairedPores:
    """Find the pores of a zone on both photos, match them, and look at each on both.

    Parameters
    ----------
    pair : Pair
    zone : JointZone
    params : tuple of PoreParams and RegistrationParams
    tiles : Tiles
    blur_mm : tuple of float
        σ by which the signal of either photo widens a pit.

    Returns
    -------
    PairedPores
        Without those at the edge of the skin, of whose surround too little is seen on either photo.
    """
    lists = [
        detect(cutting.wide, params[0].model_copy(update={"grid_blur_mm": own_mm}))
        for cutting, own_mm in zip(zone.cuttings, blur_mm, strict=True)
    ]
    own = [_on_photo(pores, cutting) for pores, cutting in zip(lists, zone.cuttings, strict=True)]
    match = match_pores(own[0], own[1], pair.registration, params[1])
    kept, gone, new = match.kept, match.gone, match.new
    # The place of a kept pore is the middle of both findings, so that neither photo's noise is favoured.
    middle = (own[0][kept[:, 0]] + pair.registration.carry(own[1][kept[:, 1]], to="before")) / 2
    before = np.concatenate([middle, own[0][gone], pair.registration.carry(own[1][new], to="before")])
    after = np.concatenate([pair.registration.carry(np.concatenate([middle, own[0][gone]]), to="after"), own[1][new]])
    index = np.full((len(before), 2), -1)
    index[: len(kept)] = kept
    index[len(kept) : len(kept) + len(gone), 0] = gone
    index[len(kept) + len(gone) :, 1] = new
    profiles = {
        channel: np.stack(
            [
                read_profiles(
                    cutting.patches[channel].signal, cutting.wide.mask, _on_grid(at, cutting), cutting.wide.px_per_mm
                )
                for cutting, at in zip(zone.cuttings, (before, after), strict=True)
            ],
            axis=1,
        )
        for channel in zone.channels
    }
    read = np.isfinite(profiles["luminance"]).all(axis=(1, 2))
    before, after, index = before[read], after[read], index[read]
    chart = _surface(pair.before, before)[:, 3:1:-1]
    jacobian = pair.registration.jacobian_at(before, side="before").astype(np.float64)
    steps = [cutting.step_px for cutting in zone.cuttings]
    return PairedPores(
        at_px=np.stack([before, after], axis=1),
        chart=chart,
        tile=tiles.label(chart.astype(np.float32)),
        found=index >= 0,
        diameter_mm=_of_found(lists, index, "diameter_mm"),
        contrast_pct=_of_found(lists, index, "contrast_pct"),
        profiles={channel: profile[read] for channel, profile in profiles.items()},
        area_ratio=jacobian * (steps[0] / steps[1]) ** 2,
        slant_gain=_slant_gain(pair, (before, after), jacobian, params[0].grid_blur_mm),
    )


def _surface(seen: Sighting, at_px: FloatArray) -> FloatArray:
    """Look up the face's surface at places of a photo, (N, 4): the cosine of the slant first, ``u, v`` last."""
    if not len(at_px):
        return np.empty((0, 4))
    known = np.nan_to_num(at_px, nan=-1e4).astype(np.float32)
    return seen.scene.surface.sample(known[:, :1], known[:, 1:])[:, 0].astype(np.float64)


def _slant_gain(pair: Pair, at_px: tuple[FloatArray, FloatArray], jacobian: FloatArray, blur_mm: float) -> FloatArray:
    """Compare the slants that the face's surface and the registration tell: an error of the scales is no slant.

    It is 1 where the registration doesn't tell.
    """
    cos = [_surface(side, at)[:, 0] for (_, side), at in zip(pair.sides(), at_px, strict=True)]
    turn = np.sqrt(jacobian) / pair.registration.scale_ratio
    before, after = (
        slant_gain(np.clip(np.sqrt(cos[0] * cos[1]) * by, LEAST_COS, 1.0), blur_mm) for by in (1 / turn, turn)
    )
    return np.nan_to_num(after / before, nan=1.0)


def _on_photo(pores: Sequence[Pore], cutting: Cutting) -> FloatArray:
    at = np.array([(pore.y_px, pore.x_px) for pore in pores], np.float64).reshape(-1, 2)
    return np.asarray(at * cutting.step_px + np.array(cutting.origin_px))


def _on_grid(at_px: FloatArray, cutting: Cutting) -> FloatArray:
    return np.asarray((at_px - np.array(cutting.origin_px)) / cutting.step_px)


def _of_found(lists: Sequence[Sequence[Pore]], index: NDArray[np.int64], name: str) -> FloatArray:
    columns = []
    for pores, chosen in zip(lists, index.T, strict=True):
        values = np.array([*(getattr(pore, name) for pore in pores), math.nan])
        columns.append(values[chosen])  # −1 is the nan at the end
    return np.column_stack(columns)


def tally_paired(pores: PairedPores, group: Labels, signal: PoreSignal, min_pores: int) -> tuple[Tally, Tally]:
    """Contrast, area and volume of the pores on both photos, and the same with one group of tiles at a time left out.

    Parameters
    ----------
    pores : PairedPores
    group : (N,) int
        Of each pore; −1 = in none.
    signal : PoreSignal
    min_pores : int
        With fewer, everything is nan.

    Returns
    -------
    tuple of Tally
        Before and after, in the names of `PAIRED_METRICS`.
    """
    light = pores.profiles["luminance"]
    readable = np.isfinite(light).all(axis=(1, 2)) & np.isfinite(pores.area_ratio)
    if readable.sum() < min_pores:
        nothing = Tally(dict.fromkeys(PAIRED_METRICS, math.nan), {})
        return nothing, nothing
    keeps = [keep for keep in _keeps(readable, group) if keep.any()]
    before, after = (_tally(_paired_values(pores, keeps, side, signal=signal)) for side in (0, 1))
    return before, after


def _paired_values(
    pores: PairedPores, keeps: list[BoolImage], side: int, *, signal: PoreSignal
) -> dict[str, FloatArray]:
    """Give each metric once for each choice of pores."""
    values = dict.fromkeys(PAIRED_METRICS, np.full(len(keeps), math.nan))
    for channel in pores.profiles:
        name = f"paired_pore_contrast_{channel}"
        if name in values:
            forced = pores.forced_pct(channel)[:, side]
            values[name] = np.array([forced[keep].mean() for keep in keeps])
    light = np.stack([pores.profiles["luminance"][keep, side].mean(axis=0) for keep in keeps])
    shape = fit_mean_profiles(light, signal.blur_mm[side], signal.px_per_mm)
    size = np.array([pores.area_ratio[keep].mean() for keep in keeps]) if side else np.ones(len(keeps))
    values["paired_pore_area"] = shape.area_mm2 / size
    values["paired_pore_volume"] = shape.volume_pct_mm2 / size
    return values


def tally_counted(
    pores: PairedPores, group: Labels, wide: tuple[Patch, Patch], params: tuple[PoreParams, ComparisonParams]
) -> tuple[Tally, Tally]:
    """Give the pore metrics of single photos, with pores counted on both photos while they are there at all.

    Parameters
    ----------
    pores : PairedPores
    group : (N,) int
    wide : tuple of Patch
        Where the pores were sought.
    params : tuple of PoreParams and ComparisonParams

    Returns
    -------
    tuple of Tally
        Before and after, by the names of the recipe's pore metrics.
    """
    if len(pores.tile) < params[1].min_pores:
        nothing = Tally({metric.name: math.nan for metric in describe(params[0])}, {})
        return nothing, nothing
    lists = [_completed(pores, side, still_there=params[1].still_there) for side in (0, 1)]
    keeps = _keeps(np.ones(len(pores.tile), bool), group)
    chance = _chance(lists[0][0], lists[1][0], params[0])
    tallies = []
    for (diameter, contrast), patch in zip(lists, wide, strict=True):
        there = np.isfinite(diameter)
        listed = [_pore(float(d), float(c)) for d, c in zip(diameter[there], contrast[there], strict=True)]
        without = [_counted(diameter[keep], contrast[keep], params[0]) for keep in keeps[1:]]
        names = without[0] if without else {}
        arrays = {name: np.array([row.get(name, math.nan) for row in without]) for name in names}
        tallies.append(Tally(summarise(listed, patch, params[0]), arrays, chance))
    return tallies[0], tallies[1]


def _chance(before_mm: FloatArray, after_mm: FloatArray, params: PoreParams) -> dict[str, float]:
    """Relative SD of the change of each count, from how many pores count on one of the photos only (Poisson's law)."""
    least_mm = {
        "pore_density": params.min_diameter_mm,
        "pore_density_all": 0.0,
        "pore_enlarged_share": params.enlarged_mm,
    }
    found = {}
    for name, least in least_mm.items():
        counts = [np.isfinite(side) & (side >= least) for side in (before_mm, after_mm)]
        switched = int(np.count_nonzero(counts[0] != counts[1]))
        mean = 0.5 * float(counts[0].sum() + counts[1].sum())
        found[name] = math.sqrt(switched + 1) / max(mean, 1.0)
    return found


def _completed(pores: PairedPores, side: int, *, still_there: float) -> tuple[FloatArray, FloatArray]:
    """Diameter and contrast of each pore on one photo; nan where it isn't there.

    One that is there and was not found has the diameter that was found on the other photo, and that contrast times
    what is left of it.
    """
    forced = pores.forced_pct()
    left = forced[:, side] / np.maximum(forced[:, 1 - side], 1e-6)
    there = pores.found[:, side] | ~(left < still_there)
    share = np.where(np.isfinite(left), np.clip(left, still_there, 1.0), 1.0)
    diameter = np.where(pores.found[:, side], pores.diameter_mm[:, side], pores.diameter_mm[:, 1 - side])
    contrast = np.where(pores.found[:, side], pores.contrast_pct[:, side], share * pores.contrast_pct[:, 1 - side])
    return np.where(there, diameter, np.nan), np.where(there, contrast, np.nan)


def _counted(diameter: FloatArray, contrast: FloatArray, params: PoreParams) -> dict[str, float]:
    """Numbers that vary as the recipe's pore metrics do, per the same skin."""
    there = np.isfinite(diameter)
    if not there.any():
        return {}
    diameter, contrast = diameter[there], contrast[there]
    area, visible = math.pi / 4 * diameter**2, diameter >= params.min_diameter_mm
    ranked = np.percentile(diameter, PERCENTILES)
    return {
        "pore_density": float(visible.sum()),
        "pore_density_all": float(len(diameter)),
        "pore_mean_area": float(area[visible].mean()) if visible.any() else math.nan,
        "pore_area_fraction": float(area[visible].sum()),
        "pore_diameter": float(np.median(diameter)),
        **{f"pore_diameter_p{percent}": float(at) for percent, at in zip(PERCENTILES, ranked, strict=True)},
        "pore_contrast": float(contrast.mean()),
        "pore_optical_volume": float(np.sum(contrast * area)),
        "pore_enlarged_share": float((diameter >= params.enlarged_mm).mean()),
    }


def _keeps(usable: BoolImage, group: Labels) -> list[BoolImage]:
    """All usable pores first, then all but those of each group."""
    return [usable, *(usable & (group != out) for out in range(int(group.max(initial=-1)) + 1))]


def _tally(columns: dict[str, FloatArray]) -> Tally:
    return Tally({name: float(column[0]) for name, column in columns.items()}, {n: c[1:] for n, c in columns.items()})


def pores_seen(zone: str, pores: PairedPores, side: Side) -> tuple[LocatedPore, ...]:
    """Pores that were found on one of the photos, as they are listed for single photos."""
    column = 0 if side == "before" else 1
    listed = []
    for index in np.flatnonzero(pores.found[:, column]):
        (y, x), (v, u) = pores.at_px[index, column].tolist(), pores.chart[index].tolist()
        pore = _pore(float(pores.diameter_mm[index, column]), float(pores.contrast_pct[index, column]))
        listed.append(LocatedPore(zone, y, x, u, v, pore))
    return tuple(listed)


def _pore(diameter_mm: float, contrast_pct: float) -> Pore:
    """Describe a pore by what is kept of it in a pair; the rest is that of a round one."""
    return Pore(0.0, 0.0, diameter_mm, math.pi / 4 * diameter_mm**2, contrast_pct, 1.0, 0.0, math.nan)
