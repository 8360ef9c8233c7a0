"""Repeated shots of unchanged skin, from a manifest to tables, plots and the profile that changes are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from skintexture.comparison import ENDPOINTS as COMPARED_ENDPOINTS
from skintexture.errors import InputError
from skintexture.io.facts import digest_of
from skintexture.io.folders import prepare_folder
from skintexture.io.manifests import ManifestRow, read_manifest
from skintexture.io.tables import write_bytes, write_json, write_table
from skintexture.photo_job import refuse_odd_workers, remove_stale
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.agreement_plots import plot_agreement
from skintexture.scoring import score
from skintexture.shot_pairs import Progress, compare_pairs, pair_jobs, photo_table, photos_once, without_incomparable
from skintexture.study.repeatability import RepeatabilityProfile, profile_of
from skintexture.study.repeatability_table import repeatability_table
from skintexture.study.repeats import paired_values, pairs_of, repeated_photos
from skintexture.tabulate import REFUSED

ENDPOINTS = (
    *(endpoint.metric for endpoint in COMPARED_ENDPOINTS),
    "pore_density",
    "pore_area_fraction",
    "pore_contrast",
    "band_energy_0.25_0.5mm_luminance",
    "roughness_sq_luminance",
    "glcm_contrast_0.25mm_luminance",
)
"""Metrics that are plotted, where they are measured."""

SCORES, PLOTS = "scores", "bland_altman"
"""Folders within the results: what was measured on every photo by itself, and a plot per main metric."""


@dataclass(frozen=True, slots=True)
class Repeatability:
    """How far photographs of unchanged skin differ.

    Attributes
    ----------
    table : DataFrame
        Agreement per zone and metric, see `skintexture.study.repeatability_table.repeatability_table`.
    profile : RepeatabilityProfile
        What changes are held against.
    pairs : DataFrame
        One row per pair of shots, zone and metric.
    photos : DataFrame
        One row per shot: measured, or refused with its reason.
    recipe : Recipe
    """

    table: pd.DataFrame
    profile: RepeatabilityProfile
    pairs: pd.DataFrame
    photos: pd.DataFrame
    recipe: Recipe

    @property
    def refused(self) -> pd.DataFrame:
        """Rows of the photos that could not be measured."""
        return self.photos[self.photos["status"] == REFUSED]


def repeatability(
    manifest: str | Path,
    out: str | Path | None = None,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    same_skin: Sequence[Sequence[str]] = (),
    each_photo: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> Repeatability:
    """Measure repeated shots of unchanged skin and tell how well they agree.

    Parameters
    ----------
    manifest : path
        Table of photos with ``subject`` and, where there is more than one, ``visit``: photos of one subject and visit
        show the same skin. ``repeat``, if there is such a column, numbers the shots within a visit.
    out : path, optional
        Folder for tables, plots and ``profile.json``; without it nothing is written.
    recipe : str or Recipe
    same_skin : sequence of sequence of str
        Visits at which nothing had changed: each group counts as one visit.
    each_photo : bool
        Measure every photo by itself, as `skintexture.score` does. Otherwise every pair of shots is registered, brought
        to one sharpness and compared, as `skintexture.compare` does with before and after.
    workers : int
        Processes; 0 works in this one.
    progress : callable, optional
        Called with the numbers of photos done, refused and given.

    Returns
    -------
    Repeatability

    Raises
    ------
    RecipeError, InputError, OutputError
        What was asked for can't be done, two shots of a subject are one file, or no skin was measured twice.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    refuse_odd_workers(workers)
    rows = {row.photo.name: row for row in read_manifest(manifest).rows}
    shots = _Shots(rows, repeated_photos(photo_table(rows.values()), same_skin), chosen)
    shots.require_own_files()
    folder = None if out is None else Path(out)
    if folder is not None:
        prepare_folder(folder)
    if each_photo:
        pairs, photos = shots.scored(manifest, folder, workers=workers, progress=progress)
    else:
        pairs, photos = shots.compared(workers=workers, progress=progress)
    if folder is not None:
        write_table(pairs, folder / "pairs")
        write_table(photos, folder / "photos")
    _require_pairs(pairs, photos)
    sound = pairs if each_photo else without_incomparable(pairs)
    table = repeatability_table(sound)
    profile = profile_of(table, chosen, source="photos" if each_photo else "pairs")
    if folder is not None:
        write_table(table, folder / "repeatability")
        write_json(profile.model_dump(mode="json"), folder / "profile.json")
        _plot(table, sound, folder / PLOTS)
    return Repeatability(table, profile, pairs, photos, chosen)


@dataclass(frozen=True, slots=True)
class _Shots:
    """The manifest, and which of its photos show the same skin."""

    rows: dict[str, ManifestRow]
    repeats: pd.DataFrame
    recipe: Recipe

    def require_own_files(self) -> None:
        """Refuse copies of a shot: they scatter by nothing, and every later change would seem to exceed that."""
        first: dict[tuple[str, str], str] = {}
        for photo, subject in zip(self.repeats["photo"], self.repeats["subject"], strict=True):
            digest = digest_of(self.rows[photo].photo.path)
            # A file that can't be read has no digest: it is refused with its reason when it is measured.
            earlier = first.setdefault((subject, digest), photo) if digest else photo
            if earlier != photo:
                raise InputError(
                    f"{earlier} and {photo} of subject {subject} are the same file: each shot must be a photograph of "
                    "its own",
                    "take one of them out of the manifest, or put the second photograph in its place",
                )

    def compared(self, *, workers: int, progress: Progress | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        jobs = pair_jobs(pairs_of(self.repeats), self.rows, self.recipe)
        found = list(compare_pairs(jobs, workers, progress))
        photos = photos_once(pd.concat([pair.photos for pair in found], ignore_index=True))
        return pd.concat([pair.changes for pair in found], ignore_index=True), photos

    def scored(
        self, manifest: str | Path, folder: Path | None, *, workers: int, progress: Progress | None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        out = None if folder is None else folder / SCORES
        scores = score([], out, recipe=self.recipe, manifest=manifest, workers=workers, progress=progress)
        pairs = paired_values(scores.measurements, pairs_of(self.repeats))
        photos = scores.photos[scores.photos["photo"].isin(self.repeats["photo"])]
        return pairs, photos.reset_index(drop=True)


def _require_pairs(pairs: pd.DataFrame, photos: pd.DataFrame) -> None:
    refused = photos[photos["status"] == REFUSED]
    if len(refused) and (pairs.empty or pairs["before"].isna().all()):
        first = refused.iloc[0]
        raise InputError(
            f"no skin has two photos that could be measured: {len(refused)} of {len(photos)} repeated shots "
            f"{'was' if len(refused) == 1 else 'were'} refused; {first['photo']}: {first['reason']}",
            str(first["remedy"]),
        )


def _plot(table: pd.DataFrame, pairs: pd.DataFrame, folder: Path) -> None:
    """Plot the main metrics, and remove what an earlier run plotted of others."""
    for metric in ENDPOINTS:
        file = folder / f"{metric}.png"
        rows = table[table["metric"] == metric]
        if rows.empty:
            remove_stale(file)
        else:
            heading = f"{metric}: repeated shots of the same skin"
            write_bytes(plot_agreement(pairs[pairs["metric"] == metric], rows, heading), file)
