"""Flat synthetic skin, photographed: the same skin at any resolution, tone, light and slant, as a picture file."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.ndimage import affine_transform

from skintexture.io.photos import read_photo
from skintexture.io.tables import write_bytes
from skintexture.locate.cut import CutRules, Cutting, cut
from skintexture.locate.quality import Quality, blur_px
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin as whole_frame, luminance
from skintexture.locate.surface import flat_surface
from skintexture.measure import PATCH, PhotoResult, measure_patch, measure_zones
from skintexture.model import FloatArray, FloatImage, Photo, Pore, Scale, Zone
from skintexture.phantoms.patches import SkinSpec, skin_patch
from skintexture.phantoms.tone import RESTING_BLOOD, albedo, melanin_of
from skintexture.recipe import Recipe

DRAWN_PX_PER_MM = 56.0
"""Resolution at which skin is drawn: its finest feature, a furrow, is 3.4 of these pixels wide (σ), so that every photo
is a sample of one smooth skin."""

PIGMENT = (0.8, 1.0, 1.25)
"""Contrast of red, green and blue light by that of green: pigment absorbs more the shorter the wave."""

SHADE = (1.0, 1.0, 1.0)
"""Contrast of relief, which shades all colours alike."""

FULL_WELL = 20_000.0
"""Electrons at white, as in the sample photographs."""


@dataclass(frozen=True, slots=True)
class FlatSkin:
    """Skin on a plane.

    Attributes
    ----------
    contrast_pct : (N, N) float64
        100 × log of what it reflects of green light, about its mean, at `DRAWN_PX_PER_MM`.
    pores : tuple of Pore
        Those that are there, in these pixels.
    """

    contrast_pct: FloatArray
    pores: tuple[Pore, ...]

    @property
    def side_mm(self) -> float:
        return len(self.contrast_pct) / DRAWN_PX_PER_MM


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatCamera:
    """How flat skin is photographed.

    Attributes
    ----------
    px_per_mm : float
    blur_px : float
        σ of lens and pixels together; 0.5 is what recipes take for granted.
    tone_rgb : (float, float, float)
        Share of red, green and blue light that the skin reflects.
    exposure : float
        Gain on the light.
    gloss : float
        Light mirrored by the surface, in the units of ``tone_rgb``, everywhere the same.
    full_well : float
        Electrons at white; shot noise follows from it. Infinite for none.
    noise_pct : float
        Noise in % of the light in each channel, whatever its brightness, in the place of shot noise; nan for that.
    slant_deg : float
        The skin is tilted about the picture's x axis.
    channel_contrast : (float, float, float)
        Contrast of red, green and blue light by the skin's.
    seed : int
        Of the noise.
    """

    px_per_mm: float = 20.0
    blur_px: float = 0.5
    tone_rgb: tuple[float, float, float] = (0.48, 0.33, 0.26)
    exposure: float = 1.0
    gloss: float = 0.0
    full_well: float = FULL_WELL
    noise_pct: float = math.nan
    slant_deg: float = 0.0
    channel_contrast: tuple[float, float, float] = PIGMENT
    seed: int = 1


@lru_cache(maxsize=8)
def grow(spec: SkinSpec) -> FlatSkin:
    """Draw the skin of a spec, without its camera: only what is on the skin counts."""
    drawn = skin_patch(
        replace(
            spec,
            tone=0.5,
            slant_deg=0.0,
            photo_px_per_mm=DRAWN_PX_PER_MM,
            grid_px_per_mm=DRAWN_PX_PER_MM,
            focus_mm=0.0,
            grid_blur_mm=0.0,
            noise_pct=0.0,
            local_mean_mm=1e3,
        )
    )
    contrast_pct = drawn.patch.signal.astype(np.float64)
    contrast_pct.setflags(write=False)  # kept and shared
    return FlatSkin(contrast_pct, drawn.pores)


def linear_picture(skin: FlatSkin, camera: FlatCamera) -> FloatImage:
    """Light that reaches the pixels, without noise.

    Returns
    -------
    (H, W, 3) float32
        1.0 = white.
    """
    step_px = DRAWN_PX_PER_MM / camera.px_per_mm
    cos = math.cos(math.radians(camera.slant_deg))
    side = math.floor(skin.side_mm * camera.px_per_mm)
    steps = (step_px / cos, step_px)
    shape = (math.floor(side * cos), side)
    planes = []
    for tone, factor in zip(camera.tone_rgb, camera.channel_contrast, strict=True):
        light = tone * np.exp(factor * skin.contrast_pct / 100.0) + camera.gloss
        soft = _blurred(light, (camera.blur_px * steps[0], camera.blur_px * steps[1]))
        offset = [(step - 1.0) / 2.0 for step in steps]
        planes.append(affine_transform(soft, list(steps), offset, shape, order=3, mode="nearest"))
    return (camera.exposure * np.stack(planes, axis=-1)).astype(np.float32)


def exposed(light: FloatImage, camera: FlatCamera) -> FloatImage:
    """Add the sensor's noise."""
    rng = np.random.default_rng(camera.seed)
    noise = light * rng.standard_normal(light.shape, dtype=np.float32)
    if math.isnan(camera.noise_pct):
        return np.asarray(light + noise / np.sqrt(np.maximum(light, 1e-6) * camera.full_well), np.float32)
    return np.asarray(light + noise * (camera.noise_pct / 100.0), np.float32)


