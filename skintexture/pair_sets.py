"""Every subject's visits against the first: pair by pair on any number of processes, and what the group shows."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from skintexture.batch import Outcome, Refused, run
from skintexture.comparison import ENDPOINTS, NOT_MEASURED, Compared, compare, read_profile
from skintexture.errors import InputError, PhotoProblem
from skintexture.io.facts import digest_of
from skintexture.io.folders import prepare_folder
from skintexture.io.manifests import ManifestRow, read_manifest
from skintexture.io.tables import write_bytes, write_json, write_table
from skintexture.locate.scale import KnownScale
from skintexture.photo_job import refuse_odd_workers
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.answer import answer, overall
from skintexture.report.effects_page import draw_effects
from skintexture.report.page import render_page
from skintexture.run.settings import versions
from skintexture.shot_pairs import photos_once, stated_scale
from skintexture.study.effects import effect_table
from skintexture.study.pair_tables import CHANGE_COLUMNS, nothing_compared
from skintexture.study.verdict import NOT_COMPARABLE
from skintexture.study.visits import VISIT_COLUMNS, visit_pairs
from skintexture.tabulate import REFUSED

PAIRS = "pairs"
"""Folder within the results: what `compare` writes, for each pair."""

COMPARED = "compared"
"""Status of a pair of which an endpoint could be compared somewhere."""

EFFECTS = ("effects.png", "effects.svg")
"""What the group shows, at a glance."""

_DONE = "pair.json"
_JOINED = ("comparability", "change_map")

Progress = Callable[[int, int, int], None]
"""Called after each pair with the numbers of photos done, refused and given."""


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """What a set of pairs shows.

    Attributes
    ----------
    pairs : DataFrame
        One row per pair: `VISIT_COLUMNS`, ``status`` (``compared``, ``not comparable`` or ``refused``), ``reason``,
        ``remedy``, ``folder``, and the further columns of the manifest, of the later photo.
    changes : DataFrame
        The first `VISIT_COLUMNS` and those of `compare`'s table: one row per pair, zone and metric.
    effects : DataFrame
        See `skintexture.study.effects.effect_table`.
    photos : DataFrame
        One row per photo.
    recipe : Recipe
    """

    pairs: pd.DataFrame
    changes: pd.DataFrame
    effects: pd.DataFrame
    photos: pd.DataFrame
    recipe: Recipe

    @property
    def refused(self) -> pd.DataFrame:
        """Rows of the photos that could not be measured."""
        return self.photos[self.photos["status"] == REFUSED]


@dataclass(frozen=True, slots=True)
class _Job:
    """Two photos to compare, and where to."""

    row: Mapping[str, Any]
    photos: tuple[Path, Path]
    known: tuple[KnownScale, KnownScale]
    recipe: Recipe
    profile: Path | None
    out: Path
    name: str
    title: str

    @property
    def folder(self) -> Path:
        """Of its results."""
        return self.out / self.name

    def key(self) -> str:
        """Digest of all that decides what is written."""
        parts = [
            [digest_of(photo) for photo in self.photos],
            [photo.name for photo in self.photos],
            [[scale.px_per_mm, scale.interpupillary_mm] for scale in self.known],
            self.recipe.fingerprint(),
            "" if self.profile is None else digest_of(self.profile),
            self.title,
            versions(),
        ]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "backslashreplace")).hexdigest()


def compare_set(
    manifest: str | Path,
    out: str | Path,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    baseline: str | None = None,
    by: Sequence[str] = (),
    repeatability: str | Path | None = None,
    workers: int = 0,
    progress: Progress | None = None,
) -> ComparedSet:
    """Compare every subject's later visits with the first.

    Parameters
    ----------
    manifest : path
        Table of photos with ``photo``, ``subject`` and ``visit``, and optionally ``repeat``, ``px_per_mm`` and
        ``interpupillary_mm``; further columns (``arm``, ``dose``, …) are carried along.
    out : path
        Folder for the tables, and a folder for each pair. Pairs that an earlier run has finished there, with the same
        photos, recipe and versions, are kept.
    recipe : str or Recipe
    baseline : str, optional
        Visit that the others are held against; without it, the one that the manifest names first.
    by : sequence of str
        Further columns whose values part the subjects into groups.
    repeatability : path, optional
        Profile that changes are held against, as `skintexture repeatability` writes it.
    workers : int
        Processes; 0 works in this one.
    progress : callable, optional

    Returns
    -------
    ComparedSet

    Raises
    ------
    RecipeError, InputError, OutputError
        What was asked for can't be done; a photo that can't be measured is a row instead.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    refuse_odd_workers(workers)
    profile = None if repeatability is None else Path(repeatability)
    if profile is not None:
        read_profile(profile, chosen)
    read = read_manifest(manifest)
    rows = {row.photo.name: row for row in read.rows}
    _refuse_odd_columns(read.further_columns, by)
    _refuse_remote(rows)
    pairs = visit_pairs(_photos_of(rows), baseline)
    folder = Path(out)
    prepare_folder(folder)
    jobs = _jobs(pairs, rows, folder, recipe=chosen, profile=profile)
    ended = list(_work(jobs, workers, progress))
    further = pd.DataFrame([dict(rows[name].further) for name in pairs["photo_after"]], index=pairs.index)
    told = pd.concat(
        [pairs, pd.DataFrame(ended, index=pairs.index), further.drop(columns="repeat", errors="ignore")], axis=1
    )
    return _joined(jobs, told, list(by), folder)


