"""What a file's numbers mean: from encoded samples, by their colour profile, to linear light."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from skintexture.errors import PhotoProblem
from skintexture.model import FloatArray, FloatImage

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Curve = Callable[[FloatArray], FloatArray]

_TO_D50 = np.array(  # linear sRGB to the profile connection space: IEC 61966-2-1 adapted to D50 (Bradford)
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
_LUMINANCE = np.array([0.2126390, 0.7151687, 0.0721923], dtype=np.float32)  # of linear sRGB
_SAME_CURVE = 1e-3  # profiles store sRGB rounded: what differs less than this, of full scale, is sRGB
_SAME_MATRIX = 2e-3
_NEAR = 0.1  # of full scale: farther from black and white no working profile maps them
_STRIP_PX = 1 << 20  # pixels converted at a time: the working copy stays small
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}  # of a parametric curve, by its type (ICC.1:2022, table 68)
_COLOUR_UNKNOWN = "open the photo in an image editor, convert it to sRGB and export it again"


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How three encoded channels become linear light.

    Attributes
    ----------
    curves : tuple of three callables
        From encoded values, 0 … 1, to linear ones, for red, green and blue.
    matrix : (3, 3) float32
        From the file's linear primaries to sRGB's.
    """

    curves: tuple[Curve, Curve, Curve]
    matrix: FloatImage


def _srgb_curve(encoded: FloatArray) -> FloatArray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _power(gamma: float) -> Curve:
    return lambda encoded: np.power(encoded, gamma)


def _alike(curve: Curve) -> tuple[Curve, Curve, Curve]:
    return curve, curve, curve


def _matrix_from(to_d50: FloatArray) -> FloatImage:
    return np.linalg.solve(_TO_D50, to_d50).astype(np.float32)


SRGB = Encoding(_alike(_srgb_curve), np.eye(3, dtype=np.float32))
"""What a file without a profile is taken for."""

ADOBE_RGB = Encoding(
    _alike(_power(563 / 256)),
    _matrix_from(
        np.array(
            [[0.6097559, 0.2052401, 0.1492240], [0.3111242, 0.6256560, 0.0632197], [0.0194811, 0.0608902, 0.7448387]]
        )
    ),
)
"""Adobe RGB (1998), adapted to D50: cameras set to it embed no profile and say so in EXIF."""


def encoding_of(profile: bytes) -> Encoding | None:
    """Read the curves and the matrix of an ICC profile.

    Parameters
    ----------
    profile : bytes
        An ICC profile of version 2 or 4.

    Returns
    -------
    Encoding or None
        `SRGB` itself where the profile says the same to within rounding; None where the profile is not made of
        curves and a matrix (CMYK and other look-up tables), see `through_tables`.

    Raises
    ------
    PhotoProblem
        If the profile is damaged.

    References
    ----------
    .. [1] ICC.1:2022 (ISO 15076-1), Image technology colour management: architecture, profile format and data
       structure.
    """
    try:
        tags = _tags(profile)
        if {"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} <= tags.keys():
            red, green, blue = (_curve(tags[name]) for name in ("rTRC", "gTRC", "bTRC"))
            primaries = np.stack([_xyz(tags[name]) for name in ("rXYZ", "gXYZ", "bXYZ")], axis=1)
            return _settled(Encoding((red, green, blue), _matrix_from(primaries)))
        if "kTRC" in tags:
            return _settled(Encoding(_alike(_curve(tags["kTRC"])), SRGB.matrix))
    except (struct.error, ValueError, KeyError, ArithmeticError) as error:
        raise PhotoProblem("the photo's colour profile is damaged", _COLOUR_UNKNOWN) from error
    return None


def _tags(profile: bytes) -> Mapping[str, bytes]:
    if profile[36:40] != b"acsp":
        raise ValueError("no ICC signature")
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(min(count, 200)))
    return {name.decode("latin-1"): profile[start : start + size] for name, start, size in entries}


def _xyz(tag: bytes) -> FloatArray:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    kind = tag[:4]
    if kind == b"para":
        return _parametric_curve(tag)
    if kind == b"curv":
        return _sampled_curve(tag)
    raise ValueError(f"unknown curve {kind!r}")


def _sampled_curve(tag: bytes) -> Curve:
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return _power(1.0)
    if count == 1:
        (gamma,) = struct.unpack_from(">H", tag, 12)
        return _power(gamma / 256)
    values = np.frombuffer(tag, dtype=">u2", count=count, offset=12) / 65535
    places = np.linspace(0, 1, count)
    return lambda encoded: np.interp(encoded, places, values)


