"""Two photos of one face, from their files to tables and pictures of what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
from threadpoolctl import threadpool_limits

from skintexture.assets import face_model
from skintexture.batch import Refused
from skintexture.errors import InputError, PhotoProblem
from skintexture.io.facts import identify
from skintexture.io.finding import as_text
from skintexture.io.folders import prepare_folder
from skintexture.io.photos import read_photo
from skintexture.io.tables import write_bytes, write_json, write_table
from skintexture.locate.landmarks import FaceFinder, MediapipeFaceFinder
from skintexture.locate.scale import KnownScale
from skintexture.measure import PhotoResult
from skintexture.model import LocatedPore
from skintexture.photo_job import checked_scale, overlay_path, remove_stale
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.answer import Answer, Endpoint, answer
from skintexture.report.overlays import draw_overlay, encode_jpeg
from skintexture.report.registered_view import registered_view
from skintexture.report.summary import Summary, render_summary
from skintexture.study.between_shots import scatter_between_shots
from skintexture.study.comparability import comparability_table
from skintexture.study.joint import Side
from skintexture.study.pair import Comparison, compare_photos
from skintexture.study.pair_tables import change_map_table, change_table, nothing_compared, pore_pair_table
from skintexture.study.paired_pores import pores_seen
from skintexture.study.repeatability import RepeatabilityProfile
from skintexture.study.sighting import Sighting, sight
from skintexture.study.verdict import NOT_COMPARABLE
from skintexture.tabulate import REFUSED, About, PhotoRows, measured_rows, provenance, refused_rows, tables

ENDPOINTS = (
    Endpoint("paired_pore_contrast_luminance", "pore contrast"),
    Endpoint("band_rms_0.5_1mm_luminance", "texture of 0.5 to 1 mm"),
    Endpoint("paired_pore_area", "pore area"),
    Endpoint("band_rms_1_2mm_luminance", "texture of 1 to 2 mm"),
    Endpoint("band_rms_2_4mm_luminance", "texture of 2 to 4 mm"),
)
"""What a reader is told of, where the recipe measures it, the most important first; everything is in the table."""

_SHOWN_BY_ZONE = 2
_MOST_ENDPOINTS = 4

PICTURES = ("summary.png", "summary.svg")
"""The comparison at a glance."""

NOT_MEASURED = "one of the photos could not be measured"
"""Reason of every change where one of the photos could not be measured."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The tables of a comparison.

    Attributes
    ----------
    changes : DataFrame
        One row per zone and metric, see `skintexture.study.pair_tables.change_table`.
    comparability : DataFrame
        One row per check of the two photos, see `skintexture.study.comparability.comparability_table`.
    pore_pairs : DataFrame
        One row per pore found on either photo.
    change_map : DataFrame
        One row per tile of the face.
    photos, zones : DataFrame
        As of single photos; named ``before/…`` and ``after/…``.
    comparison : Comparison or None
        What stands behind them; None where a photo was refused.
    recipe : Recipe
    """

    changes: pd.DataFrame
    comparability: pd.DataFrame
    pore_pairs: pd.DataFrame
    change_map: pd.DataFrame
    photos: pd.DataFrame
    zones: pd.DataFrame
    comparison: Comparison | None
    recipe: Recipe

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The main metrics of this recipe, the most important first."""
        measured = set(self.changes["metric"])
        return tuple(endpoint for endpoint in ENDPOINTS if endpoint.metric in measured)[:_MOST_ENDPOINTS]

    @property
    def answers(self) -> list[Answer]:
        """What was found for each endpoint, in sentences."""
        return [answer(self.changes, endpoint) for endpoint in self.endpoints]

    @property
    def is_comparable(self) -> bool:
        """Whether any endpoint could be compared anywhere."""
        return any(found.verdict != NOT_COMPARABLE for found in self.answers)

    @property
    def refused(self) -> pd.DataFrame:
        """Rows of the photos that could not be measured."""
        return self.photos[self.photos["status"] == REFUSED]

    @property
    def one_photo(self) -> bool:
        """Whether both are the same photo, byte for byte, under whatever names."""
        return len(set(self.photos["photo_sha256"])) == 1

    def write(self, out: Path) -> None:
        """Write every table as CSV and Parquet, and the provenance.

        Raises
        ------
        OutputError
            The folder can't be written.
        """
        for name in ("changes", "comparability", "pore_pairs", "change_map", "photos", "zones"):
            write_table(getattr(self, name), out / name)
        digests = dict(zip(self.photos["photo"], self.photos["photo_sha256"], strict=True))
        write_json(provenance(self.recipe, digests) | {"equalised": self.equalised()}, out / "provenance.json")

    def equalised(self) -> dict[str, Any]:
        """Say what was done to make the photos comparable."""
        done = self.comparison
        if done is None:
            return {}
        scales = {name: side.scene.scale.px_per_mm for name, side in done.pair.sides()}
        return {
            "px_per_mm": scales,
            "distance_mm": {name: side.scene.scale.distance_mm for name, side in done.pair.sides()},
            "scale_ratio_from": done.scale_source,
            "added_blur_mm": dict(zip(scales, done.extra_blur_mm, strict=True)),
            "total_blur_mm": done.blur_mm,
            "texture_by_light_pct": done.shading.foretold_pct,
        }


