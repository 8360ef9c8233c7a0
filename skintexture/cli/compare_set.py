"""`skintexture compare-set`: many subjects, each before and after."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from skintexture.batch import one_per_core
from skintexture.cli.terminal import (
    EXIT_REFUSED,
    MOST_SHOWN,
    JsonOption,
    QuietOption,
    RecipeOption,
    RepeatabilityOption,
    WorkersOption,
    counted,
    out as screen,
    photo_progress,
    plain,
    print_json,
    print_refused,
    stoppable,
)
from skintexture.comparison import ENDPOINTS, PICTURES
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.pair_sets import ALONE, COMPARED, EFFECTS, PAIRS, ComparedSet, compare_set as compare_visits
from skintexture.recipe import DEFAULT_RECIPE
from skintexture.report.effects_page import heading_of
from skintexture.tabulate import REFUSED

_BEYOND = 1000.0


def compare_set(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet table of photos: `photo`, `subject`, `visit`; optionally `repeat`, `px_per_mm`, "
            "`interpupillary_mm` and columns of your own.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for tables and pictures.")] = Path("skintexture_set"),
    recipe: RecipeOption = DEFAULT_RECIPE,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="VISIT",
            help="Visit that the others are held against.",
            show_default="the one that the manifest names first",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the manifest that parts the subjects into groups, such as `arm`. May be given more than "
            "once.",
            show_default=False,
        ),
    ] = None,
    repeatability: RepeatabilityOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare every subject's visits with the first, and say what the group shows.

    Each later visit of a subject is compared with the baseline, as `skintexture compare` does: `OUT/pairs` has a folder
    for each pair, with its page. `OUT/pairs.csv` says what became of each, `OUT/changes.csv` has one row per pair, zone
    and metric. `OUT/effects.csv` sums up the subjects per zone and metric: mean change with its 95 % interval, paired
    tests, and how many improved; `OUT/effects.png` draws the main ones.

    A run that is stopped goes on with the same command: pairs that are done, with the same photos, recipe and versions,
    are kept.

    **Examples**

    `skintexture compare-set study.csv -o results`

    `skintexture compare-set study.csv --baseline screening --by arm -o results`
    """
    stopped = "stopped; the pairs that are done are kept: run the same command to go on"
    with stoppable(stopped), photo_progress(shown=not quiet and not as_json, what="pairs") as progress:
        found = compare_visits(
            manifest,
            out,
            recipe=recipe,
            baseline=baseline,
            by=by or (),
            repeatability=repeatability,
            workers=one_per_core() if workers is None else workers,
            progress=progress,
        )
    if as_json:
        print_json(_summary(found, out))
    elif not quiet:
        _print(found, out, by or [])
    raise typer.Exit(EXIT_REFUSED if len(found.refused) else 0)


def _counts(found: ComparedSet) -> dict[str, int]:
    return {str(status): int(count) for status, count in found.pairs["status"].value_counts().items()}


def _subjects(found: ComparedSet) -> int:
    return int(found.pairs.loc[found.pairs["status"] != ALONE, "subject"].nunique())


def _of_the_face(found: ComparedSet) -> pd.DataFrame:
    effects = found.effects
    return effects[(effects["zone"] == WHOLE_FACE) & effects["endpoint"]]


def _summary(found: ComparedSet, out: Path) -> dict[str, Any]:
    """Return what a program wants to know of a set."""
    return {
        "out": str(out),
        "recipe": found.recipe.name,
        "recipe_fingerprint": found.recipe.fingerprint(),
        "subjects": _subjects(found),
        "pairs": _counts(found),
        "no_counterpart": json.loads(
            found.pairs.loc[
                found.pairs["status"] == ALONE, ["subject", "photo_before", "photo_after", "reason"]
            ].to_json(orient="records")
        ),
        "refused": json.loads(found.refused[["photo", "reason", "remedy"]].to_json(orient="records")),
        "whole_face": json.loads(_of_the_face(found).to_json(orient="records", double_precision=15)),
    }


def _print(found: ComparedSet, out: Path, by: list[str]) -> None:
    print_refused(found.refused)
    counts = _counts(found)
    others = [f"{count} {status}" for status, count in counts.items() if status != COMPARED]
    screen.print(
        f"{counted(counts.get(COMPARED, 0), 'pair')} of {counted(_subjects(found), 'subject')} "
        f"compared{', ' if others else ''}{', '.join(others)}; recipe {plain(found.recipe.name)}"
    )
    baseline = found.pairs["visit_before"].iloc[0]
    screen.print(f"each held against {plain(baseline)}; --baseline names another visit")
    without = found.pairs[~found.pairs["status"].isin((COMPARED, REFUSED))]
    for row in without.head(MOST_SHOWN).to_dict("records"):
        photo = row["photo_before"] if pd.isna(row["photo_after"]) else row["photo_after"]
        screen.print(f"[yellow]{plain(row['status'])}[/]  {plain(photo)}  {plain(row['reason'])}")
    if len(without) > MOST_SHOWN:
        screen.print(f"… and {len(without) - MOST_SHOWN} more, see the table of pairs")
    for heading, table in _tables(found, by):
        screen.print(f"\n{plain(heading)}: mean change over the whole face")
        screen.print(table)
    screen.print(
        "n: subjects compared; p: paired t test, after Holm over these rows; improved, worse: pairs by themselves"
    )
    screen.print(f"at a glance: {plain(out / EFFECTS[0])}; each pair: {plain(out / PAIRS)}/…/{PICTURES[0]}")


def _tables(found: ComparedSet, by: list[str]) -> Iterator[tuple[str, Table]]:
    """Set the main changes of each visit, and group, below one another."""
    names = {endpoint.metric: endpoint.name for endpoint in ENDPOINTS}
    for key, rows in _of_the_face(found).groupby([*by, "visit_before", "visit_after"], sort=False, dropna=False):
        by_metric = {row["metric"]: row for row in rows.to_dict("records")}
        table = Table(box=None)
        for heading in ("", "n", "change", "95 % interval", "p", "improved", "worse"):
            table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
        for metric in (name for name in names if name in by_metric):
            row = by_metric[metric]
            interval = f"{_signed(row['ci_low'])} … {_signed(row['ci_high'])}" if math.isfinite(row["ci_low"]) else ""
            change = _signed(row["change"], row["change_unit"])
            counts = (str(row["improved"]), str(row["worse"]))
            table.add_row(names[metric], str(row["subjects"]), change, interval, _chance(row["p_holm"]), *counts)
        yield heading_of(key), table


def _signed(value: float, unit: str = "") -> str:
    if not math.isfinite(value):
        return ""
    number = f"{value:+.1f}" if abs(value) < _BEYOND else f"> {math.copysign(_BEYOND, value):+.0f}"
    return f"{number} {unit}".strip().replace("-", "−")


def _chance(p: float) -> str:
    if not math.isfinite(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
