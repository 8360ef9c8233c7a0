"""A baseline: every number of some photos and all that could change them, as sorted text that diffs well.

One fact a line, its words separated by tabs::

    # skintexture baseline, format 1 …
    machine   Linux x86_64 AVX2
    model     face_landmarker.task   64184e22…
    package   numpy                  2.4.0
    photo     s01_before.jpg         0b7c…
    recipe    standard               30b7e54079b24b50
    refused   wall.jpg               no face was found
    setting   grid.px_per_mm         12.0
    value     s01_before.jpg         chin    pore_contrast   24.5167482
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2

from skintexture.errors import InputError
from skintexture.io.tables import write_bytes
from skintexture.libraries import DECIDING_LIBRARIES
from skintexture.recipe import Recipe
from skintexture.tabulate import REFUSED, Scores

Key = tuple[str, str, str]
"""Photo, zone and metric of a number."""

MODEL = "face_landmarker.task"

_FIRST_LINE = "# skintexture baseline, format 1; `skintexture check FILE --update` writes it"
_WORDS = {"machine": 2, "model": 3, "package": 3, "photo": 3, "recipe": 3, "refused": 3, "setting": 3, "value": 5}
"""How many words a line of each kind has."""
_REMEDY = "give a file that `skintexture check FILE PHOTOS --update` has written"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides numbers beside photo and recipe.

    Attributes
    ----------
    machine : str
        System, processor and the vector instructions that libraries choose by.
    model_sha256 : str
        Of the face model's file, as it is.
    packages : mapping of str to str
        Version of this package and of the libraries that can decide a number.
    """

    machine: str
    model_sha256: str
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was measured, on what, with what.

    Attributes
    ----------
    around : Surroundings
    recipe, fingerprint : str
    settings : mapping of str to str
        Every key of the recipe by its path, and its value as JSON.
    photos : mapping of str to str
        SHA-256 of every photo by its path from the baseline's folder, with ``/``.
    refused : mapping of str to str
        Why a photo could not be measured.
    values : mapping of (photo, zone, metric) to float
    """

    around: Surroundings
    recipe: str
    fingerprint: str
    settings: Mapping[str, str]
    photos: Mapping[str, str]
    refused: Mapping[str, str]
    values: Mapping[Key, float]


def baseline_of(scores: Scores, names: Mapping[str, str]) -> Baseline:
    """Take a baseline from what was just measured.

    Parameters
    ----------
    scores : Scores
    names : mapping of str to str
        From the photos' names in the tables to those in the baseline.
    """
    refused = scores.photos[scores.photos["status"] == REFUSED]
    rows = scores.measurements
    keys = zip(rows["photo"].map(names), rows["zone"], rows["metric"], strict=True)
    return Baseline(
        around=surroundings(),
        recipe=scores.recipe.name,
        fingerprint=scores.recipe.fingerprint(),
        settings=settings_of(scores.recipe),
        photos=dict(zip(scores.photos["photo"].map(names), scores.photos["photo_sha256"], strict=True)),
        refused=dict(zip(refused["photo"].map(names), refused["reason"].str.split().str.join(" "), strict=True)),
        values=dict(zip(keys, rows["value"].astype(float), strict=True)),
    )


def surroundings() -> Surroundings:
    """Look up what decides numbers on this machine, now."""
    vector = "AVX2" if "*AVX2" in cv2.getCPUFeaturesLine().split() else "no AVX2"
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    names = ("skintexture", *DECIDING_LIBRARIES)
    model = (resources.files("skintexture.assets") / MODEL).read_bytes()
    return Surroundings(
        machine=" ".join([platform.system(), platform.machine(), *([vector] if x86 else [])]),
        model_sha256=hashlib.sha256(model).hexdigest(),
        packages={name: metadata.version(name) for name in names},
    )


def settings_of(recipe: Recipe) -> dict[str, str]:
    """Every key of a recipe that decides a number, by its path."""
    return dict(_flat("", recipe.model_dump(mode="json", exclude={"name", "description"})))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else key, item)
    else:
        yield path, json.dumps(value)


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline: the same bytes for the same numbers, to 9 significant digits.

    Raises
    ------
    InputError
        A photo's name can't stand in a line of words.
    OutputError
        The file can't be written.
    """
    for name in baseline.photos:
        if "\t" in name or not name.isprintable():
            raise InputError(f"the photo's name {name!r} can't stand in a baseline", "rename it: no tabs or line ends")
    lines = sorted("\t".join(words) for words in _lines(baseline))
    write_bytes("\n".join([_FIRST_LINE, *lines, ""]).encode(), path)


def _lines(baseline: Baseline) -> Iterator[tuple[str, ...]]:
    around = baseline.around
    yield "machine", around.machine
    yield "model", MODEL, around.model_sha256
    yield "recipe", baseline.recipe, baseline.fingerprint
    for kind, words in (
        ("package", around.packages),
        ("photo", baseline.photos),
        ("refused", baseline.refused),
        ("setting", baseline.settings),
    ):
        for name, word in words.items():
            yield kind, name, word
    for key, value in baseline.values.items():
        yield "value", *key, f"{value:.9g}"


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises
    ------
    InputError
        It isn't there, or isn't a baseline; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"the baseline {path} can't be read: {why}", _REMEDY) from error
    first, *lines = text.splitlines() or [""]
    if first != _FIRST_LINE:
        raise InputError(f"{path} is no baseline of this format: it begins with {first[:60]!r}", _REMEDY)
    facts: dict[str, dict[tuple[str, ...], str]] = {kind: {} for kind in _WORDS}
    for number, line in enumerate(lines, start=2):
        kind, *words = line.split("\t")
        if _WORDS.get(kind) != len(words) + 1:
            raise InputError(f"{path}, line {number} is no line of a baseline: {line[:60]!r}", _REMEDY)
        facts[kind][tuple(words[:-1])] = words[-1]
    try:
        return _from_facts(facts)
    except ValueError as error:
        raise InputError(f"{path} is not whole: {error}", _REMEDY) from error


def _from_facts(facts: Mapping[str, Mapping[tuple[str, ...], str]]) -> Baseline:
    machine = _only(facts["machine"], "machine")[1]
    recipe, fingerprint = _only(facts["recipe"], "recipe")

    def named(kind: str) -> Mapping[str, str]:
        return MappingProxyType({words[0]: word for words, word in facts[kind].items()})

    values = {(photo, zone, metric): float(text) for (photo, zone, metric), text in facts["value"].items()}
    return Baseline(
        around=Surroundings(machine, _only(facts["model"], "model")[1], named("package")),
        recipe=recipe,
        fingerprint=fingerprint,
        settings=named("setting"),
        photos=named("photo"),
        refused=named("refused"),
        values=MappingProxyType(values),
    )


def _only(lines: Mapping[tuple[str, ...], str], kind: str) -> tuple[str, str]:
    """First and last word of the one line of its kind."""
    if len(lines) != 1:
        raise ValueError(f"it has {len(lines)} lines `{kind}` instead of one")
    ((words, last),) = lines.items()
    return "".join(words), last
