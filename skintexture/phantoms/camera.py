"""Where the camera stands, and what its lens and sensor do to light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage

_FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)


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
    """

    width_px: int = 3000
    height_px: int = 4000
    focal_length_35mm: int = 100
    distance_mm: float = 800.0
    blur_px: float = 0.6
    exposure: float = 1.0
    noise_electrons: float = 20000.0
    read_noise: float = 0.0008

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
    wanted = np.array([pose.shift_mm[1], pose.shift_mm[0], camera.distance_mm])
    return View(
        rotation=rotation,
        translation_mm=wanted - rotation @ anchor_mm,
        focal_px=camera.focal_px,
        centre_px=((camera.height_px - 1) / 2, (camera.width_px - 1) / 2),
    )


def develop(linear_rgb: FloatImage, camera: CameraSpec, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, expose, add noise and encode as 8-bit sRGB.

    Parameters
    ----------
    linear_rgb : (H, W, 3) float32
        Radiance, 1.0 = white at exposure 1. Overwritten.
    """
    image = cv2.GaussianBlur(linear_rgb, (0, 0), camera.blur_px, dst=linear_rgb) * np.float32(camera.exposure)
    encoded = np.empty(image.shape, np.uint8)
    for top in range(0, len(image), 256):
        strip = np.clip(image[top : top + 256], 0.0, 1.5)
        noise = rng.standard_normal(strip.shape, dtype=np.float32)
        noise *= np.sqrt(strip / np.float32(camera.noise_electrons) + np.float32(camera.read_noise**2))
        encoded[top : top + 256] = _srgb_bytes(strip + noise)
    return encoded


def _srgb_bytes(linear: FloatImage) -> NDArray[np.uint8]:
    clipped = np.clip(linear, 0.0, 1.0)
    curve = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** np.float32(1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255.0), np.uint8)


def _rotation(pose: Pose) -> FloatArray:
    yaw, pitch, roll = np.deg2rad([pose.yaw_deg, pose.pitch_deg, pose.roll_deg])
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)
