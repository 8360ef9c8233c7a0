"""What C libraries print on standard error: some say there, and nowhere else, that a file is damaged."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

_STANDARD_ERROR = 2
_CATCHING = threading.Lock()


@contextmanager
def caught_standard_error() -> Iterator[BinaryIO]:
    """Send into a file what is printed on standard error meanwhile, of other threads too; one thread at a time.

    Yields
    ------
    BinaryIO
        Open for reading and writing; gone at the end.
    """
    with _CATCHING, _file_in_memory() as caught:
        kept = _standard_error()
        try:
            os.dup2(caught.fileno(), _STANDARD_ERROR)
            yield caught
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)


def give_back(printed: bytes) -> None:
    """Print on standard error what was caught and is not ours; where no one listens any more, it is gone."""
    with suppress(OSError):
        os.write(_STANDARD_ERROR, printed)


def _file_in_memory() -> BinaryIO:
    if sys.platform == "linux":  # a container may have no folder that can be written
        return os.fdopen(os.memfd_create("standard error"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())


def _standard_error() -> int:
    try:
        return os.dup(_STANDARD_ERROR)
    except OSError:  # a service may be started without one
        return os.open(os.devnull, os.O_WRONLY)