def photographed(skin: FlatSkin, camera: FlatCamera, *, stored: Literal["png8", "png16", "float"] = "png8") -> Photo:
    """Photograph skin; through a file and the reader of every photo, or as plain linear light."""
    light = exposed(linear_picture(skin, camera), camera)
    return as_photo(light) if stored == "float" else through_file(light, bits=8 if stored == "png8" else 16)


def as_photo(light: FloatImage) -> Photo:
    """Take linear light for a photo, as no file could hold it: unclipped, unrounded."""
    clipped = np.zeros(light.shape[:2], dtype=bool)
    return Photo("flat", "", light, clipped, True, 16, 100.0, math.nan, math.nan)


def through_file(light: FloatImage, *, bits: int) -> Photo:
    """Store linear light as PNG in sRGB, and read it back."""
    clipped = np.clip(light, 0.0, 1.0)
    curve = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** np.float32(1 / 2.4) - 0.055)
    kind: type[np.uint8] | type[np.uint16] = np.uint8 if bits == 8 else np.uint16
    codes: NDArray[np.uint8] | NDArray[np.uint16] = np.rint(curve * np.iinfo(kind).max).astype(kind)
    _, png = cv2.imencode(".png", codes[..., ::-1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flat.png"
        write_bytes(png.tobytes(), path)
        return read_photo(path)


def tone_rgb(ita_deg: float) -> tuple[float, float, float]:
    """Share of red, green and blue light that skin of a typology angle reflects."""
    red, green, blue = albedo(np.array(melanin_of(ita_deg)), np.array(RESTING_BLOOD)).tolist()
    return red, green, blue


def measured(photo: Photo, camera: FlatCamera, recipe: Recipe) -> dict[str, float]:
    """Every number of the recipe on a photo of flat skin, by metric; where it is slanted, its slant is known."""
    if camera.slant_deg == 0.0:
        result: PhotoResult = measure_patch(photo, None, recipe, camera.px_per_mm)
        rows = result.measurements
    else:
        rows, _ = measure_zones(*_scene(photo, camera), recipe)
    return {row.metric: row.value for row in rows}


def cut_out(photo: Photo, camera: FlatCamera, recipe: Recipe) -> Cutting:
    """Bring a photo of flat skin to the recipe's grid, as `measured` does."""
    scene, (zone,) = _scene(photo, camera)
    return cut(scene, zone, CutRules(recipe.grid, recipe.zones.max_slant_deg, 0.0))


def _scene(photo: Photo, camera: FlatCamera) -> tuple[Scene, tuple[Zone, ...]]:
    shape = (photo.height_px, photo.width_px)
    everywhere = np.ones(shape, dtype=bool)
    flat = flat_surface(shape)
    cos = math.cos(math.radians(camera.slant_deg))
    maps = flat.maps.copy()
    maps[..., 0] = cos
    scale = Scale(camera.px_per_mm, "given", 0.0, math.inf, "flat")
    quality = Quality(blur_px(luminance(photo.linear_rgb), everywhere))
    scene = Scene(photo, scale, replace(flat, maps=maps), whole_frame(everywhere), quality)
    outline = np.array([[0, 0], [0, shape[1]], [shape[0], shape[1]], [shape[0], 0]]) - 0.5
    area_mm2 = shape[0] * shape[1] / camera.px_per_mm**2 / cos
    return scene, (Zone(PATCH, outline, camera.px_per_mm, camera.slant_deg, area_mm2, 1.0, ()),)


def _blurred(image: FloatArray, sigmas_px: tuple[float, float]) -> FloatArray:
    """Gaussian blur in the frequencies of a mirrored picture: exact for any σ."""
    spectrum = dctn(image, type=2)
    along = [
        np.exp(-0.5 * (np.pi * np.arange(count) / count * sigma) ** 2)
        for count, sigma in zip(image.shape, sigmas_px, strict=True)
    ]
    return np.asarray(idctn(spectrum * along[0][:, None] * along[1][None, :], type=2))
