"""Registration: on a skin seen twice with a known bend between, on the sample photographs, and on real faces."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from known_pair import PX_PER_MM, Bend, see_twice
from skintexture.assets import face_model
from skintexture.errors import RecipeError
from skintexture.io.photos import read_photo
from skintexture.locate.canonical import mirror_points
from skintexture.locate.correspondence import places_of
from skintexture.locate.grid import Grid
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.locate.polynomial import Quadratic
from skintexture.locate.register import register
from skintexture.locate.scale import KnownScale
from skintexture.locate.skin import HAIR
from skintexture.model import Zone
from skintexture.recipe import load_recipe, parse_recipe
from skintexture.study.sighting import sight

PARAMS = load_recipe("standard").registration
LONDON = Path(__file__).parents[3] / "shared" / "data" / "london"


def registered(pair):
    return register(pair.before, pair.after, pair.faces, PARAMS)


def errors_mm(pair, registration, points):
    return np.linalg.norm(registration.carry(points, to="after") - pair.bend(points), axis=1) / PX_PER_MM


@pytest.fixture(scope="module")
def pair():
    return see_twice()


@pytest.fixture(scope="module")
def registration(pair):
    return registered(pair)


@pytest.fixture(scope="module")
def zone(pair):
    low, high = (side(pair.places(), axis=0) for side in (np.min, np.max))
    outline = np.array([low, (low[0], high[1]), high, (high[0], low[1])])
    return Zone("cheek", outline, PX_PER_MM, 0.0, 1.0, 1.0, ())


def test_points_are_carried_to_where_they_are(pair, registration):
    points = pair.places()
    errors = errors_mm(pair, registration, points)
    assert np.median(errors) < 0.02
    assert np.percentile(errors, 99) < 0.08


def test_landmarks_alone_would_not_do(pair):
    """Guards the test above: it must take more than a smooth fit."""
    start = Quadratic.fit(*(face.points_px[:468] for face in pair.faces))
    points = pair.places()
    assert np.median(np.linalg.norm(start(points) - pair.bend(points), axis=1)) / PX_PER_MM > 0.1


def test_the_way_back_has_its_own_flow(pair, registration):
    points = pair.places()
    back = registration.carry(pair.bend(points), to="before")
    errors = np.linalg.norm(back - points, axis=1) / PX_PER_MM
    assert np.median(errors) < 0.02
    there_and_back = registration.carry(registration.carry(points, to="after"), to="before")
    told = registration.error_mm_at(points, side="before")
    assert np.linalg.norm(there_and_back - points, axis=1) / PX_PER_MM == pytest.approx(told, abs=0.03)


@pytest.mark.parametrize("to", ["after", "before"])
def test_a_grid_is_carried_as_its_points_are(registration, to):
    grid = Grid((300.0, 250.0), 1.7, (40, 30))
    rows, columns = np.mgrid[:40, :30]
    points = np.stack([300.0 + 1.7 * rows, 250.0 + 1.7 * columns], axis=-1).reshape(-1, 2)
    carried = registration.carry_grid(grid, to=to)
    assert carried.dtype == np.float32
    assert carried.reshape(-1, 2) == pytest.approx(registration.carry(points, to=to), abs=0.01)


def test_what_lies_outside_is_nan_and_not_trusted(pair, registration):
    corner = np.array([[-50.0, -50.0], [2.0, 2.0]])
    assert np.isnan(registration.carry(corner, to="after")).all()
    assert not registration.trusted_at(corner, side="before").any()
    assert not registration.shared_at(corner, side="after").any()
    assert registration.carry(np.empty((0, 2)), to="after").shape == (0, 2)


def test_what_the_other_photo_cuts_off_is_nan():
    pair = see_twice(bend=Bend(see_twice().bend.centre, shift_px=(0.0, -300.0)))
    points = pair.places()
    target = pair.bend(points)
    carried = registered(pair).carry(points, to="after")
    off, on = target[:, 1] < -2, target[:, 1] > 20
    assert off.sum() > 20
    assert np.isnan(carried[off]).all()
    assert np.median(np.linalg.norm(carried[on] - target[on], axis=1)) / PX_PER_MM < 0.02


def test_areas_change_as_the_bend_says(pair, registration):
    points = pair.places()
    truth = pair.bend.area_ratio(points)
    assert np.ptp(truth) > 0.1
    assert registration.jacobian_at(points, side="before") == pytest.approx(truth, rel=0.06)
    assert registration.jacobian_at(pair.bend(points), side="after") == pytest.approx(truth, rel=0.06)


def test_the_scale_ratio_follows_the_skin_and_not_the_scales_that_were_given():
    bend = Bend(see_twice().bend.centre, bend=0.0, bulge_mm=0.0)
    found = registered(see_twice(bend=bend, claimed_scale=1.10))
    assert found.scale_ratio == pytest.approx(1.04, rel=0.005)
    assert found.px_per_mm[1] / found.px_per_mm[0] == pytest.approx(1.10)


def test_the_same_skin_is_known_and_another_is_refused(registration):
    assert registration.sameness.same
    other = registered(see_twice((1, 2)))
    assert not other.sameness.same
    assert other.sameness.correlation < 0.6 * registration.sameness.correlation
    assert other.sameness.error_mm > 3 * registration.sameness.error_mm


def test_a_mirrored_photo_is_refused_and_named(pair):
    kinds, face = pair.after.skin.kinds, pair.faces[1]
    photo = pair.after.photo
    points = face.points_px.copy()
    points[:468] = points[mirror_points()]
    points[:, 1] = photo.width_px - 1 - points[:, 1]
    turned = replace(
        pair.after,
        photo=replace(photo, linear_rgb=photo.linear_rgb[:, ::-1].copy(), clipped=photo.clipped[:, ::-1].copy()),
        skin=replace(pair.after.skin, kinds=kinds[:, ::-1].copy()),
    )
    found = register(pair.before, turned, (pair.faces[0], replace(face, points_px=points)), PARAMS).sameness
    assert not found.same
    assert found.mirrored
    other = registered(see_twice((1, 2))).sameness
    assert not other.same
    assert not other.mirrored


def test_exposure_changes_nothing(pair, registration):
    darker = registered(see_twice(gain=0.4))
    points = pair.places()
    moved = darker.carry(points, to="after") - registration.carry(points, to="after")
    assert np.median(np.linalg.norm(moved, axis=1)) / PX_PER_MM < 0.003


def test_colour_takes_off_the_drift_of_shine():
    """A white gloss that moved by 0.3 mm pulls luminance along; where there is colour, it doesn't."""
    coloured, grey = (see_twice(shine=(0.0, 0.3), has_colour=colour) for colour in (True, False))
    points = coloured.places()
    with_colour, without = (np.median(errors_mm(pair, registered(pair), points)) for pair in (coloured, grey))
    assert without > 0.05
    assert with_colour < 0.4 * without


