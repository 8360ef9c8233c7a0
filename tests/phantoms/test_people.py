"""People drawn from a seed: all of them are faces, each its own, with the tone and the marks asked for."""

import dataclasses

import numpy as np
import pytest

from skintexture.errors import InputError
from skintexture.phantoms import CameraSpec, LightSpec, Shot, SkinSpec, grow_person, person_spec, photograph, zone_shot
from skintexture.phantoms.eyes import IRIS_DIAMETER_MM
from skintexture.phantoms.head import shape_head
from skintexture.phantoms.regions import find_regions
from skintexture.phantoms.samples import SUBJECTS
from skintexture.phantoms.skin import grow_skin
from skintexture.phantoms.tone import typology_angle_deg

DRAFT = LightSpec(detail=0.2)
SPREAD = [
    (1, "female", 22, 60.0),
    (2, "male", 31, 44.0),
    (3, "female", 48, 30.0),
    (4, "male", 65, 14.0),
    (5, "female", 35, 0.0),
    (6, "male", 27, -18.0),
    (7, "female", 72, -35.0),
    (8, "male", 56, -50.0),
]


@pytest.mark.parametrize(("seed", "sex", "age", "ita_deg"), SPREAD)
def test_the_landmark_model_finds_everybody_with_open_eyes(seed, sex, age, ita_deg, landmarker):
    spec = person_spec(seed, sex=sex, age=age, ita_deg=ita_deg)
    spec = dataclasses.replace(spec, skin=dataclasses.replace(spec.skin, seed=1))  # one relief serves all of them
    photo = photograph(grow_person(spec), Shot(camera=CameraSpec(width_px=450, height_px=600), light=DRAFT))
    found = landmarker(photo.rgb8)
    assert len(found.face_landmarks) == 1
    shapes = {shape.category_name: shape.score for shape in found.face_blendshapes[0]}
    assert max(shapes["eyeBlinkLeft"], shapes["eyeBlinkRight"]) < 0.4
    points = np.array([[mark.x * 450, mark.y * 600] for mark in found.face_landmarks[0]])
    irises = [np.linalg.norm(points[one] - points[other]) for one, other in ((469, 471), (474, 476))]
    assert np.mean(irises) == pytest.approx(photo.truth.px_per_mm * IRIS_DIAMETER_MM, rel=0.06)


def test_the_same_arguments_draw_the_same_person_and_others_another():
    one = person_spec(3, sex="female", age=40, ita_deg=20.0)
    assert one == person_spec(3, sex="female", age=40, ita_deg=20.0)
    assert one.head != person_spec(4, sex="female", age=40, ita_deg=20.0).head


@pytest.mark.parametrize("ita_deg", [-50.0, 5.0, 60.0])
def test_skin_has_the_tone_asked_for(ita_deg):
    spec = person_spec(5, sex="male", age=30, ita_deg=ita_deg)
    head = shape_head(spec.head)
    forehead = find_regions(head).inside_mm("forehead", head.vertices_mm, head.normals) > 0
    tone = typology_angle_deg(grow_skin(head, spec.skin).albedo[forehead].mean(axis=0))
    assert tone == pytest.approx(ita_deg, abs=7.0)


def test_age_widens_pores_deepens_furrows_and_greys_hair_and_men_have_heavier_heads():
    def over_seeds(value, **who):
        return np.mean([value(person_spec(seed, ita_deg=10.0, **who)) for seed in range(40)])

    for value in (
        lambda spec: spec.skin.pore_size,
        lambda spec: spec.skin.furrow_depth,
        lambda spec: spec.head.age,
        lambda spec: spec.hair.colour[0],
    ):
        assert over_seeds(value, sex="female", age=75) > over_seeds(value, sex="female", age=25)
    assert over_seeds(lambda spec: spec.head.masculinity, sex="male", age=40) > 0.8
    assert over_seeds(lambda spec: spec.head.masculinity, sex="female", age=40) < 0.2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"sex": "other"}, "female or male"), ({"age": 12}, "18 to 90"), ({"ita_deg": 70.0}, "-50° to 60°")],
)
def test_impossible_people_are_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        person_spec(1, **{"sex": "female", "age": 30, "ita_deg": 10.0} | wrong)


def with_skin(**features):
    spec = SUBJECTS["s01"]
    return grow_person(dataclasses.replace(spec, skin=SkinSpec(seed=1, ita_deg=50.0, **features)))


