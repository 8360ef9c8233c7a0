"""Photographs of synthetic faces as files: JPEG or PNG, with the focal length a camera would note."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base

from skintexture.errors import InputError
from skintexture.phantoms.faces import RenderedFace


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """How a photograph is stored.

    Attributes
    ----------
    kind : {"jpeg", "png"}
    quality : int
        Of a JPEG, 1 … 100.
    subsampling : {"4:4:4", "4:2:0"}
        Whether a JPEG keeps colour at full or at half resolution.

    Raises
    ------
    InputError
        The quality is out of range.
    """

    kind: Literal["jpeg", "png"] = "jpeg"
    quality: int = 92
    subsampling: Literal["4:4:4", "4:2:0"] = "4:4:4"

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise InputError(f"JPEG quality is {self.quality}", "give a whole number from 1 to 100")

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return ".jpg" if self.kind == "jpeg" else ".png"


def encode(photo: RenderedFace, file: FileSpec | None = None) -> bytes:
    """Store a photograph in memory: what `write_photo` would put into the file."""
    file = file or FileSpec()
    stream = io.BytesIO()
    image = Image.fromarray(photo.rgb8)
    if file.kind == "png":
        image.save(stream, "PNG", exif=_notes(photo), compress_level=3)
    else:
        subsampling = 0 if file.subsampling == "4:4:4" else 2
        image.save(stream, "JPEG", quality=file.quality, subsampling=subsampling, optimize=True, exif=_notes(photo))
    return stream.getvalue()


def write_photo(photo: RenderedFace, path: Path, file: FileSpec | None = None) -> None:
    """Write a photograph, by default as JPEG of quality 92 with full colour resolution.

    Parameters
    ----------
    photo : RenderedFace
    path : Path
        Replaced if it is there. Its suffix says nothing about the format: ``file`` does.
    file : FileSpec, optional
    """
    path.write_bytes(encode(photo, file))


def stored(photo: RenderedFace, file: FileSpec) -> NDArray[np.uint8]:
    """Pixels (H, W, 3) of a photograph after it was stored and read again."""
    with Image.open(io.BytesIO(encode(photo, file))) as image:
        return np.asarray(image.convert("RGB"))


def _notes(photo: RenderedFace) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.ImageDescription] = "Synthetic face made by skintexture.phantoms; this person does not exist"
    exif[Base.Orientation] = 1
    exif.get_ifd(IFD.Exif)[Base.FocalLengthIn35mmFilm] = photo.truth.focal_length_35mm
    exif.get_ifd(IFD.Exif)[Base.ColorSpace] = 1
    return exif
