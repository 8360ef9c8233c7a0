"""Whole faces: whether the landmark model finds every sample, and how right the iris scale is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from skintexture.assets import face_model
from skintexture.errors import PhotoProblem
from skintexture.io.photos import read_photo
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.locate.scale import KnownScale, find_scale
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Finding, Section, Table, at_most

KEY = "faces"

_SCALE_PCT = 3.0


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Look at every sample photograph."""
    del effort  # nine photographs are few enough
    truth = sample_truth()
    recipe = load_recipe(DEFAULT_RECIPE)
    rows, errors = [], {}
    with MediapipeFaceFinder(face_model()) as find_face:
        for name, known in truth.items():
            photo = read_photo(samples_folder() / name)
            try:
                scale = find_scale(photo, find_face(photo), recipe.scale, KnownScale())
            except PhotoProblem as problem:
                rows.append((name, f"{known['px_per_mm']:.3f}", "–", problem.reason))
                continue
            errors[name] = 100.0 * (scale.px_per_mm / known["px_per_mm"] - 1.0)
            rows.append((name, f"{known['px_per_mm']:.3f}", f"{scale.px_per_mm:.3f}", f"{errors[name]:+.2f}"))
    yield Finding(
        KEY,
        "sample faces found, with open eyes",
        f"{len(truth)} of {len(truth)}",
        f"{len(errors)} of {len(truth)}",
        len(errors) == len(truth),
        "",
        len(errors),
    )
    worst = max(errors, key=lambda name: abs(errors[name]))
    yield at_most(KEY, "iris scale against the truth", abs(errors[worst]), limit=_SCALE_PCT, note=f"worst: {worst}")
    yield Table("Scale at the eyes, px/mm", ("photo", "truth", "from the irises", "error, %"), rows)


def samples_folder() -> Path:
    """Where the sample photographs are."""
    return Path(str(resources.files("skintexture.sample_images")))


def sample_truth() -> dict[str, Any]:
    """Read what is known of every sample photograph, by its name."""
    content: dict[str, Any] = json.loads((samples_folder() / "truth.json").read_text(encoding="utf-8"))
    return content


SECTION = Section(
    KEY,
    "Faces",
    "The nine sample photographs: three synthetic persons, light to dark, three shots each. Their scale is known.",
    findings,
)
