"""What can be said of a file that was refused: its digest, and its size if it has one."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file, whatever it holds.

    Attributes
    ----------
    sha256 : str
        Of its bytes, in hex; empty where it can't be read.
    width_px, height_px : int or None
        As its header says, before any turn; None where it says nothing.
    """

    sha256: str
    width_px: int | None
    height_px: int | None


def identify(path: Path) -> FileFacts:
    """Say what can be said of a file without decoding it; never fails."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return FileFacts("", None, None)
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            return FileFacts(digest, *image.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return FileFacts(digest, None, None)
