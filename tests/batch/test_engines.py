"""The engines: forty jobs of which four go wrong end the same on each of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from faulty_jobs import LIMIT_S, check_forty, run_forty
from skintexture.batch import InProcess, Outcome, Refused, SpawnPool, Threads, as_they_end
from skintexture.batch.cluster import Cluster
from skintexture.batch.outcomes import WorkerLost
from skintexture.errors import InputError


@pytest.fixture(scope="module")
def cluster():
    """Two dask workers, each a process of one thread, as the documentation advises."""
    distributed = pytest.importorskip("distributed")
    settings = {
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.allowed-failures": 1,
        "distributed.deploy.lost-worker-timeout": "10 minutes",
    }
    import dask

    with (
        dask.config.set(settings),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local,
    ):
        yield local


def test_forty_jobs_on_a_pool_of_processes(tmp_path):
    results = run_forty(SpawnPool(2), tmp_path)
    check_forty(results, crash="crashed the process", hang=f"took more than {LIMIT_S:g} s")


@pytest.mark.filterwarnings("ignore")
def test_forty_jobs_on_a_dask_cluster(cluster, tmp_path):
    results = run_forty(Cluster(cluster.scheduler_address), tmp_path)
    check_forty(results, crash="took its worker down", hang="took its worker down")


class BusyClient:
    """A scheduler whose only worker has one job for ever, and is lost and replaced every other time it is asked."""

    key = "job"

    def __init__(self) -> None:
        self.asked = 0
        self.cancelled = False

    def submit(self, *_: object, **__: object) -> BusyClient:
        return self

    def add_done_callback(self, _: object) -> None:
        pass

    def cancel(self, *, force: bool) -> None:
        self.cancelled = force

    def nthreads(self) -> dict[str, int]:
        self.asked += 1
        return {f"worker{self.asked}": 1}

    def processing(self) -> dict[str, list[str]]:
        return {f"worker{self.asked}": ["job"]} if self.asked % 2 else {}


def test_a_job_that_goes_from_worker_to_worker_is_taken_back(monkeypatch):
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    cluster = Cluster("tcp://nowhere:1")
    cluster._client = client = BusyClient()
    outcome = cluster.submit(abs, -1, 30.0)
    while not outcome.done() and now < 1000:
        now += 10.0
        cluster.look_up()
    assert client.cancelled
    assert 2 * (30 + 60) <= now < 2 * (30 + 60) + 40  # it was at work half of the time
    assert isinstance(outcome.exception(), WorkerLost)


def test_a_scheduler_that_does_not_answer_or_exist_is_told():
    with pytest.raises(InputError, match="no scheduler file"), Cluster("nowhere.json"):
        pass


def out_of_memory(number: int) -> int:
    if number == 1:
        raise MemoryError
    return number


@pytest.mark.parametrize("engine", [InProcess, lambda: Threads(2)])
def test_a_job_that_finds_no_memory_is_tried_again_alone_and_then_refused(engine):
    with engine() as entered:
        told = [one for ended in as_they_end(range(3), out_of_memory, entered) for one in ended]
    results = dict(told)
    assert results[0] == Outcome(0, 0)
    assert results[2] == Outcome(2, 2)
    assert isinstance(results[1].result, Refused)
    assert "memory" in results[1].result.reason
    assert told[-1][0] == 1


def test_a_job_in_this_process_is_told_before_the_next_begins():
    begun = []
    with InProcess() as engine:
        told = as_they_end(range(5), begun.append, engine)
        for expected in range(5):
            ((number, _),) = next(told)
            assert (number, len(begun)) == (expected, expected + 1)


def test_no_more_jobs_are_drawn_than_there_is_room_for():
    drawn = 0

    def jobs():
        nonlocal drawn
        for number in range(1000):
            drawn += 1
            yield number

    with Threads(3) as engine:
        told = 0
        for ended in as_they_end(jobs(), abs, engine):
            told += len(ended)
            assert drawn <= told + 3
    assert told == drawn == 1000


def collect(told, seen: list[int]) -> None:
    for ended in told:
        seen += [number for number, _ in ended]


def test_what_ended_with_a_bug_is_told_before_it_is_raised():
    first_ended = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            first_ended.wait()
            time.sleep(0.01)
        else:
            first_ended.set()
        return 1 // number

    with Threads(2) as engine:
        seen: list[int] = []
        with pytest.raises(ZeroDivisionError):
            collect(as_they_end([1, 0], work, engine), seen)
    assert seen == [0]


ORPHANS = """
import os, sys, time
from skintexture.batch import SpawnPool
def idle(n): return os.getpid()
if __name__ == "__main__":
    with SpawnPool(1) as pool:
        print(pool.submit(idle, 1, None).result(), flush=True)
        time.sleep(60)
"""


IMPATIENT = """
import signal, sys, threading, time, os
signal.signal(signal.SIGINT, signal.default_int_handler)
from skintexture.batch import SpawnPool
if __name__ == "__main__":
    try:
        with SpawnPool(2) as pool:
            pool.submit(time.sleep, 600, None)
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(60)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process")
def test_a_second_ctrl_c_does_not_wait_for_what_is_in_work(tmp_path):
    script = tmp_path / "driver.py"
    script.write_text(IMPATIENT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_workers_do_not_outlive_a_driver_that_was_killed(tmp_path):
    script = tmp_path / "driver.py"
    script.write_text(ORPHANS)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as driver:
        worker = int(driver.stdout.readline())
        driver.kill()
    patience = time.monotonic() + 20
    while is_alive(worker) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not is_alive(worker)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_the_pool_can_be_used_from_a_thread():
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: [one for ended in pooled() for one in ended]).result() == [(0, Outcome(-2, 2))]


def pooled():
    with SpawnPool(1) as engine:
        yield from as_they_end([-2], abs, engine)
