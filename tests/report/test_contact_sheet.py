"""Contact sheets: every photo is there, and the refused ones stand out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from skintexture.model import Photo
from skintexture.report.contact_sheet import COLUMNS, ROWS, THUMBNAIL_PX, TILES, ContactSheet, draw_refused, thumbnail


@pytest.fixture
def photo() -> Photo:
    linear = np.zeros((400, 800, 3), dtype=np.float32)
    linear[:, :400] = 0.5
    return Photo("a.jpg", "", linear, np.zeros((400, 800), dtype=bool), True, 8, 100.0, np.nan, np.nan)


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), dtype=int)


def redness(picture: np.ndarray) -> int:
    return int(np.count_nonzero(picture[..., 0] > picture[..., 2] + 80))


def test_a_thumbnail_is_the_photo_made_small(photo):
    small = opened(thumbnail(photo))
    assert small.shape == (THUMBNAIL_PX // 2, THUMBNAIL_PX, 3)
    assert small[:, :70].min() > 180  # 0.5 of linear light is 188 in sRGB
    assert small[:, 90:].max() < 10
    assert thumbnail(photo) == thumbnail(photo)


def test_refused_photos_are_framed_and_those_that_cannot_be_shown_say_why(photo):
    small = thumbnail(photo)
    drawn = {}
    for kind, tile in {
        "measured": ("a", "", small),
        "refused": ("a", "no face", small),
        "bare": ("a", "no", b""),
    }.items():
        sheet = ContactSheet()
        sheet.add(*tile)
        drawn[kind] = opened(sheet.draw())
    assert redness(drawn["measured"]) == 0
    assert redness(drawn["refused"]) > 4 * THUMBNAIL_PX
    assert redness(drawn["bare"]) > 4 * THUMBNAIL_PX


def test_a_full_sheet_has_all_tiles_and_the_next_begins_empty(photo):
    sheet = ContactSheet()
    for number in range(TILES):
        assert not sheet.is_full
        sheet.add(f"photo{number}.jpg", "", thumbnail(photo))
    assert sheet.is_full
    full = opened(sheet.draw())
    assert sheet.is_empty
    assert full.shape[1] > COLUMNS * THUMBNAIL_PX
    assert full.shape[0] > ROWS * THUMBNAIL_PX
    step_y = full.shape[0] // ROWS
    for row in range(ROWS):
        assert full[row * step_y : (row + 1) * step_y].max() > 150


def test_a_refused_photo_is_shown_above_its_reason(photo):
    picture = opened(draw_refused(photo, "no face was found", "turn round"))
    assert picture.shape[1] == 800
    assert picture.shape[0] > 440
    assert picture[420:].max() > 150


def test_a_name_of_several_lines_is_one_line(photo):
    sheets = []
    for name in ("two\nlines.jpg", "two lines.jpg"):
        sheet = ContactSheet()
        sheet.add(name, "", thumbnail(photo))
        sheets.append(sheet.draw())
    assert sheets[0] == sheets[1]
