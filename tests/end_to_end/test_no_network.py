"""No socket is opened: patients' photographs stay on the machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

STRACE = ("strace", "-f", "-qq", "-e", "trace=network", "-o")
# Any address family that could leave the machine. Local pairs and pipes between processes are AF_UNIX.
OUTWARD = re.compile(r"\b(socket|connect|sendto|sendmsg|bind)\(.*(AF_INET|AF_INET6|AF_NETLINK|AF_PACKET)")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("workers", [1, 2])
def test_score_opens_no_connection_beyond_the_machine(small_photos, tmp_path, workers):
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", "skintexture", "score", small_photos, "-r", "coarse"]
    command += ["-o", tmp_path / "out", "--workers", str(workers)]
    subprocess.run(
        [*STRACE, trace, *command],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert (tmp_path / "out/measurements.csv").exists()
    outward = [line for line in trace.read_text(errors="replace").splitlines() if OUTWARD.search(line)]
    assert outward == []


def test_the_pattern_sees_a_connection():
    assert OUTWARD.search(
        '12 connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("8.8.8.8")}, 16) = 0'
    )
    assert not OUTWARD.search("12 socketpair(AF_UNIX, SOCK_STREAM, 0, [3, 4]) = 0")
