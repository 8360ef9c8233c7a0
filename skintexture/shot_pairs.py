"""Pairs of shots of the same skin, compared one by one on any number of processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skintexture.batch import Refused, run
from skintexture.comparison import compare
from skintexture.io.manifests import ManifestRow
from skintexture.io.places import Place
from skintexture.locate.scale import KnownScale
from skintexture.recipe import Recipe
from skintexture.study.repeats import PAIR_COLUMNS
from skintexture.study.verdict import NOT_COMPARABLE, SCATTER_UNKNOWN
from skintexture.tabulate import MEASURED, REFUSED

Progress = Callable[[int, int, int], None]
"""Called after each pair with the numbers of photos done, refused and given."""

PHOTO_COLUMNS = (
    "photo",
    "status",
    "reason",
    "remedy",
    "px_per_mm",
    "scale_method",
    "blur_px",
    "jpeg_quality",
    "caveats",
)
"""What is kept of each photo."""


@dataclass(frozen=True, slots=True)
class PairJob:
    """Two shots to compare.

    Attributes
    ----------
    row : mapping
        `PAIR_COLUMNS`.
    places : (Place, Place)
        Where the photos are.
    known : (KnownScale, KnownScale)
    recipe : Recipe
    """

    row: Mapping[str, Any]
    places: tuple[Place, Place]
    known: tuple[KnownScale, KnownScale]
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class PairRows:
    """Rows that a pair adds to the tables.

    Attributes
    ----------
    changes : DataFrame
        `PAIR_COLUMNS` and those of `skintexture.study.pair_tables.change_table`.
    photos : DataFrame
        `PHOTO_COLUMNS`, a row for either photo.
    """

    changes: pd.DataFrame
    photos: pd.DataFrame


def photo_table(rows: Collection[ManifestRow]) -> pd.DataFrame:
    """Give a manifest's rows as pairs are sought in them: ``photo``, ``subject``, ``visit`` and ``repeat``."""
    columns = {
        "photo": [row.photo.name for row in rows],
        "subject": [row.subject for row in rows],
        "visit": [row.visit for row in rows],
        "repeat": [row.further.get("repeat", "") for row in rows],
    }
    return pd.DataFrame(columns, dtype="string")


def pair_jobs(pairs: pd.DataFrame, rows: Mapping[str, ManifestRow], recipe: Recipe) -> list[PairJob]:
    """Say what is to be compared.

    Parameters
    ----------
    pairs : DataFrame
        As `skintexture.study.repeats.pairs_of` gives it.
    rows : mapping of str to ManifestRow
        By the photo's name.
    recipe : Recipe

    Returns
    -------
    list of PairJob
    """
    jobs = []
    for row in pairs.to_dict("records"):
        before, after = rows[row["photo_before"]], rows[row["photo_after"]]
        places = (before.photo.path, after.photo.path)
        jobs.append(
            PairJob({str(name): row[name] for name in row}, places, (stated_scale(before), stated_scale(after)), recipe)
        )
    return jobs


def compare_pairs(jobs: list[PairJob], workers: int, progress: Progress | None) -> Iterator[PairRows]:
    """Yield the rows of every pair, in order.

    Parameters
    ----------
    jobs : list of PairJob
    workers : int
        Processes; 0 works in this one.
    progress : callable, optional
    """
    refused: set[str] = set()
    for done, outcome in enumerate(run(jobs, compare_pair, workers=min(workers, len(jobs))), start=1):
        rows = _lost(outcome.job, outcome.result) if isinstance(outcome.result, Refused) else outcome.result
        refused |= set(rows.photos.loc[rows.photos["status"] == REFUSED, "photo"])
        if progress is not None:
            progress(2 * done, len(refused), 2 * len(jobs))
        yield rows


def compare_pair(job: PairJob) -> PairRows:
    """Compare two shots. Runs in a worker."""
    compared = compare(*job.places, recipe=job.recipe, known=job.known)
    names = [job.row["photo_before"], job.row["photo_after"]]
    photos = compared.photos.assign(photo=names)[list(PHOTO_COLUMNS)]
    return PairRows(_with_pair(job, compared.changes), photos)


def without_incomparable(changes: pd.DataFrame) -> pd.DataFrame:
    """Blank the values of what could not be compared: no change of it is ever shown, so it has no scatter either."""
    lost = (changes["verdict"] == NOT_COMPARABLE) & (changes["reason"] != SCATTER_UNKNOWN)
    return changes.assign(before=changes["before"].mask(lost, math.nan), after=changes["after"].mask(lost, math.nan))


def _with_pair(job: PairJob, changes: pd.DataFrame) -> pd.DataFrame:
    return changes.assign(**{name: job.row[name] for name in PAIR_COLUMNS})[[*PAIR_COLUMNS, *changes.columns]]


def _lost(job: PairJob, refused: Refused) -> PairRows:
    """Rows of a pair that took its process down: which photo did is not known."""
    photos = [
        {"photo": job.row[side], "status": REFUSED, "reason": refused.reason, "remedy": refused.remedy}
        for side in ("photo_before", "photo_after")
    ]
    return PairRows(pd.DataFrame(), pd.DataFrame(photos, columns=list(PHOTO_COLUMNS)))


def stated_scale(row: ManifestRow) -> KnownScale:
    """Return what a manifest says of a photo's scale."""
    stated = [None if math.isnan(value) else value for value in (row.px_per_mm, row.interpupillary_mm)]
    return KnownScale(*stated)


def photos_once(photos: pd.DataFrame) -> pd.DataFrame:
    """Give each photo one row; one that was measured in any pair is measured."""
    measured_first = photos.sort_values("status", key=lambda status: status != MEASURED, kind="stable")
    once = measured_first.drop_duplicates("photo")
    return once.sort_index().reset_index(drop=True)
