"""What is true about photographs, as JSON holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from skintexture.model import FloatArray
from skintexture.phantoms.faces import FaceSpec, Person, RenderedFace, Shot
from skintexture.phantoms.files import FileSpec
from skintexture.phantoms.roughness import relief_roughness
from skintexture.phantoms.truth import MarkTruth, PoreTruth, Truth

Record = dict[str, Any]


def person_record(spec: FaceSpec) -> Record:
    """Everything that a person grows from."""
    return asdict(spec)


def photo_record(person: Person, shot: Shot, file: FileSpec, photo: RenderedFace) -> Record:
    """Everything about one photograph but its pores and marks.

    Parameters
    ----------
    person : Person
        Who was photographed.
    shot : Shot
    file : FileSpec
        How it was stored.
    photo : RenderedFace

    Returns
    -------
    dict
        JSON values only. ``zones`` holds px/mm, slant, area, visible pores and the roughness of the furrow relief as
        placed, in µm; null where nothing of the zone is seen.
    """
    truth = photo.truth
    height, width = photo.rgb8.shape[:2]
    return {
        "width_px": width,
        "height_px": height,
        "px_per_mm": round(truth.px_per_mm, 4),
        "distance_mm": round(truth.distance_mm, 2),
        "focal_length_35mm": truth.focal_length_35mm,
        "iris_diameter_mm": truth.iris_diameter_mm,
        "irises_yx_px": np.round(truth.irises_px, 1).tolist(),
        "ita_deg": truth.ita_deg,
        "treatments": [asdict(treatment) for treatment in truth.treatments],
        "camera": asdict(shot.camera),
        "pose": asdict(shot.pose),
        "light": asdict(shot.light),
        "expression": asdict(shot.expression),
        "shine": shot.shine,
        "foundation": shot.foundation,
        "noise_seed": shot.noise_seed,
        "file": asdict(file),
        "zones": _zones(person, truth),
    }


def pore_columns(pores: PoreTruth) -> Record:
    """Every pore of head and neck as columns of equal length; seen or not, there or vanished."""
    return {
        "pore": pores.pore.tolist(),
        "zone": pores.zone.tolist(),
        "y_px": _rounded(pores.y_px, 1),
        "x_px": _rounded(pores.x_px, 1),
        "fwhm_mm": _rounded(pores.fwhm_mm, 4),
        "elongation": _rounded(pores.elongation, 3),
        "depth_mm": _rounded(pores.depth_mm, 5),
        "contrast_pct": _rounded(pores.contrast_pct, 2),
        "slant_deg": _rounded(pores.slant_deg, 1),
        "px_per_mm": _rounded(pores.px_per_mm, 3),
        "present": pores.present.tolist(),
        "visible": pores.visible.tolist(),
    }


def mark_columns(marks: MarkTruth) -> Record:
    """All that is visible on the skin and isn't a pore, as columns of equal length."""
    seen = marks.visible
    return {
        "kind": marks.kind[seen].tolist(),
        "zone": marks.zone[seen].tolist(),
        "y_px": _rounded(marks.y_px[seen], 1),
        "x_px": _rounded(marks.x_px[seen], 1),
        "size_mm": _rounded(marks.size_mm[seen], 3),
    }


def _zones(person: Person, truth: Truth) -> Mapping[str, Record | None]:
    roughness = relief_roughness(person, truth.treatments)
    return {
        name: {
            "px_per_mm": round(zone.px_per_mm, 4),
            "slant_deg": round(zone.slant_deg, 2),
            "area_mm2": round(zone.area_mm2, 1),
            "pores": zone.pores,
            "relief_sa_um": _finite(roughness[name].sa_um),
            "relief_sq_um": _finite(roughness[name].sq_um),
        }
        if zone.area_mm2 > 0
        else None
        for name, zone in truth.zones.items()
    }


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _rounded(values: FloatArray, digits: int) -> list[float]:
    return [float(value) for value in np.round(values, digits)]
