"""`skintexture score`: photos in, tables and overlays out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from skintexture.caveats import CAVEATS
from skintexture.cli.terminal import (
    EXIT_REFUSED,
    JsonOption,
    QuietOption,
    RecipeOption,
    WorkersOption,
    one_per_core,
    out as screen,
    photo_progress,
    plain,
    print_json,
    stoppable,
)
from skintexture.errors import InputError
from skintexture.locate.scale import KnownScale
from skintexture.recipe import DEFAULT_RECIPE, load_recipe, shipped_recipes
from skintexture.score import score as score_photos
from skintexture.tabulate import Scores

_MOST_SHOWN = 20
# Why a photo has no number at all, before what merely comes with it.
_MOST_TELLING = ("too_coarse", "too_soft", "too_small", "not_visible", "no_colour", "subsampled_colour", "undefined")


def score(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(help="Photos, and folders of photos (searched recursively).", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for tables and overlays.", show_default=False)
    ] = Path("skintexture_out"),
    recipe: RecipeOption = DEFAULT_RECIPE,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="CSV or Parquet table of photos: `photo` (path relative to the table), and optionally `subject`, "
            "`visit`, `px_per_mm`, `interpupillary_mm` and any further columns, which are carried along.",
            show_default=False,
        ),
    ] = None,
    px_per_mm: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=1000, help="Scale at the eyes, taken instead of the iris on every photo.", show_default=False
        ),
    ] = None,
    interpupillary_mm: Annotated[
        float | None,
        typer.Option(
            min=40,
            max=80,
            help="Distance between the subject's pupils, taken instead of the iris on every photo.",
            show_default=False,
        ),
    ] = None,
    marker_mm: Annotated[
        float | None,
        typer.Option(
            min=2,
            max=200,
            help="Side of a printed ArUco or AprilTag marker in the frame, taken instead of the iris on every photo.",
            show_default=False,
        ),
    ] = None,
    patch: Annotated[
        bool, typer.Option("--patch", help="Photos of bare skin: seek no face; the frame or mask is one zone, `patch`.")
    ] = False,
    mask: Annotated[
        Path | None, typer.Option(help="With --patch: picture that is white where the skin is.", show_default=False)
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure texture and pores on photos of faces, zone by zone.

    Every photo ends as a row of `OUT/photos.csv`: measured, or refused with its reason and what to do. The numbers are
    in `OUT/measurements.csv` (one row per photo, zone and metric), every pore in `OUT/pores.csv`, and `OUT/overlays`
    shows what was measured where. Each table is there as Parquet too.

    **Examples**

    `skintexture score photos/ -o results`

    `skintexture score photos/ --manifest study.csv -o results --workers 8`

    `skintexture score skin.png --patch --px-per-mm 25 -o results`
    """
    _check(photos, manifest, (patch, mask))
    known = KnownScale(px_per_mm, interpupillary_mm, marker_mm)
    with stoppable(), photo_progress(shown=not quiet and not as_json) as progress:
        scores = score_photos(
            photos or [],
            out,
            recipe=recipe,
            manifest=manifest,
            known=known,
            patch=patch,
            mask=mask,
            workers=one_per_core() if workers is None else workers,
            progress=progress,
        )
    if as_json:
        print_json(summary(scores, out))
    elif not quiet:
        _print(scores, out)
    raise typer.Exit(EXIT_REFUSED if len(scores.refused) else 0)


def _check(photos: list[Path] | None, manifest: Path | None, patch_and_mask: tuple[bool, Path | None]) -> None:
    patch, mask = patch_and_mask
    if not photos and manifest is None:
        raise InputError("no photo was given", "give photos, folders of photos, or --manifest")
    if mask is not None and not patch:
        raise InputError("--mask belongs to --patch", "add --patch; on faces the bare skin is found by itself")


def summary(scores: Scores, out: Path) -> dict[str, object]:
    """Return what a program wants to know of a run."""
    return {
        "out": str(out),
        "recipe": scores.recipe.name,
        "recipe_fingerprint": scores.recipe.fingerprint(),
        "photos": len(scores.photos),
        "measured": len(scores.photos) - len(scores.refused),
        "refused": [
            {"photo": row.photo, "reason": row.reason, "remedy": row.remedy} for row in scores.refused.itertuples()
        ],
    }


def _print(scores: Scores, out: Path) -> None:
    refused = scores.refused
    screen.print(
        f"{len(scores.photos) - len(refused)} measured, {len(refused)} refused, recipe {plain(scores.recipe.name)}"
    )
    print_refused(refused)
    print_unmeasured(scores)
    screen.print(f"tables and overlays: {plain(out)}")


def print_refused(refused: pd.DataFrame) -> None:
    """Say which photos were refused, why, and what to do."""
    for row in refused.head(_MOST_SHOWN).itertuples():
        screen.print(f"[red]refused[/]  {plain(row.photo)}  {plain(row.reason)}\n         → {plain(row.remedy)}")
    if len(refused) > _MOST_SHOWN:
        screen.print(f"         … and {len(refused) - _MOST_SHOWN} more, see photos.csv")


def print_unmeasured(scores: Scores) -> None:
    """Say which photos gave no number at all, why, and which recipe fits them."""
    rows = scores.measurements
    if rows.empty:
        return
    empty = rows.assign(missing=rows["value"].isna()).groupby("photo", sort=False)["missing"].all()
    for name in empty[empty].index[:_MOST_SHOWN]:
        photo = scores.photos[scores.photos["photo"] == name].iloc[0]
        reason = _main_reason(rows.loc[rows["photo"] == name, "caveats"])
        scale = f": {photo.px_per_mm:.1f} px/mm" if reason == "too_coarse" else ""
        screen.print(f"[yellow]no number[/]  {plain(name)}  {CAVEATS[reason].meaning}{scale}")
        screen.print(f"           → {_advice(reason, float(photo.px_per_mm), scores)}")


def _main_reason(caveats: pd.Series) -> str:
    given = caveats.str.split(";").explode()
    counts = given[given != ""].value_counts()
    return next((reason for reason in _MOST_TELLING if reason in counts.index), str(counts.index[0]))


def _advice(reason: str, px_per_mm: float, scores: Scores) -> str:
    if reason != "too_coarse":
        return CAVEATS[reason].remedy
    own = scores.recipe.grid.px_per_mm
    needs = {name: load_recipe(name).grid.px_per_mm for name in shipped_recipes()}
    fitting = {name: need for name, need in needs.items() if need <= px_per_mm and need < own}
    if fitting:
        name = max(fitting, key=lambda name: (fitting[name], name == DEFAULT_RECIPE))
        return f"measure it with --recipe {name} (needs {fitting[name]:g} px/mm), or fill the frame with the face"
    return f"fill the frame with the face or use a longer lens; this recipe needs {own:g} px/mm"
