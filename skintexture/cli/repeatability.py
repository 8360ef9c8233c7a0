"""`skintexture repeatability`: how far photographs of unchanged skin differ."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from skintexture.batch import one_per_core
from skintexture.cli.terminal import (
    EXIT_REFUSED,
    JsonOption,
    QuietOption,
    RecipeOption,
    WorkersOption,
    counted,
    out as screen,
    photo_progress,
    plain,
    print_json,
    print_refused,
    stoppable,
)
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.recipe import DEFAULT_RECIPE
from skintexture.repeated_shots import ENDPOINTS, PLOTS, Repeatability, repeatability as measure_repeatability
from skintexture.study.repeatability import FEW_DF


def repeatability(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet table of photos: `photo`, `subject`, and `visit` where there is more than one; "
            "optionally `repeat`, the number of the shot within its visit.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for tables, plots and profile.")] = Path(
        "skintexture_repeatability"
    ),
    recipe: RecipeOption = DEFAULT_RECIPE,
    same_skin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VISIT,VISIT…",
            help="Visits at which nothing had changed, such as two baselines: their photos are repeats of each other. "
            "May be given more than once.",
            show_default=False,
        ),
    ] = None,
    each_photo: Annotated[
        bool,
        typer.Option(
            "--each-photo",
            help="Measure every photo by itself, as `skintexture score` does, instead of pair by pair, as "
            "`skintexture compare` does.",
        ),
    ] = False,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tell how far your photographs of unchanged skin differ.

    Photos of one subject and visit are taken as repeated shots of the same skin, and every two of them are compared as
    before and after would be. Photograph as for your study, with the same camera, distance and light, but let the
    subject get up between shots, since that is what scatters. Ten subjects with two shots each are a start; thirty make
    the limits firm.

    `OUT/repeatability.csv` has within-subject CV, ICC(2,1), ICC(3,1), standard error of measurement, minimal detectable
    change and Bland and Altman's limits per zone and metric, each with its interval; `OUT/bland_altman` shows the main
    metrics; `OUT/profile.json` is what `skintexture compare --repeatability` holds changes against.

    **Examples**

    `skintexture repeatability shots.csv -o repeats`

    `skintexture repeatability study.csv --same-skin screening,baseline -o repeats`
    """
    joined = [[visit.strip() for visit in group.split(",")] for group in same_skin or ()]
    with stoppable(), photo_progress(shown=not quiet and not as_json) as progress:
        found = measure_repeatability(
            manifest,
            out,
            recipe=recipe,
            same_skin=joined,
            each_photo=each_photo,
            workers=one_per_core() if workers is None else workers,
            progress=progress,
        )
    if as_json:
        print_json(_summary(found, out))
    elif not quiet:
        _print(found, out)
    raise typer.Exit(EXIT_REFUSED if len(found.refused) else 0)


def _summary(found: Repeatability, out: Path) -> dict[str, Any]:
    refused = found.refused[["photo", "reason", "remedy"]].to_dict("records")
    return {
        "out": str(out),
        "profile": str(out / "profile.json"),
        "recipe": found.recipe.name,
        "recipe_fingerprint": found.recipe.fingerprint(),
        "subjects": found.profile.n_subjects,
        "shots": len(found.photos),
        "refused": refused,
    }


def _print(found: Repeatability, out: Path) -> None:
    print_refused(found.refused)
    shots = counted(len(found.photos) - len(found.refused), "shot")
    subjects = counted(found.profile.n_subjects, "subject")
    screen.print(f"{shots} of {subjects}, recipe {plain(found.recipe.name)}")
    screen.print(_table(found))
    if found.table["df"].max() < FEW_DF:
        screen.print(
            "[yellow]few shots[/]  ten subjects with two shots each, or more, are needed for firm limits: "
            "until then the profile widens them"
        )
    screen.print(f"table and plots: {plain(out)}, {plain(out / PLOTS)}")
    screen.print(f"profile: {plain(out / 'profile.json')}, for `skintexture compare --repeatability`")


def _table(found: Repeatability) -> Table:
    """Scatter of the main metrics, and the change that it takes to exceed it."""
    table = Table(
        title="within-subject CV (median zone, worst zone, face) and the smallest change that counts, in %",
        title_justify="left",
        box=None,
    )
    for heading in ("metric", "zone", "worst", "face", "zone ±", "face ±"):
        table.add_column(heading, justify="left" if heading == "metric" else "right", no_wrap=True)
    for metric in ENDPOINTS:
        rows = found.table[found.table["metric"] == metric]
        if not rows.empty:
            table.add_row(metric.removesuffix("_luminance").replace("_", " "), *_cells(found, rows, metric=metric))
    return table


def _cells(found: Repeatability, rows: pd.DataFrame, *, metric: str) -> list[str]:
    cv_pct = rows.set_index("zone")["within_cv_pct"]
    zones = cv_pct.drop(WHOLE_FACE, errors="ignore")
    changes_pct = pd.Series([found.profile.mdc_pct(str(zone), metric) for zone in zones.index], dtype=float)
    face_pct = found.profile.mdc_pct(WHOLE_FACE, metric) if WHOLE_FACE in cv_pct.index else math.nan
    numbers = (zones.median(), zones.max(), cv_pct.get(WHOLE_FACE, math.nan), changes_pct.median(), face_pct)
    return ["–" if math.isnan(number) else f"{number:.1f}" for number in numbers]
