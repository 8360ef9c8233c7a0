"""How the camera's distance differs between two photos of a face, from the perspective of the registered skin.

Two people's noses differ more than perspective makes them, but one person's nose is the same twice: the before photo's
own points, set in space by the average face, are placed before a camera at many distances until they fit the after
photo.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from skintexture.locate.anatomy import EYE_CORNERS
from skintexture.locate.register import Registration
from skintexture.locate.scene import Scene
from skintexture.locate.stations import stations
from skintexture.locate.surface import fit_pose
from skintexture.model import Face, FloatArray

_RATIOS = np.geomspace(0.4, 2.5, 37)
_LEAST_STATIONS = 100


def distance_ratio(before: tuple[Face, Scene], after: Scene, registration: Registration) -> float:
    """Distance of the camera in the after photo by that in the before photo.

    On phantoms within 4 % at the same pose, and within 13 % at poses 5° apart, where the average face's depth is not
    this person's.

    Parameters
    ----------
    before : (Face, Scene)
    after : Scene
    registration : Registration

    Returns
    -------
    float
        0.4 … 2.5; nan where too little skin is registered.
    """
    face, scene = before
    here = stations().on(face)
    there = registration.carry(here, to="after")
    known = np.isfinite(there).all(axis=1) & registration.trusted_at(here, side="before")
    if known.sum() < _LEAST_STATIONS:
        return math.nan
    shape_mm = _in_space(face, scene, here)[known]
    seen = np.ascontiguousarray(there[known][:, ::-1])
    # The registered scale is the surer one.
    px_per_mm = registration.scale_ratio * scene.scale.px_per_mm
    size = (after.photo.height_px, after.photo.width_px)
    misses = [_miss_px(shape_mm, seen, size, ratio * scene.scale.distance_mm * px_per_mm) for ratio in _RATIOS]
    return _lowest(np.log(_RATIOS), np.array(misses))


def _in_space(face: Face, scene: Scene, here: FloatArray) -> FloatArray:
    """Stations in the camera's axes, in mm: this face's own across, the average face's along the line of sight."""
    photo, scale = scene.photo, scene.scale
    focal_px = scale.px_per_mm * scale.distance_mm
    points, _ = fit_pose(face, (photo.height_px, photo.width_px), focal_px)
    depth = points[:, 2] * (scale.distance_mm / points[list(EYE_CORNERS), 2].mean())
    away = np.einsum("nk,nk->n", stations().weights, depth[stations().corners])
    down, across = (here - (np.array([photo.height_px, photo.width_px]) - 1) / 2).T * away / focal_px
    return np.column_stack([across, down, away])


def _miss_px(shape_mm: FloatArray, seen: FloatArray, size: tuple[int, int], focal_px: float) -> float:
    """Median distance between where the shape is seen and where it would be seen at best."""
    camera = np.array([[focal_px, 0, (size[1] - 1) / 2], [0, focal_px, (size[0] - 1) / 2], [0, 0, 1]])
    centred = np.ascontiguousarray(shape_mm - shape_mm.mean(axis=0))
    _, turn, shift = cv2.solvePnP(centred, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    _, turn, shift = cv2.solvePnP(centred, seen, camera, None, turn, shift, True, flags=cv2.SOLVEPNP_ITERATIVE)
    placed = (centred @ cv2.Rodrigues(turn)[0].T + shift.ravel()) @ camera.T
    return float(np.median(np.linalg.norm(placed[:, :2] / placed[:, 2:] - seen, axis=1)))


def _lowest(log_ratio: FloatArray, miss: FloatArray) -> float:
    """Place of the minimum, refined by a parabola through its neighbours."""
    k = int(np.argmin(miss))
    if k in (0, len(miss) - 1):
        return math.exp(float(log_ratio[k]))
    low, mid, high = miss[k - 1 : k + 2]
    shift = 0.5 * (low - high) / (low - 2 * mid + high)
    return math.exp(float(log_ratio[k] + shift * (log_ratio[1] - log_ratio[0])))
