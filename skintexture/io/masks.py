"""Masks: pictures that say where the skin is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from skintexture.io.photos import read_photo
from skintexture.model import BoolImage

_WHITE = 0.5  # of linear light: masks are black and white, and what lies between is an edge


def read_mask(path: Path) -> BoolImage:
    """Read a mask: white is skin, black is not.

    Parameters
    ----------
    path : Path
        Any picture that `read_photo` reads; black and white.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    PhotoProblem
        It can't be read.
    """
    return np.asarray(read_photo(path).linear_rgb.mean(axis=2) > _WHITE)
