"""Where the camera stands, and what its lens and sensor do to light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.phone import process

_FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)
_MIDDLE_GREY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How the head is turned (degrees) and shifted; signs as in `skintexture.model.Face`."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    shift_mm: tuple[float, float] = (-12.0, 0.0)
    """Of the point between the eyes from the optical axis: ``(y, x)``, y down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A pinhole with a blur and a sensor.

    Attributes
    ----------
    width_px, height_px : int
    focal_length_35mm : int
        35-mm equivalent by the diagonal (the EXIF tag holds whole millimetres).
    distance_mm : float
        From the pinhole to the plane through the point between the eyes' limbi, along the optical axis.
    blur_px : float
        σ of lens and focus.
    exposure : float
        Gain on linear light.
    noise_electrons : float
        Full well: shot noise is ``sqrt(signal / full well)`` of full scale; larger is quieter.
    read_noise : float
        σ in shares of full scale.
    motion_px, motion_deg : float
        Length of the straight way that the picture moves while the shutter is open, and its direction: 0 is
        sideways, 90 upward.
    white_balance : (float, float, float)
        Gains on the sensor's linear red, green and blue; equal ones are neutral.
    contrast : float
        Exponent of the tone curve that light is developed with, about a middle grey; 1 is true to the light.
    noise_reduction : float
        Of a phone, see `skintexture.phantoms.phone`: 0 is none, 1 is usual, 2 smears.
    sharpening : float
        Share of the finest detail (below about 1 px) that is added once more; 0 is none, 1 is a phone's.
    window : (int, int, int, int) or None
        First row, first column, height and width of the part of the frame that is rendered; None is all of it.
    """

    width_px: int = 3000
    height_px: int = 4000
    focal_length_35mm: int = 100
    distance_mm: float = 800.0
    blur_px: float = 0.6
    exposure: float = 1.0
    noise_electrons: float = 20000.0
    read_noise: float = 0.0008
    motion_px: float = 0.0
    motion_deg: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    noise_reduction: float = 0.0
    sharpening: float = 0.0
    window: tuple[int, int, int, int] | None = None

    @property
    def shown(self) -> tuple[slice, slice]:
        """Rows and columns of the frame that are rendered."""
        top, left, height, width = self.window or (0, 0, self.height_px, self.width_px)
        return slice(top, top + height), slice(left, left + width)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.window[2:] if self.window else (self.height_px, self.width_px)

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.focal_length_35mm * math.hypot(self.width_px, self.height_px) / _FULL_FRAME_DIAGONAL_MM

    @property
    def px_per_mm(self) -> float:
        """At the depth of the eyes."""
        return self.focal_px / self.distance_mm


@dataclass(frozen=True, slots=True)
class View:
    """A head before a camera: takes resting points into the camera's space and into the picture.

    The camera's space is in mm: x to the viewer's right, y down, z away from the camera.
    """

    rotation: FloatArray
    translation_mm: FloatArray
    focal_px: float
    centre_px: tuple[float, float]

    def to_camera(self, points_mm: FloatArray) -> FloatArray:
        """Resting points (N, 3) in the camera's space."""
        return np.asarray(points_mm @ self.rotation.T + self.translation_mm)

    def project(self, camera_mm: FloatArray) -> FloatArray:
        """Points of the camera's space as ``(x, y)`` pixels (N, 2); pixel centres lie at whole numbers."""
        xy = camera_mm[:, :2] / camera_mm[:, 2:] * self.focal_px
        return np.asarray(xy + np.array(self.centre_px[::-1]))

    def rays(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> FloatArray:
        """Return unit directions from the pinhole through pixels, (N, 3)."""
        x = (columns - self.centre_px[1]) / self.focal_px
        y = (rows - self.centre_px[0]) / self.focal_px
        directions = np.stack([x, y, np.ones_like(x)], axis=-1)
        return np.asarray(directions / np.linalg.norm(directions, axis=-1, keepdims=True))


def view_head(camera: CameraSpec, pose: Pose, anchor_mm: FloatArray) -> View:
    """Place the head so that ``anchor_mm`` (resting) lies at the camera's distance, shifted by the pose."""
    flip = np.diag([1.0, -1.0, -1.0])
    rotation = flip @ _rotation(pose)
    rows, columns = camera.shown
    wanted = np.array([pose.shift_mm[1], pose.shift_mm[0], camera.distance_mm])
    return View(
        rotation=rotation,
        translation_mm=wanted - rotation @ anchor_mm,
        focal_px=camera.focal_px,
        centre_px=((camera.height_px - 1) / 2 - rows.start, (camera.width_px - 1) / 2 - columns.start),
    )


def develop(linear_rgb: FloatImage, camera: CameraSpec, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, expose, add noise, balance white, encode as 8-bit sRGB and process as the camera does.

    Parameters
    ----------
    linear_rgb : (H, W, 3) float32
        Radiance, 1.0 = white at exposure 1. Overwritten.
    """
    image = cv2.GaussianBlur(linear_rgb, (0, 0), camera.blur_px, dst=linear_rgb) * np.float32(camera.exposure)
    if camera.motion_px > 0:
        image = _moved(image, camera)
    processed = camera.noise_reduction > 0 or camera.sharpening > 0
    picture = np.empty(image.shape, np.float32 if processed else np.uint8)
    balance = np.array(camera.white_balance, np.float32)
    for top in range(0, len(image), 256):
        strip = np.clip(image[top : top + 256], 0.0, 1.5)
        noise = rng.standard_normal(strip.shape, dtype=np.float32)
        noise *= np.sqrt(strip / np.float32(camera.noise_electrons) + np.float32(camera.read_noise**2))
        encoded = _srgb(_toned((strip + noise) * balance, camera.contrast))
        picture[top : top + 256] = encoded if processed else _bytes(encoded)
    if not processed:
        return picture
    tolerance = _tolerance(camera)
    return _bytes(process(picture, noise=tolerance, reduction=camera.noise_reduction, sharpening=camera.sharpening))


def _tolerance(camera: CameraSpec) -> float:
    """σ of the noise of a middle grey, in shares of the encoded range."""
    slope = float(1.055 / 2.4 * _MIDDLE_GREY ** (1 / 2.4 - 1))
    return slope * math.sqrt(_MIDDLE_GREY / camera.noise_electrons + camera.read_noise**2)


def _moved(image: FloatImage, camera: CameraSpec) -> FloatImage:
    """Average of the picture over a straight way."""
    reach = math.ceil(camera.motion_px / 2) + 1
    angle = math.radians(camera.motion_deg)
    steps = np.linspace(-0.5, 0.5, 64 * reach + 1) * camera.motion_px
    rows, columns = reach - steps * math.sin(angle), reach + steps * math.cos(angle)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for down in (0, 1):
        for right in (0, 1):
            at = np.floor(rows).astype(int) + down, np.floor(columns).astype(int) + right
            np.add.at(kernel, at, (1 - np.abs(rows - at[0])) * (1 - np.abs(columns - at[1])))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _toned(linear: FloatImage, contrast: float) -> FloatImage:
    """Develop with a tone curve that leaves a middle grey as it is."""
    if contrast == 1.0:
        return linear
    relative = np.maximum(linear, np.float32(0.0)) / np.float32(_MIDDLE_GREY)
    return np.asarray(np.float32(_MIDDLE_GREY) * relative ** np.float32(contrast), np.float32)


def _srgb(linear: FloatImage) -> FloatImage:
    clipped = np.clip(linear, 0.0, 1.0)
    curve = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** np.float32(1 / 2.4) - 0.055)
    return np.asarray(curve, np.float32)


def _bytes(encoded: FloatImage) -> NDArray[np.uint8]:
    return np.asarray(np.rint(encoded * 255.0), np.uint8)


def _rotation(pose: Pose) -> FloatArray:
    yaw, pitch, roll = np.deg2rad([pose.yaw_deg, pose.pitch_deg, pose.roll_deg])
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)
