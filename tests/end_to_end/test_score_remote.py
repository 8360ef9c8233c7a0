"""Photos and results in an object store, and on a cluster: the same tables as on this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

from cheap_runs import OPTIONS, TABLES, command, content, make_patches, saved_lines, score_patches
from skintexture import KnownScale
from skintexture.errors import InputError
from skintexture.io.places import file_system
from skintexture.run.merge import merge
from skintexture.run.options import RunOptions
from skintexture.run.status import status_of
from skintexture.scoring import score, score_set

PATCH = {"recipe": "coarse", "patch": True, "known": KnownScale(px_per_mm=6)}
# Libraries of the object store warn of what they do to each other.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("patches") / "photos", 8)


@pytest.fixture(scope="module")
def undisturbed(patches, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    score(patches, out, **PATCH)
    return out


@pytest.fixture(scope="module")
def bucket():
    """An S3 endpoint on this machine, and the URL of a bucket there."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    pytest.importorskip("s3fs")
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        files, _ = file_system("s3://skin")
        files.mkdir("skin")
        yield "s3://skin"
    server.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def upload(folder, url: str) -> None:
    files, path = file_system(url)
    for file in folder.iterdir():
        files.pipe_file(f"{path}/{file.name}", file.read_bytes())


def downloaded(url: str) -> dict[str, bytes]:
    files, path = file_system(url)
    files.invalidate_cache()
    return {name: files.cat_file(f"{path}/{name}") for name in (*TABLES, "provenance.json")}


def test_an_object_store_gives_photos_and_takes_results(bucket, patches, undisturbed):
    upload(patches, f"{bucket}/photos")
    score(f"{bucket}/photos", f"{bucket}/results", **PATCH)
    assert downloaded(f"{bucket}/results") == content(undisturbed)
    files, path = file_system(f"{bucket}/results")
    assert len(files.ls(f"{path}/overlays")) == 7
    assert len(files.cat_file(f"{path}/log.jsonl").splitlines()) == 8
    again = score_set(f"{bucket}/photos", f"{bucket}/results", **PATCH)
    assert again.kept == 8
    assert len(files.cat_file(f"{path}/log.jsonl").splitlines()) == 8
    assert status_of(f"{bucket}/results").left == 0


def test_a_manifest_in_an_object_store_names_photos_beside_it_by_patterns_and_urls(bucket, patches, tmp_path):
    upload(patches, f"{bucket}/study")
    files, path = file_system(f"{bucket}/study")
    files.pipe_file(f"{path}/m.csv", f"photo,arm\np1.png,x\n{bucket}/study/p0.png,y\ngone.png,z\n".encode())
    scores = score([], tmp_path / "out", manifest=f"{bucket}/study/m.csv", **PATCH)
    assert list(scores.photos["photo"]) == ["p1.png", "p0.png", "gone.png"]
    assert list(scores.photos["arm"]) == ["x", "y", "z"]
    assert scores.photos["reason"].tolist()[2] == "there is no such file"
    assert len(score(f"{bucket}/study/p[12].png", **PATCH).photos) == 2
    with pytest.raises(InputError, match="nothing at"):
        score(f"{bucket}/nowhere", **PATCH)


def test_shards_in_an_object_store_are_joined(bucket, patches, undisturbed):
    for part in (0, 1):
        score_set(patches, f"{bucket}/shard{part}", **PATCH, options=RunOptions(shard=(part, 2)))
    merge([f"{bucket}/shard0", f"{bucket}/shard1"], f"{bucket}/joined", options=RunOptions())
    assert downloaded(f"{bucket}/joined") == content(undisturbed)


def test_results_go_nowhere_where_half_written_files_would_show(patches):
    pytest.importorskip("fsspec")
    with pytest.raises(InputError, match="half-written"):
        score(patches, "ftp://example.invalid/results", **PATCH)
    with pytest.raises(InputError, match="can't be read"):
        score("nosuchscheme://x/photos", **PATCH)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        yield local


def test_a_cluster_gives_the_same_tables_though_a_worker_is_killed(cluster, tmp_path):
    distributed = pytest.importorskip("distributed")
    photos = make_patches(tmp_path / "photos", 24, side_px=240)
    score(photos, tmp_path / "alone", **PATCH)
    out = tmp_path / "cluster"
    killed = []
    with distributed.Client(cluster) as client:
        worker = next(iter(client.run(os.getpid).values()))

    def kill_one() -> None:
        patience = time.monotonic() + 120
        while saved_lines(out) < 3 and time.monotonic() < patience:
            time.sleep(0.02)
        os.kill(worker, signal.SIGKILL)
        killed.append(saved_lines(out))

    killer = threading.Thread(target=kill_one)
    killer.start()
    score_set(photos, out, **PATCH, options=RunOptions(scheduler=cluster.scheduler_address))
    killer.join()
    assert killed[0] >= 3
    assert content(out) == content(tmp_path / "alone")


def test_the_command_line_takes_a_scheduler_and_a_scheduler_file(cluster, patches, undisturbed, tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": cluster.scheduler_address}))
    for number, where in enumerate((cluster.scheduler_address, file)):
        done = score_patches(patches, tmp_path / f"out{number}", "--scheduler", where)
        assert done.returncode == 1, done.stderr
        assert content(tmp_path / f"out{number}") == content(undisturbed)


def test_names_come_from_standard_input(patches, tmp_path):
    names = "\n".join(str(patches / name) for name in ("p0.png", "p7.png")) + "\n"
    for number, text in enumerate((names, names.replace("\n", "\0"))):
        out = tmp_path / f"out{number}"
        done = subprocess.run(command("-", *OPTIONS, "-o", out, "-q"), input=text, text=True, check=False)
        assert done.returncode == 1
        assert pd.read_csv(out / "photos.csv")["photo"].tolist() == ["p0.png", "p7.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="the shell would not expand it either")
def test_patterns_that_the_shell_left_alone_are_followed(patches, tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    for name in ("a/1.png", "a/b/2.png", "a/b/3.txt"):
        (tmp_path / name).write_bytes((patches / "p0.png").read_bytes())
    assert list(score(f"{tmp_path}/a/**/*", **PATCH).photos["photo"]) == ["1.png", "b/2.png"]
    with pytest.raises(InputError, match="no photo found"):
        score(f"{tmp_path}/a/*.gif", **PATCH)
