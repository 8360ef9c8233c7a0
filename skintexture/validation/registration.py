"""Registration: whether skin is found again where it is, on pairs of synthetic faces whose every pore is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skintexture.comparison import compare
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.register import Registration
from skintexture.metrics.pores import detect
from skintexture.model import FloatArray
from skintexture.phantoms.faces import grow_person, see_pores
from skintexture.phantoms.samples import SUBJECTS, VISITS
from skintexture.phantoms.truth import PoreTruth
from skintexture.recipe import DEFAULT_RECIPE, FamilyNeeds, MetricParams, Recipe, load_recipe
from skintexture.study.joint import cut_jointly
from skintexture.study.pair import Comparison
from skintexture.study.pore_pairs import match_pores
from skintexture.study.zone_pair import Stage
from skintexture.validation.faces import samples_folder
from skintexture.validation.finding import (
    Effort,
    Exhibit,
    Plot,
    Section,
    Series,
    Step,
    Table,
    at_least,
    at_most,
    reported,
)
from skintexture.validation.pair_cases import CASES, Case, Pair, cache_folder, grown, people, rendered_pair, shots_of
from skintexture.validation.workers import on_all_cores

KEY = "registration"

STRAIGHT, TURNED = "within ±5°", "turned by 10°"
_MEDIAN_LIMIT_MM = 0.03
_P95_LIMIT_MM = {STRAIGHT: 0.15, TURNED: 0.25}
_TURNS = tuple(
    Case(f"head {how} by 10°", "null", (setting,))
    for how, setting in (
        ("turned left", "yaw_deg=10"),
        ("turned right", "yaw_deg=-10"),
        ("raised", "pitch_deg=10"),
        ("lowered", "pitch_deg=-10"),
    )
)
_SHOT_AGAIN = CASES[0]
_STANDARD = {"s01_ita+50": _TURNS[0], "s02_ita+22": _TURNS[1], "s03_ita-35": _TURNS[2]}
# A detection this near to a true pore is that pore; what lies farther off is a furrow, a spot or noise.
_IS_PORE_MM = 0.1
# A zone with fewer says little: temples have hardly any pores.
_LEAST_PORES = 100
# Error of a pore that is carried nowhere.
_LOST_MM = 10.0
_PERCENTILES = tuple(range(1, 100))
# A person and a case of them; none for the sample photographs.
_Job = tuple[str, Case | None]


@dataclass(frozen=True, slots=True)
class KnownPair:
    """Two photographs of unchanged skin.

    Attributes
    ----------
    person : str
    turn : str
        `STRAIGHT` or `TURNED`.
    photos : tuple of Path
        Before, after.
    pores : tuple of PoreTruth
        Of either photo; the same row is the same pore.
    """

    person: str
    turn: str
    photos: tuple[Path, Path]
    pores: tuple[PoreTruth, PoreTruth]


@dataclass(frozen=True, slots=True)
class Matches:
    """How the pores of a pair were matched over all zones.

    Attributes
    ----------
    person, turn : str
    right : (N,) bool
        Of the matches whose first pore is known: whether the second is the same.
    kept, single : int
        Matches, and detections on skin that both photos show that were not matched.
    """

    person: str
    turn: str
    right: NDArray[np.bool_]
    kept: int
    single: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What is found on one pair; matches and pores in pairs are None where they weren't looked at."""

    errors: pd.DataFrame
    matches: Matches | None
    pore_pairs: pd.DataFrame | None


def findings(effort: Effort) -> Iterator[Exhibit | Step]:
    """Carry every known pore, and match what is detected; photographs that were rendered are kept."""
    found = []
    for step, pair in on_all_cores(_jobs(effort), partial(_measured, effort=effort)):
        yield step
        found.append(pair)
    yield from judge_errors(pd.concat([pair.errors for pair in found], ignore_index=True))
    matches = [pair.matches for pair in found if pair.matches is not None]
    yield from judge_matches(matches, [pair.pore_pairs for pair in found if pair.pore_pairs is not None])


def _jobs(effort: Effort) -> list[_Job]:
    """List the sample photographs shot again, or more people shot again and with their heads turned."""
    if effort == "quick":
        return [(subject, None) for subject in SUBJECTS]
    turns = dict.fromkeys(people(), _TURNS) if effort == "full" else {name: (turn,) for name, turn in _STANDARD.items()}
    return [(name, case) for name, cases in turns.items() for case in (_SHOT_AGAIN, *cases)]


def _measured(job: _Job, effort: Effort) -> _Found:
    name, case = job
    pair = _sample_pair(name) if case is None else _known(rendered_pair(case, name, cache_folder()))
    compared = compare(*pair.photos, recipe=_pores_only())
    if compared.comparison is None:
        raise RuntimeError(f"a phantom was refused: {', '.join(compared.refused['reason'])}")
    # The darkest speaks for all where there is little time.
    matches = match_known(pair, compared.comparison) if effort != "quick" or "s03" in name else None
    straight = compared.pore_pairs if pair.turn == STRAIGHT else None
    return _Found(pore_errors(pair, compared.comparison), matches, straight)


