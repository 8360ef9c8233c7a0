"""From findings to rows and tables: what each column holds, and where the numbers come from."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skintexture.assets import FACE_MODEL_SHA256
from skintexture.batch import Refused
from skintexture.errors import InputError
from skintexture.io.facts import FileFacts
from skintexture.io.tables import write_json, write_table
from skintexture.libraries import DECIDING_LIBRARIES
from skintexture.measure import PhotoResult
from skintexture.metrics.pore_outlines import Dips, paint_outlines
from skintexture.model import BoolImage, Photo
from skintexture.recipe import Recipe

MEASURED, REFUSED = "measured", "refused"
_PORES_COUNTED = "pore_density_all"

PHOTO_COLUMNS: dict[str, str] = {
    "photo": "string",
    "photo_sha256": "string",
    "status": "string",
    "reason": "string",
    "remedy": "string",
    "width_px": "Int64",
    "height_px": "Int64",
    "px_per_mm": "float64",
    "scale_method": "string",
    "scale_uncertainty": "float64",
    "yaw_deg": "float64",
    "pitch_deg": "float64",
    "roll_deg": "float64",
    "faces_found": "Int64",
    "subject": "string",
    "visit": "string",
    "distance_mm": "float64",
    "distance_method": "string",
    "blur_px": "float64",
    "enlargement": "float64",
    "jpeg_quality": "float64",
    "smile": "float64",
    "blink": "float64",
    "caveats": "string",
    "recipe": "string",
    "recipe_fingerprint": "string",
}
MEASUREMENT_COLUMNS: dict[str, str] = {
    "photo": "string",
    "photo_sha256": "string",
    "subject": "string",
    "visit": "string",
    "zone": "string",
    "metric": "string",
    "value": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "unit": "string",
    "caveats": "string",
    "recipe": "string",
    "recipe_fingerprint": "string",
}
ZONE_COLUMNS: dict[str, str] = {
    "photo": "string",
    "zone": "string",
    "px_per_mm": "float64",
    "slant_deg": "float64",
    "area_mm2": "float64",
    "measurable_fraction": "float64",
    "blur_mm": "float64",
    "own_px_per_mm": "float64",
    "caveats": "string",
}
PORE_COLUMNS: dict[str, str] = {
    "photo": "string",
    "zone": "string",
    "y_px": "float64",
    "x_px": "float64",
    "face_u": "float64",
    "face_v": "float64",
    "diameter_mm": "float64",
    "area_mm2": "float64",
    "contrast": "float64",
    "elongation": "float64",
    "angle_deg": "float64",
    "snr": "float64",
    "probability": "float64",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a photo before it is read.

    Attributes
    ----------
    name : str
        As in every table.
    recipe : Recipe
        That it is measured with.
    notes : mapping
        ``subject``, ``visit`` and further columns of the manifest.
    """

    name: str
    recipe: Recipe
    notes: Mapping[str, str]

    def row(self) -> Row:
        """Columns that identify the photo in every table."""
        return {
            "subject": "",
            "visit": "",
            **self.notes,
            "photo": self.name,
            "recipe": self.recipe.name,
            "recipe_fingerprint": self.recipe.fingerprint(),
        }


@dataclass(frozen=True, slots=True)
class PhotoRows:
    """Rows that one photo adds to the tables."""

    photo: Row
    measurements: list[Row]
    zones: list[Row]
    pores: list[Row]


@dataclass(frozen=True, slots=True)
class Scores:
    """The tables of a set of photos.

    Attributes
    ----------
    photos : DataFrame
        One row per photo given.
    measurements : DataFrame
        One row per photo, zone and metric.
    zones : DataFrame
        One row per photo and zone.
    pores : DataFrame
        One row per pore.
    recipe : Recipe
        That they were measured with.
    """

    photos: pd.DataFrame
    measurements: pd.DataFrame
    zones: pd.DataFrame
    pores: pd.DataFrame
    recipe: Recipe

    @property
    def refused(self) -> pd.DataFrame:
        """Rows of the photos that could not be measured."""
        return self.photos[self.photos["status"] == REFUSED]

    @property
    def photos_with_pores(self) -> list[str]:
        """Photos of which pores were looked for, if only in one zone; finding none counts."""
        known = self.measurements[self.measurements["value"].notna()]
        counted = set(known.loc[known["metric"] == _PORES_COUNTED, "photo"])
        return [photo for photo in self.photos["photo"] if photo in counted]

    def pore_mask(self, photo: str) -> BoolImage:
        """Paint what a person would probably outline as pores on a photo.

        Parameters
        ----------
        photo : str
            As in the tables.

        Returns
        -------
        (H, W) bool
            Of the photo shown upright.

        Raises
        ------
        InputError
            There is no such photo, it was refused, or its pores were not measured.
        """
        size = self.photos.loc[(self.photos["photo"] == photo) & (self.photos["status"] == MEASURED)]
        if size.empty:
            raise InputError(f"no photo `{photo}` was measured", "give a name as in the table of photos")
        if photo not in self.photos_with_pores:
            raise InputError(f"the pores of `{photo}` were not measured", "see its caveats in the table of zones")
        zones = self.zones[self.zones["photo"] == photo].set_index("zone")["px_per_mm"]
        pores = self.pores[self.pores["photo"] == photo]
        columns = ("diameter_mm", "elongation", "angle_deg", "probability")
        dips = Dips(
            pores[["y_px", "x_px"]].to_numpy(np.float64),
            pores["zone"].map(zones).to_numpy(np.float64),
            *(pores[column].to_numpy(np.float64) for column in columns),
        )
        shape = (int(size["height_px"].iloc[0]), int(size["width_px"].iloc[0]))
        return paint_outlines(dips, shape, self.recipe.grid.blur_mm)

    def write(self, out: Path) -> None:
        """Write every table as CSV and Parquet, and the provenance.

        Raises
        ------
        OutputError
            The folder can't be written.
        """
        for name in ("photos", "measurements", "zones", "pores"):
            write_table(getattr(self, name), out / name)
        digests = dict(zip(self.photos["photo"], self.photos["photo_sha256"], strict=True))
        write_json(provenance(self.recipe, digests), out / "provenance.json")


