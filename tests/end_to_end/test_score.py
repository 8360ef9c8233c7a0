"""`skintexture score`: every photo a row, the same on any number of workers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, skintexture
from skintexture.caveats import CAVEATS
from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.recipe import load_recipe
from skintexture.tabulate import MEASUREMENT_COLUMNS, PHOTO_COLUMNS, PORE_COLUMNS, ZONE_COLUMNS

TABLES = ("photos", "measurements", "zones", "pores")


@pytest.fixture(scope="module")
def scored(small_photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("scored")
    return out, skintexture("score", small_photos, "-r", "coarse", "-o", out, "--workers", 2)


def test_every_photo_ends_as_a_row(scored):
    out, run = scored
    photos = pd.read_csv(out / "photos.csv")
    assert list(photos["photo"]) == ["broken.jpg", "s02.jpg", "s03.jpg", "visit 1/s01.jpg", "wall.png"]
    assert list(photos["status"]) == ["refused", "measured", "measured", "measured", "refused"]
    assert run.code == 1


def test_a_refusal_says_what_was_found_and_what_to_do(scored):
    out, run = scored
    refused = pd.read_csv(out / "photos.csv").query("status == 'refused'")
    assert refused["reason"].str.len().gt(10).all()
    assert refused["remedy"].str.len().gt(10).all()
    assert refused["photo_sha256"].str.fullmatch("[0-9a-f]{64}").all()
    for row in refused.itertuples():
        assert f"refused  {row.photo}  {row.reason}" in run.out


def test_the_tables_have_their_columns_also_in_parquet(scored):
    out, _ = scored
    expected = (PHOTO_COLUMNS, MEASUREMENT_COLUMNS, ZONE_COLUMNS, PORE_COLUMNS)
    for name, columns in zip(TABLES, expected, strict=True):
        assert list(pd.read_csv(out / f"{name}.csv").columns) == list(columns)
        assert list(pd.read_parquet(out / f"{name}.parquet").columns) == list(columns)


def test_every_metric_is_there_in_every_zone(scored):
    out, _ = scored
    rows = pd.read_parquet(out / "measurements.parquet")
    catalogue = load_recipe("coarse").catalogue()
    for _, photo in rows.groupby("photo"):
        assert list(photo["zone"].unique()) == list(ZONE_NAMES)
        assert all(list(zone["metric"]) == list(catalogue) for _, zone in photo.groupby("zone", sort=False))


def test_every_nan_has_its_reason_and_every_reason_is_registered(scored):
    out, _ = scored
    rows = pd.read_parquet(out / "measurements.parquet")
    assert rows["value"].notna().mean() > 0.7
    assert rows.loc[rows["value"].isna(), "caveats"].ne("").all()
    given = set(rows["caveats"].str.split(";").explode()) | set(
        pd.read_parquet(out / "zones.parquet")["caveats"].str.split(";").explode()
    )
    assert given - {""} <= set(CAVEATS)


def test_every_value_lies_in_its_range(scored):
    out, _ = scored
    rows = pd.read_parquet(out / "measurements.parquet").dropna(subset="value")
    catalogue = load_recipe("coarse").catalogue()
    for name, values in rows.groupby("metric")["value"]:
        assert values.between(catalogue[name].low - 1e-9, catalogue[name].high + 1e-9).all(), name


def test_every_photo_has_an_overlay(scored):
    out, _ = scored
    assert {path.relative_to(out / "overlays").as_posix() for path in (out / "overlays").rglob("*.*")} == {
        "s02.jpg",
        "s03.jpg",
        "visit 1/s01.jpg",
    }


def test_the_provenance_names_recipe_photos_and_versions_but_no_place(scored, small_photos):
    out, _ = scored
    text = (out / "provenance.json").read_text(encoding="utf-8")
    provenance = json.loads(text)
    assert provenance["recipe_fingerprint"] == load_recipe("coarse").fingerprint()
    assert provenance["recipe"]["grid"]["px_per_mm"] == 2.5
    assert provenance["libraries"]["mediapipe"] == "0.10.31"
    assert len(provenance["photos"]) == 5
    for table in out.glob("*.*"):
        assert str(small_photos).encode() not in table.read_bytes()
        assert str(Path.home()).encode() not in table.read_bytes()


@pytest.mark.parametrize("workers", [0, 1])
def test_the_tables_are_the_same_bytes_on_any_number_of_workers(scored, small_photos, tmp_path, workers):
    out, _ = scored
    skintexture("score", small_photos, "-r", "coarse", "-o", tmp_path, "--workers", workers)
    for name in [f"{table}.{kind}" for table in TABLES for kind in ("csv", "parquet")] + ["provenance.json"]:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name
    assert (tmp_path / "overlays/s02.jpg").read_bytes() == (out / "overlays/s02.jpg").read_bytes()


def test_shuffled_photos_have_the_same_rows(scored, small_photos, tmp_path):
    out, _ = scored
    shuffled = [small_photos / name for name in ("s03.jpg", "s02.jpg")]
    skintexture("score", *shuffled, "-r", "coarse", "-o", tmp_path, "--workers", 0)
    apart = pd.read_parquet(tmp_path / "measurements.parquet")
    together = pd.read_parquet(out / "measurements.parquet")
    for name in ("s02.jpg", "s03.jpg"):
        pd.testing.assert_frame_equal(
            apart[apart["photo"] == name].reset_index(drop=True),
            together[together["photo"] == name].reset_index(drop=True),
            check_exact=True,
        )


def test_photos_too_coarse_for_the_recipe_get_nan_and_the_name_of_the_recipe_that_fits(small_photos, tmp_path):
    run = skintexture("score", small_photos / "s02.jpg", "-o", tmp_path, "--workers", 0)
    assert run.code == 0
    rows = pd.read_parquet(tmp_path / "measurements.parquet")
    assert rows["value"].isna().all()
    assert rows["caveats"].str.contains("too_coarse").any()
    assert "--recipe coarse" in run.out
    assert pd.read_csv(tmp_path / "pores.csv").empty
    assert "too_coarse" in pd.read_csv(tmp_path / "photos.csv")["caveats"][0].split(";")
    answer = json.loads(skintexture("score", small_photos / "s02.jpg", "-o", tmp_path, "--json").out)
    assert "too_coarse" in answer["caveats"]["s02.jpg"]


def test_a_patch_is_one_zone(tmp_path):
    with Image.open(SAMPLES / "s01_before.jpg") as image:
        image.crop((950, 2150, 1350, 2550)).save(tmp_path / "cheek.png")
    mask = Image.new("L", (400, 400), 0)
    mask.paste(255, (0, 0, 400, 300))
    mask.save(tmp_path / "mask.png")
    photo = tmp_path / "cheek.png"
    options = ("--patch", "--mask", tmp_path / "mask.png", "--px-per-mm", 14.45, "-o", tmp_path / "out")
    run = skintexture("score", photo, *options)
    assert run.code == 0
    zones = pd.read_csv(tmp_path / "out/zones.csv")
    assert list(zones["zone"]) == ["patch"]
    assert zones["area_mm2"].iloc[0] == pytest.approx(400 * 300 / 14.45**2, rel=0.02)
    rows = pd.read_csv(tmp_path / "out/measurements.csv")
    assert rows["value"].notna().mean() > 0.95
    pores = pd.read_csv(tmp_path / "out/pores.csv")
    assert len(pores) > 20
    assert pores["y_px"].max() < 300


def test_a_patch_without_a_scale_is_refused(tmp_path):
    shutil.copy(SAMPLES / "s01_before.jpg", tmp_path / "p.jpg")
    run = skintexture("score", tmp_path / "p.jpg", "--patch", "-o", tmp_path / "out")
    assert run.code == 1
    assert "--px-per-mm" in run.out


def test_a_manifest_names_subjects_and_carries_its_columns(small_photos, tmp_path):
    manifest = small_photos / "study.csv"
    manifest.write_text(
        "photo,subject,visit,px_per_mm,dose\ns02.jpg,S2,t0,4.2,10 U\ns03.jpg,S3,t0,,\n", encoding="utf-8"
    )
    try:
        run = skintexture("score", "--manifest", manifest, "-r", "coarse", "-o", tmp_path, "--workers", 0, "--quiet")
    finally:
        manifest.unlink()
    assert (run.code, run.out, run.err) == (0, "", "")
    photos = pd.read_csv(tmp_path / "photos.csv")
    assert list(photos["subject"]) == ["S2", "S3"]
    assert photos["dose"].tolist()[0] == "10 U"
    assert photos["scale_method"].tolist() == ["given", "iris"]
    assert photos["px_per_mm"].iloc[0] == 4.2
    assert set(pd.read_csv(tmp_path / "measurements.csv")["subject"]) == {"S2", "S3"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.jpg"], "nowhere.jpg"),
        ([], "no photo was given"),
        ([SAMPLES, "--recipe", "standart"], "did you mean `standard`"),
        ([SAMPLES, "--mask", "m.png"], "--mask belongs to --patch"),
        ([SAMPLES, "--manifest", "missing.csv"], "missing.csv"),
        ([SAMPLES, "--px-per-mm", "0"], "0.1"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do(tmp_path, arguments, told):
    run = skintexture("score", *arguments, "-o", tmp_path / "out")
    assert run.code == 2
    assert told in run.err
    assert "Traceback" not in run.err
    assert not (tmp_path / "out" / "measurements.csv").exists()


def test_a_folder_that_cannot_be_written_is_told_before_any_photo(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    run = skintexture("score", SAMPLES, "-o", tmp_path / "file")
    assert run.code == 2
    assert "can't be written" in run.err


def test_photos_that_can_t_be_read_are_rows_but_for_those_beside_a_photo(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (80, 80), (120, 130, 140)).save(photos / "1.jpg")
    for name in ("1.CR3", "2.heic"):
        (photos / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    run = skintexture("score", photos, "-o", tmp_path / "out")
    assert run.code == 1
    assert "1 file of a kind that can't be read (raw, HEIC, …) passed over" in run.out
    rows = pd.read_csv(tmp_path / "out" / "photos.csv")
    assert list(rows["photo"]) == ["1.jpg", "2.heic"]
    assert "HEIC" in rows["reason"][1]
    assert "export it" in rows["remedy"][1]
    assert json.loads(skintexture("score", photos, "-o", tmp_path / "out", "--json").out)["passed_over"] == 1


def test_json_for_machines(small_photos, tmp_path):
    run = skintexture("score", small_photos / "wall.png", "-o", tmp_path, "--json")
    answer = json.loads(run.out)
    assert (answer["photos"], answer["measured"]) == (1, 0)
    assert answer["refused"][0]["photo"] == "wall.png"
    assert run.code == 1