def _sample_pair(subject: str) -> KnownPair:
    person = grow_person(SUBJECTS[subject])
    before, after = (
        (samples_folder() / f"{subject}_{visit}.jpg", see_pores(person, VISITS[visit][0]))
        for visit in ("before", "before_again")
    )
    return KnownPair(subject, STRAIGHT, (before[0], after[0]), (before[1], after[1]))


def _known(pair: Pair) -> KnownPair:
    before, after = (see_pores(grown(pair.person), shot) for shot in shots_of(pair))
    return KnownPair(
        pair.person, TURNED if pair.case in _TURNS else STRAIGHT, (pair.before, pair.after), (before, after)
    )


@cache
def _pores_only() -> Recipe:
    """Leave the texture out of the usual recipe: it takes long, and nothing here asks for it."""
    recipe = load_recipe(DEFAULT_RECIPE)
    return recipe.model_copy(
        update={
            "grid": recipe.grid.model_copy(update={"channels": ("luminance",)}),
            "needs": FamilyNeeds(pores=recipe.needs.pores),
            "metrics": MetricParams(pores=recipe.metrics.pores),
        }
    )


def pore_errors(pair: KnownPair, done: Comparison) -> pd.DataFrame:
    """Carry every true pore of a zone that both photos show.

    Parameters
    ----------
    pair : KnownPair
    done : Comparison

    Returns
    -------
    DataFrame
        ``person``, ``turn``, ``zone``, ``error_mm`` (10 where the pore is carried nowhere) and ``kept``: whether
        its tile passes the self-check.
    """
    registration: Registration = done.pair.registration
    steepest = _pores_only().zones.max_slant_deg
    seen = np.logical_and.reduce([(truth.visible & (truth.slant_deg <= steepest)) for truth in pair.pores])
    seen &= pair.pores[0].zone != ""
    here, there = (np.column_stack([truth.y_px, truth.x_px])[seen] for truth in pair.pores)
    shared = registration.shared_at(here, side="before")
    missed_px = np.linalg.norm(registration.carry(here, to="after") - there, axis=1)
    error_mm = np.nan_to_num(missed_px / pair.pores[1].px_per_mm[seen], nan=_LOST_MM)
    return pd.DataFrame(
        {
            "person": pair.person,
            "turn": pair.turn,
            "zone": pair.pores[0].zone[seen],
            "error_mm": error_mm,
            "kept": registration.trusted_at(here, side="before"),
        }
    )[shared]


def match_known(pair: KnownPair, done: Comparison) -> Matches:
    """Detect and match pores as a comparison does, and hold the matches against the truth."""
    recipe = _pores_only()
    stage = Stage.set_up(done.pair, recipe, done.extra_blur_mm)
    params = recipe.metrics.pores
    assert params is not None
    trees = [_tree(truth) for truth in pair.pores]
    right, kept, single = [], 0, 0
    for name in done.pores:
        zones = tuple(next(zone for zone in side.zones if zone.name == name) for _, side in done.pair.sides())
        joint = cut_jointly(stage.skin, (zones[0], zones[1]), stage.rules, stage.tiles)
        own = []
        for cutting in joint.cuttings:
            pores = detect(cutting.wide, params)
            at = np.array([(pore.y_px, pore.x_px) for pore in pores]).reshape(-1, 2)
            own.append(at * cutting.step_px + np.array(cutting.origin_px))
        match = match_pores(own[0], own[1], done.pair.registration, recipe.registration)
        kept, single = kept + len(match.kept), single + len(match.gone) + len(match.new)
        right.append(_are_right(own[0][match.kept[:, 0]], own[1][match.kept[:, 1]], trees, pair.pores))
    return Matches(pair.person, pair.turn, np.concatenate(right), kept, single)


def _matched_pct(kept: int, single: int) -> float:
    """Share of the detections of either photo that were matched."""
    return 100.0 * 2 * kept / max(1, 2 * kept + single)


def _tree(truth: PoreTruth) -> cKDTree:
    """Pores that are not seen lie far away."""
    places = np.column_stack([truth.y_px, truth.x_px])
    return cKDTree(np.where(truth.visible[:, None], places, -1e6))


def _are_right(
    before_px: FloatArray, after_px: FloatArray, trees: Sequence[cKDTree], pores: tuple[PoreTruth, PoreTruth]
) -> NDArray[np.bool_]:
    if not len(before_px):
        return np.empty(0, dtype=bool)
    (apart, first), (_, second) = (tree.query(at) for tree, at in zip(trees, (before_px, after_px), strict=True))
    known = apart <= _IS_PORE_MM * pores[0].px_per_mm[first]
    return np.asarray((first == second)[known])


