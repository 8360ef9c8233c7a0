"""Pores: found where they are, at their size, in their number; and none where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial import cKDTree

from skintexture.metrics.pore_params import PoreParams
from skintexture.metrics.pore_summary import inner_skin, judged_area_mm2
from skintexture.metrics.pores import detect, intervals
from skintexture.model import BoolImage, FloatArray, Pore
from skintexture.phantoms.patches import SkinPatch, SkinSpec, skin_patch
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Section, Table, at_least, at_most

KEY = "pores"

TONES = (0.5, 0.3, 0.18, 0.1, 0.05)
"""Share of light reflected, from the lightest skin to the darkest."""

LIGHTS = {"even": (0.0, 0), "sloping": (1.5, 20), "raking": (3.0, 50)}
"""Slope of the light in % per mm, and glints per 4 cm²."""

# A pore is found if one is within this distance of it, each counted once.
_MATCH_MM = 0.2
_SIDE_MM = 20.0
# Skins differ in how far their pores can be told: with fewer, the shares of true pores are those of a few skins.
_SKINS_BY_SEED = 30
_SEEDS: dict[Effort, int] = {"quick": 1, "standard": 2, "full": 6}
_BARE: dict[str, SkinSpec] = {
    "plain": SkinSpec(seed=0),
    "deep lines": SkinSpec(seed=0, furrow_pct=6.0),
    "uneven": SkinSpec(seed=0, relief_pct=1.5),
    "hairs": SkinSpec(seed=0, hairs=6),
    "moles": SkinSpec(seed=0, moles=2),
    "freckles": SkinSpec(seed=0, freckles=15),
    "glints": SkinSpec(seed=0, glints=60),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """What a search came to on one phantom.

    Attributes
    ----------
    right, wrong, missed : int
        Pores; a true pore too near to the edge to be judged counts neither way.
    diameter_ratio : float
        Median of found by true diameter.
    """

    right: int
    wrong: int
    missed: int
    diameter_ratio: float

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    @property
    def bias_pct(self) -> float:
        """Of the number found."""
        return 100.0 * (self.wrong - self.missed) / max(1, self.right + self.missed)


def tally(found: Sequence[Pore], made: SkinPatch, params: PoreParams, covered: BoolImage | None = None) -> Tally:
    """Hold what was found against what is there; pores that are covered count neither way."""
    within_px = _MATCH_MM * made.patch.px_per_mm
    mine, theirs = mutual(_places(found), _places(made.pores), within_px)
    judged = _judged(made, params) if covered is None else _judged(made, params) & ~covered
    right = judged[theirs]
    ratios = [found[i].diameter_mm / made.pores[k].diameter_mm for i, k in zip(mine, theirs, strict=True)]
    ratio = float(np.median(ratios)) if ratios else math.nan
    return Tally(int(right.sum()), len(found) - len(mine), int(judged.sum() - right.sum()), ratio)


def mutual(first: FloatArray, second: FloatArray, within_px: float) -> tuple[list[int], list[int]]:
    """Pairs of places (N, 2) that are each other's nearest, and near enough."""
    if not len(first) or not len(second):
        return [], []
    apart, of_first = (np.asarray(found) for found in cKDTree(second).query(first))
    of_second = np.asarray(cKDTree(first).query(second)[1])
    kept = [i for i in range(len(first)) if of_second[of_first[i]] == i and apart[i] <= within_px]
    return kept, [int(of_first[i]) for i in kept]


def _places(pores: Sequence[Pore]) -> FloatArray:
    return np.array([(pore.y_px, pore.x_px) for pore in pores]).reshape(-1, 2)


def _judged(made: SkinPatch, params: PoreParams) -> BoolImage:
    """Which true pores lie where pores are sought."""
    inner = inner_skin(made.patch, params)
    y, x = (
        np.clip(np.rint(at).astype(int), 0, side - 1)
        for at, side in zip(_places(made.pores).T, inner.shape, strict=True)
    )
    return np.asarray(inner[y, x])


