"""Folders for results."""

from __future__ import annotations

from pathlib import Path

from skintexture.io.tables import write_bytes


def prepare_folder(folder: Path) -> None:
    """Make a folder and see that it can be written, before hours of work go into it.

    Raises
    ------
    OutputError
        If it can't.
    """
    probe = folder / ".skintexture_probe"
    write_bytes(b"", probe)
    probe.unlink(missing_ok=True)
