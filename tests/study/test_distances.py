"""Two photos whose distances EXIF doesn't tell both are set in one space."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PIL import Image

from command_line import SAMPLES
from skintexture.assets import face_model
from skintexture.io.photos import read_photo
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.locate.scale import PLAUSIBLE_DISTANCE_MM, KnownScale
from skintexture.recipe import load_recipe
from skintexture.study import distances
from skintexture.study.distances import register_photos
from skintexture.study.sighting import sight

RECIPE = load_recipe("coarse")
SMILE = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A photo that EXIF tells the distance of."""
    path = tmp_path_factory.mktemp("photos") / "small.png"
    with Image.open(SAMPLES / "s02_before.jpg") as image:
        image.resize((image.width // 3, image.height // 3)).save(path, exif=image.getexif())
    photo = read_photo(path)
    with MediapipeFaceFinder(face_model()) as find_face:
        return sight(photo, RECIPE, find_face, KnownScale())


@pytest.fixture(scope="module")
def guessed(told):
    """The same photo without EXIF."""
    photo = replace(told.scene.photo, focal_length_35mm=math.nan)
    seen = sight(photo, RECIPE, lambda _: told.face, KnownScale())
    assert seen.scene.scale.distance_method == "estimated"
    assert seen.scene.scale.distance_mm < 0.7 * told.scene.scale.distance_mm
    return seen


def _distances_mm(pair):
    return pair.before.scene.scale.distance_mm, pair.after.scene.scale.distance_mm


def test_a_guess_gives_way_to_the_other_photos_exif(told, guessed):
    for photos in ((told, guessed), (guessed, told)):
        pair = register_photos(photos, RECIPE)
        before, after = pair.before, pair.after
        assert _distances_mm(pair) == (told.scene.scale.distance_mm,) * 2
        assert [zone.px_per_mm for zone in before.zones] == [zone.px_per_mm for zone in after.zones]
        assert [zone.area_mm2 for zone in before.zones] == [zone.area_mm2 for zone in after.zones]


def test_of_two_guesses_the_middle_is_taken(guessed):
    nearer = guessed.seen_from(guessed.scene.scale.distance_mm / 1.44, RECIPE.zones)
    pair = register_photos((guessed, nearer), RECIPE)
    assert _distances_mm(pair) == pytest.approx((guessed.scene.scale.distance_mm / 1.2,) * 2)


def test_guesses_that_agree_are_kept(guessed, monkeypatch):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: 1.0)
    nearer = guessed.seen_from(guessed.scene.scale.distance_mm / 1.1, RECIPE.zones)
    kept = guessed.scene.scale.distance_mm, nearer.scene.scale.distance_mm
    assert _distances_mm(register_photos((guessed, nearer), RECIPE)) == kept


@pytest.mark.parametrize(("seen", "taken"), [(1.1, 1.0), (1.4, 1.4), (0.6, 0.6), (math.nan, 1.0)])
def test_a_difference_that_the_skin_tells_is_believed(told, guessed, monkeypatch, seen, taken):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: seen)
    exif_mm = told.scene.scale.distance_mm
    assert _distances_mm(register_photos((told, guessed), RECIPE)) == pytest.approx((exif_mm, exif_mm * taken))
    assert _distances_mm(register_photos((guessed, told), RECIPE)) == pytest.approx((exif_mm / taken, exif_mm))
    between = _distances_mm(register_photos((guessed, guessed), RECIPE))
    assert between[1] / between[0] == pytest.approx(taken)


def test_a_difference_just_beyond_chance_is_believed(guessed, monkeypatch):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: 1.2)
    before_mm, after_mm = _distances_mm(register_photos((guessed, guessed), RECIPE))
    assert after_mm / before_mm == pytest.approx(1.2)


def test_a_smile_is_not_taken_for_another_distance(guessed, monkeypatch):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: 1.4)
    smiling = replace(guessed, face=replace(guessed.face, expression={**guessed.face.expression, **SMILE}))
    before_mm, after_mm = _distances_mm(register_photos((guessed, smiling), RECIPE))
    assert before_mm == after_mm


def test_two_people_are_not_set_apart(guessed, monkeypatch):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: pytest.fail("they are two people"))
    registered = distances.register(guessed.scene, guessed.scene, (guessed.face, guessed.face), RECIPE.registration)
    strangers = replace(registered, sameness=replace(registered.sameness, same=False))
    monkeypatch.setattr(distances, "register", lambda *_: strangers)
    assert _distances_mm(register_photos((guessed, guessed), RECIPE))[0] > 0


def test_no_distance_is_beyond_belief(told, guessed, monkeypatch):
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: 2.4)
    far = replace(told, scene=replace(told.scene, scale=replace(told.scene.scale, distance_mm=5000.0)))
    assert _distances_mm(register_photos((far, guessed), RECIPE)) == (5000.0, PLAUSIBLE_DISTANCE_MM[1])


def test_distances_from_exif_are_kept(told, monkeypatch):
    farther = told.seen_from(1200.0, RECIPE.zones)
    monkeypatch.setattr(distances, "distance_ratio", lambda *_: pytest.fail("EXIF tells both"))
    assert _distances_mm(register_photos((told, farther), RECIPE)) == (told.scene.scale.distance_mm, 1200.0)
