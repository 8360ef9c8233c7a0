"""The sample photographs of this package: three subjects, three visits each.

``python -m skintexture.phantoms.samples FOLDER`` writes them anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skintexture.model import FloatArray
from skintexture.phantoms.camera import CameraSpec, Pose
from skintexture.phantoms.eyes import EyeSpec
from skintexture.phantoms.faces import FaceSpec, RenderedFace, Shot, grow_person, photograph
from skintexture.phantoms.files import FileSpec, write_photo
from skintexture.phantoms.hair import HairSpec
from skintexture.phantoms.head import HeadSpec
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.skin import SkinSpec
from skintexture.phantoms.treatment import Treatment
from skintexture.phantoms.truth import PoreTruth

JPEG_QUALITY = 92
LISTED_FWHM_MM = 0.2
LISTED_SLANT_DEG = 60.0
_TREATMENT = ("pore_depth", "pore_diameter", "furrow_depth")

SUBJECTS = {
    "s01": FaceSpec(
        head=HeadSpec(identity=1, masculinity=0.1, age=0.35, blend=(0.8, 0.0, 0.2)),
        skin=SkinSpec(seed=1, ita_deg=50.0, freckles=70),
        hair=HairSpec(colour=(0.050, 0.029, 0.019), per_cm2=230, length_mm=5.5, brow_hairs=620, seed=1),
        eyes=EyeSpec(inner=(0.20, 0.18, 0.13), outer=(0.12, 0.20, 0.28), seed=2),
    ),
    "s02": FaceSpec(
        head=HeadSpec(identity=12, masculinity=0.9, age=0.45, blend=(0.45, 0.1, 0.45)),
        skin=SkinSpec(seed=2, ita_deg=22.0, pore_density=1.15, pore_size=1.1, freckles=15),
        hair=HairSpec(colour=(0.020, 0.014, 0.010), per_cm2=260, length_mm=5.0, brow_hairs=760, seed=2),
        eyes=EyeSpec(inner=(0.16, 0.08, 0.03), outer=(0.07, 0.035, 0.015), seed=1),
    ),
    "s03": FaceSpec(
        head=HeadSpec(identity=5, masculinity=0.35, age=0.25, blend=(0.15, 0.85, 0.0)),
        skin=SkinSpec(seed=3, ita_deg=-35.0, pore_density=0.9),
        hair=HairSpec(colour=(0.012, 0.010, 0.009), per_cm2=300, length_mm=3.5, brow_hairs=620, seed=3),
        eyes=EyeSpec(inner=(0.07, 0.035, 0.016), outer=(0.03, 0.016, 0.009), seed=3),
    ),
}
"""Who is photographed; none of them exists."""

VISITS = {
    "before": (Shot(noise_seed=1), Treatment()),
    "before_again": (
        Shot(
            camera=CameraSpec(distance_mm=812.0),
            pose=Pose(yaw_deg=1.6, pitch_deg=-1.2, roll_deg=0.8, shift_mm=(-10.0, 2.0)),
            light=LightSpec(key_azimuth_deg=-31.0, key=0.87),
            noise_seed=2,
        ),
        Treatment(),
    ),
    "after": (
        Shot(
            camera=CameraSpec(distance_mm=794.0),
            pose=Pose(yaw_deg=-1.1, pitch_deg=0.9, roll_deg=-0.6, shift_mm=(-13.0, -1.5)),
            light=LightSpec(key_azimuth_deg=-35.5, key=0.84),
            noise_seed=3,
        ),
        Treatment(pore_depth=0.6),
    ),
}
"""The shot and the treatment of each visit. Between the two baselines nothing about the skin changes."""


def write_samples(folder: Path, photos: dict[str, RenderedFace] | None = None) -> None:
    """Write the photographs, ``manifest.csv``, ``truth.json`` and ``checksums.txt``.

    Parameters
    ----------
    folder : Path
        Made if it isn't there; files of the same name are replaced.
    photos : dict of str to RenderedFace, optional
        By ``subject_visit``; None renders all of `SUBJECTS` and `VISITS` (some minutes).
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines, truth = [], {}
    for name, photo in sample_photos() if photos is None else photos.items():
        write_jpeg(photo, folder / f"{name}.jpg")
        subject, _, visit = name.partition("_")
        lines.append(f"{name}.jpg,{subject},{visit}\n")
        truth[f"{name}.jpg"] = truth_of(photo)
    (folder / "manifest.csv").write_text("photo,subject,visit\n" + "".join(lines), encoding="utf-8", newline="\n")
    rows = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in truth.items())
    (folder / "truth.json").write_text("{\n" + rows + "\n}\n", encoding="utf-8", newline="\n")
    _write_checksums(folder, [*truth, "manifest.csv", "truth.json"])


def sample_photos() -> Iterator[tuple[str, RenderedFace]]:
    """Render the samples one by one, as ``(subject_visit, photograph)``."""
    for subject, spec in SUBJECTS.items():
        person = grow_person(spec)
        for visit, (shot, treatment) in VISITS.items():
            yield f"{subject}_{visit}", photograph(person, shot, treatment)


def write_jpeg(photo: RenderedFace, path: Path) -> None:
    """Store a photograph as the samples are: full colour resolution, and its focal length in EXIF."""
    write_photo(photo, path, FileSpec(quality=JPEG_QUALITY))


def truth_of(photo: RenderedFace) -> dict[str, object]:
    """Truth of one photograph as JSON holds it: pores as columns, rounded, only those that matter for measuring."""
    truth = photo.truth
    return {
        "px_per_mm": round(truth.px_per_mm, 4),
        "distance_mm": round(truth.distance_mm, 2),
        "focal_length_35mm": truth.focal_length_35mm,
        "iris_diameter_mm": truth.iris_diameter_mm,
        "irises_yx_px": np.round(truth.irises_px, 1).tolist(),
        "ita_deg": truth.ita_deg,
        "treatment": {name: getattr(truth.treatments[0], name) for name in _TREATMENT},
        "pores": _pore_columns(truth.pores),
    }


def _pore_columns(pores: PoreTruth) -> dict[str, list[float]]:
    listed = pores.visible & (pores.fwhm_mm >= LISTED_FWHM_MM) & (pores.slant_deg <= LISTED_SLANT_DEG)
    rounded = {
        "y_px": _rounded(pores.y_px[listed], 1),
        "x_px": _rounded(pores.x_px[listed], 1),
        "fwhm_mm": _rounded(pores.fwhm_mm[listed], 3),
        "contrast_pct": _rounded(pores.contrast_pct[listed], 1),
        "slant_deg": _rounded(pores.slant_deg[listed], 0),
        "px_per_mm": _rounded(pores.px_per_mm[listed], 2),
    }
    return {"pore": pores.pore[listed].tolist(), **rounded}


def _rounded(values: FloatArray, digits: int) -> list[float]:
    rounded = np.round(values, digits)
    return [int(value) for value in rounded] if digits == 0 else rounded.tolist()


def _write_checksums(folder: Path, names: list[str]) -> None:
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "checksums.txt").write_text("".join(lines), encoding="utf-8", newline="\n")


def main() -> None:
    """Write the samples into the folder given on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m skintexture.phantoms.samples", description="Write the sample photographs."
    )
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where to write; files of the same name are replaced"
    )
    write_samples(parser.parse_args().folder)


if __name__ == "__main__":
    main()
