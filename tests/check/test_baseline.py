"""The file: sorted, whole, and refused where it isn't what it should be."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import pytest

from skintexture.assets import FACE_MODEL_SHA256
from skintexture.check.baseline import Baseline, Surroundings, read_baseline, settings_of, write_baseline
from skintexture.errors import InputError
from skintexture.recipe import load_recipe

EXAMPLE = Baseline(
    around=Surroundings("Linux x86_64 AVX2", "ab" * 32, {"numpy": "2.0.0"}),
    recipe="standard",
    fingerprint="0123456789abcdef",
    settings={"grid.px_per_mm": "12.0"},
    photos={"b.jpg": "22", "a folder/a.jpg": "11"},
    refused={"b.jpg": "no face was found"},
    values={("a folder/a.jpg", "chin", "pore_contrast"): 12.3456789012, ("a folder/a.jpg", "chin", "x"): math.nan},
)


def test_a_baseline_comes_back_as_it_was_at_9_digits(tmp_path):
    write_baseline(EXAMPLE, tmp_path / "b.txt")
    again = read_baseline(tmp_path / "b.txt")
    assert again.values["a folder/a.jpg", "chin", "pore_contrast"] == 12.3456789
    assert math.isnan(again.values["a folder/a.jpg", "chin", "x"])
    assert replace(again, values={}) == replace(EXAMPLE, values={})


def test_lines_are_sorted_and_hold_one_number_each(tmp_path):
    write_baseline(EXAMPLE, tmp_path / "b.txt")
    first, *lines = (tmp_path / "b.txt").read_text("utf-8").splitlines()
    assert first.startswith("#")
    assert lines == sorted(lines)
    assert sum(line.startswith("value\t") for line in lines) == len(EXAMPLE.values)


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    shuffled = replace(EXAMPLE, photos=dict(reversed(EXAMPLE.photos.items())))
    for name, baseline in (("a.txt", EXAMPLE), ("b.txt", shuffled)):
        write_baseline(baseline, tmp_path / name)
    assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda text: text[3:], "begins with"),
        (lambda text: text.replace("format 1", "format 9"), "format 9"),
        (lambda text: text.replace("value\ta folder", "value a folder"), "line"),
        (lambda text: text.replace("12.3456789", "twelve"), "twelve"),
        (lambda text: text.replace("machine\tLinux", "photo\tLinux\t"), "machine"),
        (lambda text: text + "recipe\tother\tff\n", "2 lines `recipe`"),
    ],
)
def test_what_is_no_baseline_is_refused_with_the_reason(tmp_path, spoil, named):
    path = tmp_path / "b.txt"
    write_baseline(EXAMPLE, path)
    path.write_text(spoil(path.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=named) as refused:
        read_baseline(path)
    assert "--update" in refused.value.remedy


def test_a_baseline_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        read_baseline(tmp_path / "none.txt")


def test_a_photo_name_that_would_break_lines_is_refused(tmp_path):
    with pytest.raises(InputError, match="rename"):
        write_baseline(replace(EXAMPLE, photos={"a\tb.jpg": "1"}), tmp_path / "b.txt")


def test_every_key_that_decides_a_number_is_a_setting():
    settings = settings_of(load_recipe("standard"))
    assert settings["grid.px_per_mm"] == "12.0"
    assert settings["metrics.pores.min_contrast_pct"]
    assert "name" not in settings


def test_what_was_measured_is_all_there(measured_once):
    baseline = measured_once.baseline
    recipe = load_recipe("coarse")
    assert baseline.fingerprint == recipe.fingerprint()
    assert baseline.around.model_sha256 == FACE_MODEL_SHA256
    digest = hashlib.sha256((measured_once.folder / "photos/small.jpg").read_bytes()).hexdigest()
    assert baseline.photos == {"photos/small.jpg": digest}
    zones = {zone for _, zone, _ in baseline.values}
    assert zones == set(recipe.zones.names)
    assert {metric for _, _, metric in baseline.values} == set(recipe.catalogue())
    assert len(baseline.values) == len(zones) * len(recipe.catalogue())
