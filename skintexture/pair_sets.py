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
from skintexture.comparison import ENDPOINTS, NOT_MEASURED, PICTURES, Compared, compare, read_profile
from skintexture.errors import InputError, PhotoProblem
from skintexture.io.facts import digest_of
from skintexture.io.folders import prepare_folder
from skintexture.io.manifests import ManifestRow, read_manifest
from skintexture.io.tables import read_parquet, write_bytes, write_json, write_table
from skintexture.locate.scale import KnownScale
from skintexture.photo_job import refuse_odd_workers, remove_stale
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.answer import overall
from skintexture.report.effects_page import draw_effects
from skintexture.report.page import render_page
from skintexture.run.settings import versions
from skintexture.shot_pairs import photo_table, photos_once, stated_scale
from skintexture.study.comparability import COMPARABILITY_COLUMNS
from skintexture.study.effects import EFFECT_COLUMNS, effect_table
from skintexture.study.pair_tables import CHANGE_COLUMNS, CHANGE_MAP_COLUMNS, nothing_compared
from skintexture.study.verdict import NOT_COMPARABLE
from skintexture.study.visits import VISIT_COLUMNS, visit_pairs
from skintexture.tabulate import PHOTO_COLUMNS, REFUSED

PAIRS = "pairs"
"""Folder within the results: what `compare` writes, for each pair."""

COMPARED = "compared"
"""Status of a pair of which an endpoint could be compared somewhere."""

EFFECTS = ("effects.png", "effects.svg")
"""What the group shows, at a glance."""

ALONE = "no counterpart"
"""Status of a photo that has no other to be compared with."""

_DONE = "pair.json"
_JOINED = ("comparability", "change_map")
_READ = ("changes", "photos", *_JOINED)
_OUTCOME = ("status", "reason", "remedy", "folder")
_OF_A_SHOT = "repeat"
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # names that Windows keeps

Progress = Callable[[int, int, int], None]
"""Called after each pair with the numbers of photos done, refused and given."""


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """What a set of pairs shows.

    Attributes
    ----------
    pairs : DataFrame
        One row per pair, and then one per photo without a counterpart: `VISIT_COLUMNS`, ``status`` (``compared``,
        ``not comparable``, ``refused`` or ``no counterpart``), ``reason``, ``remedy``, ``folder``, and the further
        columns of the manifest, of the later photo.
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
    groups = list(dict.fromkeys(by))
    _refuse_odd_columns(read.further_columns, groups)
    _refuse_remote(rows)
    pairs, alone = visit_pairs(photo_table(rows.values()), baseline)
    folder = Path(out)
    prepare_folder(folder)
    jobs = _jobs(pairs, rows, folder, recipe=chosen, profile=profile)
    ended = pd.DataFrame(list(_work(jobs, workers, progress)), columns=list(_OUTCOME), dtype="string")
    told = pd.concat([pairs.join(ended), alone.assign(status=ALONE)], ignore_index=True)
    return _joined(jobs, _with_further(told, rows, read.further_columns), groups, folder)


def _refuse_odd_columns(further: Sequence[str], by: Sequence[str]) -> None:
    missing = [name for name in by if name not in further or name == _OF_A_SHOT]
    if missing:
        raise InputError(
            f"the manifest has no further column {', '.join(missing)} to group by",
            f"further columns: {', '.join(name for name in further if name != _OF_A_SHOT) or 'none'}",
        )
    own = {*VISIT_COLUMNS, *_OUTCOME}
    of_groups = {*CHANGE_COLUMNS, *EFFECT_COLUMNS, *COMPARABILITY_COLUMNS, *CHANGE_MAP_COLUMNS}
    taken = [name for name in further if name in own or (name in by and name in of_groups)]
    if taken:
        raise InputError(
            f"the manifest's columns {', '.join(taken)} have names of these tables' own", "give them other names"
        )


def _with_further(pairs: pd.DataFrame, rows: Mapping[str, ManifestRow], names: Sequence[str]) -> pd.DataFrame:
    """Add the further columns of the manifest, of the later photo where there is one."""
    photos = pairs["photo_after"].fillna(pairs["photo_before"])
    further = {name: [rows[photo].further[name] for photo in photos] for name in names if name != _OF_A_SHOT}
    return pairs.assign(**{name: pd.array(values, dtype="string") for name, values in further.items()})


def _refuse_remote(rows: Mapping[str, ManifestRow]) -> None:
    remote = next((name for name, row in rows.items() if not isinstance(row.photo.path, Path)), None)
    if remote is not None:
        raise InputError(f"{remote} is not a file on this machine", "copy the photos here, and name the copies")


def _jobs(
    pairs: pd.DataFrame, rows: Mapping[str, ManifestRow], folder: Path, *, recipe: Recipe, profile: Path | None
) -> list[_Job]:
    subjects, visits, shots = (_folder_names(pairs[column]) for column in ("subject", "visit_after", "shot"))
    jobs = []
    for row in pairs.to_dict("records"):
        photos = [rows[row[f"photo_{side}"]] for side in ("before", "after")]
        name = f"{PAIRS}/{subjects[row['subject']]}/{visits[row['visit_after']]}"
        title = f"{row['subject']}: {row['visit_before']} → {row['visit_after']}"
        if row["shot"] != "1":
            name, title = f"{name}/shot_{shots[row['shot']]}", f"{title}, shot {row['shot']}"
        paths = (Path(photos[0].photo.path), Path(photos[1].photo.path))
        known = (stated_scale(photos[0]), stated_scale(photos[1]))
        about = {str(column): str(row[column]) for column in row}
        jobs.append(_Job(about, paths, known, recipe, profile, folder, name, title))
    return jobs


def _folder_names(texts: pd.Series[str]) -> dict[str, str]:
    """Name a folder for each text; none of them alike on any system."""
    safe = {text: re.sub(r"[^\w.-]+", "_", text, flags=re.ASCII).strip(".")[:60] for text in dict.fromkeys(texts)}
    used = Counter(name.casefold() for name in safe.values())
    return {
        text: name
        if name == text and used[name.casefold()] == 1 and not _RESERVED.fullmatch(name)
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
    key = job.key()
    kept = _kept(job, key)
    if kept is not None:
        return kept
    prepare_folder(job.folder)
    remove_stale(job.folder / _DONE)
    for photo, side in zip(job.photos, ("before", "after"), strict=True):
        if not photo.is_file():
            for picture in PICTURES:
                remove_stale(job.folder / picture)
            raise PhotoProblem(f"{job.row[f'photo_{side}']} is gone since the manifest was read", "put it back")
    compared = compare(
        *job.photos, job.folder, recipe=job.recipe, known=job.known, repeatability=job.profile, title=job.title
    )
    told = _told(compared, job)
    write_json(told | {"key": key}, job.folder / _DONE)
    return told


def _kept(job: _Job, key: str) -> dict[str, str] | None:
    """Return what an earlier run found of the same photos; None where it didn't end."""
    try:
        kept = json.loads((job.folder / _DONE).read_text(encoding="utf-8"))
        if kept["key"] == key and all((job.folder / f"{name}.parquet").is_file() for name in _READ):
            return {name: str(kept[name]) for name in ("status", "reason", "remedy")}
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not begun, not ended, or damaged
    return None