@pytest.fixture(scope="module")
def marked():
    return with_skin(freckles=40, moles=6, comedones=60, papules=30, stubble_per_cm2=20.0, vellus_per_cm2=10.0)


def test_marks_are_told_apart_and_counted(marked):
    truth = photograph(marked, Shot(camera=CameraSpec(width_px=150, height_px=200), light=DRAFT)).truth.marks
    count = {kind: int(np.sum(truth.kind == kind)) for kind in np.unique(truth.kind).tolist()}
    assert {name: count[name] for name in ("freckle", "mole", "comedo", "papule")} == {
        "freckle": 40,
        "mole": 6,
        "comedo": 60,
        "papule": 30,
    }
    assert count["stubble"] > 1000
    assert count["vellus"] > 1000
    beard = (truth.kind == "stubble") & (truth.zone != "")
    assert not np.any(np.isin(truth.zone[beard], ["forehead", "glabella", "left_temple", "left_periorbital"]))
    assert np.all(truth.size_mm[truth.kind == "stubble"] < 1.6)


def test_marks_are_where_the_truth_has_them(marked):
    """Blackheads are darker than the skin around them; papules are redder."""
    spec = Shot(camera=CameraSpec(noise_electrons=1e9, read_noise=0.0), light=DRAFT)
    photo = photograph(marked, zone_shot(marked, spec, ("nose",), margin_mm=4.0))
    bare = photograph(with_skin(moles=0), zone_shot(marked, spec, ("nose",), margin_mm=4.0))
    marks = photo.truth.marks
    height, width = photo.rgb8.shape[:2]
    inside = (marks.y_px > 8) & (marks.x_px > 8) & (marks.y_px < height - 8) & (marks.x_px < width - 8)
    shown = marks.visible & inside
    row, column = np.rint([marks.y_px, marks.x_px]).astype(int)
    plugs = shown & (marks.kind == "comedo")
    assert plugs.sum() > 5
    assert np.mean(photo.rgb8[row[plugs], column[plugs], 1] < 0.85 * bare.rgb8[row[plugs], column[plugs], 1]) > 0.9
    domes = shown & (marks.kind == "papule")
    assert domes.any()
    redness = [np.log(picture.rgb8[row[domes], column[domes]] + 1.0) @ [1.0, -1.0, 0.0] for picture in (photo, bare)]
    assert np.mean(redness[0] > redness[1]) > 0.9


def test_features_that_are_off_change_no_pore():
    plain, more = with_skin(), with_skin(comedones=30, papules=5, stubble_per_cm2=5.0, pore_elongation=2.0)
    assert np.array_equal(plain.skin.pores.depth, more.skin.pores.depth)
    assert np.array_equal(plain.skin.albedo, more.skin.albedo)


def test_elongated_pores_are_longer_one_way_and_as_large_on_the_whole():
    person = with_skin(pore_elongation=3.0, pore_density=0.4)
    even = dataclasses.replace(person.skin, relief=0.0 * person.skin.relief)
    person = dataclasses.replace(person, skin=even)
    spec = Shot(camera=CameraSpec(noise_electrons=1e9, read_noise=0.0, blur_px=0.3, focal_length_35mm=300), light=DRAFT)
    photo = photograph(person, zone_shot(person, spec, ("right_malar",), margin_mm=0.0))
    pores = photo.truth.pores
    assert 1.0 <= pores.elongation.min() < 1.1
    assert 2.9 < pores.elongation.max() <= 3.0
    longest = np.flatnonzero(pores.visible & (pores.elongation > 2.5) & (pores.fwhm_mm > 0.2) & (pores.slant_deg < 25))
    measured = [_elongation(photo, number) for number in longest]
    assert len(measured) > 10
    assert np.nanmedian(measured) > 1.7


def _elongation(photo, number):
    """Of the dark pit around a pore, by its second moments."""
    pores = photo.truth.pores
    y, x, reach = round(pores.y_px[number]), round(pores.x_px[number]), 15
    part = photo.rgb8[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1, 1].astype(float)
    if part.shape != (2 * reach + 1, 2 * reach + 1):
        return np.nan
    depth = np.clip(np.median(part) - 4.0 - part, 0.0, None)
    offset = np.indices(part.shape).reshape(2, -1) - reach
    near = (np.hypot(*offset) < reach) * depth.ravel()
    spread = np.linalg.eigvalsh((near * offset) @ offset.T / near.sum())
    return float(np.sqrt(spread[1] / spread[0]))
