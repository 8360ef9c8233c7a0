"""Exposure, contrast and colour of the face, in the raw quantities of ISO/IEC 29794-5."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.anatomy import FACE_OVAL, zone_outlines
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SKIN, fill
from skintexture.locate.stations import face_light
from skintexture.model import BoolImage, Face, FloatImage

# Ends of the range of 0 … 255 that count as too dark and too bright.
_DARK, _BRIGHT = 25, 247
_XYZ_BY_WHITE = np.array(
    [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]], dtype=np.float32
)
"""From linear sRGB to CIE XYZ relative to white (D65)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the face is exposed; shares are 0 … 1.

    Attributes
    ----------
    lightness : float
        Mean CIE lightness of the face, 0 … 1.
    dark_share, bright_share : float
        Of the face at lightness up to 25 and from 247 of 255.
    clipped_share : float
        Of the face at an end of the file's range.
    entropy_bits : float
        Of the face's lightness in 256 steps, 0 … 8.
    balance : float
        What the histograms of the left and the right cheek have in common, 0 … 1.
    a_star, b_star : float
        Mean colour of the bare skin in CIELAB.
    """

    lightness: float
    dark_share: float
    bright_share: float
    clipped_share: float
    entropy_bits: float
    balance: float
    a_star: float
    b_star: float


def see_exposure(face: Face, scene: Scene) -> Exposure:
    """Take stock of the face's light.

    Parameters
    ----------
    face : Face
    scene : Scene

    Returns
    -------
    Exposure
    """
    lab = _lab(face_light(scene))
    levels = np.clip(np.rint(2.55 * lab[..., 0]), 0, 255).astype(np.intp)
    oval = _inside(face, scene, FACE_OVAL)
    histogram = np.bincount(levels[oval], minlength=256) / max(1, int(oval.sum()))
    filled = histogram[histogram > 0]
    skin = oval & (scene.skin.kinds == SKIN)
    colour = lab[skin if skin.any() else oval][:, 1:].mean(axis=0) if oval.any() else (np.nan, np.nan)
    return Exposure(
        lightness=float(np.sum(histogram * np.arange(256)) / 255),
        dark_share=float(histogram[: _DARK + 1].sum()),
        bright_share=float(histogram[_BRIGHT:].sum()),
        clipped_share=_clipped_share(scene, oval),
        entropy_bits=float(-np.sum(filled * np.log2(filled))),
        balance=_balance(levels, face, scene),
        a_star=float(colour[0]),
        b_star=float(colour[1]),
    )


def _inside(face: Face, scene: Scene, outline: tuple[int, ...]) -> BoolImage:
    skin = scene.skin
    return fill((face.points_px[list(outline)] - np.array(skin.origin_px)) / skin.step_px, skin.kinds.shape)


def _lab(linear: FloatImage) -> FloatImage:
    """CIELAB of linear sRGB under its own white."""
    relative = np.maximum(cv2.transform(linear, _XYZ_BY_WHITE), 0)
    low = (6 / 29) ** 3
    root = np.where(relative > low, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = (root[..., k] for k in range(3))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def _clipped_share(scene: Scene, oval: BoolImage) -> float:
    """Share of clipped pixels, looked at once per pixel of the skin map."""
    skin = scene.skin
    rows, columns = np.nonzero(oval)
    y, x = (
        np.clip(np.rint(first + skin.step_px * index), 0, size - 1).astype(np.intp)
        for first, index, size in zip(skin.origin_px, (rows, columns), scene.photo.clipped.shape, strict=True)
    )
    return float(scene.photo.clipped[y, x].mean()) if len(y) else 0.0


def _balance(levels: np.ndarray[tuple[int, ...], np.dtype[np.intp]], face: Face, scene: Scene) -> float:
    outlines = zone_outlines()
    halves = [levels[_inside(face, scene, outlines[name])] for name in ("left_cheek", "right_cheek")]
    if not all(half.size for half in halves):
        return float("nan")
    histograms = [np.bincount(half, minlength=256) / half.size for half in halves]
    return float(np.minimum(*histograms).sum())