def covered_pores(made: SkinPatch, bare: SkinPatch) -> BoolImage:
    """Which pores a hair, its end or a mole hides: their dip is half as deep again or half as shallow as on bare skin.

    Parameters
    ----------
    made, bare : SkinPatch
        The same skin with what lies on it, and without.

    Returns
    -------
    (N,) bool
    """
    dips = _dips_pct(made), _dips_pct(bare)
    return np.asarray(np.abs(dips[0] - dips[1]) > 0.5 * np.abs(dips[1]))


def _dips_pct(made: SkinPatch) -> FloatArray:
    """Signal around each pore less that at its centre."""
    smooth = cv2.GaussianBlur(made.patch.signal, (0, 0), 0.8)
    around = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
    dips = []
    for pore in made.pores:
        reach_px = 1.2 * pore.diameter_mm * made.patch.px_per_mm
        y = np.append(pore.y_px + reach_px * np.sin(around), pore.y_px).astype(np.float32)
        x = np.append(pore.x_px + reach_px * np.cos(around), pore.x_px).astype(np.float32)
        seen = np.asarray(cv2.remap(smooth, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))[0]
        dips.append(float(np.median(seen[:-1]) - seen[-1]))
    return np.array(dips)


def rough_skin(seed: int) -> SkinPatch:
    """Skin on which pores are hard to tell: many or none, most of them faint, among lines, hollows and all else.

    The recipe's two numbers of a pore's probability are counted on such skin.
    """
    rng = np.random.default_rng([7, seed])
    return skin_patch(
        SkinSpec(
            seed=seed,
            pores_per_cm2=float(rng.choice([0.0, 20.0, 60.0, 100.0])),
            diameter_mm=(0.15, 0.5),
            contrast_pct=(3.0, 20.0),
            max_elongation=1.8,
            spacing_mm=0.45,
            tone=float(rng.choice(TONES)),
            furrow_pct=float(rng.uniform(2.0, 10.0)),
            furrow_spacing_mm=float(rng.uniform(0.4, 0.9)),
            relief_pct=float(rng.uniform(0.5, 5.0)),
            shading_pct_per_mm=float(rng.uniform(0.0, 3.0)),
            hairs=int(rng.integers(0, 4)),
            stubble=int(rng.integers(0, 12)),
            moles=1,
            freckles=int(rng.integers(0, 12)),
            glints=int(rng.integers(0, 60)),
            noise_pct=float(rng.uniform(0.5, 2.0)),
            slant_deg=float(rng.choice([0.0, 30.0, 45.0])),
        )
    )


def told_and_true(seeds: Sequence[int], params: PoreParams) -> tuple[FloatArray, BoolImage]:
    """Probabilities that were told on `rough_skin`, and whether each was a pore."""
    told: list[float] = []
    true: list[bool] = []
    for seed in seeds:
        made = rough_skin(seed)
        found = detect(made.patch, params)
        right = set(mutual(_places(found), _places(made.pores), _MATCH_MM * made.patch.px_per_mm)[0])
        told += [pore.probability for pore in found]
        true += [k in right for k in range(len(found))]
    return np.array(told), np.array(true, bool)


def _findings(effort: Effort) -> Iterator[Exhibit]:
    params = load_recipe(DEFAULT_RECIPE).metrics.pores
    if params is None:
        return
    yield from _among_distractors(params, _SEEDS[effort])
    worst, where = _worst_bare(params, _SEEDS[effort])
    yield at_most(KEY, "zero-pore skin: pores per cm²", worst, limit=1.0, unit="1/cm²", note=where)
    told, true = told_and_true(range(2000, 2000 + _SKINS_BY_SEED * _SEEDS[effort]), params)
    off = [abs(float(told[inside].mean() - true[inside].mean())) for inside in _bins(told)]
    yield at_most(KEY, "probability against share of true pores, worst of three classes", 100 * max(off), limit=15.0)
    yield at_least(KEY, "95 % intervals that hold the true density", _coverage(params, 20 * _SEEDS[effort]), limit=90.0)


