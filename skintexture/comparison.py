"""Two photos of one face, from their files to tables and pictures of what changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from skintexture.io.folders import prepare_folder
from skintexture.io.photos import as_text
from skintexture.io.tables import write_bytes, write_table
from skintexture.locate.scale import KnownScale
from skintexture.photo_job import (
    PhotoJob,
    checked_scale,
    measure_files,
    overlay_path,
    refuse_odd_workers,
    remove_stale,
)
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.plots import plot_changes
from skintexture.study.compare import changes_between
from skintexture.tabulate import About, Scores, tables


def compare(
    before: str | Path,
    after: str | Path,
    out: str | Path | None = None,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    known: tuple[KnownScale, KnownScale] | None = None,
    workers: int = 0,
) -> tuple[pd.DataFrame, Scores]:
    """Measure two photos of one face and set them against each other.

    Parameters
    ----------
    before, after : path
    out : path, optional
        Folder for tables, overlays and the plot of changes.
    recipe : str or Recipe
    known : (KnownScale, KnownScale), optional
        Scale of either photo.
    workers : int
        Processes; 0 works in this one.

    Returns
    -------
    changes : DataFrame
        See `skintexture.study.compare.changes_between`; empty where either photo was refused.
    scores : Scores
        Of the two photos, named ``before/…`` and ``after/…``.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    folder = None if out is None else Path(out)
    refuse_odd_workers(workers)
    scales = [checked_scale(scale, patch=False) for scale in known or (KnownScale(), KnownScale())]
    names = (f"before/{as_text(Path(before).name)}", f"after/{as_text(Path(after).name)}")
    jobs = [
        PhotoJob(About(name, chosen, {"visit": visit}), Path(path), scale, overlay=overlay_path(folder, name))
        for name, path, scale, visit in zip(names, (before, after), scales, ("before", "after"), strict=True)
    ]
    if folder is not None:
        prepare_folder(folder)
    scores = tables(measure_files(jobs, workers), (), chosen)
    rows = scores.measurements if scores.refused.empty else scores.measurements.iloc[:0]
    changes = changes_between(rows[rows["photo"] == names[0]], rows[rows["photo"] == names[1]], chosen.catalogue())
    if folder is not None:
        scores.write(folder)
        write_table(changes, folder / "changes")
        if changes.empty:
            remove_stale(folder / "changes.png")
        else:
            title = " → ".join(as_text(Path(path).name) for path in (before, after))
            write_bytes(plot_changes(changes, chosen.catalogue(), title), folder / "changes.png")
    return changes, scores
