"""From what was measured of two photos to changes, each with its interval and verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skintexture.caveats import CAVEATS
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.metrics.bands import band_name
from skintexture.metrics.definition import Metric
from skintexture.metrics.pore_summary import PERCENTILES
from skintexture.model import FloatArray
from skintexture.recipe import Recipe
from skintexture.study.between_shots import OF_WHOLE_PHOTOS, Situation
from skintexture.study.comparability import Hindrances
from skintexture.study.intervals import Estimate, chance_of, estimate, few_by_chance
from skintexture.study.paired_pores import PAIRED_METRICS
from skintexture.study.tallies import Tally
from skintexture.study.verdict import NO_CHANGE, NOT_COMPARABLE, SCATTER_UNKNOWN, WITHIN, Finding, judge
from skintexture.study.zone_pair import Stage, ZonePair

_DEPTH, _TEXTURE = "paired_pore_contrast_luminance", "band_rms_0.5_1mm_luminance"
_LEAKS: Mapping[str, tuple[float, float]] = {
    "paired_pore_contrast_luminance": (0.0, 0.1),
    "paired_pore_contrast_red_minus_blue": (0.0, 0.1),
    "paired_pore_volume": (0.0, 0.15),
    "paired_pore_area": (0.2, 0.15),
    "pore_contrast": (0.0, 0.05),
    "pore_optical_volume": (0.0, 0.4),
    "pore_diameter": (0.1, 0.25),
    **{f"pore_diameter_p{percent}": (0.1, 0.15) for percent in PERCENTILES if percent < 50},
    **{f"pore_diameter_p{percent}": (0.1, 0.3) for percent in PERCENTILES if percent > 50},
    "pore_mean_area": (0.2, 0.25),
    "pore_area_fraction": (0.3, 1.4),
    "pore_density": (0.3, 1.2),
    "pore_density_all": (0.1, 0.0),
    "pore_enlarged_share": (0.4, 2.5),
}
"""SD that a change of the pores' depth, and one of texture, add to the change of a metric: per unit, all natural logs.

How wide a faint pit is can't quite be told from how deep it is: 10 % of the diameter. Whether it counts leans on both.
And some of what is read and found as pores are crossings and hollows of fine lines, which fade as lines do: what zones
of phantoms of 12 persons changed by when furrows alone became 40 and 60 % shallower."""

LITTLE_SHARED = "too little of this zone is shown, and registered, in both photos"
NOT_MEASURED = "not defined on one of the photos: no variation, or too few pores"
COLOUR_BLURRED = "one photo is softer: colour can't be brought to the same sharpness"
BLURRED_AWAY = "one photo is softer: of texture this fine it shows too little"
FROM_THE_SIDE = "the skin is seen too much from the side to tell how wide pores are"
FEW_WAVES = "too little skin is shared for waves as long as these"
UNSTEADY = "so little of it is left that noise decides its value, or it varies too much over the zone"

# A band is not compared where the blur that was added leaves less than this of its waves' amplitude: the softer photo's
# noise and compression, which are not blurred, would stand for them.
_LEAST_LEFT = 0.25
# A band is compared where the skin shared holds so many squares of its middle wave: unchanged zones with fewer scatter
# by 4 to 12 % between shots (on phantoms), larger ones by 2 to 5 %.
_LEAST_WAVES = 40.0
# Pores' widths are compared where skin slants less than this on average: beyond it, those of unchanged skin scatter by
# 11 % between shots in area (on phantoms), 3 % elsewhere.
_MOST_SLANT_DEG = 50.0
_WIDTHS = (
    "paired_pore_area",
    "pore_mean_area",
    "pore_area_fraction",
    "pore_enlarged_share",
    "pore_diameter",
    *(f"pore_diameter_p{percent}" for percent in PERCENTILES),
)
_OF_NOISE = "pore_false_density"
# Of what can be compared, until it is judged.
_OPEN = Finding(NO_CHANGE, WITHIN)
# Compression keeps its own noise in colour, which the blur that is added to the other photo doesn't touch. Up to this
# blur (σ in pixels), that is a part of the scatter.
_MOST_COLOUR_BLUR_PX = 0.6
# A change is not told where what it is over the skin varies by its own size.
_MOST_SAMPLING_SD = 1.0

ScatterOf = Callable[[str, str, Situation], float]
"""From zone, metric and situation to the relative SD of the change between shots of unchanged skin."""


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one zone on both photos.

    Attributes
    ----------
    zone, metric : str
    found : Estimate
    scatter : float
        SD of the relative change between shots of unchanged skin.
    leak : float
        SD that stems from what else changed in this zone, see `Leak`.
    situation : Situation
        What the photos differ in here.
    finding : Finding
    caveats : tuple of str
        Of either photo's zone.
    """

    zone: str
    metric: str
    found: Estimate
    scatter: float
    leak: float
    situation: Situation
    finding: Finding
    caveats: tuple[str, ...]

    @property
    def sd(self) -> float:
        """SD of the relative change: over the skin measured, between shots, and from what else changed."""
        sampling = self.found.sampling_sd
        return math.hypot(0.0 if math.isnan(sampling) else sampling, self.scatter, self.leak)


