"""How the driver does with very many photos: memory, manifests, and what a second worker brings.

    python benchmarks/scale.py [memory] [manifest] [workers]

`memory`: peak of the driver over 1,000 and 100,000 trivial jobs, saved like photos, and over their final tables.
`manifest`: seconds to read and check a million rows, of URLs and of files that are there.
`workers`: photos per minute with one and two processes in turn, five times; needs two idle cores.
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

from PIL import Image

JOBS = (1_000, 100_000)
ROWS = 1_000_000
PHOTOS = 60
TURNS = 5


def trivial_run(jobs: int) -> None:
    """Measure so many photos with a measurement that takes no time, and print the memory that it took."""
    import numpy as np
    import pyarrow as pa

    from skintexture import KnownScale, load_recipe
    from skintexture.batch import Refused
    from skintexture.io.facts import FileFacts
    from skintexture.io.tables import memory_of_the_system
    from skintexture.run import measuring
    from skintexture.run.finish import write_results
    from skintexture.run.folder import RunFolder
    from skintexture.run.inputs import Inputs
    from skintexture.run.measuring import SetRun, measure_rest
    from skintexture.run.options import RunOptions
    from skintexture.run.resume import find_kept
    from skintexture.run.settings import Settings
    from skintexture.tabulate import refused_rows

    def nothing(job: measuring.PhotoJob) -> tuple[object, bytes]:
        return refused_rows(
            job.about, Refused("trivial", "none"), FileFacts(f"{hash(job.about.name):064x}"[-64:], 1, 1)
        ), b""

    def portion(start: int, end: int) -> pa.Table:
        numbers = range(start, end)
        return pa.table(
            {
                "photo": [f"folder{n // 1000:04d}/photo{n:07d}.jpg" for n in numbers],
                "place": pa.array([f"/photos/{n:07d}.jpg".encode() for n in numbers], pa.binary()),
                "subject": [""] * len(numbers),
                "visit": [""] * len(numbers),
                "px_per_mm": np.full(len(numbers), np.nan),
                "interpupillary_mm": np.full(len(numbers), np.nan),
                "position": np.arange(start, end),
            }
        )

    measuring.measure_and_show = nothing
    with memory_of_the_system(), tempfile.TemporaryDirectory() as out:
        table = pa.concat_tables(
            portion(start, min(start + 1000, jobs)) for start in range(0, jobs, 1000)
        ).combine_chunks()
        inputs, settings = Inputs(table, (), "0" * 64), Settings(load_recipe("coarse"), KnownScale())
        options = RunOptions(overlays="none", contact_sheets=False)
        folder = RunFolder(out)
        with folder.held():
            kept = find_kept(folder, inputs, settings, options)
            folder.begin(inputs, {"recipe": {}, "settings": {}, "shard": [0, 1]}, kept.keys)
            start = time.monotonic()
            records = measure_rest(SetRun(folder, inputs, settings, options), kept, None)
            took_s = time.monotonic() - start
            photos = table.select(["photo", "subject", "visit"]).append_column("record", pa.array(records))
            write_results(folder, photos, settings.recipe, options)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{jobs:>7,} jobs: peak {peak_mb:.0f} MB, {1e3 * took_s / jobs:.2f} ms a job to save")


def memory() -> None:
    """Print the memory of runs of either length, each in a process of its own."""
    for jobs in JOBS:
        subprocess.run([sys.executable, __file__, f"trivial={jobs}"], check=True)


def manifest() -> None:
    """Check a million rows, first of URLs, then of files."""
    from skintexture.io.manifests import read_manifest

    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as place:
        header = "photo,subject,visit,date,age,arm,dose,side,px_per_mm\n"
        rows = [f"S{n // 4},t{n % 4},2026-0{n % 9 + 1}-15,{20 + n % 60},verum,10 U,left,14.25\n" for n in range(ROWS)]
        for kind, photo in (("URLs", "s3://bucket/{}/{}.jpg"), ("files", "{}/{}.jpg")):
            if kind == "files":
                for folder in range(ROWS // 1000):
                    Path(place, str(folder)).mkdir()
                    for n in range(1000):
                        os.close(os.open(f"{place}/{folder}/{folder * 1000 + n}.jpg", os.O_CREAT | os.O_WRONLY))
            path = Path(place, "manifest.csv")
            with path.open("w", encoding="utf-8") as file:
                file.write(header)
                file.writelines(f"{photo.format(n // 1000, n)},{row}" for n, row in enumerate(rows))
            start, cpu = time.monotonic(), time.process_time()
            table = read_manifest(path)
            took = f"{time.monotonic() - start:.1f} s ({time.process_time() - cpu:.1f} s of CPU)"
            print(f"{len(table.table):,} rows of {kind}: {took}")


def workers() -> None:
    """Measure the same photos with one and two processes, the start of processes taken off."""
    with tempfile.TemporaryDirectory() as place:
        photos = Path(place, "photos")
        photos.mkdir()
        sample = (resources.files("skintexture.sample_images") / "s01_before.jpg").read_bytes()
        face = Image.open(io.BytesIO(sample)).resize((900, 1200))
        for n in range(PHOTOS):
            face.crop((n, 0, 900, 1200)).save(photos / f"{n}.jpg", quality=95)
        rates: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(TURNS):
            for count in rates:
                out = Path(place, f"{turn}_{count}")
                command = [sys.executable, "-m", "skintexture", "score", str(photos), "-o", str(out), "-r", "coarse"]
                subprocess.run([*command, "-j", str(count), "-q"], check=False)
                saved = [part.stat().st_mtime for part in (out / "overlays").iterdir()]
                # The first photo of each worker starts the clock.
                rates[count].append((PHOTOS - count) / (max(saved) - min(saved)) * 60)
                print(f"{count} workers: {rates[count][-1]:.1f} photos/min")
        print(f"ratio of medians {statistics.median(rates[2]) / statistics.median(rates[1]):.2f}")


if __name__ == "__main__":
    asked = sys.argv[1:] or ["memory", "manifest", "workers"]
    for one in asked:
        if one.startswith("trivial="):
            trivial_run(int(one.partition("=")[2]))
        else:
            {"memory": memory, "manifest": manifest, "workers": workers}[one]()
