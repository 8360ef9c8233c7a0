import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from skintexture.locate.anatomy import WHOLE_FACE, ZONE_NAMES, zone_outlines
from skintexture.locate.skin import FEATURE, HAIR, SHADOW, SHINE
from skintexture.report.marks import ENLARGED_COLOUR, PORE_COLOUR, draw_pores
from skintexture.report.overlays import draw_overlay, encode_jpeg
from skintexture.report.view import View, view_result
from skintexture.report.zone_paint import (
    HATCHINGS,
    MEASURED_TINT,
    colour_of,
    hatch_tile,
    paint_zones,
    short_name,
    skin_kinds,
)


def painted(photo, result, max_slant_deg=89.9):
    """The view before and after its zones are painted, and the kinds in the legend."""
    view = view_result(photo, result)
    before = view.picture.copy()
    used = paint_zones(view, result, skin_kinds(photo, result, max_slant_deg))
    return before, view, [hatching.meaning for hatching in used]


def middle(view, result, name):
    """A square of 6 mm in a zone's middle."""
    zone = next(zone for zone in result.zones if zone.name == name)
    (y, x), *_ = view.place(zone.outline_px.mean(axis=0)[None])
    half = int(3 * zone.px_per_mm * view.zoom)
    return slice(int(y) - half, int(y) + half), slice(int(x) - half, int(x) + half)


def test_measured_skin_keeps_its_texture(photo, result):
    before, view, _ = painted(photo, result)
    where = middle(view, result, "chin")
    expected = (1 - MEASURED_TINT) * before[where] + MEASURED_TINT * np.array(colour_of("chin"))
    np.testing.assert_allclose(view.picture[where], expected, atol=1.01)
    assert MEASURED_TINT <= 0.12


def test_what_lies_in_no_zone_is_left_as_it_is(photo, result):
    before, view, _ = painted(photo, result)
    touched = np.zeros(before.shape[:2], np.uint8)
    for zone in result.zones:
        at = np.rint(view.place(zone.outline_px)[:, ::-1]).astype(np.int32)
        cv2.polylines(touched, [at], True, (1,), 9)
        if zone.name != WHOLE_FACE:
            cv2.fillPoly(touched, [at], (1,))
    free = touched == 0
    assert free.mean() > 0.3
    np.testing.assert_array_equal(view.picture[free], before[free])


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [(HAIR, "hair or feature"), (FEATURE, "hair or feature"), (SHINE, "shine"), (SHADOW, "shadow")],
)
def test_skin_that_was_not_measured_is_dimmed_and_hatched_by_its_kind(photo, result, paint, kind, meaning):
    before, view, used = painted(photo, paint(result, "chin", kind))
    where = middle(view, result, "chin")
    changed = view.picture[where].astype(float).mean(axis=2) - before[where].mean(axis=2)
    assert np.median(changed) < -25
    assert changed.max() > 15
    assert used == [meaning]


def test_kinds_can_be_told_apart_without_colour():
    lines = [hatch_tile(hatching, 16)[1] for hatching in HATCHINGS.values()]
    for k, line in enumerate(lines):
        assert all(np.abs(line - other).max() > 0.3 for other in lines[k + 1 :])


def test_clipped_pixels_are_marked(photo, result):
    clipped = photo.clipped.copy()
    clipped[100:560, 200:360] = True
    assert painted(replace(photo, clipped=clipped), result)[2] == ["clipped"]


def test_skin_steeper_than_the_recipe_allows_is_marked(photo, result):
    assert painted(photo, result)[2] == []
    assert painted(photo, result, max_slant_deg=40.0)[2] == ["too slanted"]


@pytest.mark.parametrize("zoom", [1.0, 2.0])
def test_a_pore_is_ringed_at_its_size_and_not_hidden(result, add_pores, zoom):
    view = View(np.zeros((120, 120, 3), np.uint8), (0.0, 0.0), zoom)
    zones = tuple(replace(zone, px_per_mm=40.0) for zone in result.zones)
    draw_pores(view, add_pores(replace(result, zones=zones), (30.25, 25.5), diameter_mm=0.39))
    y, x = np.mgrid[:120, :120]
    centre = view.place(np.array([[30.25, 25.5]]))[0]
    away = np.hypot(y - centre[0], x - centre[1])
    radius = 0.39 * 40.0 * zoom / 2
    ink = view.picture.max(axis=2) / 255
    assert ink[away < radius - 0.5].max() < 0.3
    assert ink[np.abs(away - radius - 1) < 0.4].min() > 0.4
    assert ink[away > radius + 3].max() == 0