@dataclass(frozen=True, slots=True)
class Leak:
    """What else changed in a zone, as natural logs: of one kind of change a little always passes for another.

    Attributes
    ----------
    depth : float
        Of the pores' contrast.
    texture : float
        Of texture of 0.5 to 1 mm.
    """

    depth: float
    texture: float

    def into(self, metric: str) -> float:
        """SD that this adds to a metric's change."""
        by_depth, by_texture = _LEAKS.get(metric, (0.0, 0.0))
        return math.hypot(by_depth * self.depth, by_texture * self.texture)


def compared_metrics(recipe: Recipe) -> dict[str, Metric]:
    """Every metric of a comparison with this recipe, by name: the recipe's own, and those of paired pores.

    Without what tells of the photo's noise and not of the skin.
    """
    paired = PAIRED_METRICS if recipe.metrics.pores is not None else {}
    of_skin = {name: metric for name, metric in recipe.catalogue().items() if name != _OF_NOISE}
    return of_skin | {
        name: metric
        for name, metric in paired.items()
        if "contrast" not in name or any(name.endswith(f"contrast_{c}") for c in (*recipe.grid.channels, "luminance"))
    }


@dataclass(frozen=True, slots=True)
class Bench:
    """Turns what was measured into changes with their verdicts.

    Attributes
    ----------
    stage : Stage
        That it was measured on.
    situation : Situation
        What the photos differ in over the whole face.
    scatter_of : callable
        Scatter between shots.
    hindrances : mapping
        From zone and metric to what else limits it.
    """

    stage: Stage
    situation: Situation
    scatter_of: ScatterOf
    hindrances: Mapping[tuple[str, str], Hindrances]

    def all_changes(self, measured: Sequence[ZonePair]) -> Iterator[Change]:
        """Yield every zone of the recipe, and in it every metric, the paired pores' after the recipe's."""
        metrics = compared_metrics(self.stage.recipe)
        by_zone = {zone.name: {change.metric: change for change in self._changes(zone, metrics)} for zone in measured}
        for metric, described in metrics.items():
            judged = self._judged([by_zone[zone.name][metric] for zone in measured], described)
            for zone, change in zip(measured, judged, strict=True):
                by_zone[zone.name][metric] = change
        areas = np.array([zone.area_mm2 for zone in measured])
        for name in self.stage.recipe.zones.names:
            if name in by_zone:
                yield from by_zone[name].values()
                continue
            for metric, described in metrics.items():
                yield self._pooled(metric, described, [by_zone[zone.name][metric] for zone in measured], areas)

    def _changes(self, zone: ZonePair, metrics: Mapping[str, Metric]) -> Iterator[Change]:
        caveats = tuple(dict.fromkeys(caveat for side in zone.zones for caveat in side.caveats))
        leak = Leak(*(_log_change(zone, name) for name in (_DEPTH, _TEXTURE)))
        for name, metric in metrics.items():
            yield self._change(zone, metric, name, leak=leak.into(name), caveats=caveats)

    def _pooled(self, metric: str, described: Metric, zones: Sequence[Change], areas: FloatArray) -> Change:
        """Give the whole face as the mean of the zones that can be compared, each by its area."""
        usable = np.array([change.finding.verdict != NOT_COMPARABLE or _is_known(change.finding) for change in zones])
        share = np.where(usable, areas, 0.0) / max(float(areas.sum()), 1e-9)
        found = [change.found for change in zones]
        pooled = _mean_estimate([one for one, used in zip(found, usable, strict=True) if used], share[usable])
        scatter = self.scatter_of(WHOLE_FACE, metric, self.situation)
        leak = float(np.sum(share * [change.leak for change in zones]) / max(share.sum(), 1e-9))
        change = Change(WHOLE_FACE, metric, pooled, scatter, leak, self.situation, Finding(NOT_COMPARABLE, ""), ())
        if share.sum() < self.stage.recipe.comparison.min_shared:
            reasons = [one.finding.reason for one, used in zip(zones, usable, strict=True) if not used]
            return replace(
                change, finding=Finding(NOT_COMPARABLE, max(reasons, key=reasons.count, default=NOT_MEASURED))
            )
        if reason := _unsteady(pooled, scatter):
            return replace(change, finding=Finding(NOT_COMPARABLE, reason))
        return self._judged([replace(change, finding=_OPEN)], described)[0]

    def _change(self, zone: ZonePair, metric: Metric, name: str, *, leak: float, caveats: tuple[str, ...]) -> Change:
        sides = [side.get(name, Tally({"value": math.nan}, {})) for side in zone.tallies]
        found = estimate("value", sides[0], sides[1], metric.low)
        situation = replace(zone.situation, **{part: getattr(self.situation, part) for part in OF_WHOLE_PHOTOS})
        scatter = self.scatter_of(zone.name, name, situation)
        reason = self._reason(zone, metric, name) or _unsteady(found, scatter)
        finding = Finding(NOT_COMPARABLE, reason) if reason else _OPEN
        return Change(zone.name, name, found, scatter, leak, situation, finding, caveats)

    def _judged(self, changes: Sequence[Change], metric: Metric) -> list[Change]:
        """Judge one metric in zones side by side: the more of them change, the less is asked of each."""
        share = 1.0 - self.stage.recipe.comparison.verdict_confidence
        is_open = [k for k, one in enumerate(changes) if one.finding == _OPEN]
        chance = np.array([chance_of(changes[k].found, changes[k].sd) for k in is_open])
        judged = list(changes)
        for k, by_chance, shown in zip(is_open, chance, few_by_chance(chance, share), strict=True):
            relative, alone = changes[k].found.relative, bool(by_chance <= share)
            judged[k] = replace(changes[k], finding=judge(relative, metric.direction, shown=bool(shown), alone=alone))
        return judged

    def _reason(self, zone: ZonePair, metric: Metric, name: str) -> str:
        """Why this metric can't be compared in this zone; empty if it can."""
        recipe = self.stage.recipe
        if not all(side.area_mm2 > 0 for side in zone.zones):
            return CAVEATS["not_visible"].meaning
        if any("too_small" in side.caveats for side in zone.zones):
            return CAVEATS["too_small"].meaning
        family = "pores" if metric.family == "paired_pores" else metric.family
        lacking = self.stage.lacking(zone.zones, getattr(recipe.needs, family))
        against = self.hindrances[zone.name, name].not_comparable
        if against:
            # Whatever else is mended, a photo too coarse for the recipe stays so.
            coarse = (lacking,) if lacking == CAVEATS["too_coarse"].meaning else ()
            return "; ".join((*coarse, *against))
        if zone.shared < recipe.comparison.min_shared:
            return LITTLE_SHARED
        if name in _WIDTHS and max(side.slant_deg for side in zone.zones) > _MOST_SLANT_DEG:
            return FROM_THE_SIDE
        return self.stage.colour_lacking(name) or lacking or self._illegible(name, zone.area_mm2)

    def _illegible(self, name: str, area_mm2: float) -> str:
        """Why a metric says nothing once blur was added, or on so little skin; empty if it does."""
        if "red_minus_blue" in name and self.situation.blur_px > _MOST_COLOUR_BLUR_PX:
            return COLOUR_BLURRED
        bands = self.stage.recipe.metrics.bands
        edges_mm = () if bands is None else pairwise(bands.edges_mm)
        for finer_mm, coarser_mm in edges_mm:
            if f"_{band_name(finer_mm, coarser_mm)}_" not in name:
                continue
            if self._left(finer_mm, coarser_mm) < _LEAST_LEFT:
                return BLURRED_AWAY
            if area_mm2 < _LEAST_WAVES * finer_mm * coarser_mm:
                return FEW_WAVES
        return ""

    def _left(self, finer_mm: float, coarser_mm: float) -> float:
        """Share that the added blur leaves of the amplitude of waves in the middle of a band."""
        added_mm2 = self.stage.blur_mm**2 - self.stage.recipe.grid.blur_mm**2
        return math.exp(-2 * math.pi**2 * max(added_mm2, 0.0) / (finer_mm * coarser_mm))


