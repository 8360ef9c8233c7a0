"""Runs over many photos that cost little: small pictures of bare skin, and the ways to kill and compare them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

TABLES = tuple(f"{name}.{kind}" for name in ("photos", "measurements", "zones", "pores") for kind in ("csv", "parquet"))
OPTIONS = ("--patch", "--px-per-mm", "6", "--recipe", "coarse")


def make_patches(folder: Path, photos: int, side_px: int = 160) -> Path:
    """A folder of pictures of noise, no two alike, every tenth of them broken."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(photos):
        rng = np.random.default_rng(number)
        noise = np.clip(rng.normal(150, 12, (side_px, side_px, 3)), 0, 255).astype(np.uint8)
        path = folder / f"p{number}.png"
        Image.fromarray(noise).save(path)
        if number % 10 == 7:
            path.write_bytes(path.read_bytes()[:500])
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "skintexture", "score", *map(str, arguments)]


def score_patches(photos: object, out: Path, *more: object) -> subprocess.CompletedProcess[str]:
    arguments = command(photos, *OPTIONS, "-o", out, *more)
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=600)


def kill_when(reached: object, run: subprocess.Popen[bytes], *, within_s: float = 300) -> bool:
    """Kill a run's driver without warning once something is so; False where the run was quicker."""
    patience = time.monotonic() + within_s
    while not reached() and run.poll() is None and time.monotonic() < patience:
        time.sleep(0.01)
    if run.poll() is not None:
        return False
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return True


def saved_lines(out: Path) -> int:
    log = out / "log.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def content(out: Path) -> dict[str, bytes]:
    """Every finished table, and where it comes from."""
    return {name: (out / name).read_bytes() for name in (*TABLES, "provenance.json")}
