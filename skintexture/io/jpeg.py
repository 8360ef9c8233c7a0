"""How strongly a JPEG was compressed, read from its tables."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile

_LUMINANCE = """
16 11 10 16  24  40  51  61   12 12 14 19  26  58  60  55   14 13 16 24  40  57  69  56   14 17 22 29  51  87  80  62
18 22 37 56  68 109 103  77   24 35 55 64  81 104 113  92   49 64 78 87 103 121 120 101   72 92 95 98 112 100 103  99
"""
_CHROMINANCE = """
17 18 24 47 99 99 99 99   18 21 26 66 99 99 99 99   24 26 56 99 99 99 99 99   47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99
"""


def jpeg_quality(image: JpegImageFile) -> float:
    """Quality of the luminance of a JPEG on the scale of the Independent JPEG Group.

    The stored quantisation table is compared with the hundred tables that the IJG's encoder writes (Annex K of the
    standard [1]_, scaled by 50 / quality below 50 and by 2 − quality / 50 above); the nearest, by the sum of absolute
    differences, gives the quality. A file written by that encoder gets back the exact number it was written with;
    other encoders use other tables, and get the number of the table most like theirs.

    Returns
    -------
    float
        1 … 100; larger means finer quantisation. nan if the file names a table that it doesn't hold.

    References
    ----------
    .. [1] ITU-T T.81 (1992) | ISO/IEC 10918-1:1994, tables K.1 and K.2.
    """
    return _nearest_quality(image, 0, _LUMINANCE)


def chroma_quality(image: JpegImageFile) -> float:
    """Quality of the colour of a JPEG: the lower of luminance's and chrominance's.

    Returns
    -------
    float
        1 … 100; 0 where colour has fewer samples than luminance, or its table is missing.
    """
    sampling = {(across, down) for _, across, down, _ in image.layer}
    if len(sampling) > 1:
        return 0.0
    qualities = [jpeg_quality(image)]
    if len(image.layer) > 1:
        qualities.append(_nearest_quality(image, 1, _CHROMINANCE))
    return 0.0 if any(map(math.isnan, qualities)) else min(qualities)


def _nearest_quality(image: JpegImageFile, component: int, base: str) -> float:
    stored = image.quantization.get(image.layer[component][3])
    if stored is None:
        return math.nan
    distances = np.abs(_tables(base) - np.asarray(stored)).sum(axis=1)
    return float(np.argmin(distances) + 1)


@cache
def _tables(base: str) -> NDArray[np.int64]:
    """Scale the base table to quality 1 … 100: (100, 64)."""
    qualities = np.arange(1, 101)
    percent = np.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    scaled = (np.array(base.split(), dtype=np.int64) * percent[:, None] + 50) // 100
    return np.clip(scaled, 1, 255)