def _refuse_odd_columns(further: Sequence[str], by: Sequence[str]) -> None:
    missing = [name for name in by if name not in further]
    if missing:
        raise InputError(
            f"the manifest has no further column {', '.join(missing)} to group by",
            f"further columns: {', '.join(further) or 'none'}",
        )
    taken = [
        name for name in further if name in (*VISIT_COLUMNS, *CHANGE_COLUMNS, "status", "reason", "remedy", "folder")
    ]
    if taken:
        raise InputError(
            f"the manifest's columns {', '.join(taken)} have names of this table's own", "give them other names"
        )


def _refuse_remote(rows: Mapping[str, ManifestRow]) -> None:
    remote = next((name for name, row in rows.items() if not isinstance(row.photo.path, Path)), None)
    if remote is not None:
        raise InputError(f"{remote} is not a file on this machine", "copy the photos here, and name the copies")


def _photos_of(rows: Mapping[str, ManifestRow]) -> pd.DataFrame:
    columns = {
        "photo": list(rows),
        "subject": [row.subject for row in rows.values()],
        "visit": [row.visit for row in rows.values()],
        "repeat": [row.further.get("repeat", "") for row in rows.values()],
    }
    return pd.DataFrame(columns, dtype="string")


def _jobs(
    pairs: pd.DataFrame, rows: Mapping[str, ManifestRow], folder: Path, *, recipe: Recipe, profile: Path | None
) -> list[_Job]:
    named = [_folder_names(pairs[column]) for column in ("subject", "visit_after")]
    several = bool((pairs["shot"] > 1).any())
    jobs = []
    for row in pairs.to_dict("records"):
        photos = [rows[row[f"photo_{side}"]] for side in ("before", "after")]
        name = f"{PAIRS}/{named[0][row['subject']]}/{named[1][row['visit_after']]}"
        title = f"{row['subject']}: {row['visit_before']} → {row['visit_after']}"
        if several:
            name, title = f"{name}/shot_{row['shot']}", f"{title}, shot {row['shot']}"
        paths = (Path(photos[0].photo.path), Path(photos[1].photo.path))
        known = (stated_scale(photos[0]), stated_scale(photos[1]))
        about = {str(column): row[column] for column in row}
        jobs.append(_Job(about, paths, known, recipe, profile, folder, name, title))
    return jobs


def _folder_names(texts: pd.Series[str]) -> dict[str, str]:
    """Name a folder for each text; none of them alike on any system."""
    safe = {text: re.sub(r"[^\w.-]+", "_", text, flags=re.ASCII).strip(".")[:60] for text in dict.fromkeys(texts)}
    used = Counter(name.casefold() for name in safe.values())
    return {
        text: name
        if name == text and used[name.casefold()] == 1
        else f"{name}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        for text, name in safe.items()
    }