def _is_known(finding: Finding) -> bool:
    """Whether only the scatter lacks for a verdict: then the values themselves are comparable."""
    return finding.reason == SCATTER_UNKNOWN


def _unsteady(found: Estimate, scatter: float) -> str:
    """Why an estimate, with this scatter between shots, says nothing; empty if it does."""
    if math.isnan(found.relative):
        return NOT_MEASURED
    if found.sampling_sd > _MOST_SAMPLING_SD:
        return UNSTEADY
    return SCATTER_UNKNOWN if math.isnan(scatter) else ""


def _log_change(zone: ZonePair, name: str) -> float:
    """Change of a metric in a zone, as a natural log; 0 where it isn't measured."""
    sides = [side.get(name) for side in zone.tallies]
    if sides[0] is None or sides[1] is None:
        return 0.0
    found = estimate("value", sides[0], sides[1], 0.0)
    return found.relative if found.is_log and math.isfinite(found.relative) else 0.0


def _mean_estimate(found: Sequence[Estimate], share: FloatArray) -> Estimate:
    """Mean of estimates of several zones, weighted."""
    if not found:
        return Estimate(math.nan, math.nan, math.nan, False, math.nan)
    weight = share / share.sum()
    before, after = (float(weight @ [getattr(one, side) for one in found]) for side in ("before", "after"))
    is_log = all(one.is_log for one in found)
    size = max(abs(before), abs(after))
    difference = (after - before) / size if size > 0.0 else math.nan
    relative = math.log(after / before) if is_log else difference
    sizes = weight * [max(abs(one.before), abs(one.after)) for one in found]
    sampling = np.nan_to_num([one.sampling_sd for one in found])
    return Estimate(before, after, relative, is_log, float(np.sqrt(np.sum((sizes * sampling) ** 2)) / max(size, 1e-12)))
