"""Photographs: reading one into linear light.

`read_photo` is the only reader of this package: every stage sees the same pixels, upright, in the same colours.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.errors import PhotoProblem
from skintexture.io.colour import Samples, to_linear
from skintexture.io.formats import Decoded, decode
from skintexture.io.places import Place, last_name
from skintexture.io.stores import read_place, size_of
from skintexture.model import BoolImage, Photo

_MAX_FILE_BYTES = 4 << 30  # more than 300 megapixels of 16 bits ever need


def read_photo(path: Place, *, name: str | None = None) -> Photo:
    """Read one photograph, turn it upright and bring it to linear light.

    JPEG, PNG, TIFF, WebP and BMP; 8 and 16 bits per channel; grey, colour, CMYK, palettes of greys. What the file is is
    decided by its content, not by its suffix, but for raw files that begin as TIFF does. EXIF orientation is applied.
    An embedded ICC profile is honoured: curves and a matrix (Display P3, Adobe RGB, …) at full precision and without
    clipping colours to sRGB's gamut; look-up tables (CMYK) with littleCMS at 8 bits. A file without a profile is sRGB,
    unless its EXIF says Adobe RGB.

    Parameters
    ----------
    path : Path or str
        The file, or its URL. It is read once.
    name : str, optional
        How the photo is called in tables; the file's own name by default.

    Returns
    -------
    Photo
        Its ``clipped`` marks a pixel where any channel is at the top of the file's range, or all are at the bottom, or
        which isn't opaque. In lossy files the last two numbers at either end count, since compression rings. A
        pixel under transparency keeps the colour that the file stores for it.

    Raises
    ------
    PhotoProblem
        If the file is missing, unreadable, empty, damaged, incomplete, of another format, an animation or of several
        pages, reduced to a palette of colours, smaller than 64 pixels on a side or larger than 300 megapixels (found
        from the header). A photo is never read in part.

    Notes
    -----
    The two photos of a comparison are on one scale of light only relative to their own white: exposure is not known.
    """
    data = _read_bytes(path)
    try:
        decoded = decode(data, Path(last_name(path)).suffix)
        linear_rgb = to_linear(decoded.pixels, decoded.encoding)
    except MemoryError as error:
        raise PhotoProblem("the photo needs more memory than there is", "use fewer workers") from error
    return Photo(
        name=last_name(path) if name is None else name,
        sha256=hashlib.sha256(data).hexdigest(),
        linear_rgb=linear_rgb,
        clipped=_clipped(decoded),
        has_colour=decoded.pixels.ndim == 3,
        bits=decoded.storage.bits,
        chroma_quality=decoded.storage.chroma_quality,
        jpeg_quality=decoded.storage.jpeg_quality,
        focal_length_35mm=decoded.focal_length_35mm,
    )


def _read_bytes(path: Place) -> bytes:
    try:
        if isinstance(path, Path) and not stat.S_ISREG(mode := path.stat().st_mode):
            found = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
            raise PhotoProblem(f"this is {found}", "name a photo")
        size = size_of(path)
        if size > _MAX_FILE_BYTES:
            raise PhotoProblem(
                f"the file is too large ({size / 2**30:.1f} GiB; up to 4 are read)", "check that it is a photo"
            )
        data = read_place(path)
    except FileNotFoundError as error:
        raise PhotoProblem("there is no such file", "check the path; was the file moved or renamed?") from error
    except PermissionError as error:
        raise PhotoProblem("the file may not be read", "ask for the permission to read it") from error
    except OSError as error:
        reason = f"the file can't be read ({error.strerror or error or type(error).__name__})"
        raise PhotoProblem(reason, "check the disk or the network share that it is on") from error
    if not data:
        raise PhotoProblem("the file is empty", "copy it again from the camera or the archive")
    return data


def _clipped(decoded: Decoded) -> BoolImage:
    """Where a value is not known: at the ends of the file's range, or not opaque."""
    margin = 1 if decoded.storage.lossy else 0
    top = np.iinfo(decoded.pixels.dtype).max - margin
    bright, dark = cv2.bitwise_not(_up_to(top - 1, decoded.pixels)), _up_to(margin, decoded.pixels)
    clipped: BoolImage = np.minimum(cv2.max(bright, dark), 1).view(np.bool_)
    if decoded.opaque is not None:
        clipped |= ~decoded.opaque
    return clipped


def _up_to(most: int, pixels: Samples) -> NDArray[np.uint8]:
    """255 where no channel is more than this."""
    return np.asarray(cv2.inRange(pixels, (0,) * 4, (most,) * 4), np.uint8)