def provenance(recipe: Recipe, photo_digests: Mapping[str, str]) -> dict[str, Any]:
    """Where tables come from: recipe, photos, model and the versions that decide a number."""
    return {
        "skintexture": metadata.version("skintexture"),
        "recipe": recipe.model_dump(mode="json"),
        "recipe_fingerprint": recipe.fingerprint(),
        "face_model_sha256": FACE_MODEL_SHA256,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in DECIDING_LIBRARIES},
        "photos": dict(photo_digests),
    }


def refused_rows(about: About, refused: Refused, facts: FileFacts) -> PhotoRows:
    """Row of a photo that could not be measured."""
    row = about.row() | {
        "photo_sha256": facts.sha256,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "status": REFUSED,
        "reason": refused.reason,
        "remedy": refused.remedy,
        "caveats": "",
    }
    return PhotoRows(row, [], [], [])


def measured_rows(about: About, photo: Photo, result: PhotoResult) -> PhotoRows:
    """Rows of a photo that was measured."""
    identity = about.row() | {"photo_sha256": photo.sha256}
    return PhotoRows(
        identity | _photo_row(photo, result) | _face_row(result),
        [
            identity
            | {name: getattr(at, name) for name in ("zone", "metric", "value", "ci_low", "ci_high", "unit")}
            | {"caveats": ";".join(at.caveats)}
            for at in result.measurements
        ],
        [
            {"photo": about.name, "zone": zone.name, "caveats": ";".join(zone.caveats)}
            | {name: getattr(zone, name) for name in ("px_per_mm", "slant_deg", "area_mm2", "measurable_fraction")}
            | {
                "blur_mm": result.quality.blur_px / zone.px_per_mm,
                "own_px_per_mm": result.quality.own_px_per_mm(zone.px_per_mm),
            }
            for zone in result.zones
        ],
        [
            {"photo": about.name, "contrast": at.pore.contrast_pct}
            | {name: getattr(at, name) for name in ("zone", "y_px", "x_px", "face_u", "face_v")}
            | {name: getattr(at.pore, name) for name in ("diameter_mm", "area_mm2", "elongation", "angle_deg")}
            | {name: getattr(at.pore, name) for name in ("snr", "probability")}
            for at in result.pores
        ],
    )


def _photo_row(photo: Photo, result: PhotoResult) -> Row:
    scale = result.scale
    return {
        "status": MEASURED,
        "reason": "",
        "remedy": "",
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "px_per_mm": scale.px_per_mm,
        "scale_method": scale.method,
        "scale_uncertainty": scale.uncertainty,
        "distance_mm": scale.distance_mm if math.isfinite(scale.distance_mm) else math.nan,
        "distance_method": scale.distance_method,
        "blur_px": result.quality.blur_px,
        "enlargement": result.quality.enlargement,
        "jpeg_quality": photo.jpeg_quality,
        "caveats": ";".join(result.caveats),
    }


def _face_row(result: PhotoResult) -> Row:
    face = result.face
    if face is None:
        return {"faces_found": 0}
    seen = face.expression
    return {
        "faces_found": face.faces_found,
        "yaw_deg": face.yaw_deg,
        "pitch_deg": face.pitch_deg,
        "roll_deg": face.roll_deg,
        "smile": (seen["mouthSmileLeft"] + seen["mouthSmileRight"]) / 2,
        "blink": (seen["eyeBlinkLeft"] + seen["eyeBlinkRight"]) / 2,
    }


def tables(rows: Iterable[PhotoRows], further_columns: Iterable[str], recipe: Recipe) -> Scores:
    """Put the rows of all photos together.

    Parameters
    ----------
    rows : iterable of PhotoRows
        In the order of the photos.
    further_columns : iterable of str
        Columns of the manifest that are carried along in ``photos``.
    recipe : Recipe

    Returns
    -------
    Scores
    """
    rows = list(rows)
    photo_columns = PHOTO_COLUMNS | dict.fromkeys(further_columns, "string")
    return Scores(
        _frame((row.photo for row in rows), photo_columns),
        _frame((item for row in rows for item in row.measurements), MEASUREMENT_COLUMNS),
        _frame((item for row in rows for item in row.zones), ZONE_COLUMNS),
        _frame((item for row in rows for item in row.pores), PORE_COLUMNS),
        recipe,
    )


def _frame(rows: Iterable[Row], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame.from_records(list(rows), columns=list(columns)).astype(columns)
