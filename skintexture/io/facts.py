"""What can be said of a file that was refused: its digest, and its size if it has one."""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from skintexture.io.exif import read_notes
from skintexture.io.places import Place
from skintexture.io.stores import read_place


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file, whatever it holds.

    Attributes
    ----------
    sha256 : str
        Of its bytes, in hex; empty where it can't be read.
    width_px, height_px : int or None
        Of the upright picture, as its header says; None where it says nothing.
    """

    sha256: str
    width_px: int | None
    height_px: int | None


def digest_of(place: Place) -> str:
    """Return the SHA-256 of a file, in hex; empty where it can't be read."""
    try:
        if not isinstance(place, Path):
            return hashlib.sha256(read_place(place)).hexdigest()
        if not stat.S_ISREG(place.stat().st_mode):  # opening a named pipe would wait forever
            return ""
        with place.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def identify(place: Place) -> FileFacts:
    """Say what can be said of a file without decoding it; never fails."""
    digest = digest_of(place)
    if not digest:
        return FileFacts("", None, None)
    try:
        stream = place if isinstance(place, Path) else io.BytesIO(read_place(place))
        with warnings.catch_warnings(), Image.open(stream) as image:
            warnings.simplefilter("ignore")
            width_px, height_px = image.size
            # Pillow gives the size of a TIFF upright, of anything else as stored.
            lies = image.format != "TIFF" and read_notes(image).orientation >= 5
            return FileFacts(digest, height_px, width_px) if lies else FileFacts(digest, width_px, height_px)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return FileFacts(digest, None, None)
