"""Make the pictures in `docs/images` from the sample images, of people who don't exist.

Run it as ``python docs/make_pictures.py`` from anywhere (about a minute).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from skintexture import compare, load_recipe
from skintexture.assets import face_model
from skintexture.comparison import summary_of
from skintexture.io.photos import read_photo
from skintexture.io.tables import write_bytes
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.measure import PhotoResult, measure_photo
from skintexture.model import Photo
from skintexture.report.marks import draw_pores
from skintexture.report.overlays import draw_overlay, encode_jpeg
from skintexture.report.summary import render_summary
from skintexture.report.view import Picture, View, view_result

IMAGES = Path(__file__).with_name("images")
SAMPLES = Path(__file__).parents[1] / "sample_images"
BEFORE, AFTER = SAMPLES / "s01_before.jpg", SAMPLES / "s01_after.jpg"

_OVERLAY_WIDTH_PX = 900
_CROP_PX = 420
# The crop's middle: the landmark between the side of the nose and the cheekbone, where pores are largest.
_CROP_LANDMARK = 142
_GAP_PX = 12


def make_pictures(folder: Path) -> None:
    """Write every picture of the documentation."""
    recipe = load_recipe("standard")
    photo = read_photo(BEFORE)
    with MediapipeFaceFinder(face_model()) as find_face:
        result = measure_photo(photo, recipe, find_face)
    overlay = draw_overlay(photo, result, max_slant_deg=recipe.zones.max_slant_deg)
    write_bytes(encode_jpeg(_shrunk(overlay), quality=80), folder / "overlay.jpg")
    write_bytes(encode_jpeg(_pores_at_full_size(photo, result)), folder / "pores.jpg")
    summary = summary_of(compare(BEFORE, AFTER), f"{BEFORE.name} → {AFTER.name}")
    page = cv2.imdecode(np.frombuffer(render_summary(summary, ("png",))[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    write_bytes(encode_jpeg(_shrunk(np.asarray(page, np.uint8)), quality=80), folder / "summary.jpg")


def _shrunk(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    size = (_OVERLAY_WIDTH_PX, round(height * _OVERLAY_WIDTH_PX / width))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pores_at_full_size(photo: Photo, result: PhotoResult) -> Picture:
    """Set a piece of the photo beside the same piece with its pores circled, pixel for pixel."""
    if result.face is None:
        raise ValueError("the sample photo shows a face")
    plain = view_result(photo, result)
    marked = View(plain.picture.copy(), plain.origin_px, plain.zoom)
    draw_pores(marked, result)
    middle = plain.place(result.face.points_px[[_CROP_LANDMARK]])[0]
    y0, x0 = (round(float(v)) - _CROP_PX // 2 for v in middle)
    crops = [view.picture[y0 : y0 + _CROP_PX, x0 : x0 + _CROP_PX] for view in (plain, marked)]
    gap = np.full((_CROP_PX, _GAP_PX, 3), 255, dtype=np.uint8)
    return np.hstack([crops[0], gap, crops[1]])


if __name__ == "__main__":
    make_pictures(IMAGES)
