"""Manifests: a table that says which photo shows whom, at which visit and at what scale."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skintexture.errors import InputError
from skintexture.io.finding import PhotoFile
from skintexture.io.manifest_photos import LocatedPhotos, locate_photos
from skintexture.io.manifest_tables import WrittenTable, read_written
from skintexture.io.places import last_name, place_of

_KNOWN = ("photo", "subject", "visit", "px_per_mm", "interpupillary_mm")
SCALES = {
    "px_per_mm": (0.1, 1e3),  # a microscope has more, a photo taken from a roof less
    "interpupillary_mm": (40.0, 80.0),  # small children to the widest faces
}
"""Columns that give a scale, and their ranges."""

_RANGES = SCALES | {"age": (0.0, 130.0)}
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?$"
_DAY_LETTERS = 10
_SIDES = ("left", "right", "both")
_ALIKE = 0.85
_SHOWN = 20  # problems; the rest is counted


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One photo of a study.

    Attributes
    ----------
    photo : PhotoFile
        Its name in tables, unique within the manifest, and where it is.
    subject, visit : str
        As written; empty where not given.
    px_per_mm : float or nan
        Scale at the depth of the eyes; nan where not given.
    interpupillary_mm : float or nan
        Distance of the pupils; nan where not given.
    further : mapping of str to str
        Every other column, as written.
    """

    photo: PhotoFile
    subject: str
    visit: str
    px_per_mm: float
    interpupillary_mm: float
    further: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The photos of a study, in the order of the file.

    Attributes
    ----------
    table : pyarrow.Table
        At least one row. Columns ``photo`` (its name in tables, unique), ``place`` (path or URL, as bytes),
        ``subject``, ``visit``, ``px_per_mm`` and ``interpupillary_mm`` (nan where not given), and the further ones as
        text.
    further_columns : tuple of str
        Names of the columns carried along, in order.
    """

    table: pa.Table
    further_columns: tuple[str, ...]

    @property
    def rows(self) -> tuple[ManifestRow, ...]:
        """The photos, one by one."""
        return tuple(
            ManifestRow(
                photo=PhotoFile(row["photo"], place_of(os.fsdecode(row["place"]))),
                subject=row["subject"],
                visit=row["visit"],
                px_per_mm=row["px_per_mm"],
                interpupillary_mm=row["interpupillary_mm"],
                further=MappingProxyType({name: row[name] for name in self.further_columns}),
            )
            for row in self.table.to_pylist()
        )


def read_manifest(path: Path | str) -> Manifest:
    """Read a manifest and check it whole.

    Parameters
    ----------
    path : Path or str
        A CSV file (UTF-8; comma, semicolon or tab between cells; with semicolon or tab, numbers may have a decimal
        comma) or a Parquet file; or the URL of one. Its columns:

        ``photo``
            Path of the photo, absolute or from the manifest's own folder, or its URL. Needed, and different in every
            row.
        ``subject``, ``visit``
            Any text. Optional, as all that follows.
        ``px_per_mm``
            Scale at the depth of the eyes, 0.1 … 1000.
        ``interpupillary_mm``
            Distance of the pupils, 40 … 80 mm; not in a row that gives ``px_per_mm``.
        ``date``, ``age``, ``side``
            As in 2026-04-30; 0 … 130 years; ``left``, ``right`` or ``both``.

        Any other column (``arm``, ``dose``, …) is carried along as text; so are these three.

    Returns
    -------
    Manifest
        Its rows in order.

    Raises
    ------
    InputError
        If anything is wrong; all problems are named at once, each with its line. Photos at URLs are not looked for
        here: one that isn't there is refused when its turn comes.
    """
    place = place_of(path)
    table = read_written(place)
    problems = list(_table_problems(table))
    if problems:
        raise _refusal(place, problems)
    folder = place.parent if isinstance(place, Path) else place.rsplit("/", 1)[0]
    photos = locate_photos(table.text("photo").to_pylist(), folder)
    problems = _row_problems(table, photos)
    if problems:
        raise _refusal(place, problems)
    further = tuple(name for name in table.names if name not in _KNOWN)
    columns: dict[str, Any] = {"photo": photos.names(), "place": [os.fsencode(place) for place in photos.places]}
    columns |= {name: table.text(name) for name in ("subject", "visit")}
    columns |= {name: table.numbers(name) for name in SCALES}
    columns |= {name: table.written(name) for name in further}
    return Manifest(pa.table(columns), further)


def _refusal(place: Path | str, problems: list[str]) -> InputError:
    more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    reason = "\n".join([f"the manifest {last_name(place)} can't be used as it is:", *problems[:_SHOWN], *more])
    return InputError(reason, "correct what is named, and run again")


def _table_problems(table: WrittenTable) -> Iterator[str]:
    """Name what is wrong with the columns or the number of cells: nothing else can be checked before."""
    names = table.names
    if "photo" not in names:
        yield f"there is no column `photo`; found: {', '.join(names) or 'nothing'}"
    for position, name in enumerate(names, start=1):
        if not name:
            yield f"column {position} has no name"
        elif name in names[: position - 1]:
            yield f"column `{name}` is there twice"
        elif name not in _KNOWN and (meant := _meant(name, names)):
            yield f"column `{name}`: is `{meant}` meant?"
    if not len(table):
        yield "there is no row below the column names"
    yield from table.odd_rows


def _meant(column: str, columns: Sequence[str]) -> str:
    """Find the known column that this one is a misspelling of: carried along as text, it would be without effect."""
    missing = [known for known in _KNOWN if known not in columns]
    written = column.lower().replace(" ", "_").replace("-", "_")
    return next(iter(difflib.get_close_matches(written, missing, n=1, cutoff=_ALIKE)), "")


def _row_problems(table: WrittenTable, photos: LocatedPhotos) -> list[str]:
    """Name what is wrong with the rows, in their order."""
    found = list(_photo_problems(table, photos))
    scales_given = np.zeros(len(table), np.int64)
    for name, (low, high) in _RANGES.items():
        numbers = table.numbers(name)
        right = (numbers >= low) & (numbers <= high)
        scales_given += right & (name in SCALES)
        found += _wrong_cells(table, name, right, needed=f"a number from {low:g} to {high:g} is needed")
    both = f"both {' and '.join(SCALES)} are given; the one that you trust most is needed"
    found += [(int(index), both) for index in np.flatnonzero(scales_given > 1)]
    is_date = _are_dates(table.text("date"))
    found += _wrong_cells(table, "date", is_date, needed="a date of the calendar, such as 2026-04-30, is needed")
    is_side = pc.is_in(table.text("side"), pa.array(_SIDES)).to_numpy()
    found += _wrong_cells(table, "side", is_side, needed=f"{', '.join(_SIDES[:-1])} or {_SIDES[-1]} is needed")
    found.sort(key=lambda problem: problem[0])  # stable: within a row in the order above
    return [f"{table.place(index)}: {problem}" for index, problem in found]


def _photo_problems(table: WrittenTable, photos: LocatedPhotos) -> Iterator[tuple[int, str]]:
    written = table.written("photo")
    for index, place in enumerate(photos.places):
        if not place:
            yield index, "no photo is named"
    for index in photos.missing:
        yield int(index), f"there is no photo `{written[int(index)]}`"
    for index, first in photos.again:
        yield int(index), f"photo `{written[int(index)]}` is the same as in {table.place(first)}"


def _are_dates(text: Any) -> NDArray[np.bool_]:
    days = pc.utf8_slice_codeunits(text, 0, _DAY_LETTERS)
    real = pa.array([day for day in pc.unique(days).to_pylist() if _is_real(day)], pa.string())
    return np.asarray(pc.and_(pc.match_substring_regex(text, _DATE), pc.is_in(days, real)).to_numpy())


def _is_real(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:  # 31 February
        return False
    return True


def _wrong_cells(table: WrittenTable, name: str, right: NDArray[np.bool_], *, needed: str) -> Iterator[tuple[int, str]]:
    """Cells of a column that hold something, and nothing right."""
    given = pc.greater(pc.utf8_length(table.text(name)), 0).to_numpy()
    for index in np.flatnonzero(given & ~right):
        yield int(index), f"{name} is `{table.written(name)[int(index)]}`; {needed}"