def compare(
    before: str | Path,
    after: str | Path,
    out: str | Path | None = None,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    known: tuple[KnownScale, KnownScale] | None = None,
    repeatability: str | Path | None = None,
    title: str | None = None,
) -> Compared:
    """Find out what changed on the skin between two photos of a face.

    Parameters
    ----------
    before, after : path
    out : path, optional
        Folder for tables, overlays and the summary.
    recipe : str or Recipe
    known : (KnownScale, KnownScale), optional
        Scale of either photo.
    repeatability : path, optional
        Profile that changes are held against, as `skintexture repeatability` writes it; without it, the scatter of
        phantoms.
    title : str, optional
        Above the summary; without it, the names of the files.

    Returns
    -------
    Compared
        Every zone and metric of the recipe has its row in ``changes``, also where nothing is comparable.

    Raises
    ------
    RecipeError, InputError, OutputError
        What was asked for can't be done; a photo that can't be measured is a row instead.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    folder = None if out is None else Path(out)
    profile = None if repeatability is None else read_profile(Path(repeatability), chosen)
    scales = [checked_scale(scale, patch=False) for scale in known or (KnownScale(), KnownScale())]
    shots = [
        _Shot(Path(path), About(f"{visit}/{as_text(Path(path).name)}", chosen, {"visit": visit}), scale)
        for path, visit, scale in zip((before, after), ("before", "after"), scales, strict=True)
    ]
    for shot in shots:
        if not shot.path.is_file():
            raise InputError(f"there is no file {as_text(str(shot.path))}", "check the path; was it moved or renamed?")
    if folder is not None:
        prepare_folder(folder)
    cv2.setNumThreads(1)
    with threadpool_limits(limits=1, user_api="blas"), _face_finder() as find_face:
        seen = [shot.sight(find_face) for shot in shots]
    sightings = [one for one in seen if isinstance(one, Sighting)]
    comparison = None
    if len(sightings) == len(shots):
        with threadpool_limits(limits=1, user_api="blas"):
            comparison = compare_photos((sightings[0], sightings[1]), chosen, scatter_between_shots(profile, chosen))
    compared = _tables(shots, seen, comparison, chosen)
    if folder is not None:
        compared.write(folder)
        _draw(compared, shots, folder, title=title or " → ".join(as_text(shot.path.name) for shot in shots))
    return compared


@contextmanager
def _face_finder() -> Iterator[FaceFinder]:
    with MediapipeFaceFinder(face_model()) as finder:
        yield finder


@dataclass(frozen=True, slots=True)
class _Shot:
    """One of the two photos, before it is read."""

    path: Path
    about: About
    known: KnownScale

    def sight(self, find_face: FaceFinder) -> Sighting | Refused:
        try:
            return sight(read_photo(self.path, name=self.about.name), self.about.recipe, find_face, self.known)
        except PhotoProblem as problem:
            return Refused(problem.reason, problem.remedy)


def read_profile(path: Path, recipe: Recipe) -> RepeatabilityProfile:
    """Read a profile of repeated shots.

    Raises
    ------
    InputError
        It can't be read, or was made with another recipe.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the repeatability profile {path.name} can't be read", "give the profile.json that was written"
        ) from error
    profile = RepeatabilityProfile.parse(text, path.name)
    profile.require_recipe(recipe.name, recipe.fingerprint())
    return profile


