"""A head whose geometry is known: the canonical mesh, seen by a pinhole camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from skintexture.locate.anatomy import EYE_CORNERS, LEFT_IRIS, RIGHT_IRIS
from skintexture.locate.canonical import canonical_mesh
from skintexture.model import Face, Photo

OPEN_EYES = MappingProxyType(
    {"eyeBlinkLeft": 0.05, "eyeBlinkRight": 0.05, "mouthSmileLeft": 0.0, "mouthSmileRight": 0.0}
)
CLOSED_EYES = MappingProxyType({**OPEN_EYES, "eyeBlinkLeft": 0.8, "eyeBlinkRight": 0.75})


@dataclass(frozen=True)
class KnownHead:
    face: Face
    points_mm: np.ndarray  # camera axes: x right, y down, z away
    px_per_mm: float
    distance_mm: float
    shape: tuple[int, int]


def see_head(px_per_mm=4.0, distance_mm=800.0, yaw_deg=0.0, expression=OPEN_EYES) -> KnownHead:
    """Photograph the canonical head; positive yaw turns it to its own left (the picture's right)."""
    shape = (round(260 * px_per_mm), round(220 * px_per_mm))
    yaw = math.radians(yaw_deg)
    turn = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    points = canonical_mesh().vertices_mm @ turn.T * np.array([1.0, -1.0, -1.0])
    points[:, 2] += distance_mm - points[list(EYE_CORNERS), 2].mean()
    focal = px_per_mm * distance_mm
    centre = (np.array(shape) - 1) / 2
    seen = points[:, 1::-1] / points[:, 2:] * focal + centre
    irises = []
    for corners in (EYE_CORNERS[:2], EYE_CORNERS[2:]):
        middle = seen[list(corners)].mean(axis=0)
        radius = 11.71 / 2 * px_per_mm
        irises += [middle + radius * np.array(at) for at in ((0, 0), (0, 1), (-1, 0), (0, -1), (1, 0))]
    everything = np.vstack([seen, irises])
    face = Face(everything, np.zeros(478), yaw_deg, 0.0, 0.0, expression, 1)
    return KnownHead(face, points, px_per_mm, distance_mm, shape)


def photo_of(rgb: np.ndarray, **changes) -> Photo:
    plain = {
        "name": "p.png",
        "sha256": "0" * 64,
        "linear_rgb": np.ascontiguousarray(rgb, dtype=np.float32),
        "clipped": np.zeros(rgb.shape[:2], dtype=bool),
        "has_colour": True,
        "bits": 8,
        "chroma_quality": 100.0,
        "jpeg_quality": math.nan,
        "focal_length_35mm": math.nan,
    }
    return Photo(**{**plain, **changes})


def draw_eyes(head: KnownHead, iris_mm: float = 11.71) -> np.ndarray:
    """Skin with two bright eyeballs and dark irises of a known diameter, antialiased, a little soft."""
    rgb = np.full((*head.shape, 3), 0.25, dtype=np.float32)
    for iris in (RIGHT_IRIS, LEFT_IRIS):
        y, x = head.face.points_px[iris]
        lids = head.px_per_mm * np.array([15.0, 6.0])
        cv2.ellipse(rgb, _fixed((x, y)), _fixed(lids), 0, 0, 360, (0.6, 0.6, 0.6), -1, cv2.LINE_AA, 8)
        radius = head.px_per_mm * iris_mm / 2
        dark = np.zeros(head.shape, dtype=np.float32)
        cv2.circle(dark, _fixed((x, y)), round(radius * 256), 1.0, -1, cv2.LINE_8, 8)
        opening = np.all(np.isclose(rgb, 0.6, atol=0.2), axis=-1)
        rgb = np.where((dark > 0.5)[..., None] & opening[..., None], np.float32(0.06), rgb)
    return cv2.GaussianBlur(rgb, (0, 0), 0.8)


def _fixed(values) -> tuple[int, int]:
    return (round(float(values[0]) * 256), round(float(values[1]) * 256))
