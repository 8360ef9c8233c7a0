"""Before and after: what comparisons say of pairs of photographs whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import pandas as pd

from skintexture.comparison import compare
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.phantoms.treatment import Treatment
from skintexture.study.between_shots import Situation
from skintexture.study.verdict import NOT_COMPARABLE
from skintexture.validation.faces import samples_folder
from skintexture.validation.finding import Effort, Exhibit, Finding, Section, Step, Table, at_least, at_most
from skintexture.validation.pair_cases import CASES, CHEEK, Case, Pair, cache_folder, people, rendered_pair
from skintexture.validation.workers import on_all_cores

KEY = "pairs"

CONTRAST, AREA, VOLUME = "paired_pore_contrast_luminance", "paired_pore_area", "paired_pore_volume"
DENSITY, DIAMETER = "pore_density_all", "pore_diameter"
TEXTURE = ("band_rms_0.5_1mm_luminance", "band_rms_1_2mm_luminance")
FINE_TEXTURE = "band_rms_0.25_0.5mm_luminance"
_MOST_CV_PCT = (
    (CONTRAST, 2.0, 2.0),
    (TEXTURE[1], 2.0, 2.0),
    (TEXTURE[0], 3.0, 3.0),
    (FINE_TEXTURE, 5.0, 5.0),
    (DENSITY, 3.0, 8.0),
    (AREA, 3.0, 5.0),
)
"""Within-subject CV to be reached, of the whole face and of single zones."""
_PAIRS_THAT_TELL = 12
_SHOWN = ("improved", "worse")
_SAMPLE_CASES = {
    "before_again": Case("shot again", "null"),
    "after": Case("pores 40 % shallower", "depth", (), Treatment(pore_depth=0.6), -40.0),
}


def findings(effort: Effort) -> Iterator[Exhibit | Step]:
    """Compare the sample pairs, and with full effort every case on twelve people (photographs are kept)."""
    found = []
    for step, changes in _compare_pairs(effort):
        yield step
        found.append(changes)
    table = pd.concat(found, ignore_index=True)
    yield from judge_nulls(table[table["kind"] == "null"])
    yield from judge_coverage(table)
    if (table["kind"] == "blur").any():
        yield from _judge_blur(table[table["kind"] == "blur"])
    if (table["kind"] == "mismatch").any():
        yield from _judge_mismatches(table[table["kind"] == "mismatch"])
    yield from judge_treatments(table)
    yield _verdict_table(table)


def _compare_pairs(effort: Effort) -> Iterator[tuple[Step, pd.DataFrame]]:
    if effort == "full":
        return compare_cases(CASES, tuple(people()), cache_folder())
    return on_all_cores(list(_sample_pairs(effort)), compared)


def _sample_pairs(effort: Effort) -> Iterator[Pair]:
    folder = samples_folder()
    for person in ("s01", "s02", "s03") if effort == "standard" else ("s01",):
        for visit, case in _SAMPLE_CASES.items():
            yield Pair(case, person, folder / f"{person}_before.jpg", folder / f"{person}_{visit}.jpg")


def compare_cases(cases: tuple[Case, ...], names: tuple[str, ...], folder: Path) -> Iterator[tuple[Step, pd.DataFrame]]:
    """Compare each case on each person, on all cores; photographs that the folder holds are not rendered again.

    Parameters
    ----------
    cases : tuple of Case
    names : tuple of str
        Of `skintexture.validation.pair_cases.people`.
    folder : Path

    Yields
    ------
    Step
    DataFrame
        Of one pair, see `compared`.
    """
    jobs = [(case, name) for name in names for case in cases]
    return on_all_cores(jobs, partial(_render_and_compare, folder=folder))


def _render_and_compare(job: tuple[Case, str], folder: Path) -> pd.DataFrame:
    return compared(rendered_pair(*job, folder))


def compared(pair: Pair) -> pd.DataFrame:
    """Compare one pair.

    Returns
    -------
    DataFrame
        Its changes as the tables have them, and beside them the case, ``relative``, ``sampling_sd`` and
        what `skintexture.study.between_shots.Situation` holds.
    """
    result = compare(pair.before, pair.after)
    rows = result.changes.assign(
        case=pair.case.name, kind=pair.case.kind, person=pair.person, truth_pct=pair.case.truth_pct
    )
    if result.comparison is None:
        return rows
    changes = result.comparison.changes
    return rows.assign(
        relative=[change.found.relative for change in changes],
        sampling_sd=[change.found.sampling_sd for change in changes],
        **{part.name: [getattr(change.situation, part.name) for change in changes] for part in fields(Situation)},
    )


def judge_nulls(rows: pd.DataFrame) -> Iterator[Finding]:
    """Say how silent comparisons of unchanged skin are, and how far they scatter."""
    shown = _shown_pct(rows)
    silenced = 100.0 * float((rows["verdict"] == NOT_COMPARABLE).mean())
    yield at_most(KEY, "same skin shot again: improved or worse", shown, limit=3.0)
    yield at_most(KEY, "same skin shot again: not comparable", silenced, limit=10.0)
    comparable = rows[rows["verdict"] != NOT_COMPARABLE]
    for metric, of_face, of_zones in _MOST_CV_PCT:
        for where, limit in (("whole face", of_face), ("single zones", of_zones)):
            # The within-subject CV is that of one shot; a change scatters √2 times as much.
            changes = _of(comparable, metric, faces=where == "whole face")["relative"]
            cv_pct = 100.0 * math.sqrt(float((changes**2).mean()) / 2.0)
            yield at_most(KEY, f"same skin shot again: within-subject CV of {metric}, {where}", cv_pct, limit=limit)


def judge_coverage(table: pd.DataFrame) -> Iterator[Finding]:
    """Say how often 95 % intervals hold the truth, where it is known."""
    null = table[(table["kind"].isin(("null", "blur"))) & (table["verdict"] != NOT_COMPARABLE)]
    treated = table[(table["kind"] == "depth") & table["metric"].isin((CONTRAST, VOLUME))]
    treated = pd.concat([treated, table[(table["kind"] == "area") & (table["metric"] == AREA)]])
    truth = pd.concat([null.assign(truth_pct=0.0), treated[treated["verdict"] != NOT_COMPARABLE]])
    held = truth["ci_low_pct"].le(truth["truth_pct"]) & truth["ci_high_pct"].ge(truth["truth_pct"])
    share = 100.0 * float(held.mean())
    pairs = truth.groupby(["case", "person"]).ngroups
    # The intervals of one pair miss together: of a few pairs, all may hold by chance.
    most, target = (98.0, "90 to 98 %") if pairs >= _PAIRS_THAT_TELL else (100.0, "≥ 90 %")
    note = f"{len(truth)} intervals of {pairs} pairs"
    yield Finding(KEY, "95 % intervals that hold the truth", target, f"{share:.1f} %", 90 <= share <= most, note, share)


def _judge_blur(rows: pd.DataFrame) -> Iterator[Finding]:
    for metric, limit in ((CONTRAST, 4.0), (TEXTURE[0], 4.0), (TEXTURE[1], 4.0), (FINE_TEXTURE, 7.0)):
        error = _of(rows, metric, faces=True)["change_pct"].abs().max()
        yield at_most(KEY, f"blur of 1 and 2 px, equalised: {metric}, whole face", float(error), limit=limit)
    yield at_most(KEY, "blur: improved or worse", _shown_pct(rows), limit=3.0)


def _judge_mismatches(rows: pd.DataFrame) -> Iterator[Finding]:
    for case, of_case in rows.groupby("case", sort=False):
        shown = of_case[of_case["verdict"].isin(_SHOWN)]
        note = ", ".join(shown["metric"].value_counts().index[:3])
        yield at_most(KEY, f"{case}: improved or worse", 100.0 * len(shown) / len(of_case), limit=0.0, note=note)


def judge_treatments(table: pd.DataFrame) -> Iterator[Finding]:
    """Say whether treatments are seen, how well they are measured, and that nothing else is claimed."""
    for case, rows in table[table["kind"] == "depth"].groupby("case", sort=False):
        yield from _found(rows, CONTRAST, case=str(case), within_pct=8.0)
        yield _share(rows, VOLUME, case=str(case), faces=False)
        for metric in (DENSITY, DIAMETER):
            shown = _shown_pct(_of(rows, metric, faces=None))
            yield at_most(KEY, f"{case}: {metric} improved or worse", shown, limit=0.0)
    for case, rows in table[table["kind"] == "area"].groupby("case", sort=False):
        truth = float(rows["truth_pct"].iloc[0])
        yield from _found(rows, AREA, case=str(case), within_pct=max(5.0, abs(truth) / 4), zones=truth <= -24)
    for case, rows in table[table["kind"] == "furrows"].groupby("case", sort=False):
        yield _share(rows, TEXTURE[0], case=str(case), faces=True)
        shown = _shown_pct(_of(rows, CONTRAST, faces=None))
        yield at_most(KEY, f"{case}: {CONTRAST} improved or worse", shown, limit=3.0)
        shown = _shown_pct(rows[rows["metric"].str.contains("pore_")])
        yield at_most(KEY, f"{case}: all of pores improved or worse", shown, limit=3.0)
    cheek = table[(table["kind"] == "cheek") & (table["metric"] == CONTRAST)]
    if len(cheek):
        there, elsewhere = (
            cheek[cheek["zone"] == CHEEK],
            cheek[~cheek["zone"].isin((CHEEK, WHOLE_FACE, "left_malar", "left_jawline"))],
        )
        yield at_least(
            KEY, "one cheek: improved there", 100.0 * float((there["verdict"] == "improved").mean()), limit=90.0
        )
        yield at_most(KEY, "one cheek: improved elsewhere", _shown_pct(elsewhere), limit=3.0)


def _found(rows: pd.DataFrame, metric: str, *, case: str, within_pct: float, zones: bool = True) -> Iterator[Finding]:
    face = _of(rows, metric, faces=True)
    error = float((face["change_pct"] - face["truth_pct"]).abs().max())
    yield at_most(KEY, f"{case}: error of {metric}, whole face", error, limit=within_pct, unit="points")
    yield _share(rows, metric, case=case, faces=True)
    if zones:
        yield _share(rows, metric, case=case, faces=False)


def _share(rows: pd.DataFrame, metric: str, *, case: str, faces: bool) -> Finding:
    of = _of(rows, metric, faces=faces)
    of = of[of["verdict"] != NOT_COMPARABLE]
    share = 100.0 * float((of["verdict"] == "improved").mean()) if len(of) else math.nan
    where = "whole face" if faces else "single zones"
    return at_least(KEY, f"{case}: {metric} improved, {where}", share, limit=90.0)


def _shown_pct(rows: pd.DataFrame) -> float:
    """How many of the verdicts say that something got better or worse."""
    return 100.0 * float(rows["verdict"].isin(_SHOWN).mean())


def _of(rows: pd.DataFrame, metric: str, *, faces: bool | None) -> pd.DataFrame:
    """Rows of one metric: of whole faces, of single zones, or of both."""
    chosen = rows[rows["metric"] == metric]
    return chosen if faces is None else chosen[(chosen["zone"] == WHOLE_FACE) == faces]


def _verdict_table(table: pd.DataFrame) -> Table:
    counts = pd.crosstab(table["case"], table["verdict"], normalize="index") * 100.0
    rows = [
        (str(case), *(f"{share:.1f}" for share in shares))
        for case, shares in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    return Table("Verdicts, % of zone × metric", ("case", *map(str, counts.columns)), rows)


SECTION = Section(
    KEY,
    "Before and after",
    "Pairs of photographs of synthetic faces: the same skin shot again, skin with a known treatment, what fakes one.",
    findings,
)
