"""The examples of the page on many photos run, over tables in one file and in pieces alike."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cheap_runs import make_patches
from skintexture import KnownScale
from skintexture.run import finish, options
from skintexture.run.options import RunOptions
from skintexture.scoring import score, score_set

PAGE = (Path(__file__).parents[2] / "docs/batch.md").read_text("utf-8")
PATCH = {"recipe": "coarse", "patch": True, "known": KnownScale(px_per_mm=6)}


def example(library: str) -> str:
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL) if library in block]
    return block


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("set") / "photos", 6)


@pytest.fixture(params=["one file", "pieces"])
def results(request, photos, tmp_path, monkeypatch):
    """Results in the working folder; six photos count as many, so that the tables are in pieces."""
    if request.param == "pieces":
        monkeypatch.setattr(finish, "ORDINARY_PHOTOS", 4)
        monkeypatch.setattr(finish, "_PER_FILE", 4)
        monkeypatch.setattr(finish, "_AT_ONCE", 2)
        monkeypatch.setattr(options, "ORDINARY_PHOTOS", 4)
    monkeypatch.chdir(tmp_path)
    return score(photos, "results", **PATCH)


def test_tables_in_pieces_hold_the_same_as_one_file(photos, results, tmp_path):
    in_memory = score(photos, **PATCH)
    for name in ("photos", "measurements", "zones", "pores"):
        pd.testing.assert_frame_equal(getattr(results, name), getattr(in_memory, name), check_exact=True)
    pieces = sorted(path.name for path in tmp_path.glob("results/measurements.parquet/*"))
    assert pieces in ([], ["00000.parquet", "00001.parquet"])
    assert (tmp_path / "results/measurements.csv").exists() == (not pieces)


def test_the_example_of_duckdb(results):
    pytest.importorskip("duckdb")
    text = example("duckdb")
    if not Path("results/measurements.parquet").is_dir():
        text = text.replace("/*.parquet", "")
    text = text.replace("pore_area_fraction'", "roughness_sq_luminance'").replace("'left_cheek'", "'patch'")
    scope: dict[str, pd.DataFrame] = {}
    exec(text.replace("duckdb.sql", "found = duckdb.sql"), scope)
    expected = results.measurements.query("metric == 'roughness_sq_luminance'")["value"].mean()
    assert scope["found"]["pore_area_fraction"].tolist() == [pytest.approx(expected)]


def test_the_example_of_polars(results):
    pytest.importorskip("polars")
    scope: dict[str, object] = {}
    exec(example("polars").replace('"forehead"', '"patch"').replace("rows.filter", "found = rows.filter"), scope)
    assert len(scope["found"]) == results.measurements["metric"].nunique()


def test_the_example_of_pandas(results):
    scope: dict[str, object] = {}
    exec(example("import pandas").replace('"forehead"', '"patch"').replace("\npd.read", "\nfound = pd.read"), scope)
    assert len(scope["found"]) == len(results.measurements)


def test_the_example_of_a_local_cluster(photos, tmp_path):
    pytest.importorskip("distributed")
    script = tmp_path / "script.py"
    text = example("LocalCluster").replace(
        'recipe="standard"', 'recipe="coarse", patch=True, known=KnownScale(px_per_mm=6)'
    )
    script.write_text(text.replace("import RunOptions", "import KnownScale, RunOptions"), encoding="utf-8")
    (tmp_path / "photos").symlink_to(photos)
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "results/photos.csv")) == 6


@pytest.mark.parametrize("library", ["SLURMCluster", "KubeCluster"])
def test_the_examples_of_other_clusters_can_be_parsed(library):
    compile(example(library), "batch.md", "exec")


def test_the_example_of_a_script_names_what_there_is():
    compile(example("workers=8"), "batch.md", "exec")
    assert callable(score_set)
    assert RunOptions(workers=8, overlays="sample:50").workers == 8