def test_clipped_skin_has_no_colour_to_follow():
    """Where red is clipped, red minus blue shows blue's texture upside down."""
    pair = see_twice()
    rgb, clipped = pair.after.photo.linear_rgb.copy(), pair.after.photo.clipped.copy()
    box = (slice(400, 640), slice(300, 560))
    rgb[(*box, 0)] = 0.9
    clipped[box] = True
    spoilt = replace(pair, after=replace(pair.after, photo=replace(pair.after.photo, linear_rgb=rgb, clipped=clipped)))
    points = pair.places()
    target = pair.bend(points)
    inside = ((target > (420, 320)) & (target < (620, 540))).all(axis=1)
    assert inside.sum() > 20
    assert np.percentile(errors_mm(spoilt, registered(spoilt), points[inside]), 90) < 0.03


def test_skin_that_one_photo_hides_is_not_shared(pair):
    kinds = pair.after.skin.kinds.copy()
    kinds[400:600, 300:500] = HAIR
    hidden = replace(pair, after=replace(pair.after, skin=replace(pair.after.skin, kinds=kinds)))
    points = pair.places()
    target = pair.bend(points)
    inside = ((target > (410, 310)) & (target < (590, 490))).all(axis=1)
    outside = ((target < (390, 290)) | (target > (610, 510))).any(axis=1)
    shared = registered(hidden).shared_at(points, side="before")
    assert not shared[inside].any()
    assert shared[outside].all()


