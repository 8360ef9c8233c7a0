"""The iris rim (limbus), fitted in the photo's own pixels.

The landmark model sees the whole face at 256 pixels, so its irises are a few pixels wide. The rim is found again in
the full photo: the circle whose two sides, left and right between the lids, show the strongest step from dark iris to
bright sclera (the integro-differential operator of Daugman 1993, doi 10.1109/34.244676, on arcs).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import EYE_CORNERS
from skintexture.model import Face, FloatArray, FloatImage, Photo

# The eye is brought to this radius before the fit: enough for 0.2 %, and fast.
_RADIUS_PX = 48.0
_SIDE = 2.2  # half side of the picture of the eye, in radii
_RADII = np.arange(0.70, 1.36, 0.01)
# The rim between the lids, as angles below the horizontal: the upper lid hides more of it than the lower.
_ARC_DEG = (-40.0, 55.0)
_ANGLES = 33
_ARC = np.radians(np.linspace(*_ARC_DEG, _ANGLES))
# Places on the arc at the subject's one side, from the centre, in radii: each radius at each angle.
_DOWN, _ACROSS = np.outer(_RADII, np.sin(_ARC)), np.outer(_RADII, np.cos(_ARC))
# How far the centre may lie from the model's, in radii, down and across: the model guesses where the lids hide it.
_SHIFT = np.array([0.42, 0.24])
# Reach of each search around the best place so far, as shares of that, and its spacing in radii.
_SEARCHES = ((1.0, 0.06), (0.15, 0.02), (0.05, 0.01))
# A step of this many natural-log units on both sides is a rim that can be seen.
_LEAST_STEP = 0.12
_LEAST_ARC = 0.35
# Radius by the model's: what lies beyond has been a lid, a lash or the edge of a contact lens.
_TRUSTED = (0.85, 1.10)
_MODEL_UNCERTAINTY = 0.05
_FIT_UNCERTAINTY = 0.015


@dataclass(frozen=True, slots=True)
class IrisFit:
    """Diameter of one iris.

    Attributes
    ----------
    centre_px : tuple of float
        ``(y, x)`` in the photo.
    diameter_px : float
        Horizontal visible diameter.
    uncertainty : float
        Relative, one standard deviation, of the fit alone.
    refined : bool
        Whether the rim was seen; otherwise this is the landmark model's diameter.
    model_px : float
        The landmark model's diameter.
    """

    centre_px: tuple[float, float]
    diameter_px: float
    uncertainty: float
    refined: bool
    model_px: float


def eye_axis_rad(face: Face) -> float:
    """Direction from eye to eye in the picture, clockwise from its x axis."""
    down, across = face.points_px[EYE_CORNERS[-1]] - face.points_px[EYE_CORNERS[0]]
    return math.atan2(down, across)


def fit_iris(photo: Photo, iris_px: FloatArray, lids_px: FloatArray, *, axis_rad: float) -> IrisFit:
    """Fit the rim of one iris.

    Parameters
    ----------
    photo : Photo
    iris_px : (5, 2) float64
        The model's centre and four rim points (right, top, left, bottom in the picture), ``(y, x)``.
    lids_px : (N, 2) float64
        Outline of the opening between the lids.
    axis_rad : float
        Direction from eye to eye in the picture, clockwise from its x axis: a tilted head has tilted lids.

    Returns
    -------
    IrisFit
        A rim far from the model's is not believed: a lid or a lash was taken for it.
    """
    centre = iris_px[0]
    radius = float(np.linalg.norm(iris_px[1] - iris_px[3])) / 2
    unrefined = IrisFit(
        (float(centre[0]), float(centre[1])), 2 * radius, _MODEL_UNCERTAINTY, refined=False, model_px=2 * radius
    )
    if radius < 4.0:
        return unrefined
    cos, sin = math.cos(axis_rad), math.sin(axis_rad)
    turn = np.array([[cos, -sin], [sin, cos]])  # from (y, x) in the photo to (down, across) in the eye
    eye = _picture_of_eye(photo, centre, turn * radius)
    opening = _opening((lids_px - centre) @ turn.T / radius)
    shift, relative = np.zeros(2), 1.0
    step = 0.0
    for share, spacing in _SEARCHES:
        shift, relative, step = _strongest_rim(eye, opening, (shift, share, spacing))
    at_the_limit = not _RADII[2] < relative < _RADII[-3] or bool(np.any(np.abs(shift) > 1.1 * _SHIFT))
    if step < _LEAST_STEP or at_the_limit or not _TRUSTED[0] <= relative <= _TRUSTED[1]:
        return unrefined
    fitted = centre + shift * radius @ turn
    at = (float(fitted[0]), float(fitted[1]))
    return IrisFit(at, 2 * radius * relative, _FIT_UNCERTAINTY, refined=True, model_px=2 * radius)


def _picture_of_eye(photo: Photo, centre: FloatArray, radius_turn: FloatArray) -> FloatImage:
    """Log luminance around the iris, upright and at a fixed radius; catchlights cut off.

    ``radius_turn`` is the turn from the photo's ``(y, x)`` to the eye's, times the iris radius in photo pixels.
    """
    half = round(_SIDE * _RADIUS_PX)
    (down_y, down_x), (across_y, across_x) = radius_turn / _RADIUS_PX
    zoom = math.hypot(down_y, down_x)
    reach = int(np.ceil(1.42 * half * zoom + 3))
    y0, x0 = max(0, int(centre[0]) - reach), max(0, int(centre[1]) - reach)
    crop = photo.linear_rgb[y0 : int(centre[0]) + reach + 1, x0 : int(centre[1]) + reach + 1]
    light = crop.mean(axis=2)
    if zoom > 1:
        light = cv2.GaussianBlur(light, (0, 0), 0.5 * zoom)
    middle_y, middle_x = centre[0] - y0 - half * (down_y + across_y), centre[1] - x0 - half * (down_x + across_x)
    to_photo = np.array([[across_x, down_x, middle_x], [across_y, down_y, middle_y]])
    eye = cv2.warpAffine(
        light,
        to_photo,
        (2 * half + 1, 2 * half + 1),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    eye = np.minimum(eye, np.percentile(eye, 97))
    return np.asarray(cv2.GaussianBlur(np.log(eye + 0.01), (0, 0), 1.0), np.float32)


def _opening(lids: FloatArray) -> NDArray[np.bool_]:
    """Where the eyeball shows, in the picture of the eye; the lids come in iris radii from its centre."""
    half = round(_SIDE * _RADIUS_PX)
    outline = lids * _RADIUS_PX + half
    seen = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.uint8)
    cv2.fillPoly(seen, [np.rint(outline[:, ::-1]).astype(np.int32)], 1)
    return seen.astype(bool)


def _strongest_rim(
    eye: FloatImage, opening: NDArray[np.bool_], search: tuple[FloatArray, float, float]
) -> tuple[FloatArray, float, float]:
    """Try centres on a grid; return the best shift and radius (in model radii) and the step across the rim."""
    around, share, spacing = search
    best: tuple[FloatArray, float, float] = (around, 1.0, 0.0)
    down, across = (np.arange(-share * reach, share * reach + spacing / 2, spacing) for reach in _SHIFT)
    for dy in down:
        for dx in across:
            shift = around + np.array([dy, dx])
            relative, step = _rim_at(eye, opening, shift)
            if step > best[2]:
                best = (shift, relative, step)
    return best


def _rim_at(eye: FloatImage, opening: NDArray[np.bool_], shift: FloatArray) -> tuple[float, float]:
    """Radius with the strongest mean step on the weaker of the two sides, for one centre."""
    half = eye.shape[0] // 2
    steps = []
    for side in (1.0, -1.0):
        y = half + _RADIUS_PX * (shift[0] + _DOWN)
        x = half + _RADIUS_PX * (shift[1] + side * _ACROSS)
        profile = np.asarray(cv2.remap(eye, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR), np.float32)
        seen = opening[np.rint(y).astype(int).clip(0, 2 * half), np.rint(x).astype(int).clip(0, 2 * half)]
        steps.append(_mean_step(profile, seen))
    weaker = np.minimum(*steps)
    inner = weaker[1:-1]
    k = int(np.argmax(inner))
    return float(_RADII[1:-1][k] + 0.01 * _parabola(weaker[k : k + 3])), float(inner[k])


def _mean_step(profile: FloatImage, seen: NDArray[np.bool_]) -> FloatArray:
    """Rise of log light across each radius (over ± 0.06 radii), averaged over the angles that show the eyeball."""
    rows = len(_RADII)
    width = 6
    rise = np.zeros((rows, profile.shape[1]))
    rise[width:-width] = profile[2 * width :] - profile[: -2 * width]
    both = np.zeros_like(seen)
    both[width:-width] = seen[2 * width :] & seen[: -2 * width]
    count = both.sum(axis=1)
    mean = np.where(both, np.clip(rise, -0.5, 1.0), 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count >= _LEAST_ARC * profile.shape[1], mean, 0.0)


def _parabola(values: FloatArray) -> float:
    """Place of the peak of three equally spaced values, from the middle one, in spacings."""
    low, mid, high = values
    curve = low - 2 * mid + high
    return 0.0 if curve >= 0 else float(np.clip(0.5 * (low - high) / curve, -0.5, 0.5))
