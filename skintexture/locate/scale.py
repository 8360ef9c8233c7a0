"""Pixels per millimetre, and how sure that is.

What the user states comes first, then a printed marker, then the iris: its visible horizontal diameter is
11.71 ± 0.42 mm in adults (Rüfer, Schröder, Erb 2005, Cornea 24:259-261).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from skintexture.errors import InputError, PhotoProblem
from skintexture.locate.anatomy import EYE_CORNERS, LEFT_IRIS, RIGHT_EYELIDS, RIGHT_IRIS, mirrored
from skintexture.locate.iris import eye_axis_rad, fit_iris
from skintexture.locate.landmarks import small_srgb
from skintexture.locate.surface import estimate_distance_mm
from skintexture.model import Face, FloatArray, Photo, Rim, Scale, ScaleMethod
from skintexture.params import Fraction, Millimetres, Params

_DIAGONAL_35MM = math.hypot(36.0, 24.0)
# Nearer or farther than this, the focal length in EXIF is not that of this picture (it was cropped, or is wrong).
PLAUSIBLE_DISTANCE_MM = (100.0, 6000.0)
"""From the camera to the eyes: what is nearer or farther is not believed."""
# Finding the pupils by landmarks, relative to their distance.
_PUPILS_UNCERTAINTY = 0.02
_MARKER_UNCERTAINTY = 0.01
# Between a stated scale and the iris, as standard deviations of both: about 11 %, mostly of people's irises.
_MOST_SIGMAS = 3.0
_KNOWN_RANGES = {"px_per_mm": (0.1, 1000.0), "interpupillary_mm": (40.0, 80.0), "marker_mm": (2.0, 200.0)}
# Distance of the outer corners of the eyes: what small children and the widest faces have, and what no slip of less
# than a factor of two makes of it.
_USUAL_EYE_CORNERS_MM = (60.0, 130.0)
_EYE_CORNERS_MM = (30.0, 260.0)


class ScaleParams(Params):
    """How the scale is read from the iris.

    Attributes
    ----------
    iris_mm : float
        Horizontal visible diameter of the iris.
    iris_sd_mm : float
        Its standard deviation among people.
    max_blink : float
        Largest ``eyeBlink`` of the landmark model at which an eye counts as open.
    max_disagreement : float
        Relative difference of the two irises beyond which a caveat is given.
    """

    iris_mm: Millimetres
    iris_sd_mm: Millimetres
    max_blink: Fraction
    max_disagreement: Fraction


@dataclass(frozen=True, slots=True)
class KnownScale:
    """What the user knows of a photo's scale; all ``None`` leaves it to the iris.

    Attributes
    ----------
    px_per_mm : float or None
        At the depth of the eyes.
    interpupillary_mm : float or None
        Between the pupils' centres.
    marker_mm : float or None
        Side of a printed ArUco or AprilTag marker, worn on the face or held beside the eyes.
    """

    px_per_mm: float | None = None
    interpupillary_mm: float | None = None
    marker_mm: float | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in _KNOWN_RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InputError(
                    f"{name} = {value!r} is not between {low:g} and {high:g}", "give it in the unit it names"
                )


def find_scale(photo: Photo, face: Face, params: ScaleParams, known: KnownScale) -> Scale:
    """Find the scale at the depth of the eyes.

    Parameters
    ----------
    photo : Photo
    face : Face
    params : ScaleParams
    known : KnownScale
        What the user states.

    Returns
    -------
    Scale

    Raises
    ------
    PhotoProblem
        Nothing was stated and the eyes are closed, or no stated marker is seen.
    """
    stated = _stated(photo, face, params, known)
    found = _from_iris(photo, face, params) if stated is None else _held_against_iris(stated, photo, face, params)
    return _with_distance(photo, face, found)


class _Found(NamedTuple):
    """A scale before its distance is known; in the order and with the meaning of `Scale`."""

    px_per_mm: float
    method: ScaleMethod
    uncertainty: float
    caveats: tuple[str, ...] = ()
    irises: tuple[Rim, ...] = ()


def _stated(photo: Photo, face: Face, params: ScaleParams, known: KnownScale) -> _Found | None:
    if known.px_per_mm is not None:
        return _Found(known.px_per_mm, "given", 0.0)
    if known.marker_mm is not None:
        return _from_marker(photo, known.marker_mm)
    if known.interpupillary_mm is not None:
        return _from_pupils(face, known.interpupillary_mm, params)
    return None


def _held_against_iris(stated: _Found, photo: Photo, face: Face, params: ScaleParams) -> _Found:
    """Keep what was stated, and say so where no iris is as large or as small as it makes this one."""
    if not _open_eyes(face, params):
        return stated
    iris = _from_iris(photo, face, params)
    if "irises_disagree" in iris.caveats:
        return stated
    off = abs(math.log(stated.px_per_mm / iris.px_per_mm)) / math.hypot(stated.uncertainty, iris.uncertainty)
    return stated._replace(caveats=(*stated.caveats, "scale_unlike_iris")) if off > _MOST_SIGMAS else stated


def _with_distance(photo: Photo, face: Face, found: _Found) -> Scale:
    px_per_mm, method, uncertainty, caveats, irises = found
    corners_mm = _eye_corners_mm(face, px_per_mm)
    if not _USUAL_EYE_CORNERS_MM[0] <= corners_mm <= _USUAL_EYE_CORNERS_MM[1]:
        caveats = (*caveats, "unlikely_scale")
    focal_px = photo.focal_length_35mm / _DIAGONAL_35MM * math.hypot(photo.height_px, photo.width_px)
    distance_mm = focal_px / px_per_mm
    if PLAUSIBLE_DISTANCE_MM[0] <= distance_mm <= PLAUSIBLE_DISTANCE_MM[1]:
        return Scale(px_per_mm, method, uncertainty, distance_mm, "exif", caveats, irises)
    distance_mm = estimate_distance_mm(face, (photo.height_px, photo.width_px), px_per_mm)
    caveats = (*caveats, "distance_estimated")
    return Scale(px_per_mm, method, uncertainty, distance_mm, "estimated", caveats, irises)


def _eye_corners_mm(face: Face, px_per_mm: float) -> float:
    """Hold the scale against the face: a slip of a large factor is seen at once."""
    corners_px = float(np.linalg.norm(face.points_px[EYE_CORNERS[0]] - face.points_px[EYE_CORNERS[-1]]))
    corners_mm = corners_px / math.cos(math.radians(face.yaw_deg)) / px_per_mm
    if not _EYE_CORNERS_MM[0] <= corners_mm <= _EYE_CORNERS_MM[1]:
        raise PhotoProblem(
            f"{px_per_mm:.3g} px/mm would set the outer corners of the eyes {corners_mm:.0f} mm apart; people have "
            f"{_USUAL_EYE_CORNERS_MM[0]:.0f} to {_USUAL_EYE_CORNERS_MM[1]:.0f} mm",
            "check the scale that you gave: pixels per millimetre at the eyes; or leave it to the iris",
        )
    return corners_mm


def _open_eyes(face: Face, params: ScaleParams) -> list[int]:
    blinks = {RIGHT_IRIS: face.expression["eyeBlinkRight"], LEFT_IRIS: face.expression["eyeBlinkLeft"]}
    return [iris for iris, blink in blinks.items() if blink <= params.max_blink]


def _from_iris(photo: Photo, face: Face, params: ScaleParams) -> _Found:
    lids = {RIGHT_IRIS: RIGHT_EYELIDS, LEFT_IRIS: mirrored(RIGHT_EYELIDS)}
    open_eyes = _open_eyes(face, params)
    if not open_eyes:
        raise PhotoProblem(
            "the eyes are closed, so the iris gives no scale",
            "give the scale with --px-per-mm (`skintexture score` also takes an interpupillary distance or a printed "
            "marker), or take the photo with open eyes",
        )
    points = face.points_px
    axis_rad = eye_axis_rad(face)
    fits = [fit_iris(photo, points[i : i + 5], points[list(lids[i])], axis_rad=axis_rad) for i in open_eyes]
    seen = [fit for fit in fits if fit.refined] or fits
    diameters = np.array([fit.diameter_px for fit in seen])
    caveats = () if seen[0].refined else ("iris_unrefined",)
    if len(diameters) == 2 and abs(np.diff(diameters)[0]) > params.max_disagreement * diameters.mean():
        # One of them is wrong: half closed, in shadow or behind a reflection. The landmark model is the witness.
        caveats = (*caveats, "irises_disagree")
        seen = [min(seen, key=lambda fit: abs(fit.diameter_px / fit.model_px - 1))]
        diameters = np.array([seen[0].diameter_px])
    spread = float(np.ptp(diameters) / diameters.mean()) / 2
    fit_error = max(spread, math.sqrt(sum(fit.uncertainty**2 for fit in seen)) / len(seen))
    uncertainty = math.hypot(params.iris_sd_mm / params.iris_mm, fit_error)
    rims = tuple((*fit.centre_px, fit.diameter_px) for fit in seen)
    return _Found(float(diameters.mean()) / params.iris_mm, "iris", uncertainty, caveats, rims)


def _from_pupils(face: Face, interpupillary_mm: float, params: ScaleParams) -> _Found:
    closed = max(face.expression["eyeBlinkRight"], face.expression["eyeBlinkLeft"]) > params.max_blink
    points = face.points_px
    right, left = points[RIGHT_IRIS], points[LEFT_IRIS]
    if closed:  # the model invents irises under closed lids: the middle between the corners stands for the pupil
        right, left = points[list(EYE_CORNERS[:2])].mean(axis=0), points[list(EYE_CORNERS[2:])].mean(axis=0)
    seen_px = float(np.linalg.norm(right - left)) / math.cos(math.radians(face.yaw_deg))
    return _Found(seen_px / interpupillary_mm, "interpupillary", _PUPILS_UNCERTAINTY * (1 + closed))


def _from_marker(photo: Photo, marker_mm: float) -> _Found:
    picture = cv2.cvtColor(small_srgb(photo), cv2.COLOR_RGB2GRAY)
    enlarge = photo.width_px / picture.shape[1]
    scales = [_marker_side_px(corners) * enlarge / marker_mm for corners in _find_markers(picture)]
    if not scales:
        raise PhotoProblem(
            f"no printed marker was found, though its side was stated ({marker_mm:g} mm)",
            "show a whole, flat, sharp ArUco (4x4, 5x5, 6x6) or AprilTag (36h11) marker with its white border beside "
            "the eyes, or give the scale with --px-per-mm",
        )
    return _Found(float(np.median(scales)), "marker", _MARKER_UNCERTAINTY)


def _find_markers(picture: cv2.typing.MatLike) -> list[FloatArray]:
    options = cv2.aruco.DetectorParameters()
    options.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    for kind in (
        cv2.aruco.DICT_4X4_50,
        cv2.aruco.DICT_5X5_50,
        cv2.aruco.DICT_6X6_50,
        cv2.aruco.DICT_APRILTAG_36h11,
    ):
        detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(kind), options)
        corners, _, _ = detector.detectMarkers(picture)
        if len(corners):
            return [np.asarray(found, dtype=np.float64).reshape(4, 2) for found in corners]
    return []


def _marker_side_px(corners: FloatArray) -> float:
    """Side of the marker as if it faced the camera: slant shortens one direction and leaves the other."""
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    return float(np.linalg.norm(np.column_stack([along, down]), ord=2))
