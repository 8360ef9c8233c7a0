"""Two photos of one skin whose correspondence is known: a texture, seen straight and through a smooth bend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from known_head import photo_of, see_head
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.surface import flat_surface
from skintexture.model import Face, Scale

PX_PER_MM = 4.0
LANDMARK_ERROR_MM = 0.4
_MASTER = 2  # the skin itself is drawn at this many times the photos' resolution
_TONE = np.array([0.42, 0.27, 0.19], dtype=np.float32)


@dataclass(frozen=True)
class Bend:
    """From the before photo to the after photo: scale, turn, shift, perspective-like bend, and a local bulge."""

    centre: tuple[float, float]
    scale: float = 1.04
    turn_deg: float = 2.0
    shift_px: tuple[float, float] = (9.3, -6.4)
    bend: float = 0.03
    bulge_mm: float = 0.8

    def __call__(self, points: np.ndarray) -> np.ndarray:
        away = np.asarray(points, dtype=np.float64) - self.centre
        turn = np.deg2rad(self.turn_deg)
        y, x = away[..., 0], away[..., 1]
        far = (x / 400.0) ** 2 + (y / 400.0) ** 2
        grown = self.scale * (1.0 + self.bend * far)
        bulge = self.bulge_mm * PX_PER_MM * np.exp(-((y - 90.0) ** 2 + (x + 100.0) ** 2) / (2 * 60.0**2))
        moved = np.stack(
            [
                grown * (y * np.cos(turn) - x * np.sin(turn)) + bulge,
                grown * (y * np.sin(turn) + x * np.cos(turn)) + 0.5 * bulge,
            ],
            axis=-1,
        )
        return moved + self.centre + self.shift_px

    def inverse(self, points: np.ndarray) -> np.ndarray:
        """By fixed-point iteration."""
        found = np.asarray(points, dtype=np.float64)
        for _ in range(12):
            found = found - (self(found) - points) / self.scale
        return found

    def area_ratio(self, points: np.ndarray) -> np.ndarray:
        step = 0.5
        dy, dx = ((self(points + step * axis) - self(points - step * axis)) / (2 * step) for axis in np.eye(2))
        return dy[:, 0] * dx[:, 1] - dy[:, 1] * dx[:, 0]


@dataclass(frozen=True)
class KnownPair:
    before: Scene
    after: Scene
    faces: tuple[Face, Face]
    bend: Bend

    def places(self, count: int = 400, seed: int = 5) -> np.ndarray:
        """Places well inside the face of the before photo."""
        points = self.faces[0].points_px
        low, high = points.min(axis=0), points.max(axis=0)
        reach = 0.12 * (high - low)
        return np.random.default_rng(seed).uniform(low + reach, high - reach, (count, 2))


@lru_cache(maxsize=3)
def skin_texture(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Log contrast of a skin at master resolution: structure from pores to furrows."""
    grain = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    unit = PX_PER_MM * _MASTER
    layers = [cv2.GaussianBlur(grain, (0, 0), sigma * unit) * sigma * unit for sigma in (0.12, 0.3, 0.8)]
    return 0.12 * (layers[0] + layers[1] + layers[2])


def see_twice(
    skins: tuple[int, int] = (1, 1),
    *,
    gain: float = 1.0,
    claimed_scale: float = 1.04,
    shine: tuple[float, float] | None = None,
    bend: Bend | None = None,
    has_colour: bool = True,
    landmark_error_mm: float = LANDMARK_ERROR_MM,
) -> KnownPair:
    """Photograph skins (by seed) twice; ``shine`` shifts a white gloss over the after photo, in mm ``(y, x)``."""
    head = see_head(px_per_mm=PX_PER_MM)
    shape = head.shape
    bend = bend or Bend((shape[0] / 2, shape[1] / 2))
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    places = np.stack([y, x], axis=-1)
    skin_places = (places, bend.inverse(places.reshape(-1, 2)).reshape(places.shape))
    moved = (np.zeros(2), np.zeros(2) if shine is None else np.array(shine) * PX_PER_MM)
    scenes = []
    for k, scale in enumerate((PX_PER_MM, PX_PER_MM * claimed_scale)):
        light = np.exp(_look_up(skin_texture(_master(shape), skins[k]), skin_places[k]))
        rgb = (gain if k else 1.0) * light[..., None] * _TONE
        if shine is not None:
            rgb = rgb + np.maximum(_look_up(skin_texture(_master(shape), 77), skin_places[k] + moved[k]), 0)[..., None]
        photo = photo_of(rgb, has_colour=has_colour)
        mask = np.ones(shape, dtype=bool)
        given = Scale(scale, "given", 0.0, 800.0, "exif")
        scenes.append(Scene(photo, given, flat_surface(shape), flat_skin(mask), Quality(0.5)))
    jitter = np.random.default_rng(9).normal(0.0, landmark_error_mm * PX_PER_MM, head.face.points_px.shape)
    after = replace(head.face, points_px=bend(head.face.points_px) + jitter)
    return KnownPair(scenes[0], scenes[1], (head.face, after), bend)


def _master(shape: tuple[int, int]) -> tuple[int, int]:
    return ((shape[0] + 200) * _MASTER, (shape[1] + 200) * _MASTER)


def _look_up(master: np.ndarray, places: np.ndarray) -> np.ndarray:
    at = ((places + 100.0) * _MASTER).astype(np.float32)
    return cv2.remap(master, at[..., 1], at[..., 0], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
