"""`skintexture compare`: one face before and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from skintexture.cli.terminal import (
    EXIT_REFUSED,
    JsonOption,
    QuietOption,
    RecipeOption,
    RepeatabilityOption,
    out as screen,
    plain,
    print_json,
    print_refused,
    stoppable,
    without_collecting,
)
from skintexture.comparison import PICTURES, Compared, compare as compare_photos
from skintexture.errors import InputError
from skintexture.locate.scale import KnownScale
from skintexture.recipe import DEFAULT_RECIPE
from skintexture.report.answer import limits, overall

_COLOURS = {"improved": "green", "worse": "red", "changed": "yellow", "mixed": "yellow"}
_MOST_LIMITS = 4


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
    repeatability: RepeatabilityOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what changed on the skin between two photos of a face, and how sure that is.

    The photos are registered and brought to one scale and sharpness; both sides then measure the same skin, each in its
    own pixels. `OUT/summary.png` shows the result at a glance. `OUT/changes.csv` has one row per zone and metric:
    before, after, change, its 95 % interval, and a verdict: `improved`, `worse`, `changed`, `no change shown` or `not
    comparable`, with its reason. `OUT/comparability.csv` tells how the photos differ, `OUT/pore_pairs.csv` lists every
    pore on both, and `OUT/change_map.csv` shows where on the face something changed. That photos can't be
    compared is an answer, too, with exit code 0: `--json` says `"comparable": false`.

    **Example**

    `skintexture compare before.jpg after.jpg -o results`
    """
    with stoppable("stopped; nothing is written"), without_collecting():
        compared = compare_photos(
            before, after, out, recipe=recipe, known=_scales(px_per_mm), repeatability=repeatability
        )
    refused = bool(len(compared.refused))
    if as_json:
        print_json(_summary(compared, out))
    elif not quiet:
        print_refused(compared.refused)
        if not refused:
            _say(compared)
        screen.print(f"tables and pictures: {plain(out)}" if refused else f"at a glance: {plain(out / PICTURES[0])}")
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


def _say(compared: Compared) -> None:
    """Give the answer in some ten lines."""
    if compared.one_photo:
        screen.print("[yellow]these are the same photo, byte for byte:[/] nothing on it can have changed")
    for found in overall(compared.answers):
        colour = _COLOURS.get(found.verdict, "dim")
        screen.print(f"[{colour}]{plain(found.headline)}[/]  {plain(found.detail)}")
    said = limits(compared.changes, compared.comparability, compared.endpoints)
    for sentence in said[:_MOST_LIMITS]:
        screen.print(f"  · {plain(sentence)}")
    if len(said) > _MOST_LIMITS:
        screen.print(f"  · and {len(said) - _MOST_LIMITS} more, see the table of comparability")


def _summary(compared: Compared, out: Path) -> dict[str, Any]:
    """Return what a program wants to know of a comparison."""
    refused = compared.refused[["photo", "reason", "remedy"]]
    shown = compared.changes[~compared.changes["verdict"].isin(("no change shown", "not comparable"))]
    columns = ["zone", "metric", "change_pct", "ci_low_pct", "ci_high_pct", "verdict"]
    limiting = compared.comparability[compared.comparability["severity"] != "none"]
    return {
        "out": str(out),
        "recipe": compared.recipe.name,
        "recipe_fingerprint": compared.recipe.fingerprint(),
        "refused": json.loads(refused.to_json(orient="records")),
        "one_photo": compared.one_photo,
        "comparable": compared.is_comparable,
        "equalised": compared.equalised(),
        "verdicts": {name: int(count) for name, count in compared.changes["verdict"].value_counts().items()},
        "shown": json.loads(shown[columns].to_json(orient="records")),
        "limits": json.loads(limiting[["check", "severity", "touches", "zones", "text"]].to_json(orient="records")),
    }
