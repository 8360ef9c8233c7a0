from dataclasses import replace

import numpy as np

from skintexture.report.insets import draw_insets
from skintexture.report.marks import ENLARGED_COLOUR, PORE_COLOUR, SMALL_COLOUR, draw_pores, opacity, pore_colour
from skintexture.report.overlays import draw_overlay
from skintexture.report.view import View


def shape_of(result, *changes):
    """The result with its pores' own features changed."""
    pores = tuple(
        replace(located, pore=located.pore._replace(**change))
        for located, change in zip(result.pores, changes, strict=True)
    )
    return replace(result, pores=pores)


def test_colour_tells_size_and_opacity_tells_how_sure():
    assert [pore_colour(mm) for mm in (0.2, 0.3, 0.5)] == [SMALL_COLOUR, PORE_COLOUR, ENLARGED_COLOUR]
    assert 0.2 < opacity(0.3) == opacity(0.5) < opacity(0.8) < opacity(1.0) == 1.0


def test_an_unsure_pore_is_paler(result, add_pores):
    brightest = []
    for probability in (0.5, 1.0):
        view = View(np.zeros((100, 100, 3), np.uint8), (0.0, 0.0), 20.0)
        draw_pores(view, shape_of(add_pores(result, (2.0, 2.0)), {"probability": probability}))
        brightest.append(int(view.picture.max()))
    assert brightest[0] < 0.5 * brightest[1]


def test_a_long_pore_is_outlined_along_its_axis(result, add_pores):
    view = View(np.zeros((100, 100, 3), np.uint8), (0.0, 0.0), 20.0)
    draw_pores(view, shape_of(add_pores(result, (2.0, 2.0), diameter_mm=0.6), {"elongation": 3.0, "angle_deg": 30.0}))
    y, x = np.nonzero(view.picture.max(axis=2) > 100)
    axis = np.linalg.eigh(np.cov(x, -y))[1][:, 1]  # y points down in the picture
    assert abs(np.degrees(np.arctan(axis[1] / axis[0])) - 30.0) < 5.0


def test_a_pore_at_or_beyond_the_frame_is_no_error(result, add_pores):
    view = View(np.zeros((50, 50, 3), np.uint8), (0.0, 0.0), 10.0)
    draw_pores(view, add_pores(result, (0.1, 0.1), (900.0, 900.0), (-300.0, 2.0)))
    assert view.picture.any()


def test_every_zone_with_pores_has_an_inset_and_the_others_none(photo, result, add_pores):
    assert draw_insets(photo, result, 1200).shape == (0, 1200, 3)
    one = add_pores(result, (330.0, 300.0))
    two = replace(one, pores=(*one.pores, *(replace(pore, zone="chin") for pore in one.pores)))
    several = [draw_insets(photo, of, 460) for of in (one, two)]  # one inset a row
    assert several[0].shape[1] == 460
    assert several[1].shape[0] == 1.5 * several[0].shape[0]  # the last row is the histogram


def test_an_inset_shows_the_skin_bare_and_with_its_pores(photo, result, add_pores):
    strip = draw_insets(photo, add_pores(result, (330.0, 300.0)), 460)
    cell = strip[40:200, :].astype(int)
    bare, marked = cell[:, :230], cell[:, 230:]
    assert (np.abs(marked - np.array(PORE_COLOUR)).sum(axis=2) < 90).any()
    assert not (np.abs(bare - np.array(PORE_COLOUR)).sum(axis=2) < 90).any()


def test_a_long_title_is_written_too(photo, result, add_pores):
    """The longest name with a count of four digits is wider than one of the two views."""
    named = replace(result, zones=tuple(replace(zone, name="right_periorbital") for zone in result.zones[:1]))
    many, few = (
        draw_insets(photo, add_pores(named, *[(330.0, 300.0)] * count, zone="right_periorbital"), 460)
        for count in (1000, 1)
    )
    lettered = [(strip[:30, :200] > 200).all(axis=2).any() for strip in (many, few)]
    assert lettered == [True, True]


def test_the_insets_stand_between_picture_and_strip(photo, result, add_pores):
    plain, with_pores = (
        draw_overlay(photo, of, max_slant_deg=60.0) for of in (result, add_pores(result, (330.0, 300.0)))
    )
    assert with_pores.shape[0] > plain.shape[0] + 200