def _told(compared: Compared, job: _Job) -> dict[str, str]:
    """Say in a few words what became of a pair."""
    if len(compared.refused):
        first = compared.refused.iloc[0]
        name = job.row["photo_before" if compared.photos.index[0] == first.name else "photo_after"]
        return {"status": REFUSED, "reason": f"{name}: {first['reason']}", "remedy": str(first["remedy"])}
    if not compared.is_comparable:
        grave = compared.comparability[compared.comparability["severity"] == NOT_COMPARABLE]
        # The first zone's reason is not the face's: a smile doesn't reach the forehead.
        reason = "; ".join(grave["quantity"]) or overall(compared.answers)[0].detail
        return {"status": NOT_COMPARABLE, "reason": reason, "remedy": ""}
    return {"status": COMPARED, "reason": "", "remedy": ""}


def _joined(jobs: list[_Job], pairs: pd.DataFrame, by: list[str], folder: Path) -> ComparedSet:
    """Join the tables of all pairs, write them, and sum them up."""
    recipe = jobs[0].recipe
    lead = [*VISIT_COLUMNS[:4], *by]
    told = pairs.head(len(jobs)).to_dict("records")
    leads = [{name: row[name] for name in lead} for row in told]
    changes = pd.concat([_led(_changes(job), row) for job, row in zip(jobs, leads, strict=True)], ignore_index=True)
    photos = pd.concat([_photos(job, row) for job, row in zip(jobs, told, strict=True)], ignore_index=True)
    photos = photos_once(photos).reindex(columns=list(PHOTO_COLUMNS))
    effects = effect_table(changes, [endpoint.metric for endpoint in ENDPOINTS], by)
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
    """Read a table of a pair; without a row where it didn't end."""
    if not (job.folder / _DONE).is_file():
        return pd.DataFrame()
    rows: pd.DataFrame = read_parquet((job.folder / f"{name}.parquet").read_bytes()).to_pandas(use_threads=False)
    return rows


def _changes(job: _Job) -> pd.DataFrame:
    found = _read(job, "changes")
    return found.astype(CHANGE_COLUMNS) if len(found) else nothing_compared(job.recipe, NOT_MEASURED)


def _photos(job: _Job, told: Mapping[Any, Any]) -> pd.DataFrame:
    """Rows of both photos under the manifest's names; of a pair that didn't end, of those that may be the cause."""
    found = _read(job, "photos")
    names = pd.DataFrame(
        {
            "photo": [job.row["photo_before"], job.row["photo_after"]],
            "subject": job.row["subject"],
            "visit": [job.row["visit_before"], job.row["visit_after"]],
        }
    )
    if len(found):
        return found.assign(**{str(name): names[name].to_numpy() for name in names})
    gone = [not photo.is_file() for photo in job.photos]
    why = {name: told[name] for name in ("status", "reason", "remedy")}
    return (names[gone] if any(gone) else names).assign(**why)


def _led(table: pd.DataFrame, row: Mapping[str, Any]) -> pd.DataFrame:
    """Set columns that are the same in every row before the others."""
    return table.assign(**row)[[*row, *table.columns]]
