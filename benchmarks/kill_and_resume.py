"""Kill a run of 500 photos at ten random moments, resume it, and compare its tables with those of an undisturbed run.

    python benchmarks/kill_and_resume.py [--photos 500] [--kills 10] [--seed 1]

The photos are synthetic faces at three sizes, each moved and lit a little differently so that no two files are alike,
and bad files of every kind. Exit code 0: all bytes are equal.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

from PIL import Image, ImageEnhance

WIDTHS_PX = (400, 500, 640)
_JITTER_S = 1.5
TABLES = ("photos", "measurements", "zones", "pores")


def bad_files(good: bytes) -> list[tuple[str, bytes]]:
    """One of each kind of file that is no photo of a face."""
    grey, tiny, moving = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (600, 600), (120, 130, 140)).save(grey, "PNG")
    Image.new("RGB", (20, 20)).save(tiny, "PNG")
    frames = [Image.new("RGB", (100, 100), (shade, 0, 0)) for shade in (0, 200)]
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:])
    return [
        ("empty.jpg", b""),
        ("text.jpg", b"this is a note, not a photo\n"),
        ("cut.jpg", good[: len(good) // 2]),
        ("zeros.jpg", good[:2000] + bytes(len(good) - 2000)),
        ("noise.png", bytes(random.Random(0).randbytes(5000))),
        ("cut.png", grey.getvalue()[:-20]),
        ("nobody.png", grey.getvalue()),
        ("tiny.png", tiny.getvalue()),
        ("moving.webp", moving.getvalue()),
        ("heic.jpg", b"\0\0\0\x18ftypheic" + bytes(200)),
        ("document.tif", b"%PDF-1.7" + bytes(200)),
        ("archive.bmp", b"PK\x03\x04" + bytes(200)),
        ("raw.tif", b"II*\0\x10\0\0\0CR\x02\0" + bytes(200)),
    ]


def make_set(folder: Path, photos: int) -> None:
    """Write the photos: one in twenty is bad."""
    folder.mkdir()
    samples = [path for path in resources.files("skintexture.sample_images").iterdir() if path.name.endswith(".jpg")]
    faces = [Image.open(io.BytesIO(path.read_bytes())).convert("RGB") for path in sorted(samples, key=lambda p: p.name)]
    small = {
        width: [face.resize((width, width * 4 // 3), Image.Resampling.LANCZOS) for face in faces] for width in WIDTHS_PX
    }
    rng = random.Random(photos)
    good = b""
    for number in range(photos):
        width = WIDTHS_PX[number % len(WIDTHS_PX)]
        face = ImageEnhance.Brightness(rng.choice(small[width])).enhance(rng.uniform(0.85, 1.0))
        data = io.BytesIO()
        face.crop((rng.randrange(12), rng.randrange(12), width, width * 4 // 3)).save(data, "JPEG", quality=95)
        good = data.getvalue()
        if number % 20 == 19:
            kinds = bad_files(good)
            name, bad = kinds[number // 20 % len(kinds)]
            (folder / f"{number:04d}_{name}").write_bytes(bad)
        else:
            (folder / f"{number:04d}.jpg").write_bytes(good)


def command(photos: Path, out: Path) -> list[str]:
    """Return the command line of a run."""
    options = ["--recipe", "coarse", "--workers", "2", "--overlays", "none", "--csv", "--quiet"]
    return [sys.executable, "-m", "skintexture", "score", str(photos), "-o", str(out), *options]


def saved(out: Path) -> int:
    """Count the photos that are saved so far."""
    log = out / "log.jsonl"
    return len(log.read_bytes().splitlines()) if log.exists() else 0


def run_and_kill(photos: Path, out: Path, moments: list[tuple[int, float]]) -> None:
    """Start a run as often as there are moments, kill it at each, and let the last one end.

    A moment is a number of saved photos, and how many seconds later.
    """
    for count, later_s in moments:
        with subprocess.Popen(command(photos, out)) as run:
            while saved(out) < count and run.poll() is None:
                time.sleep(0.01)
            time.sleep(later_s)
            was_at_work = run.poll() is None
            if was_at_work:
                os.kill(run.pid, signal.SIGKILL)
        print(f"{'killed' if was_at_work else 'had ended'} with {saved(out)} photos saved", flush=True)
    subprocess.run(command(photos, out), check=False)


def main() -> int:
    """Make the set, run it both ways, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        photos, whole, killed = (Path(place, name) for name in ("photos", "whole", "killed"))
        make_set(photos, asked.photos)
        start = time.monotonic()
        subprocess.run(command(photos, whole), check=False)
        took_s = time.monotonic() - start
        print(f"undisturbed: {took_s:.0f} s, {60 * asked.photos / took_s:.0f} photos/min")
        rng = random.Random(asked.seed)
        counts = sorted(rng.sample(range(asked.photos + 1), asked.kills))
        run_and_kill(photos, killed, [(count, rng.uniform(0.0, _JITTER_S)) for count in counts])
        names = [f"{table}.{kind}" for table in TABLES for kind in ("csv", "parquet")] + ["provenance.json"]
        unequal = [name for name in names if (whole / name).read_bytes() != (killed / name).read_bytes()]
        rows = (killed / "photos.csv").read_text("utf-8").count("\n") - 1
        print(f"{rows} rows of photos; {'all bytes are equal' if not unequal else f'unequal: {unequal}'}")
    return 1 if unequal else 0


if __name__ == "__main__":
    sys.exit(main())
