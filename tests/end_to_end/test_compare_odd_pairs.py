"""Comparisons of photos that don't match: other files, other people, the same file, the other way round."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, coarse_profile, skintexture
from skintexture import compare
from skintexture.caveats import CAVEATS
from skintexture.recipe import load_recipe
from skintexture.study.change import compared_metrics
from skintexture.study.pair_tables import CHANGE_COLUMNS

LONDON = Path(__file__).parents[3] / "shared" / "data" / "london"
RECIPE = load_recipe("coarse")
TEXTURE = "band_rms_1_2mm_luminance"
MIRRORED = {"improved": "worse", "worse": "improved"}


def _save(image, path, **how):
    image.save(path, **({"quality": 95, "subsampling": 0} | how))
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One person before and after, small, and the before photo again as a grey one."""
    folder = tmp_path_factory.mktemp("small")
    for visit in ("before", "after"):
        with Image.open(SAMPLES / f"s01_{visit}.jpg") as image:
            shrunk = image.resize((900, 1200), Image.Resampling.LANCZOS)
        _save(shrunk, folder / f"{visit}.jpg")
        shrunk.convert("L").save(folder / f"{visit}_grey.png")
    coarse_profile(folder)
    return folder


def _changes(before, after, recipe="coarse"):
    profile = before.parent / "profile.json" if recipe == "coarse" else None
    return compare(before, after, recipe=recipe, repeatability=profile).changes


@pytest.mark.parametrize(("before", "after"), [("before.jpg", "after_grey.png"), ("before_grey.png", "after.jpg")])
def test_a_grey_photo_beside_a_colour_one_leaves_out_what_needs_colour(small, before, after):
    changes = _changes(small / before, small / after)
    coloured = changes["metric"].str.contains("_red")
    assert set(changes.loc[coloured, "verdict"]) == {"not comparable"}
    assert changes.loc[coloured, "change_pct"].isna().all()
    seen = changes[coloured & changes["zone"].isin(["left_cheek", "whole_face"])]
    assert set(seen["reason"]) == {CAVEATS["no_colour"].meaning}
    assert (changes.loc[~coloured, "verdict"] != "not comparable").any()


def test_without_shots_of_unchanged_skin_a_coarse_comparison_has_no_verdict(small):
    changes = compare(small / "before.jpg", small / "after.jpg", recipe="coarse").changes
    assert set(changes["verdict"]) == {"not comparable"}
    assert changes["reason"].str.contains("--repeatability").mean() > 0.7
    assert changes["change_pct"].notna().mean() > 0.7


@pytest.mark.parametrize("order", [1, -1])
def test_colour_at_half_resolution_on_one_side_leaves_out_the_difference_of_colours(order, tmp_path):
    with Image.open(SAMPLES / "s02_before.jpg") as image:
        halved = _save(image, tmp_path / "halved.jpg", subsampling=2)
    changes = _changes(*[SAMPLES / "s02_before.jpg", halved][::order], recipe="standard")
    rows = changes[changes["zone"] == "nose"].set_index("metric")
    lacking = rows.loc["paired_pore_contrast_red_minus_blue"]
    assert (lacking["verdict"], lacking["reason"]) == ("not comparable", CAVEATS["subsampled_colour"].meaning)
    assert np.isnan(lacking["change_pct"])
    assert rows.loc["band_rms_1_2mm_red", "reason"] == "colour resolution"
    assert rows.loc["paired_pore_contrast_luminance", "change_pct"] == pytest.approx(0, abs=6)  # saved anew as JPEG
    assert changes["verdict"].isin(["improved", "worse"]).mean() <= 0.03


def test_a_third_of_a_pixel_of_blur_is_no_change_of_the_skin(tmp_path):
    """As much lies between any two shots; left as it is, it passes for wider and fainter pores."""
    taps = np.array([0.05, 0.9, 0.05])  # of variance 0.1 px²
    with Image.open(SAMPLES / "s01_before_again.jpg") as image:
        soft = cv2.sepFilter2D(np.asarray(image), -1, taps, taps)
    after = _save(Image.fromarray(soft), tmp_path / "soft.jpg")
    changes = _changes(SAMPLES / "s01_before.jpg", after, recipe="standard")
    assert changes["verdict"].isin(["improved", "worse"]).sum() <= 2
    face = changes[changes["zone"] == "whole_face"].set_index("metric")["change_pct"]
    assert face["paired_pore_area"] == pytest.approx(0, abs=4)
    assert face["pore_contrast"] == pytest.approx(0, abs=3)


