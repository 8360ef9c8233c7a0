"""A head whose brows, lids and lips, and all beside them, are covered by texture as strong as hair."""

from __future__ import annotations

from functools import cache

import numpy as np

from known_head import photo_of, see_head
from skintexture.locate.reference import Reference, see_reference
from skintexture.model import Photo, Scale

PX_PER_MM = 8.0
HEAD = see_head(PX_PER_MM)
SCALE = Scale(PX_PER_MM, "given", 0.0, 800.0, "exif")


@cache
def hair_like() -> np.ndarray:
    """Texture whose power falls with the 2.5th power of frequency, strong as hair."""
    rng = np.random.default_rng(3)
    rows, columns = HEAD.shape
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    frequency[0, 0] = np.inf
    texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(HEAD.shape)) * frequency**-1.25, s=HEAD.shape)
    return (0.3 * np.exp(0.3 * texture / texture.std())).astype(np.float32)


def grainy(light: np.ndarray, noise: float = 0.002, seed: int = 0) -> Photo:
    """A grey photo of this light, with noise."""
    grain = np.random.default_rng(seed).normal(0, noise, light.shape)
    return photo_of(np.repeat((light * (1 + grain))[..., None], 3, axis=2))


def reference_of(light: np.ndarray, **how) -> Reference:
    """Cut out what brows, lids and lips show under this light."""
    return see_reference(grainy(light, **how), HEAD.face, SCALE)
