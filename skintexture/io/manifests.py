"""Manifests: a table that says which photo shows whom, at which visit and at what scale."""

from __future__ import annotations

import csv
import difflib
import io
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from skintexture.errors import InputError
from skintexture.io.photos import PhotoFile, named_apart

_KNOWN = ("photo", "subject", "visit", "px_per_mm", "interpupillary_mm")
_SEPARATORS = ",;\t"
_RANGES = {
    "px_per_mm": (1e-3, 1e3),  # a microscope has more, a photo taken from a roof less
    "interpupillary_mm": (40.0, 80.0),  # small children to the widest faces
}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
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
    rows : tuple of ManifestRow
        At least one.
    further_columns : tuple of str
        Names of the columns carried along, in order.
    """

    rows: tuple[ManifestRow, ...]
    further_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as read, nothing checked: columns, and of every row where it stands and its cells."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    decimal_mark: str = "."

    def lines(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for place, cells in self.rows:
            yield place, dict(zip(self.columns, cells, strict=True))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest and check it whole.

    Parameters
    ----------
    path : Path
        A CSV file (UTF-8; comma, semicolon or tab between cells; with semicolon or tab, numbers may have a decimal
        comma) or a Parquet file. Its columns:

        ``photo``
            Path of the photo, absolute or from the manifest's own folder. Needed, and different in every row.
        ``subject``, ``visit``
            Any text. Optional, as all that follows.
        ``px_per_mm``
            Scale at the depth of the eyes, above 0 (0.001 … 1000).
        ``interpupillary_mm``
            Distance of the pupils, 40 … 80 mm.

        Any other column is carried along as text.

    Returns
    -------
    Manifest
        Its rows in order.

    Raises
    ------
    InputError
        If anything is wrong; all problems are named at once, each with its line.
    """
    table = _read_table(path)
    problems = list(_table_problems(table)) or list(_line_problems(table, path.parent))
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        reason = "\n".join([f"the manifest {path.name} can't be used as it is:", *problems[:_SHOWN], *more])
        raise InputError(reason, "correct what is named, and run again")
    photos = named_apart(_located(cells["photo"], path.parent) for _, cells in table.lines())
    further = tuple(column for column in table.columns if column not in _KNOWN)
    rows = [
        ManifestRow(
            photo=photo,
            subject=cells.get("subject", "").strip(),
            visit=cells.get("visit", "").strip(),
            px_per_mm=_number(cells, "px_per_mm", table.decimal_mark),
            interpupillary_mm=_number(cells, "interpupillary_mm", table.decimal_mark),
            further=MappingProxyType({column: cells[column] for column in further}),
        )
        for photo, (_, cells) in zip(photos, table.lines(), strict=True)
    ]
    return Manifest(tuple(rows), further)


def _read_table(path: Path) -> _Table:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = f"the manifest {path} can't be read ({error.strerror or type(error).__name__})"
        raise InputError(reason, "check the path and the permission to read it") from error
    if data.startswith(b"PK\x03\x04"):
        reason = f"the manifest {path.name} is an office workbook"
        raise InputError(reason, "save it from the spreadsheet program as CSV UTF-8")
    try:
        if data.startswith(b"PAR1"):
            return _parquet_table(data)
        return _csv_table(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"the manifest {path.name} is not UTF-8 text (line {line})"
        raise InputError(reason, "save it from the spreadsheet program as CSV UTF-8") from error
    except (csv.Error, pa.ArrowException) as error:
        reason = f"the manifest {path.name} is not a whole table ({error})"
        raise InputError(reason, "save it again, as CSV UTF-8 or Parquet") from error


def _csv_table(text: str) -> _Table:
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns = [name.strip() for name in next(reader, [])]
    rows, line = [], reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((f"line {line}", cells))
        line = reader.line_num + 1
    return _Table(columns, rows, decimal_mark="." if separator == "," else ",")


def _parquet_table(data: bytes) -> _Table:
    table = pq.read_table(io.BytesIO(data))
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    rows = [(f"row {number}", cells) for number, cells in enumerate(zip(*columns, strict=True), start=1)]
    return _Table(table.column_names, rows)


def _text(value: object) -> str:
    is_nan = isinstance(value, float) and math.isnan(value)
    return "" if value is None or is_nan else str(value)


def _table_problems(table: _Table) -> Iterator[str]:
    """Name what is wrong with the columns or the number of cells: nothing else can be checked before."""
    columns = table.columns
    if "photo" not in columns:
        yield f"there is no column `photo`; found: {', '.join(columns) or 'nothing'}"
    for position, column in enumerate(columns, start=1):
        if not column:
            yield f"column {position} has no name"
        elif column in columns[: position - 1]:
            yield f"column `{column}` is there twice"
        elif column not in _KNOWN and (meant := _meant(column, columns)):
            yield f"column `{column}`: is `{meant}` meant?"
    if not table.rows:
        yield "there is no row below the column names"
    for place, cells in table.rows:
        if len(cells) != len(columns):
            yield f"{place}: {len(cells)} cells, and there are {len(columns)} columns"


def _meant(column: str, columns: Sequence[str]) -> str:
    """Find the known column that this one is a misspelling of: carried along as text, it would be without effect."""
    missing = [known for known in _KNOWN if known not in columns]
    written = column.lower().replace(" ", "_").replace("-", "_")
    return next(iter(difflib.get_close_matches(written, missing, n=1, cutoff=_ALIKE)), "")


def _line_problems(table: _Table, folder: Path) -> Iterator[str]:
    seen: dict[Path, str] = {}
    for place, cells in table.lines():
        yield from (f"{place}: {problem}" for problem in _photo_problems(cells["photo"], folder, seen, place))
        for column, (low, high) in _RANGES.items():
            number = _number(cells, column, table.decimal_mark)
            if cells.get(column, "").strip() and not low <= number <= high:
                yield f"{place}: {column} is `{cells[column]}`; a number from {low:g} to {high:g} is needed"


def _photo_problems(photo: str, folder: Path, seen: dict[Path, str], place: str) -> Iterator[str]:
    if not photo.strip():
        yield "no photo is named"
        return
    _, path = _located(photo, folder)
    if not _is_file(path):
        yield f"there is no photo `{photo}`"
    elif (first := seen.setdefault(path.resolve(), place)) != place:
        yield f"photo `{photo}` is the same as in {first}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be entered, a name too long
        return False


def _located(photo: str, folder: Path) -> tuple[Path, Path]:
    """Find the folder that a photo is named from, and the photo: below the manifest's folder, or else its own."""
    home = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve would follow links)
    path = Path(os.path.abspath(home / photo.strip()))  # noqa: PTH100
    return (home if path.is_relative_to(home) else path.parent), path


def _number(cells: Mapping[str, str], column: str, decimal_mark: str) -> float:
    """Read a number; nan where there is none, or where the cell holds something else."""
    text = cells.get(column, "").strip()
    if "." not in text:
        text = text.replace(decimal_mark, ".")
    return float(text) if _NUMBER.fullmatch(text) else math.nan