def _tables(
    shots: list[_Shot], seen: list[Sighting | Refused], comparison: Comparison | None, recipe: Recipe
) -> Compared:
    rows = [_photo_rows(shot, one) for shot, one in zip(shots, seen, strict=True)]
    scores = tables(rows, (), recipe)
    return Compared(
        changes=nothing_compared(recipe, NOT_MEASURED) if comparison is None else change_table(comparison, recipe),
        comparability=comparability_table(() if comparison is None else comparison.mismatches),
        pore_pairs=pore_pair_table(comparison),
        change_map=change_map_table(comparison),
        photos=scores.photos,
        zones=scores.zones,
        comparison=comparison,
        recipe=recipe,
    )


def _photo_rows(shot: _Shot, seen: Sighting | Refused) -> PhotoRows:
    if isinstance(seen, Refused):
        return refused_rows(shot.about, seen, identify(shot.path))
    return measured_rows(shot.about, seen.scene.photo, _as_result(seen, ()))


def _as_result(seen: Sighting, pores: tuple[LocatedPore, ...]) -> PhotoResult:
    scene = seen.scene
    looked_at = (scene.scale, scene.quality, scene.surface, scene.skin)
    return PhotoResult(seen.face, *looked_at, seen.zones, (), pores, seen.caveats)


def _draw(compared: Compared, shots: list[_Shot], folder: Path, *, title: str) -> None:
    """Draw what was compared where, and what was found; remove what an earlier run left."""
    overlays = [overlay_path(folder, shot.about.name) for shot in shots]
    done = compared.comparison
    earlier = [path for shot in shots for path in (folder / "overlays" / shot.about.notes["visit"]).glob("*.jpg")]
    drawn = () if done is None else [Path(str(path)) for path in overlays]
    for left in set(earlier).difference(drawn):
        remove_stale(left)
    if done is None:
        for name in PICTURES:
            remove_stale(folder / name)
        return
    slant = compared.recipe.zones.max_slant_deg
    for (name, side), path in zip(done.pair.sides(), overlays, strict=True):
        result = _as_result(side, _located(done, name))
        write_bytes(encode_jpeg(draw_overlay(side.scene.photo, result, max_slant_deg=slant)), Path(str(path)))
    summary = summary_of(compared, title)
    for picture, data in zip(PICTURES, render_summary(summary, ("png", "svg")), strict=True):
        write_bytes(data, folder / picture)


def summary_of(compared: Compared, title: str) -> Summary:
    """Put together what the picture of a comparison shows.

    Parameters
    ----------
    compared : Compared
        Of two photos that could be measured.
    title : str

    Returns
    -------
    Summary
    """
    if compared.comparison is None:
        raise ValueError("there is nothing to draw where a photo was refused")
    view = registered_view(compared.comparison.pair)
    shown, further = compared.endpoints[:_SHOWN_BY_ZONE], compared.endpoints[_SHOWN_BY_ZONE:]
    tables = (compared.changes, compared.comparability)
    return Summary(view.before, view.after, view.outlines, *tables, shown, title, further)


def _located(done: Comparison, side: Side) -> tuple[LocatedPore, ...]:
    return tuple(pore for zone, pores in done.pores.items() for pore in pores_seen(zone, pores, side))