def test_enlarged_pores_have_a_colour_of_their_own(result, add_pores):
    for diameter_mm, colour in ((0.39, PORE_COLOUR), (0.41, ENLARGED_COLOUR)):
        view = View(np.zeros((100, 100, 3), np.uint8), (0.0, 0.0), 20.0)
        draw_pores(view, add_pores(result, (2.0, 2.0), diameter_mm=diameter_mm))
        assert np.abs(view.picture - np.array(colour)).sum(axis=2).min() < 60


def test_irises_are_marked_where_the_scale_was_read(photo, result):
    (y, x), diameter_px = result.face.points_px[468], 2 * 5.9 * result.scale.px_per_mm
    by_iris = replace(result, scale=replace(result.scale, irises=((y, x, diameter_px),)))
    without, marked = (draw_overlay(photo, r, max_slant_deg=60.0) for r in (result, by_iris))
    view = view_result(photo, result)
    centre = view.place(np.array([[y, x]]))[0]
    drawn = np.argwhere((without != marked).any(axis=2))
    away = np.hypot(*(drawn - centre).T)
    assert len(drawn) > 20
    assert np.abs(away - diameter_px * view.zoom / 2).max() < 3


def test_the_strip_lies_below_the_face(photo, result):
    overlay = draw_overlay(photo, result, max_slant_deg=60.0)
    picture = view_result(photo, result).picture
    assert overlay.shape[1] == picture.shape[1]
    assert overlay.shape[0] > picture.shape[0]
    assert overlay.dtype == np.uint8


def test_the_photo_is_only_looked_at(photo, result):
    before = photo.linear_rgb.copy()
    draw_overlay(photo, result, max_slant_deg=60.0)
    np.testing.assert_array_equal(photo.linear_rgb, before)


def test_a_patch_of_skin_can_be_drawn(photo, patch_result, add_pores):
    overlay = draw_overlay(photo, add_pores(patch_result, (100.0, 80.0), zone="patch"), max_slant_deg=60.0)
    assert overlay.shape[0] > 1200
    narrow = replace(
        photo, linear_rgb=np.ascontiguousarray(photo.linear_rgb[:, :64]), clipped=photo.clipped[:, :64].copy()
    )
    kinds = np.ascontiguousarray(patch_result.skin.kinds[:, :64])
    strip = replace(patch_result, skin=replace(patch_result.skin, kinds=kinds))
    assert draw_overlay(narrow, strip, max_slant_deg=60.0).shape[1] >= 900


def test_a_zone_outside_the_frame_is_left_out(photo, result):
    away = replace(result.zones[0], outline_px=result.zones[0].outline_px - 5000.0, caveats=("not_visible",))
    overlay = draw_overlay(photo, replace(result, zones=(away, *result.zones[1:])), max_slant_deg=60.0)
    assert overlay.size


def test_neighbours_differ_in_colour_and_pairs_share_it():
    outlines = {name: set(outline) for name, outline in zone_outlines().items() if name != WHOLE_FACE}
    for name, outline in outlines.items():
        for other, others in outlines.items():
            if name != other and len(outline & others) >= 2:
                assert colour_of(name) != colour_of(other), (name, other)
    assert colour_of("left_cheek") == colour_of("right_cheek")
    assert len({colour_of(name) for name in ZONE_NAMES}) >= 5


def test_sides_are_the_subjects():
    assert [short_name(name) for name in ("left_jawline", "right_cheek", "chin")] == ["L jawline", "R cheek", "chin"]


def test_a_jpeg_is_the_picture_and_nothing_else():
    y, x = np.mgrid[:64, :96]
    picture = np.stack([4 * y, 2 * x, 255 - 2 * x], axis=2).astype(np.uint8)
    data = encode_jpeg(picture, quality=95)
    assert data == encode_jpeg(picture, quality=95)
    assert data.startswith(b"\xff\xd8")
    assert b"Exif" not in data
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded.astype(int) - picture).mean() < 2
    assert len(encode_jpeg(picture, quality=30)) < len(data)


def test_the_same_result_gives_the_same_picture(photo, result, add_pores):
    pores = add_pores(result, (330.0, 300.0), (math.pi * 100, 280.5))
    first, second = (draw_overlay(photo, pores, max_slant_deg=60.0) for _ in range(2))
    np.testing.assert_array_equal(first, second)
