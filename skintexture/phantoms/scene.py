"""What lies before the camera, and the picture that is made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatImage
from skintexture.phantoms.camera import CameraSpec, View
from skintexture.phantoms.eyes import EyeSpec
from skintexture.phantoms.hair import Hair
from skintexture.phantoms.head import Head
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.raster import Interpolator
from skintexture.phantoms.relief import ReliefTile
from skintexture.phantoms.skin import Skin


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that lies before the camera: the head at rest and as it moved, its skin as treatment and make-up left it."""

    head: Head
    moved: Head
    skin: Skin
    relief: ReliefTile
    foundation: float
    eyes_closed: float
    hair: Hair
    lash_seed: int
    eyes: EyeSpec
    light: LightSpec
    view: View
    camera: CameraSpec

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.camera.size


@dataclass(frozen=True, slots=True)
class Canvas:
    """What each pixel shows (triangle among those seen, pits, spots), what is known there, and the picture of it."""

    triangle: NDArray[np.int32]
    surface: Interpolator
    pits: FloatImage
    domes: FloatImage | None
    sunk_mm: FloatImage
    spots: FloatImage
    radiance: FloatImage
    depth_mm: FloatImage