def test_residuals_tell_the_zone_that_is_lost(pair, registration, zone):
    (found,) = registration.residuals([zone])
    assert found.zone == "cheek"
    assert found.median_mm < 0.03
    assert found.median_mm <= found.p95_mm
    assert found.kept > 0.98
    other = see_twice((1, 2)).after.photo
    rgb = pair.after.photo.linear_rgb.copy()
    rgb[:560] = other.linear_rgb[:560]
    half = replace(pair, after=replace(pair.after, photo=replace(pair.after.photo, linear_rgb=rgb)))
    top, bottom = (replace(zone, outline_px=zone.outline_px.clip(*limits)) for limits in ((0, 500), (640, 9999)))
    lost, kept = registered(half).residuals([top, bottom])
    assert lost.kept < 0.2
    assert kept.kept > 0.9
    assert lost.median_mm > 5 * kept.median_mm


def test_a_zone_without_shared_skin_has_no_residual(registration, zone):
    (found,) = registration.residuals([replace(zone, outline_px=np.array([[0, 0], [0, 3], [3, 3], [3, 0]]))])
    assert np.isnan([found.median_mm, found.p95_mm, found.kept]).all()


def test_the_same_photos_give_the_same_bytes(pair, registration):
    again = registered(pair)
    assert again.onward.shift_px.values.tobytes() == registration.onward.shift_px.values.tobytes()
    assert again.back.shift_px.values.tobytes() == registration.back.shift_px.values.tobytes()


def test_a_photo_lies_exactly_on_itself(pair):
    itself = register(pair.before, pair.before, (pair.faces[0], pair.faces[0]), PARAMS)
    points, grid = pair.places(), Grid((300.0, 250.0), 1.7, (40, 30))
    for to in ("after", "before"):
        assert (itself.carry(points, to=to) == points).all()
        assert (itself.carry_grid(grid, to=to) == places_of(grid)).all()
    assert not itself.error_mm_at(points, side="before").any()
    assert (itself.jacobian_at(points, side="after") == 1).all()
    assert itself.scale_ratio == 1
    assert itself.sameness.correlation == pytest.approx(1)


def test_bands_the_wrong_way_round_are_refused():
    text = (resources.files("skintexture.pipelines") / "standard.toml").read_text(encoding="utf-8")
    with pytest.raises(RecipeError, match="registration: fine_mm must be below coarse_mm"):
        parse_recipe(text.replace("\ncoarse_mm = 0.18", "\ncoarse_mm = 0.05"), "mine.toml")


@pytest.fixture(scope="module")
def finder():
    with MediapipeFaceFinder(face_model()) as found:
        yield found


def seen(path, finder, recipe="standard"):
    return sight(read_photo(path), load_recipe(recipe), finder, KnownScale())


def between(before, after):
    return register(before.scene, after.scene, (before.face, after.face), PARAMS)


def test_pores_of_a_sample_are_carried_to_the_same_pores(finder):
    """The darkest of the sample faces, shot again: pose, distance and light a little different."""
    folder = resources.files("skintexture.sample_images")
    names = ("s03_before.jpg", "s03_before_again.jpg")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    before, after = (seen(Path(str(folder / name)), finder) for name in names)
    rows = [truth[name]["pores"] for name in names]
    _, first, second = np.intersect1d(rows[0]["pore"], rows[1]["pore"], return_indices=True)
    here, there = (
        np.column_stack([row["y_px"], row["x_px"]])[index] for row, index in zip(rows, (first, second), strict=True)
    )
    registration = between(before, after)
    shown = registration.shared_at(here, side="before") & registration.trusted_at(here, side="before")
    missed = np.linalg.norm(registration.carry(here, to="after") - there, axis=1) / after.scene.scale.px_per_mm
    assert shown.sum() > 1000
    assert np.median(missed[shown]) <= 0.03
    assert np.percentile(missed[shown], 95) <= 0.15
    assert registration.sameness.same


@pytest.mark.skipif(not LONDON.exists(), reason="the portraits of real faces are not there")
def test_a_smile_is_the_same_person_and_another_person_is_not(finder):
    neutral, smiling = (seen(LONDON / f"027_{what}.jpg", finder, "coarse") for what in ("neutral", "smiling"))
    other = seen(LONDON / "132_neutral.jpg", finder, "coarse")
    assert between(neutral, smiling).sameness.same
    assert not between(neutral, other).sameness.same