def _work(jobs: list[_Job], workers: int, progress: Progress | None) -> Iterator[dict[str, str]]:
    """Do every pair; yield what became of each, in order."""
    refused = 0
    outcomes: Iterator[Outcome[_Job, dict[str, str]]] = run(jobs, _compare_pair, workers=min(workers, len(jobs)))
    for done, outcome in enumerate(outcomes, start=1):
        result = outcome.result
        if isinstance(result, Refused):
            result = {"status": REFUSED, "reason": result.reason, "remedy": result.remedy}
        refused += result["status"] == REFUSED
        if progress is not None:
            progress(done, refused, len(jobs))
        yield result | {"folder": outcome.job.name}


def _compare_pair(job: _Job) -> dict[str, str]:
    """Compare two photos, or find that it was done. Runs in a worker."""
    key, done = job.key(), job.folder / _DONE
    try:
        kept = json.loads(done.read_text(encoding="utf-8"))
        if kept.pop("key") == key:
            return {str(name): str(value) for name, value in kept.items()}
    except (OSError, ValueError, KeyError, AttributeError):
        pass  # not done, or only begun
    done.unlink(missing_ok=True)
    try:
        compared = compare(
            *job.photos, job.folder, recipe=job.recipe, known=job.known, repeatability=job.profile, title=job.title
        )
    except InputError as error:  # a photo that was there when the manifest was read
        raise PhotoProblem(error.reason, error.remedy) from error
    told = _told(compared)
    write_json(told | {"key": key}, done)
    return told


def _told(compared: Compared) -> dict[str, str]:
    """Say in a few words what became of a pair."""
    if len(compared.refused):
        first = compared.refused.iloc[0]
        return {"status": REFUSED, "reason": f"{first['photo']}: {first['reason']}", "remedy": str(first["remedy"])}
    said = overall([answer(compared.changes, endpoint) for endpoint in compared.endpoints])
    if all(found.verdict == NOT_COMPARABLE for found in said):
        return {"status": NOT_COMPARABLE, "reason": said[0].detail, "remedy": ""}
    return {"status": COMPARED, "reason": "", "remedy": ""}


def _joined(jobs: list[_Job], pairs: pd.DataFrame, by: list[str], folder: Path) -> ComparedSet:
    """Join the tables of all pairs, write them, and sum them up."""
    recipe = jobs[0].recipe
    lead = [*VISIT_COLUMNS[:4], *by]
    leads = [{name: row[name] for name in lead} for row in pairs.to_dict("records")]
    changes = pd.concat([_led(_changes(job), row) for job, row in zip(jobs, leads, strict=True)], ignore_index=True)
    photos = photos_once(pd.concat([_photos(job) for job in jobs], ignore_index=True))
    metrics = set(changes["metric"])
    effects = effect_table(changes, [one.metric for one in ENDPOINTS if one.metric in metrics], by)
    for name, table in (("pairs", pairs), ("changes", changes), ("effects", effects), ("photos", photos)):
        write_table(table, folder / name)
    for name in _JOINED:
        parts = [_led(_read(job, name), row) for job, row in zip(jobs, leads, strict=True)]
        # A table without rows has no types.
        write_table(pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True), folder / name)
    page = render_page(lambda: draw_effects(effects, ENDPOINTS, by), ("png", "svg"))
    for picture, data in zip(EFFECTS, page, strict=True):
        write_bytes(data, folder / picture)
    return ComparedSet(pairs, changes, effects, photos, recipe)


def _read(job: _Job, name: str) -> pd.DataFrame:
    """Read a table of a pair; without a row where it crashed."""
    path = job.folder / f"{name}.parquet"
    return pd.read_parquet(path) if (job.folder / _DONE).is_file() else pd.DataFrame()


def _changes(job: _Job) -> pd.DataFrame:
    found = _read(job, "changes")
    return found.astype(CHANGE_COLUMNS) if len(found) else nothing_compared(job.recipe, NOT_MEASURED)


def _photos(job: _Job) -> pd.DataFrame:
    """Rows of both photos under the manifest's names."""
    found = _read(job, "photos")
    if found.empty:
        found = pd.DataFrame({"status": [REFUSED] * 2, "reason": ["the pair crashed"] * 2})
    names = [job.row["photo_before"], job.row["photo_after"]]
    visits = [job.row["visit_before"], job.row["visit_after"]]
    return found.assign(photo=names, subject=job.row["subject"], visit=visits)


def _led(table: pd.DataFrame, row: Mapping[str, Any]) -> pd.DataFrame:
    """Set columns that are the same in every row before the others."""
    return table.assign(**row)[[*row, *table.columns]]
