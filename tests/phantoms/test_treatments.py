"""A treatment does what it says to the pores and furrows it is meant for, and nothing to the others."""

import numpy as np
import pytest

from skintexture.errors import InputError
from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.phantoms import Treatment, photograph, zone_shot
from skintexture.phantoms.camera import CameraSpec
from skintexture.phantoms.faces import Shot
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.roughness import relief_roughness
from skintexture.phantoms.treatment import treat

QUICK = Shot(camera=CameraSpec(noise_electrons=1e9, read_noise=0.0), light=LightSpec(detail=0.25))


@pytest.fixture(scope="module")
def inside_mm(person):
    """Of every pore, its distance from the outline of the left cheek: positive inside."""
    pores, head = person.skin.pores, person.head
    places = pores.at(head.triangles, head.vertices_mm), pores.at(head.triangles, head.normals)
    return person.regions.inside_mm("left_cheek", *places)


def treated(person, *treatments):
    return treat(person.skin, person.head, person.regions, treatments)


def test_no_treatment_leaves_the_skin_itself(person):
    assert treated(person, Treatment(), Treatment(zones=("chin",), margin_mm=5.0)) is person.skin


def test_factors_apply_to_every_pore_where_no_zone_is_named(person):
    pores = treated(person, Treatment(pore_depth=0.5, pore_diameter=0.9)).pores
    assert pores.depth == pytest.approx(0.5 * person.skin.pores.depth)
    assert pores.fwhm_mm == pytest.approx(0.9 * person.skin.pores.fwhm_mm)


def test_a_zone_is_treated_wholly_inside_not_at_all_outside_and_partly_between(person, inside_mm):
    change = treated(person, Treatment(pore_depth=0.4, zones=("left_cheek",))).pores.depth / person.skin.pores.depth
    assert change[inside_mm > 1.6] == pytest.approx(0.4)
    assert change[inside_mm < -1.6] == pytest.approx(1.0)
    edge = change[np.abs(inside_mm) < 1.0]
    assert np.all((edge > 0.4) & (edge < 1.0))
    assert (inside_mm > 1.6).sum() > 300


def test_a_margin_widens_the_treated_skin(person, inside_mm):
    wide = treated(person, Treatment(pore_depth=0.4, zones=("left_cheek",), margin_mm=5.0)).pores.depth
    assert (wide / person.skin.pores.depth)[inside_mm > -3.0] == pytest.approx(0.4)


def test_left_is_the_subjects_left(person, inside_mm):
    x_mm = person.skin.pores.at(person.head.triangles, person.head.vertices_mm)[:, 0]  # to the viewer's right
    assert np.all(x_mm[inside_mm > 0] > 20)


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_pores_vanish_in_the_share_asked_for_and_the_same_ones_vanish_again(person, share):
    kept = treated(person, Treatment(pore_count=share)).pores.depth > 0
    assert kept.mean() == pytest.approx(share, abs=0.002)
    assert np.array_equal(kept, treated(person, Treatment(pore_count=share)).pores.depth > 0)
    more = treated(person, Treatment(pore_count=share + 0.1)).pores.depth > 0
    assert np.all(more[kept])


def test_pores_of_one_zone_vanish_and_no_others(person, inside_mm):
    kept = treated(person, Treatment(pore_count=0.5, zones=("left_cheek",))).pores.depth > 0
    assert kept[inside_mm < 0].all()
    assert kept[inside_mm > 0].mean() == pytest.approx(0.5, abs=0.06)


def test_only_a_share_of_the_pores_responds(person):
    change = treated(person, Treatment(pore_depth=0.5, responding=0.25)).pores.depth / person.skin.pores.depth
    assert set(np.unique(np.round(change, 6))) == {0.5, 1.0}
    assert np.mean(change < 0.9) == pytest.approx(0.25, abs=0.002)


def test_treatments_follow_each_other(person):
    both = treated(person, Treatment(pore_depth=0.5), Treatment(pore_depth=0.5, zones=("nose",)))
    change = both.pores.depth / person.skin.pores.depth
    assert change.min() == pytest.approx(0.25)
    assert change.max() == pytest.approx(0.5)


def test_the_reliefs_roughness_follows_furrow_depth_in_the_zone_and_nowhere_else(person):
    before = relief_roughness(person)
    after = relief_roughness(person, [Treatment(furrow_depth=0.5, zones=("left_cheek",), margin_mm=3.0)])
    assert after["left_cheek"].sq_um == pytest.approx(0.5 * before["left_cheek"].sq_um, rel=0.01)
    assert after["right_cheek"] == before["right_cheek"]
    assert after["forehead"].sa_um == pytest.approx(before["forehead"].sa_um)
    assert 2 < before["forehead"].sa_um < before["forehead"].sq_um < 30


def test_the_picture_loses_the_pores_that_the_truth_calls_gone(person):
    shot = zone_shot(person, QUICK, ("left_cheek",), margin_mm=-6.0)
    before = photograph(person, shot)
    after = photograph(person, shot, Treatment(pore_count=0.0, zones=("left_cheek",), margin_mm=20.0))
    gone = before.truth.pores.visible & (before.truth.pores.fwhm_mm > 0.2)
    assert gone.sum() > 100
    assert not after.truth.pores.visible[gone].any()
    assert not after.truth.pores.present[gone].any()
    assert np.all(after.truth.pores.contrast_pct[gone] == 0)
    row, column = np.rint([before.truth.pores.y_px[gone], before.truth.pores.x_px[gone]]).astype(int)
    brighter = after.rgb8[row, column].astype(int) - before.rgb8[row, column]
    assert np.mean(brighter[:, 1] > 2) > 0.95


def test_every_zone_says_how_many_pores_it_shows(person):
    shot = zone_shot(person, QUICK, ("chin",), margin_mm=3.0)
    truth = photograph(person, shot).truth
    assert set(truth.zones) == set(ZONE_NAMES)
    assert truth.zones["chin"].pores == np.sum(truth.pores.visible & (truth.pores.zone == "chin")) > 500
    assert truth.zones["chin"].px_per_mm == pytest.approx(truth.px_per_mm, rel=0.05)
    assert 800 < truth.zones["chin"].area_mm2 < 3000
    assert truth.zones["forehead"].pores == 0
    assert np.isnan(truth.zones["forehead"].px_per_mm)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"pore_depth": -0.1}, "pore_depth is -0.1"),
        ({"furrow_depth": float("nan")}, "furrow_depth is nan"),
        ({"pore_count": 1.2}, "0 to 1"),
        ({"zones": ("left_chek",)}, "no such zone: left_chek"),
    ],
)
def test_impossible_treatments_are_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        Treatment(**wrong)