def _parametric_curve(tag: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = _PARAMETERS[kind]
    stored = [value / 65536 for value in struct.unpack_from(f">{count}i", tag, 12)]
    gamma, scale, shift, slope, start, above, below = stored + [0.0] * (7 - count)
    if kind == 0:
        return _power(gamma)
    if kind == 2:  # its fourth value is an offset; like kind 1 it is flat until the base of the power gets above zero
        above = slope

    def curve(encoded: FloatArray) -> FloatArray:
        base = np.maximum(scale * encoded + shift, 0)
        bent: FloatArray = np.power(base, gamma) + above
        return np.where(encoded >= start, bent, slope * encoded + below)

    return curve


def _settled(encoding: Encoding) -> Encoding:
    """Return the encoding if it can be used, and `SRGB` itself if it says nothing else."""
    ramp = np.linspace(0, 1, 256)
    with np.errstate(all="ignore"):
        values = np.stack([curve(ramp) for curve in encoding.curves])
    ends_meet = np.abs(values[:, [0, -1]] - (0, 1)).max() < _NEAR
    white = encoding.matrix.sum(axis=1, keepdims=True)
    is_white = np.abs(white - 1).max() < _NEAR
    if not (ends_meet and is_white and np.diff(values, axis=1).min() >= -_NEAR):
        raise ValueError("black and white aren't kept, or a curve falls")
    same_curves = np.abs(values - _srgb_curve(ramp)).max() < _SAME_CURVE
    matrix = encoding.matrix / white  # profiles are rounded: equal channels are to stay grey, and white 1.0
    same_matrix = np.abs(matrix - SRGB.matrix).max() < _SAME_MATRIX
    return SRGB if same_curves and same_matrix else Encoding(encoding.curves, matrix)


def through_tables(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an 8-bit picture to sRGB by a profile made of look-up tables, with littleCMS.

    Relative colorimetric without black-point compensation. Colours outside sRGB's gamut are clipped, which curves and
    a matrix (`encoding_of`) would keep.

    Raises
    ------
    PhotoProblem
        If the profile is damaged or meant for another kind of picture.
    """
    try:
        converted = ImageCms.profileToProfile(
            image,
            io.BytesIO(profile),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        reason = f"the photo's colour profile is damaged, or not meant for its kind of pixels ({image.mode})"
        raise PhotoProblem(reason, _COLOUR_UNKNOWN) from error
    if converted is None:
        raise AssertionError("profileToProfile returns nothing only when it works in place")
    return converted


def to_linear(pixels: Samples, encoding: Encoding) -> FloatImage:
    """Linear light, with sRGB's primaries, of encoded samples.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W) uint8 or uint16
        Encoded samples; the largest number of their type is white.
    encoding : Encoding
        What they mean.

    Returns
    -------
    (H, W, 3) float32
        1.0 is white. Colours outside sRGB's gamut are outside 0 … 1 in some channel. Of a grey picture all three
        channels are the same.
    """
    ramp = np.linspace(0, 1, np.iinfo(pixels.dtype).max + 1)
    table = np.stack([curve(ramp) for curve in encoding.curves], axis=1).astype(np.float32)
    if pixels.ndim == 2:
        grey = (table @ encoding.matrix.T) @ _LUMINANCE / _LUMINANCE.sum()
        return _filled(pixels, lambda strip: np.repeat(_look_up(strip, grey)[..., None], 3, axis=2))
    if encoding is SRGB:
        return _look_up(pixels, table[:, 0])
    return _filled(pixels, lambda strip: _mixed(_look_up_each(strip, table), encoding.matrix))


def _filled(pixels: Samples, convert: Callable[[Samples], FloatImage]) -> FloatImage:
    height, width = pixels.shape[:2]
    linear = np.empty((height, width, 3), np.float32)
    step = max(1, _STRIP_PX // width)
    for top in range(0, height, step):
        linear[top : top + step] = convert(pixels[top : top + step])
    return linear


def _look_up(pixels: Samples, table: FloatImage) -> FloatImage:
    return cast(FloatImage, cv2.LUT(pixels, table)) if pixels.dtype == np.uint8 else table[pixels]


def _mixed(linear: FloatImage, matrix: FloatImage) -> FloatImage:
    return cast(FloatImage, cv2.transform(linear, matrix))


def _look_up_each(pixels: Samples, table: FloatImage) -> FloatImage:
    return np.stack([table[:, channel][pixels[..., channel]] for channel in range(3)], axis=2)
