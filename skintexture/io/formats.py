"""From a file's bytes to its samples, whatever the format; what can't be read in full is refused with its reason.

Pillow decodes every file, since it refuses damage without a word; but of 16 bits it keeps 8, so OpenCV reads those;
and of a JPEG's pixels it takes any, so what libjpeg says of them is asked for through OpenCV.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile

from skintexture.errors import PhotoProblem
from skintexture.io.colour import ADOBE_RGB, SRGB, Encoding, Samples, encoding_of, through_tables
from skintexture.io.exif import CameraNotes, read_notes, upright
from skintexture.io.jpeg import chroma_quality, jpeg_quality, scan_damage
from skintexture.io.png import check_pixels, open_png, pixel_chunks, png_bits
from skintexture.io.signatures import recognise
from skintexture.io.standard_error import caught_standard_error
from skintexture.io.tiff import is_lossy, open_tiff, tiff_bits
from skintexture.model import BoolImage

MIN_SIDE_PX = 64
MAX_PIXELS = 300_000_000

_COPY_AGAIN = "copy the file again from the camera or the archive, and check that it opens in an image viewer"
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
_READ_MODES = {"L", "La", "LA", "P", "PA", "RGB", "RGBX", "RGBa", "RGBA", "CMYK", "YCbCr"}


@dataclass(frozen=True, slots=True)
class Storage:
    """How a file stores its pixels.

    Attributes
    ----------
    bits : int
        Per channel: 8 or 16.
    lossy : bool
        Whether compression changed the values.
    chroma_quality : float
        See `skintexture.model.Photo`.
    jpeg_quality : float or nan
        1 … 100; nan where the file isn't a JPEG.
    """

    bits: int
    lossy: bool
    chroma_quality: float
    jpeg_quality: float = math.nan


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's samples, upright, and what they mean.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) uint8 or uint16
        Encoded samples: grey, or red, green, blue.
    opaque : (H, W) bool, optional
        Where the photo is fully opaque; None where it has no transparency.
    encoding : Encoding
        From samples to linear light.
    storage : Storage
        How they were stored.
    focal_length_35mm : float or nan
        From EXIF, in mm.
    """

    pixels: Samples
    opaque: BoolImage | None
    encoding: Encoding
    storage: Storage
    focal_length_35mm: float


def decode(data: bytes, suffix: str = "") -> Decoded:
    """Decode the bytes of a JPEG, PNG, TIFF, WebP or BMP file; its suffix only tells TIFF from raw files.

    Raises
    ------
    PhotoProblem
        If the file is of another format, damaged, incomplete, of several pages, too small or too large.
    """
    kind = recognise(data, suffix)
    with _reading(kind):
        image, storage = _OPENERS[kind](data)
    _check_size(image)
    _check_frames(kind, image)
    _load(kind, image, data)
    samples = _read_16_bits(kind, image, data) if storage.bits == 16 else _read_8_bits(kind, image)
    pixels, opaque, notes, encoding = samples
    orientation = 1 if kind == "TIFF" else notes.orientation  # both libraries turn a TIFF upright themselves
    return Decoded(
        pixels=upright(pixels, orientation),
        opaque=None if opaque is None else upright(opaque.view(np.uint8), orientation).view(np.bool_),
        encoding=encoding,
        storage=storage,
        focal_length_35mm=notes.focal_length_35mm,
    )


