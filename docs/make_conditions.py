"""Write `docs/conditions.md`: what photographic conditions do to the numbers, on synthetic faces whose truth is known.

Run it as ``python docs/make_conditions.py`` from anywhere (some minutes).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pandas as pd
from PIL import Image

from skintexture import Scores, score
from skintexture.phantoms.camera import CameraSpec
from skintexture.phantoms.faces import RenderedFace, Shot, Treatment, grow_person, photograph
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.samples import SUBJECTS, VISITS, write_jpeg

PAGE = Path(__file__).with_name("conditions.md")
METRICS = {
    "pore_density": "pore density",
    "pore_area_fraction": "pore area fraction",
    "pore_contrast": "pore contrast",
    "band_rms_0.5_1mm_luminance": "band RMS 0.5–1 mm",
    "glcm_contrast_0.25mm_luminance": "GLCM contrast 0.25 mm",
}
WHOLE_FACE = "whole_face"

_BASELINE, _TREATMENT = VISITS["before"][0], VISITS["after"][1]
SHOTS: dict[str, tuple[Shot, Treatment]] = {
    "photographed again (pose 2°, camera 12 mm farther, light 3°)": VISITS["before_again"],
    "**every pore 40 % shallower**, nothing else": (replace(_BASELINE, noise_seed=4), _TREATMENT),
    "out of focus: blur σ 2 px instead of 0.6 px": (
        replace(_BASELINE, camera=CameraSpec(blur_px=2.0), noise_seed=5),
        Treatment(),
    ),
    "main light moved by 20° toward the camera": (
        replace(_BASELINE, light=LightSpec(key_azimuth_deg=-14.0), noise_seed=6),
        Treatment(),
    ),
    "main light smaller: 4° instead of 16° (half angle)": (
        replace(_BASELINE, light=LightSpec(key_size_deg=4.0), noise_seed=7),
        Treatment(),
    ),
    "8 × as much camera noise power (3 stops of ISO)": (
        replace(_BASELINE, camera=CameraSpec(noise_electrons=2500.0), noise_seed=8),
        Treatment(),
    ),
    "exposure one stop darker": (replace(_BASELINE, camera=CameraSpec(exposure=0.5), noise_seed=9), Treatment()),
}
"""What differs from the baseline, by how the page calls it."""
RECOMPRESSED = "the same picture as JPEG of quality 60, colour at half resolution"

_HEAD = """# What photographic conditions do to the numbers

Made by `python docs/make_conditions.py` with skintexture {version}, recipe `{recipe}`, fingerprint `{fingerprint}`;
don't edit it.

One synthetic face (`{subject}` of the sample images) is photographed once as the baseline and then again with one thing
changed at a time, and each photo is measured by itself with `skintexture score`. The table gives the difference in per
cent: for the whole face, and in brackets the smallest and the largest among the zones of which at least half is
measurable. In every row but the second **the skin is the same, so the true change is 0**. `skintexture compare` takes
most of this off, or says that the photos can't be compared: see [before and after](comparison.md).

"""
_TAIL = """
How to read it:

* A row that moves a number as far as the second one can fake a treatment, or hide it. So two photographs are only as
  comparable as their focus, their light and their files are alike.
* Zones scatter more than the whole face, and density more than amplitudes: there are fewer pores to count.
* Density falls in the second row though no pore has gone: some of the shallower ones are no longer detected. For the
  same reason the mean contrast of those that are falls by less than the 40 % by which each of them did.
* Another light changes single zones far more than the mean of all.

What the table does not hold: another camera, another phone's processing, a smile, make-up, shine of the skin itself.
"""


def write_page(page: Path) -> None:
    """Render, measure and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        paths = dict(_photographs(Path(folder)))
        scores = score(list(paths.values()))
    changes = {what: _changes(scores, path.name) for what, path in paths.items() if what}
    recipe = scores.recipe
    head = _HEAD.format(
        version=metadata.version("skintexture"),
        recipe=recipe.name,
        fingerprint=recipe.fingerprint(),
        subject=next(iter(SUBJECTS)),
    )
    page.write_text(head + "\n".join(_table(changes)) + "\n" + _TAIL, encoding="utf-8", newline="\n")


def _photographs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the baseline, called by an empty name, and the others."""
    person = grow_person(next(iter(SUBJECTS.values())))
    baseline = photograph(person, _BASELINE)
    yield "", _written(baseline, folder / "baseline.jpg")
    for number, (what, (shot, treatment)) in enumerate(SHOTS.items()):
        yield what, _written(photograph(person, shot, treatment), folder / f"{number}.jpg")
    with Image.open(folder / "baseline.jpg") as picture:
        picture.save(folder / "recompressed.jpg", quality=60, subsampling=2, exif=picture.getexif())
    yield RECOMPRESSED, folder / "recompressed.jpg"


def _written(photo: RenderedFace, path: Path) -> Path:
    write_jpeg(photo, path)
    return path


def _changes(scores: Scores, name: str) -> pd.DataFrame:
    rows = scores.measurements
    before, after = (rows[rows["photo"] == photo].set_index(["zone", "metric"]) for photo in ("baseline.jpg", name))
    changes = 100 * (after["value"] - before["value"]) / before["value"].abs()
    caveats = before["caveats"] + ";" + after["caveats"]
    table = pd.DataFrame({"change_pct": changes, "caveats": caveats}).reset_index()
    return table[~table["caveats"].str.contains("little_measurable|too_small")]


def _table(changes: dict[str, pd.DataFrame]) -> Iterator[str]:
    yield "| what differs | " + " | ".join(METRICS.values()) + " |"
    yield "|---" * (1 + len(METRICS)) + "|"
    for what, rows in changes.items():
        yield f"| {what} | " + " | ".join(_cell(rows[rows["metric"] == metric]) for metric in METRICS) + " |"


def _cell(rows: pd.DataFrame) -> str:
    values = rows.set_index("zone")["change_pct"]
    if values.drop(WHOLE_FACE).isna().all():
        return (
            "– (" + ", ".join(sorted({name for all_of in rows["caveats"] for name in all_of.split(";") if name})) + ")"
        )
    zones = values.drop(WHOLE_FACE)
    return f"{_signed(values[WHOLE_FACE])} ({_signed(zones.min())} … {_signed(zones.max())})"


def _signed(value: float) -> str:
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


if __name__ == "__main__":
    write_page(PAGE)