def test_a_mild_tone_curve_makes_changes_less_sure(tmp_path):
    """It is not refused yet, and changes skin by some 6 %: 169 rows would be called improved or worse."""
    with Image.open(SAMPLES / "s03_before_again.jpg") as image:
        toned = 255 * (np.asarray(image) / 255) ** 1.07
    after = _save(Image.fromarray(np.rint(toned).astype(np.uint8)), tmp_path / "toned.jpg")
    changes = _changes(SAMPLES / "s03_before.jpg", after, recipe="standard")
    assert (changes["verdict"] == "not comparable").mean() < 0.2
    assert changes["verdict"].isin(["improved", "worse"]).mean() <= 0.01


@pytest.mark.parametrize("order", [1, -1])
def test_a_refused_photo_on_either_side_gives_every_row_its_reason(small, order, tmp_path):
    wall = tmp_path / "wall.png"
    Image.new("RGB", (600, 600), (120, 130, 140)).save(wall)
    run = skintexture("compare", *[small / "before.jpg", wall][::order], "-r", "coarse", "-o", tmp_path / "out")
    assert run.code == 1
    changes = pd.read_csv(tmp_path / "out/changes.csv")
    assert list(changes.columns) == list(CHANGE_COLUMNS)
    assert len(changes) == len(RECIPE.zones.names) * len(compared_metrics(RECIPE))
    assert set(changes["verdict"]) == {"not comparable"}
    assert changes["reason"].str.len().min() > 10
    assert not (tmp_path / "out/summary.png").exists()


def test_a_photo_beside_itself_has_not_changed_at_all(small):
    changes = _changes(small / "before.jpg", small / "before.jpg")
    known = changes["before"].notna()
    assert known.sum() > 500
    assert (changes.loc[known, "before"] == changes.loc[known, "after"]).all()
    assert set(changes["verdict"]) == {"no change shown", "not comparable"}
    assert (changes["verdict"] == "not comparable").mean() < 0.2


def test_the_other_way_round_what_improved_is_worse(small):
    there, back = (
        _changes(small / f"{one}.jpg", small / f"{other}.jpg").set_index(["zone", "metric"])
        for one, other in (("before", "after"), ("after", "before"))
    )
    shown = there["verdict"].isin(list(MIRRORED))
    assert shown.sum() > 10
    # The zones are those of the before photo, so the skin is not quite the same the other way round.
    both_shown = shown & back["verdict"].isin(list(MIRRORED))
    assert (back["verdict"] == there["verdict"].map(MIRRORED))[both_shown].all()
    assert both_shown.sum() > 0.6 * shown.sum()
    key = ("whole_face", TEXTURE)
    both = (1 + there.loc[key, "change_pct"] / 100) * (1 + back.loc[key, "change_pct"] / 100)
    assert (there.loc[shown, "verdict"] == "improved").mean() > 0.8
    assert both == pytest.approx(1, abs=0.01)


@pytest.mark.skipif(not LONDON.exists(), reason="no portraits of the London set beside the project")
def test_two_people_are_refused_as_not_the_same_skin(tmp_path):
    run = skintexture(
        *("compare", LONDON / "001_neutral.jpg", LONDON / "009_neutral.jpg", "-r", "coarse", "-o", tmp_path)
    )
    changes = pd.read_csv(tmp_path / "changes.csv")
    assert set(changes["verdict"]) == {"not comparable"}
    assert changes["reason"].str.contains("same skin").mean() > 0.8
    assert "can't be compared" in run.out


@pytest.mark.skipif(not LONDON.exists(), reason="no portraits of the London set beside the project")
def test_two_people_without_any_skin_alike_still_get_their_page(tmp_path):
    run = skintexture("compare", LONDON / "018_neutral.jpg", LONDON / "124_neutral.jpg", "-o", tmp_path)
    assert run.code == 0, run.err
    assert "can't be compared" in run.out
    assert (tmp_path / "summary.png").is_file()


@pytest.mark.skipif(not LONDON.exists(), reason="no portraits of the London set beside the project")
def test_photos_too_coarse_for_the_recipe_are_told_to_be_before_all_else():
    changes = _changes(LONDON / "001_neutral.jpg", LONDON / "001_smiling.jpg", recipe="standard")
    face = changes[changes["metric"] == "paired_pore_contrast_luminance"].set_index("zone").loc["nose"]
    assert face["reason"].startswith(f"{CAVEATS['too_coarse'].meaning}; ")


@pytest.mark.skipif(not LONDON.exists(), reason="no portraits of the London set beside the project")
def test_a_smile_is_named():
    found = compare(LONDON / "001_neutral.jpg", LONDON / "001_smiling.jpg", recipe="coarse").comparability
    named = found[found["severity"] != "none"]
    assert named["check"].str.contains("expression").any()