@contextmanager
def _reading(kind: str) -> Iterator[None]:
    """Turn what a library says of a bad file, by warning or error, into a finding about the photo."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:  # Pillow has a limit of its own for TIFF, about 179 megapixels
        raise PhotoProblem(f"the {kind} file has more pixels than can be read safely", "export it smaller") from error
    except _DAMAGED as error:
        raise _damaged(kind) from error


def _damaged(kind: str) -> PhotoProblem:
    return PhotoProblem(f"the {kind} file is damaged, incomplete or of an unusual kind", _COPY_AGAIN)


def _open_jpeg(data: bytes) -> tuple[ImageFile, Storage]:
    # opened as itself, and not by Pillow's search: of a multi-picture (MPO) file the first picture is the photo
    image = JpegImageFile(io.BytesIO(data))
    return image, Storage(8, lossy=True, chroma_quality=chroma_quality(image), jpeg_quality=jpeg_quality(image))


def _open_png(data: bytes) -> tuple[ImageFile, Storage]:
    return open_png(data), Storage(png_bits(data), lossy=False, chroma_quality=100.0)


def _open_tiff(data: bytes) -> tuple[ImageFile, Storage]:
    image = open_tiff(data)
    lossy = is_lossy(image)
    return image, Storage(tiff_bits(image), lossy=lossy, chroma_quality=0.0 if lossy else 100.0)


def _open_webp(data: bytes) -> tuple[ImageFile, Storage]:
    lossy = not _has_webp_chunk(data, b"VP8L")
    return WebPImageFile(io.BytesIO(data)), Storage(8, lossy=lossy, chroma_quality=0.0 if lossy else 100.0)


def _open_bmp(data: bytes) -> tuple[ImageFile, Storage]:
    return BmpImageFile(io.BytesIO(data)), Storage(8, lossy=False, chroma_quality=100.0)


_OPENERS: dict[str, Callable[[bytes], tuple[ImageFile, Storage]]] = {
    "JPEG": _open_jpeg,
    "PNG": _open_png,
    "TIFF": _open_tiff,
    "WebP": _open_webp,
    "BMP": _open_bmp,
}


def _has_webp_chunk(data: bytes, wanted: bytes) -> bool:
    start = 12
    while start + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, start)
        if name == wanted:
            return True
        start += 8 + length + length % 2
    return False


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoProblem(
            f"the photo is {width} × {height} pixels, more than the {MAX_PIXELS // 1_000_000} megapixels that are read",
            "check the file; if it is a real photo, export it smaller",
        )
    if min(width, height) < MIN_SIDE_PX:
        raise PhotoProblem(
            f"the photo is {width} × {height} pixels; at least {MIN_SIDE_PX} on each side are needed",
            "check that this is the photo itself and not a preview of it",
        )


def _check_frames(kind: str, image: Image.Image) -> None:
    with _reading(kind):
        frames = getattr(image, "n_frames", 1) if kind in {"PNG", "WebP"} else 1
    if frames > 1:
        raise PhotoProblem(f"the {kind} file is an animation of {frames} frames", "export the one frame to be measured")


_Read = tuple[Samples, BoolImage | None, CameraNotes, Encoding]


def _load(kind: str, image: ImageFile, data: bytes) -> None:
    """Decode with Pillow, whatever the bits: it finds damage that OpenCV overlooks or prints about."""
    with _reading(kind):
        if kind == "PNG":
            check_pixels(data)
        with caught_standard_error() if kind == "TIFF" else nullcontext():  # libtiff prints, and can't be asked not to
            image.load()
    if kind == "JPEG" and (damage := scan_damage(data)):
        remedy = f"{_COPY_AGAIN}; if all of it looks right there, export it as PNG"
        raise PhotoProblem(f"the JPEG file is damaged: {damage}", remedy)


def _read_8_bits(kind: str, image: ImageFile) -> _Read:
    with _reading(kind):
        opaque, picture = _split_alpha(image)
    notes = read_notes(image)
    picture, encoding = _colour_of(picture, _profile_of(image), notes)
    return _without_equal_channels(np.asarray(picture)), opaque, notes, encoding


def _split_alpha(image: Image.Image) -> tuple[BoolImage | None, Image.Image]:
    """Where a loaded picture is opaque, and the picture as L, RGB or CMYK."""
    if image.mode not in _READ_MODES:
        raise PhotoProblem(
            f"the file stores its pixels in a way that is not read (mode {image.mode})",
            "export it as RGB or greyscale, 8 or 16 bits per channel",
        )
    _refuse_reduced_colours(image)
    opaque = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opaque = _opaque(np.asarray(image.getchannel("A")))
    return opaque, image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _refuse_reduced_colours(image: Image.Image) -> None:
    """Refuse a palette of colours, but not one of greys, which loses nothing of a grey photo."""
    palette = image.getpalette("RGB") if image.mode in {"P", "PA"} else None
    if not palette:
        return
    used = np.unique(np.asarray(image.getchannel(0)))
    colours = np.array(palette, np.uint8).reshape(-1, 3)[used[used < len(palette) // 3]]
    if (colours != colours[:, :1]).any():
        raise PhotoProblem(
            f"the photo was reduced to a palette of {len(colours)} colours: the shades between them are lost, and with "
            "them the skin's texture",
            "go back to the photo as the camera stored it, or export it anew in full colour (24 bits and more)",
        )


def _opaque(alpha: Samples) -> BoolImage | None:
    opaque: BoolImage = alpha == np.iinfo(alpha.dtype).max
    if not opaque.any():
        raise PhotoProblem("the photo is transparent everywhere", "flatten it in an image editor and export it again")
    return None if opaque.all() else opaque


def _colour_of(picture: Image.Image, profile: bytes, notes: CameraNotes) -> tuple[Image.Image, Encoding]:
    """Return the picture and its encoding; only what curves and a matrix can't say is converted here."""
    is_cmyk = picture.mode == "CMYK"
    if is_cmyk and not profile:
        return picture.convert("RGB"), SRGB
    encoding = None if is_cmyk else _encoding(profile, notes)
    return (picture, encoding) if encoding else (through_tables(picture, profile), SRGB)


def _encoding(profile: bytes, notes: CameraNotes) -> Encoding | None:
    if profile:
        return encoding_of(profile)
    return ADOBE_RGB if notes.says_adobe_rgb else SRGB


def _profile_of(image: Image.Image) -> bytes:
    return image.info.get("icc_profile") or b""


def _read_16_bits(kind: str, image: ImageFile, data: bytes) -> _Read:
    stored = _with_opencv(pixel_chunks(data) if kind == "PNG" else data)
    if stored is None or stored.dtype != np.uint16:
        raise _damaged(kind)
    notes = read_notes(image)
    encoding = _encoding(_profile_of(image), notes)
    if encoding is None:
        raise PhotoProblem(
            "the photo's colour profile is made of tables, which are read at 8 bits only",
            "convert the photo to sRGB, Display P3 or Adobe RGB at 16 bits and export it again",
        )
    if stored.ndim == 2:
        return stored, None, notes, encoding
    opaque = _opaque(stored[..., 3]) if stored.shape[2] == 4 else None
    order = cv2.COLOR_BGRA2RGB if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return _without_equal_channels(cast(Samples, cv2.cvtColor(stored, order))), opaque, notes, encoding


def _with_opencv(data: bytes) -> Samples | None:
    """Decode the samples as they are stored, or None if the file is damaged; print nothing about it."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cast(Samples | None, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)


def _without_equal_channels(pixels: Samples) -> Samples:
    """One channel, where a colour file holds a grey photo; looks at few pixels first, as most photos are coloured."""
    if pixels.ndim == 2:
        return pixels
    for sample in (pixels[::64, ::64], pixels):
        red, green, blue = (sample[..., channel] for channel in range(3))
        if not (np.array_equal(red, green) and np.array_equal(green, blue)):
            return pixels
    return cast(Samples, np.ascontiguousarray(pixels[..., 0]))
