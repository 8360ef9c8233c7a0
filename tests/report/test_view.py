from dataclasses import replace

import numpy as np
import pytest

from skintexture.report.view import LONGEST_PX, SHORTEST_PX, View, view_result


def test_a_small_face_is_enlarged_until_labels_can_be_read(photo, result):
    view = view_result(photo, result)
    assert max(view.picture.shape[:2]) == SHORTEST_PX
    assert view.zoom > 1


def test_a_picture_of_usual_size_keeps_its_own_pixels(photo, patch_result):
    levels = np.random.default_rng(3).integers(0, 256, (1300, 200, 3)).astype(np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    large = replace(photo, linear_rgb=linear.astype(np.float32), clipped=np.zeros((1300, 200), bool))
    skin = replace(patch_result.skin, kinds=np.zeros((1300, 200), np.uint8))
    view = view_result(large, replace(patch_result, skin=skin))
    assert view.zoom == 1
    np.testing.assert_array_equal(view.picture, np.rint(255 * levels).astype(np.uint8))


def test_a_huge_patch_is_shrunk(photo, patch_result):
    wide = np.repeat(photo.linear_rgb[:80], 10, axis=1)
    huge = replace(photo, linear_rgb=wide, clipped=np.zeros(wide.shape[:2], bool))
    view = view_result(huge, replace(patch_result, skin=replace(patch_result.skin, kinds=np.zeros(wide.shape[:2]))))
    assert view.picture.shape[1] == LONGEST_PX
    assert view.zoom < 1


@pytest.mark.parametrize("zoom", [0.5, 1.0, 2.0])
def test_places_and_maps_agree_on_where_a_photo_pixel_is(zoom):
    view = View(np.zeros((80, 60, 3), np.uint8), (10.0, 20.0), zoom)
    layer = np.zeros((40, 50), np.uint8)
    layer[12, 17] = 255
    seen = view.stretch(layer, (6.0, 8.0), 2.0).astype(float)
    centre = [np.average(axis, weights=seen) for axis in np.mgrid[:80, :60]]
    np.testing.assert_allclose(centre, view.place(np.array([[6 + 12 * 2.0, 8 + 17 * 2.0]]))[0], atol=0.1)


def test_a_window_shows_the_same_places_on_the_same_pixels():
    view = View(np.zeros((80, 60, 3), np.uint8), (10.0, 20.0), 2.0)
    outline = np.array([[20.0, 25.0], [20.0, 35.0], [30.0, 35.0]])
    window = view.around(outline)
    corner = view.place(outline).min(axis=0)
    np.testing.assert_allclose(view.place(outline) - window.place(outline), [np.floor(corner)] * 3)
    window.picture[:] = 9
    assert view.picture.any()


def test_a_window_on_what_lies_outside_is_empty():
    view = View(np.zeros((80, 60, 3), np.uint8), (10.0, 20.0), 1.0)
    assert not view.around(np.array([[-50.0, 25.0], [-40.0, 35.0], [-45.0, 30.0]])).picture.size
