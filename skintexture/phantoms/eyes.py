"""Eyes: spheres behind the lids, with an iris of known size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatArray, FloatImage
from skintexture.phantoms.camera import View
from skintexture.phantoms.head import Head
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.mesh import IntArray

IRIS_DIAMETER_MM = 11.71
"""Horizontal visible iris diameter of adults (Rüfer 2005, doi 10.1097/01.ico.0000148312.01805.53)."""

_IRIS_RADIUS_MM = IRIS_DIAMETER_MM / 2
_PUPIL_RADIUS_MM = 1.75
_LIMBUS_WIDTH_MM = 0.22  # over which the rim fades into the white, symmetric about the nominal radius
_CORNEA_RADIUS_MM = 7.8

_WHITE = np.array([0.54, 0.47, 0.43])
_PINK = np.array([0.52, 0.24, 0.21])
_RIM = np.array([0.035, 0.030, 0.030])


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeSpec:
    """Colours (linear sRGB) of the iris near the pupil and near the rim, and the seed of its fibres."""

    inner: tuple[float, float, float]
    outer: tuple[float, float, float]
    seed: int


@dataclass(frozen=True, slots=True)
class EyeInView:
    """One eyeball before the camera, in the camera's space (mm)."""

    centre_mm: FloatArray
    radius_mm: float
    gaze: FloatArray

    @property
    def limbus_mm(self) -> FloatArray:
        """Centre of the circle where iris and white meet."""
        return np.asarray(self.centre_mm + self.gaze * math.sqrt(self.radius_mm**2 - _IRIS_RADIUS_MM**2))


@dataclass(frozen=True, slots=True)
class EyePicture:
    """What an eyeball looks like in a window of the picture.

    Attributes
    ----------
    window : tuple of slices
        Rows and columns.
    shown : (h, w) bool
        Where the ball is nearer than the skin.
    radiance : (h, w, 3) float32
    """

    window: tuple[slice, slice]
    shown: BoolImage
    radiance: FloatImage


def eyes_in_view(head: Head, view: View) -> tuple[EyeInView, EyeInView]:
    """Both eyes, looking into the camera; the subject's right one first."""
    right, left = view.to_camera(head.eye_centres_mm)
    return _eye(right, head), _eye(left, head)


def limbus_anchor_mm(head: Head) -> FloatArray:
    """Resting point between the two limbi of a head that looks straight ahead."""
    ahead = math.sqrt(head.eye_radius_mm**2 - _IRIS_RADIUS_MM**2)
    return np.asarray(head.eye_centres_mm.mean(axis=0) + np.array([0.0, 0.0, ahead]))


def paint_eye(
    eye: EyeInView, view: View, skin_depth_mm: FloatImage, spec: EyeSpec, light: LightSpec
) -> EyePicture | None:
    """Colour one eyeball where no skin lies before it; None if it is outside the picture.

    Parameters
    ----------
    skin_depth_mm : (H, W) float32
        Depth of the skin along the optical axis in each pixel; infinite where there is none.
    """
    window = _window(eye, view, skin_depth_mm.shape)
    rows, columns = np.mgrid[window]
    if rows.size == 0:
        return None
    sight = view.rays(rows, columns)
    surface, hit = _meet_sphere(eye, sight)
    shown = _largest_part(hit & (surface[..., 2] < skin_depth_mm[window]))
    px_per_mm = view.focal_px / eye.centre_mm[2]
    from_centre = surface - eye.centre_mm
    normal = from_centre / eye.radius_mm
    across = from_centre - (from_centre @ eye.gaze)[..., None] * eye.gaze
    radius_mm = np.linalg.norm(across, axis=-1)
    colour = _colour(across, radius_mm, spec) + _veins(surface, radius_mm, spec)
    corner = _distance_mm(~_inner_corner(shown, eye), px_per_mm)
    colour += (np.exp(-((corner / 2.6) ** 2)))[..., None] * (_PINK - colour)
    shade = _lid_shadow(shown, px_per_mm)
    lambert = light.ambient + light.fill + light.key * np.clip(0.35 + 0.65 * normal @ light.key_direction, 0, 1)
    radiance = colour * (0.80 * lambert * shade)[..., None]
    radiance += (_reflection(eye, normal, across, radius_mm, sight, light) * (0.3 + 0.7 * shade))[..., None]
    return EyePicture(window=window, shown=shown, radiance=radiance.astype(np.float32))


def _eye(centre_mm: FloatArray, head: Head) -> EyeInView:
    return EyeInView(centre_mm=centre_mm, radius_mm=head.eye_radius_mm, gaze=-centre_mm / np.linalg.norm(centre_mm))


def _window(eye: EyeInView, view: View, size: tuple[int, ...]) -> tuple[slice, slice]:
    x, y = view.project(eye.centre_mm[None])[0]
    reach = 1.1 * eye.radius_mm * view.focal_px / eye.centre_mm[2]
    rows, columns = (
        slice(*np.clip((int(middle - reach), int(middle + reach)), 0, length).tolist())
        for middle, length in zip((y, x), size, strict=True)
    )
    return rows, columns


def _meet_sphere(eye: EyeInView, sight: FloatArray) -> tuple[FloatArray, BoolImage]:
    along = sight @ eye.centre_mm
    inside = along**2 - (eye.centre_mm @ eye.centre_mm - eye.radius_mm**2)
    return (along - np.sqrt(np.maximum(inside, 0.0)))[..., None] * sight, inside > 0


