"""Masks of finished results, from the command line and in Python."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, skintexture
from skintexture import InputError
from skintexture.run.finish import read_results


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A piece of a cheek, stored on its side, a copy, and a file that is refused."""
    folder = tmp_path_factory.mktemp("scored")
    (folder / "photos/visit 1").mkdir(parents=True)
    with Image.open(SAMPLES / "s01_before.jpg") as image:
        piece = image.crop((950, 2150, 1350, 2450))
    piece.save(folder / "photos/visit 1/cheek.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    piece.transpose(Image.Transpose.ROTATE_90).save(folder / "photos/cheek.png", exif=turned)
    (folder / "photos/broken.jpg").write_bytes(b"\xff\xd8 no photo")
    run = skintexture("score", folder / "photos", "--patch", "--px-per-mm", 14.45, "-o", folder / "results")
    assert run.code == 1
    return folder


def test_every_measured_photo_gets_a_mask_of_its_size(scored):
    run = skintexture("pore-masks", scored / "results", "-o", scored / "masks", "--json")
    assert run.code == 0
    masks = json.loads(run.out)["masks"]
    assert json.loads(run.out)["without_pores"] == ["broken.jpg"]
    assert masks == {"cheek.png": "cheek.png.png", "visit 1/cheek.png": "visit 1/cheek.png.png"}
    pictures = [np.asarray(Image.open(scored / "masks" / name)) for name in masks.values()]
    assert {picture.shape for picture in pictures} == {(300, 400)}
    assert np.unique(pictures[0]).tolist() == [0, 255]
    assert np.array_equal(pictures[0], pictures[1])


def test_sure_pores_are_white_and_so_is_a_small_part_of_the_skin(scored):
    scores = read_results(scored / "results")
    mask = scores.pore_mask("visit 1/cheek.png")
    sure = scores.pores[(scores.pores["photo"] == "visit 1/cheek.png") & (scores.pores["probability"] > 0.8)]
    assert len(sure) > 10
    assert mask[sure["y_px"].round().astype(int), sure["x_px"].round().astype(int)].all()
    covered = scores.measurements.query("photo == 'visit 1/cheek.png' and metric == 'pore_area_fraction'")["value"]
    assert covered.iloc[0] / 100 < mask.mean() < 0.2


def test_a_photo_that_was_not_measured_has_no_mask(scored):
    scores = read_results(scored / "results")
    for name in ("broken.jpg", "unknown.jpg"):
        with pytest.raises(InputError, match=name):
            scores.pore_mask(name)


def test_a_photo_without_pores_has_an_empty_mask(scored):
    scores = read_results(scored / "results")
    mask = replace(scores, pores=scores.pores.iloc[:0]).pore_mask("cheek.png")
    assert mask.shape == (300, 400)
    assert not mask.any()


def test_masks_change_nothing_in_the_results(scored):
    def content():
        return {path: path.read_bytes() for path in (scored / "results").rglob("*") if path.is_file()}

    before = content()
    run = skintexture("pore-masks", scored / "results", "-o", scored / "more")
    assert run.out.startswith("2 masks in ")
    assert content() == before
    assert pd.read_csv(scored / "results/pores.csv").shape[0] > 20


@pytest.mark.parametrize("where", ["results", "results/masks"])
def test_masks_stay_out_of_the_results(scored, where):
    run = skintexture("pore-masks", scored / "results", "-o", scored / where)
    assert run.code == 2
    assert "-o" in run.err
    assert not list((scored / "results").rglob("*.png"))


def test_photos_of_which_no_pores_were_measured_get_no_mask(scored, tmp_path):
    """A black mask would say that there are none."""
    run = skintexture("score", scored / "photos/visit 1", "--patch", "--px-per-mm", 3, "-o", tmp_path / "results")
    assert run.code == 0
    with pytest.raises(InputError, match="not measured"):
        read_results(tmp_path / "results").pore_mask("cheek.png")
    run = skintexture("pore-masks", tmp_path / "results", "-o", tmp_path / "masks")
    assert run.code == 2
    assert not (tmp_path / "masks").exists()


def test_without_results_there_is_nothing_to_paint(tmp_path):
    run = skintexture("pore-masks", tmp_path, "-o", tmp_path / "masks")
    assert run.code == 2
    assert "→" in run.err
    assert not (tmp_path / "masks").exists()