def _bins(told: FloatArray) -> Iterator[BoolImage]:
    for low, high in ((0.0, 0.7), (0.7, 0.9), (0.9, 1.01)):
        yield (told >= low) & (told < high)


def _among_distractors(params: PoreParams, seeds: int) -> Iterator[Exhibit]:
    rows: list[tuple[str, Tally]] = []
    for tone in TONES:
        for name, (slope, glints) in LIGHTS.items():
            tallies = [_tally_of(tone, (slope, glints), seed, params) for seed in range(seeds)]
            rows.append((f"tone {tone:g}, {name} light", _summed(tallies)))
    lowest = min(rows, key=lambda row: row[1].f1)
    off = max(rows, key=lambda row: abs(row[1].bias_pct))
    wide = max(rows, key=lambda row: abs(row[1].diameter_ratio - 1.0))
    yield at_least(
        KEY, "F1 among hairs, moles, freckles, glints and stubble", lowest[1].f1, limit=0.95, unit="", note=lowest[0]
    )
    yield at_most(KEY, "bias of density", abs(off[1].bias_pct), limit=3.0, note=off[0])
    yield at_most(KEY, "bias of median diameter", 100 * abs(wide[1].diameter_ratio - 1), limit=5.0, note=wide[0])
    cells = [(name, f"{t.f1:.3f}", f"{t.bias_pct:+.1f}", f"{100 * (t.diameter_ratio - 1):+.1f}") for name, t in rows]
    yield Table("Pores found among distractors", ("skin", "F1", "density bias, %", "diameter bias, %"), cells)


def _tally_of(tone: float, light: tuple[float, int], seed: int, params: PoreParams) -> Tally:
    slope, glints = light
    plain = SkinSpec(seed=100 + seed, side_mm=_SIDE_MM, tone=tone, shading_pct_per_mm=slope)
    made = skin_patch(replace(plain, hairs=2, stubble=6, moles=1, freckles=8, glints=glints))
    return tally(detect(made.patch, params), made, params, covered_pores(made, skin_patch(plain)))


def _summed(tallies: Sequence[Tally]) -> Tally:
    right, wrong, missed = (sum(getattr(one, name) for one in tallies) for name in ("right", "wrong", "missed"))
    return Tally(right, wrong, missed, float(np.mean([one.diameter_ratio for one in tallies])))


def _worst_bare(params: PoreParams, seeds: int) -> tuple[float, str]:
    """Most pores per cm² found on a kind of skin that has none, all tones together, and which kind that is."""
    found = {}
    for name, spec in _BARE.items():
        bare = replace(spec, pores_per_cm2=0.0)
        made = [skin_patch(replace(bare, seed=seed, tone=tone)) for tone in TONES for seed in range(seeds)]
        area_cm2 = sum(judged_area_mm2(one.patch, params) for one in made) / 100.0
        found[name] = sum(len(detect(one.patch, params)) for one in made) / area_cm2
    where = max(found, key=lambda name: found[name])
    return found[where], where


def _coverage(params: PoreParams, tries: int) -> float:
    """Share of patches of one kind of skin whose interval holds the density of that kind, in %."""
    held = 0
    for seed in range(tries):
        chance = float(np.random.default_rng([3, seed]).poisson(40))
        made = skin_patch(SkinSpec(seed=seed, side_mm=10.0, pores_per_cm2=chance, spacing_mm=0.3))
        low, high = intervals(detect(made.patch, params), made.patch, params)["pore_density_all"]
        held += low <= 40.0 <= high
    return 100.0 * held / tries


SECTION = Section(
    KEY,
    "Pores",
    "Flat phantoms whose pores are known, in five skin tones and three lights, with everything on them that isn't a "
    "pore; and skin without any pore.",
    _findings,
)
