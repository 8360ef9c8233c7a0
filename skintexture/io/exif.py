"""What the camera wrote beside the pixels: which way is up, which lens, which colour space."""

from __future__ import annotations

import math
import struct
import warnings
from dataclasses import dataclass
from typing import cast

import cv2
from PIL import ExifTags, Image

from skintexture.io.colour import Samples

_DAMAGED = (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError, struct.error)
_PLAUSIBLE_FOCAL_LENGTH_MM = (5.0, 2000.0)


@dataclass(frozen=True, slots=True)
class CameraNotes:
    """What EXIF says of a photo.

    Attributes
    ----------
    orientation : int
        How the stored picture lies, 1 … 8 as in EXIF; 1, upright, where it isn't said.
    focal_length_35mm : float or nan
        35-mm equivalent focal length, in mm; nan where it is missing, 0 or outside 5 … 2000 mm.
    says_adobe_rgb : bool
        Whether the interoperability index is R03 (DCF 2.0): so cameras mark Adobe RGB, without a profile.
    """

    orientation: int
    focal_length_35mm: float
    says_adobe_rgb: bool


def read_notes(image: Image.Image) -> CameraNotes:
    """Read the EXIF block of an opened image; an entry that is damaged counts as missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exif = image.getexif()
        except _DAMAGED:
            exif = Image.Exif()
        focal_length = _sub_entry(exif, ExifTags.IFD.Exif, ExifTags.Base.FocalLengthIn35mmFilm)
        index = _sub_entry(exif, ExifTags.IFD.Interop, ExifTags.Interop.InteropIndex)
        return CameraNotes(_orientation_of(exif), _plausible(focal_length), index == "R03")


def _orientation_of(exif: Image.Exif) -> int:
    try:
        value = exif.get(ExifTags.Base.Orientation)
    except _DAMAGED:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _sub_entry(exif: Image.Exif, directory: int, tag: int) -> object:
    try:
        return exif.get_ifd(directory).get(tag)
    except _DAMAGED:
        return None


def _plausible(value: object) -> float:
    try:
        length_mm = float(value)  # type: ignore[arg-type]  # any type may be stored; what is no number is refused
    except (TypeError, ValueError, ZeroDivisionError):
        return math.nan
    low, high = _PLAUSIBLE_FOCAL_LENGTH_MM
    return length_mm if low <= length_mm <= high else math.nan


def upright(pixels: Samples, orientation: int) -> Samples:
    """Turn a stored picture upright.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8 or uint16
        As stored.
    orientation : int
        1 … 8 as in EXIF.

    Returns
    -------
    (H, W), (W, H), (H, W, 3) or (W, H, 3) array of the same type
        No sample is changed.
    """
    turned = cv2.transpose(pixels) if orientation >= 5 else pixels
    flip = _FLIPS[orientation]
    return cast(Samples, turned if flip is None else cv2.flip(turned, flip))


_UP_DOWN, _LEFT_RIGHT, _BOTH = 0, 1, -1  # cv2.flip's codes
_FLIPS = {1: None, 2: _LEFT_RIGHT, 3: _BOTH, 4: _UP_DOWN, 5: None, 6: _LEFT_RIGHT, 7: _BOTH, 8: _UP_DOWN}
