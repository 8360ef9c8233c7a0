"""The command: what it measures, what it says, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from types import MappingProxyType

import cv2
import numpy as np
import pytest

import skintexture.check.run as run
import skintexture.measure
import skintexture.recipe
from command_line import skintexture as command
from skintexture.check.baseline import baseline_of
from skintexture.check.difference import differ
from skintexture.cli.check import report
from skintexture.errors import InputError
from skintexture.locate.scale import KnownScale
from skintexture.metrics.catalogue import FAMILIES
from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import load_recipe
from skintexture.scoring import score
from skintexture.validation.flat_skin import FlatCamera, exposed, grow, linear_picture

RECIPE = load_recipe("standard")
METRICS = [metric.name for family, params, _ in RECIPE.families() for metric in family.describe(params)]


def scale_in_code(monkeypatch, name, factor):
    """Change one metric where it is computed."""

    def scaled(measure):
        return lambda *args: {n: v * (factor if n == name else 1.0) for n, v in measure(*args).items()}

    changed = {key: replace(family, measure=scaled(family.measure)) for key, family in FAMILIES.items()}
    monkeypatch.setattr(skintexture.recipe, "FAMILIES", MappingProxyType(changed))
    monkeypatch.setattr(skintexture.measure, "summarise", scaled(skintexture.measure.summarise))


@pytest.fixture(scope="module")
def skin_photo(tmp_path_factory):
    """A small noisy picture of bare skin, on which no metric is missing or 0."""
    camera = FlatCamera(px_per_mm=14.0, full_well=1500.0)
    light = exposed(linear_picture(grow(SkinSpec(seed=1, side_mm=12.0)), camera), camera)
    path = tmp_path_factory.mktemp("skin") / "skin.png"
    code = np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    cv2.imwrite(str(path), code[..., ::-1])
    return path


def measure_skin(path):
    return baseline_of(score(path, patch=True, known=KnownScale(14.0)), {path.name: path.name})


@pytest.fixture(scope="module")
def skin_then(skin_photo):
    return measure_skin(skin_photo)


@pytest.mark.parametrize("name", METRICS)
def test_half_a_per_cent_in_the_code_of_any_metric_is_drift_and_is_named(monkeypatch, skin_photo, skin_then, name):
    scale_in_code(monkeypatch, name, 1.005)
    found = differ(skin_then, measure_skin(skin_photo), RECIPE.catalogue())
    assert found.verdict == "drift"
    assert {
        drift.metric.removesuffix("_minus_blue").removesuffix("_luminance").removesuffix("_red")
        for drift in found.drifts
    } == {name}
    assert any(name in line for line in report(found))


def test_unchanged_code_gives_the_same_numbers(checked):
    assert run.check(checked.path).verdict == "same"


def test_a_change_in_the_code_is_seen_on_faces_too(checked, monkeypatch):
    scale_in_code(monkeypatch, "roughness_sq", 1.005)
    found = run.check(checked.path)
    assert found.verdict == "drift"
    channels = load_recipe("coarse").grid.channels
    assert {drift.metric for drift in found.drifts} == {f"roughness_sq_{channel}" for channel in channels}
    assert any("(+0.5 %)" in line for line in report(found))


def test_a_changed_byte_of_a_photo_is_another_file(checked):
    photo = checked.folder / "photos" / "small.jpg"
    photo.write_bytes(photo.read_bytes() + b"\0")
    found = run.check(checked.path)
    assert [cause.kind for cause in found.causes] == ["photo"]
    assert found.verdict == "undecided"


def test_a_changed_byte_of_the_model_is_told_and_nothing_is_measured(checked, monkeypatch):
    around = replace(run.surroundings(), model_sha256="00" * 32)
    monkeypatch.setattr(run, "surroundings", lambda: around)
    found = run.check(checked.path)
    assert [cause.kind for cause in found.causes] == ["model"]
    assert found.verdict == "undecided"


def test_a_changed_key_of_the_recipe_is_named_and_nothing_is_measured(checked, monkeypatch):
    shown = (resources.files("skintexture.pipelines") / "coarse.toml").read_text(encoding="utf-8")
    other = checked.folder / "other.toml"
    other.write_text(shown.replace("min_area_mm2 = 40.0", "min_area_mm2 = 41.0"), encoding="utf-8")
    monkeypatch.setattr(run, "score", None)
    found = run.check(checked.path, recipe=str(other))
    assert [(cause.kind, cause.what) for cause in found.causes] == [("recipe", "zones.min_area_mm2 40.0 → 41.0")]
    assert found.verdict == "undecided"


def test_a_missing_photo_leaves_it_open(checked):
    (checked.folder / "photos" / "small.jpg").unlink()
    found = run.check(checked.path)
    assert "missing" in found.causes[0].what
    assert found.verdict == "undecided"


def test_update_says_how_many_numbers_of_how_many_photos(checked):
    done = command("check", checked.path, "--update", "-j", "0")
    assert done.code == 0
    assert f"{len(checked.baseline.values)} numbers of 1 photo: " in done.out


def test_update_needs_photos_the_first_time(tmp_path):
    with pytest.raises(InputError, match="no photo was given"):
        run.update(tmp_path / "new.txt")


def test_update_refuses_to_forget_a_missing_photo(checked):
    (checked.folder / "photos" / "small.jpg").unlink()
    before = checked.path.read_bytes()
    with pytest.raises(InputError, match="missing"):
        run.update(checked.path)
    assert checked.path.read_bytes() == before


def test_update_refuses_to_forget_a_photo_that_is_refused(checked):
    (checked.folder / "photos" / "broken.jpg").write_text("no picture", encoding="utf-8")
    before = checked.path.read_bytes()
    done = command("check", checked.path, checked.folder / "photos", "--update", "-j", "0")
    assert done.code == 2
    assert "1 of 2 photos can't be measured" in done.err
    assert "photos/broken.jpg: " in done.err
    assert done.err.count("→") == 2  # what to do about the photo, and about the baseline
    assert "small.jpg" not in done.err
    assert checked.path.read_bytes() == before


def test_update_writes_nothing_where_no_number_came_out(checked):
    before = checked.path.read_bytes()
    with pytest.raises(InputError, match="no number came out") as problem:
        run.update(checked.path, recipe="standard")  # the photo is too coarse for it
    assert "skintexture score" in problem.value.remedy
    assert checked.path.read_bytes() == before


@pytest.mark.parametrize("left", [[], ["value\tphotos/small.jpg\tchin\tpore_contrast\tnan"]])
def test_a_baseline_without_numbers_is_told(checked, left):
    lines = checked.path.read_text("utf-8").splitlines()
    facts = [line for line in lines if not line.startswith("value\t")]
    checked.path.write_text("\n".join([*facts, *left, ""]), encoding="utf-8")
    with pytest.raises(InputError, match="holds no number") as problem:
        run.check(checked.path)
    assert "--update" in problem.value.remedy


def test_the_command_ends_with_0_1_and_2(checked):
    junit = checked.folder / "check.xml"
    same = command("check", checked.path, "-j", "0", "--junit", junit)
    assert (same.code, same.err) == (0, same.err)
    assert "same" in same.out
    assert junit.read_text("utf-8").startswith("<?xml")
    text = checked.path.read_text("utf-8")
    start = text.index("value\tphotos/small.jpg\tchin\tglcm_contrast_0.8mm_red\t")
    end = text.index("\n", start)
    checked.path.write_text(text[:start] + text[start:end].rsplit("\t", 1)[0] + "\t1.5" + text[end:], encoding="utf-8")
    drift = command("check", checked.path, "-j", "0")
    assert drift.code == 1
    assert "glcm_contrast_0.8mm_red" in drift.out
    assert "chin" in drift.out
    checked.path.write_text("nothing of ours", encoding="utf-8")
    unreadable = command("check", checked.path)
    assert unreadable.code == 2
    assert "--update" in unreadable.err
