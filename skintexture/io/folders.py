"""Folders for results."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from skintexture.errors import OutputError
from skintexture.io.finding import RUN_FACTS
from skintexture.io.tables import cant_write


def prepare_folder(folder: Path) -> None:
    """Make a folder and see that it can be written, before hours of work go into it.

    Raises
    ------
    OutputError
        If it can't, or if it holds a run of `skintexture score`: its tables would be replaced by others of their names.
    """
    with cant_write(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file, and results can't be written into it", "name a folder")
        if (folder / RUN_FACTS).is_file():
            raise OutputError(f"{folder} holds a run of `skintexture score`", "name a folder of its own with -o")
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