def judge_errors(errors: pd.DataFrame) -> Iterator[Exhibit]:
    """Hold the errors against the targets.

    Parameters
    ----------
    errors : DataFrame
        As `pore_errors` gives them, of any number of pairs.
    """
    for turn, rows in errors.groupby("turn", sort=False):
        name, note = str(turn), f"{len(rows)} pores of {rows['person'].nunique()} persons"
        median, p95 = (float(np.percentile(rows["error_mm"], percent)) for percent in (50, 95))
        yield at_most(KEY, f"{name}: median error", median, limit=_MEDIAN_LIMIT_MM, unit="mm", note=note)
        yield at_most(KEY, f"{name}: 95 % of errors", p95, limit=_P95_LIMIT_MM[name], unit="mm", note=note)
        judged = rows[rows["zone"] != WHOLE_FACE].groupby("zone").filter(lambda zone: len(zone) >= _LEAST_PORES)
        zones = judged.groupby("zone")["error_mm"]
        for what, by_zone, limit in (
            ("median error", zones.median(), _MEDIAN_LIMIT_MM),
            ("95 % of errors", zones.quantile(0.95), _P95_LIMIT_MM[name]),
        ):
            worst, value = str(by_zone.idxmax()), float(by_zone.max())
            yield at_most(KEY, f"{name}: {what}, worst zone", value, limit=limit, unit="mm", note=worst)
        kept = rows[rows["kept"]]
        p99 = float(np.percentile(kept["error_mm"], 99))
        yield at_most(KEY, f"{name}: 99 % of errors where the self-check keeps", p99, limit=0.3, unit="mm")
        yield reported(KEY, f"{name}: kept by the self-check", 100.0 * float(rows["kept"].mean()))
        yield _zone_table(name, rows)
    yield _plot(errors)


def _zone_table(turn: str, rows: pd.DataFrame) -> Table:
    lines = []
    for zone, of_zone in rows.groupby("zone", sort=True):
        median, p95, p99 = np.percentile(of_zone["error_mm"], [50, 95, 99])
        kept_pct = 100.0 * float(of_zone["kept"].mean())
        named = "between the zones" if zone == WHOLE_FACE else str(zone)
        lines.append((named, str(len(of_zone)), f"{median:.3f}", f"{p95:.3f}", f"{p99:.3f}", f"{kept_pct:.1f}"))
    columns = ("zone", "pores", "median, mm", "95 %, mm", "99 %, mm", "kept, %")
    return Table(f"Error at true pores, {turn}", columns, lines)


def _plot(errors: pd.DataFrame) -> Plot:
    series = [
        Series(
            str(turn),
            np.percentile(rows["error_mm"], _PERCENTILES).round(4).tolist(),
            list(map(float, _PERCENTILES)),
            "line",
        )
        for turn, rows in errors.groupby("turn", sort=False)
    ]
    guides = [(50.0, "median"), (95.0, "")]
    title = "How far true pores are carried beside where they are"
    return Plot("registration_errors", title, "error, mm", "pores with less, %", series, guides)


def judge_matches(matches: Sequence[Matches], pore_pairs: Sequence[pd.DataFrame]) -> Iterator[Exhibit]:
    """Hold the matches, and the tables of pores, against the targets.

    Parameters
    ----------
    matches : sequence of Matches
    pore_pairs : sequence of DataFrame
        As comparisons of photos that differ by little give them.
    """
    right = np.concatenate([match.right for match in matches])
    share_pct = 100.0 * float(right.mean())
    yield at_least(KEY, "matched pores that are the same pore", share_pct, limit=99.5, note=f"{len(right)} matches")
    straight = [match for match in matches if match.turn == STRAIGHT]
    kept, single = (sum(getattr(match, name) for match in straight) for name in ("kept", "single"))
    note = f"{len(straight)} pairs"
    yield at_least(KEY, f"{STRAIGHT}: detections matched", _matched_pct(kept, single), limit=85.0, note=note)
    lines = [
        (
            f"{match.person}, {match.turn}",
            *(str(n) for n in (match.kept, match.single)),
            f"{_matched_pct(match.kept, match.single):.1f}",
            f"{100.0 * float(match.right.mean()):.2f}",
        )
        for match in matches
    ]
    columns = ("pair", "matches", "detections left over", "detections matched, %", "matches that are right, %")
    yield Table("Pores matched", columns, lines)
    rows = pd.concat(pore_pairs, ignore_index=True)
    both = np.isfinite(rows[["before_forced_contrast", "after_forced_contrast"]].to_numpy(np.float64)).all(axis=1)
    note = f"of {len(rows)} found on either photo"
    yield at_most(KEY, "pores not measured on both photos", float((~both).sum()), limit=0.0, unit="pores", note=note)


SECTION = Section(
    KEY,
    "Registration",
    "Synthetic faces, light to dark, photographed twice: pose, distance, light, exposure, noise and compression a "
    "little different, and with the head turned by 10°. Where every pore lies is known on both photos.",
    findings,
)
