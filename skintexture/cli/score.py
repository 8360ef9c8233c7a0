"""`skintexture score`: photos in, tables and overlays out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from skintexture.batch import one_per_core
from skintexture.caveats import CAVEATS
from skintexture.cli.terminal import (
    EXIT_REFUSED,
    MOST_SHOWN,
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
from skintexture.errors import InputError
from skintexture.locate.scale import KnownScale
from skintexture.recipe import DEFAULT_RECIPE, load_recipe, shipped_recipes
from skintexture.run.finish import read_caveats, read_refused, read_results
from skintexture.run.options import ORDINARY_PHOTOS, RunOptions, parse_shard
from skintexture.scoring import Summary, score_set
from skintexture.tabulate import Scores

_STOPPED = "stopped; what was measured is saved: the same command goes on from here"
# Why a photo has no number at all, before what merely comes with it.
_MOST_TELLING = ("too_coarse", "too_soft", "too_small", "not_visible", "no_colour", "subsampled_colour", "undefined")


def score(
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            help="Photos, folders of photos (searched recursively), patterns, URLs; `-` reads their names from "
            "standard input, one a line.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", "-o", help="Folder for tables and overlays, or its URL.", show_default=False)
    ] = "skintexture_out",
    recipe: RecipeOption = DEFAULT_RECIPE,
    manifest: Annotated[
        str | None,
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
    timeout: Annotated[
        float, typer.Option(help="Longest time for a photo, in seconds; one that takes longer twice is refused.", min=1)
    ] = 900.0,
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Measure photos again that an earlier run into OUT has refused.")
    ] = False,
    overlays: Annotated[
        str,
        typer.Option(
            help="Pictures of what was measured where: `all`, `refused` (only the refused photos, with the reason), "
            "`sample:N`, or `none`."
        ),
    ] = "all",
    contact_sheets: Annotated[
        bool, typer.Option("--contact-sheets/--no-contact-sheets", help="Sheets of thumbnails of the whole set.")
    ] = True,
    csv: Annotated[
        bool | None,
        typer.Option(
            "--csv/--no-csv",
            help="Write CSV beside Parquet.",
            show_default=f"for up to {ORDINARY_PHOTOS} photos",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="Only part i of n, as i/n with i from 0, for array jobs; each needs an OUT of its own, and "
            "`skintexture merge` joins them.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address (tcp://…) or file of a dask scheduler, whose workers measure; needs the extra `cluster`.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure texture and pores on photos of faces, zone by zone.

    Every photo ends as a row of `OUT/photos.csv`: measured, or refused with its reason and what to do. The numbers are
    in `OUT/measurements.csv` (one row per photo, zone and metric), every pore in `OUT/pores.csv`, and `OUT/overlays`
    shows what was measured where. Each table is there as Parquet too.

    Each photo is saved as it ends. **The same command goes on** where a run was stopped, and measures only photos that
    are new or were changed; `skintexture status OUT` says how far it is.

    **Examples**

    `skintexture score photos/ -o results`

    `skintexture score photos/ --manifest study.csv -o results --workers 8`

    `skintexture score skin.png --patch --px-per-mm 25 -o results`
    """
    named = _names_from_stdin() if photos == ["-"] else photos or []
    _check(named, manifest, (patch, mask))
    options = RunOptions(
        workers=one_per_core() if workers is None else workers,
        scheduler=scheduler,
        timeout_s=timeout,
        retry_refused=retry_refused,
        overlays=overlays,
        contact_sheets=contact_sheets,
        csv=csv,
        shard=parse_shard(shard),
    )
    known = KnownScale(px_per_mm, interpupillary_mm, marker_mm)
    with stoppable(_STOPPED), photo_progress(shown=not quiet and not as_json) as progress:
        done = score_set(
            named,
            out,
            recipe=recipe,
            manifest=manifest,
            known=known,
            patch=patch,
            mask=mask,
            progress=progress,
            options=options,
        )
    if as_json:
        print_json(_summary(done, out))
    elif not quiet:
        _print(done, out)
    raise typer.Exit(EXIT_REFUSED if done.refused else 0)


def _names_from_stdin() -> list[str]:
    """Read names, one a line, or, where there is a NUL, as `find -print0` writes them."""
    data = sys.stdin.buffer.read()
    lines = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(line) for line in lines if line.strip()]


def _check(photos: list[str], manifest: str | None, patch_and_mask: tuple[bool, Path | None]) -> None:
    patch, mask = patch_and_mask
    if not photos and manifest is None:
        raise InputError("no photo was given", "give photos, folders of photos, or --manifest")
    if mask is not None and not patch:
        raise InputError("--mask belongs to --patch", "add --patch; on faces the bare skin is found by itself")


def _summary(done: Summary, out: str) -> dict[str, object]:
    return {
        "out": out,
        "recipe": done.recipe.name,
        "recipe_fingerprint": done.recipe.fingerprint(),
        "photos": done.photos,
        "measured": done.photos - done.refused,
        "kept": done.kept,
        "passed_over": done.passed_over,
        "refused": read_refused(out).to_dict("records"),
        "caveats": read_caveats(out),
    }


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


def _print(done: Summary, out: str) -> None:
    kept = f" ({done.kept} of them by an earlier run)" if done.kept else ""
    recipe = plain(done.recipe.name)
    screen.print(f"{done.photos - done.refused} measured, {done.refused} refused{kept}, recipe {recipe}")
    if done.passed_over:
        files = counted(done.passed_over, "file")
        screen.print(f"{files} of a kind that can't be read (raw, HEIC, …) passed over beside a photo of the same name")
    print_refused(read_refused(out))
    if done.photos <= ORDINARY_PHOTOS:
        print_unmeasured(read_results(out))
    screen.print(f"tables and overlays: {plain(out)}")


def print_unmeasured(scores: Scores) -> None:
    """Say which photos gave no number at all, why, and which recipe fits them."""
    rows = scores.measurements
    if rows.empty:
        return
    empty = rows.assign(missing=rows["value"].isna()).groupby("photo", sort=False)["missing"].all()
    for name in empty[empty].index[:MOST_SHOWN]:
        photo = scores.photos[scores.photos["photo"] == name].iloc[0]
        reason = _main_reason(rows.loc[rows["photo"] == name, "caveats"])
        found = _found(reason, scores, photo.photo)
        screen.print(f"[yellow]no number[/]  {plain(name)}  {CAVEATS[reason].meaning}{found}")
        screen.print(f"           → {_advice(reason, float(photo.px_per_mm), scores)}")


def _found(reason: str, scores: Scores, photo: str) -> str:
    """Say in numbers what was found, and what is needed where that is another quantity."""
    if reason == "too_coarse":
        own = scores.photos.loc[scores.photos["photo"] == photo, "px_per_mm"]
        return f": {own.iloc[0]:.1f} px/mm"
    if reason != "too_soft":
        return ""
    zones = scores.zones[scores.zones["photo"] == photo]
    needs = [need for _, _, need in scores.recipe.families()]
    return (
        f": found a blur of {zones['blur_mm'].median():.3f} mm and {zones['own_px_per_mm'].median():.1f} px/mm of its "
        f"own; needs {min(need.max_blur_mm for need in needs):g} mm at most and "
        f"{max(need.own_px_per_mm for need in needs):g} px/mm"
    )


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