def _largest_part(mask: BoolImage) -> BoolImage:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _colour(across: FloatArray, radius_mm: FloatArray, spec: EyeSpec) -> FloatArray:
    rng = np.random.default_rng([spec.seed, 6])
    angle = np.arctan2(across[..., 1], across[..., 0])
    part = np.clip(radius_mm / _IRIS_RADIUS_MM, 0.0, 1.0)
    fibres = sum(
        rng.normal() * np.cos(k * angle + rng.uniform(0, 2 * math.pi) + 1.5 * part * rng.normal())
        for k in range(9, 90, 3)
    )
    bands = 0.5 + 0.5 * np.tanh((part - 0.52) * 9 + 0.12 * fibres)
    iris = np.array(spec.inner) + bands[..., None] * (np.array(spec.outer) - np.array(spec.inner))
    iris *= np.clip(1.0 + 0.045 * fibres, 0.4, 1.7)[..., None]
    iris += _step(part, 0.93, 0.10)[..., None] * (_RIM - iris)
    iris *= _step(radius_mm, _PUPIL_RADIUS_MM, 0.10)[..., None] * 0.985 + 0.015
    white = _step(radius_mm, _IRIS_RADIUS_MM, _LIMBUS_WIDTH_MM / 2)
    return np.asarray(iris + white[..., None] * (_WHITE - iris))


def _veins(surface: FloatArray, radius_mm: FloatArray, spec: EyeSpec) -> FloatArray:
    """Faint red unevenness of the white, stronger away from the iris."""
    rng = np.random.default_rng([spec.seed, 7])
    rough = rng.standard_normal((24, 24, 1)).astype(np.float32)
    fine = cv2.resize(rough, surface.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    lines = np.exp(-((fine / 0.10) ** 2)) * np.clip((radius_mm - 7.0) / 5.0, 0.0, 1.0)
    return np.asarray(0.35 * lines[..., None] * np.array([-0.04, -0.16, -0.15]))


def _step(value: FloatArray, at: float, sigma: float) -> FloatArray:
    return np.asarray(0.5 + 0.5 * np.tanh((value - at) / (0.8 * sigma)))


def _inner_corner(shown: BoolImage, eye: EyeInView) -> BoolImage:
    """Mark the visible pixels next to the nose."""
    corner = np.zeros_like(shown)
    columns = np.flatnonzero(shown.any(axis=0))
    if len(columns):
        column = columns[-1] if eye.centre_mm[0] < 0 else columns[0]
        corner[:, column] = shown[:, column]
    return corner


def _distance_mm(mask: NDArray[np.bool_], px_per_mm: float) -> FloatArray:
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) / px_per_mm, np.float64)


def _lid_shadow(shown: BoolImage, px_per_mm: float) -> FloatArray:
    """Darker toward the lids, most of all under the upper one."""
    from_lids = _distance_mm(shown, px_per_mm)
    below_lid = np.cumsum(shown, axis=0) / px_per_mm
    return np.asarray((1 - 0.55 * np.exp(-((below_lid / 2.0) ** 1.3))) * (1 - 0.45 * np.exp(-from_lids / 0.7)))


def _reflection(
    eye: EyeInView,
    normal: FloatArray,
    across: FloatArray,
    radius_mm: FloatArray,
    sight: FloatArray,
    light: LightSpec,
) -> FloatArray:
    """Mirror the lights in the wet cornea (a smaller sphere) and white."""
    inside = np.clip(radius_mm / _CORNEA_RADIUS_MM, 0.0, 0.999)
    cornea = across / _CORNEA_RADIUS_MM + np.sqrt(1 - inside**2)[..., None] * eye.gaze
    on_cornea = (radius_mm < _IRIS_RADIUS_MM)[..., None]
    facing = np.where(on_cornea, cornea, normal)
    mirrored = sight - 2 * np.sum(sight * facing, axis=-1, keepdims=True) * facing
    key = _window_light(mirrored, light.key_direction, math.sin(math.radians(light.key_size_deg)))
    fill = _window_light(mirrored, light.fill_direction, math.sin(math.radians(14.0)))
    return np.asarray(0.9 * key + 0.05 * fill + 0.008)


def _window_light(mirrored: FloatArray, towards: FloatArray, half_size: float) -> FloatArray:
    """1 where the mirrored direction meets a square light, with soft edges."""
    across = np.cross([0.0, 1.0, 0.0], towards)
    across /= np.linalg.norm(across)
    u, v = mirrored @ across, mirrored @ np.cross(towards, across)
    inside = np.minimum(half_size - np.abs(u), half_size - np.abs(v))
    return np.asarray(np.clip(0.5 + inside / 0.03, 0, 1) * (mirrored @ towards > 0))


def upper_lid(picture: EyePicture) -> IntArray:
    """``(row, column)`` in the whole picture of the uppermost visible pixel of the ball, per column, (N, 2)."""
    columns = np.flatnonzero(picture.shown.any(axis=0))
    rows = np.argmax(picture.shown[:, columns], axis=0)
    return np.stack([rows + picture.window[0].start, columns + picture.window[1].start], axis=1)
