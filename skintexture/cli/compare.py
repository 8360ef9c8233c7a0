"""`skintexture compare`: one face before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from skintexture.cli.score import print_refused, print_unmeasured, summary
from skintexture.cli.terminal import (
    EXIT_REFUSED,
    JsonOption,
    QuietOption,
    RecipeOption,
    out as screen,
    plain,
    print_json,
    stoppable,
)
from skintexture.comparison import compare as compare_photos
from skintexture.errors import InputError
from skintexture.locate.scale import KnownScale
from skintexture.recipe import DEFAULT_RECIPE

_ENDPOINTS = (
    "pore_density",
    "pore_area_fraction",
    "pore_contrast",
    "band_energy_0.5_1mm_luminance",
    "band_energy_1_2mm_luminance",
    "glcm_contrast_0.8mm_luminance",
    "roughness_sq_luminance",
)
"""What the terminal shows; everything is in the table."""


def compare(
    before: Annotated[Path, typer.Argument(help="The earlier photo.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The later photo of the same face.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for tables and pictures.", show_default=False)
    ] = Path("skintexture_out"),
    recipe: RecipeOption = DEFAULT_RECIPE,
    px_per_mm: Annotated[
        str | None,
        typer.Option(
            help="Scale at the eyes, of both photos or as BEFORE,AFTER; taken instead of the iris.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set a photo of a face against an earlier one, zone by zone.

    `OUT/changes.csv` has one row per zone and metric: before, after, change, and which direction is smoother skin.
    `OUT/changes.png` shows the main ones, `OUT/overlays` what was measured where.

    The change is that of two photographs. Take both with the same camera, lens, distance, light and expression: focus
    and light change these numbers more than most treatments do.

    **Example**

    `skintexture compare before.jpg after.jpg -o results`
    """
    with stoppable("stopped; nothing is written"):
        changes, scores = compare_photos(before, after, out, recipe=recipe, known=_scales(px_per_mm))
    refused = bool(len(scores.refused))
    if as_json:
        print_json(summary(scores, out) | {"changes": len(changes)})
    elif not quiet:
        print_refused(scores.refused)
        print_unmeasured(scores)
        if not refused:
            screen.print(_table(changes))
            screen.print("the difference of two photographs: it has no uncertainty yet, and light and focus are in it")
        screen.print(f"tables and pictures: {plain(out)}")
    raise typer.Exit(EXIT_REFUSED if refused else 0)


def _scales(text: str | None) -> tuple[KnownScale, KnownScale]:
    if text is None:
        return KnownScale(), KnownScale()
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 2) or not all(0.1 <= value <= 1000 for value in values):
        raise InputError(f"--px-per-mm {text} is not a scale", "give one number of 0.1 … 1000, or BEFORE,AFTER")
    return KnownScale(values[0]), KnownScale(values[-1])


def _table(changes: pd.DataFrame) -> Table:
    """Change in % of the main endpoints: a row per zone."""
    wide = changes.pivot_table(index="zone", columns="metric", values="change_pct", sort=False, dropna=False)
    endpoints = [name for name in _ENDPOINTS if name in wide.columns]
    table = Table(title="after against before, %", title_justify="left")
    table.add_column("zone", no_wrap=True)
    for name in endpoints:
        table.add_column(name.replace("_luminance", "").replace("_", " "), justify="right")
    for zone, row in wide[endpoints].iterrows():
        table.add_row(plain(zone), *("–" if pd.isna(value) else f"{value:+.0f}" for value in row))
    return table
