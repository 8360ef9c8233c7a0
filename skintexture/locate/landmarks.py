"""Find the face: 478 landmarks, head pose and expression.

The only module that knows mediapipe. It is imported when a face finder is built, which takes about a second.
"""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.errors import PhotoProblem
from skintexture.locate.anatomy import FACE_OVAL
from skintexture.model import Face, FloatArray, Photo

FaceFinder = Callable[[Photo], Face]
"""Anything that finds the face in a photo; raises PhotoProblem where there is none."""

# The landmark network sees the face at 256 pixels: more than this on the long side adds time and nothing else.
_LONG_SIDE_PX = 1600
# Numbers encoded at a time: the working copies stay in the processor's cache.
_AT_ONCE = 1 << 16
# A face that fills the frame is missed by the detector; with a border around it, it isn't.
_BORDER = 0.35
_MOST_FACES = 6
# Share of the face's outline that may lie outside the frame (a cropped hairline is no reason to refuse).
_CUT_OFF_SHARE = 0.12
_MOST_YAW_DEG = 45.0
_MOST_PITCH_DEG = 40.0
_MOST_ROLL_DEG = 45.0
_OPPOSITE = math.cos(math.radians(150.0))
_TURN_UPRIGHT = "turn the photo upright, without compressing it anew, or export it upright as PNG"


class MediapipeFaceFinder:
    """The landmark model, ready to look at photos one by one.

    IMAGE mode gives the same landmarks for the same photo whatever was looked at before. Close it, or use it in a
    ``with`` block.

    Parameters
    ----------
    model : bytes
        Content of ``face_landmarker.task``.
    """

    def __init__(self, model: bytes) -> None:
        from mediapipe.tasks.python import vision
        from mediapipe.tasks.python.core.base_options import BaseOptions

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=_MOST_FACES,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        with _quiet_native_code(), _interrupts_wait():
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
            self._detect(np.zeros((64, 64, 3), dtype=np.uint8))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Free the model."""
        self._landmarker.close()

    def __call__(self, photo: Photo) -> Face:
        """Find the largest face.

        Raises
        ------
        PhotoProblem
            No face, a face cut off by the frame, on its side or upside down, or one turned too far from the camera.
        """
        picture = framed = small_srgb(photo)
        border_px = 0
        found = self._detect(picture)
        if not found.face_landmarks:
            border_px = round(_BORDER * max(picture.shape[:2]))
            framed = _bordered(picture, border_px)
            found = self._detect(framed)
        self._refuse_upside_down(framed, found)
        if not found.face_landmarks:
            raise PhotoProblem(
                "no face was found",
                "take the photo from the front with the whole face in the frame; for bare skin use --patch",
            )
        face = _largest(found, picture.shape[:2], border_px, photo.width_px / picture.shape[1])
        _refuse_lying(face)
        _refuse_cut_off(face, photo)
        _refuse_profile(face)
        return face

    def _refuse_upside_down(self, picture: NDArray[np.uint8], found: Any) -> None:
        """Look at the photo turned by a quarter, too: the model draws an upright face upon one that is upside down.

        One on its side it sees rightly: if it is the wrong way round after a turn to either side, this one was.
        """
        roll_deg = _pose_deg(found)[2] if found.face_landmarks else 0.0
        first = -1 if roll_deg > 0 else 1  # toward where the head is on its side and not beyond
        if all(self._lies_wrongly(picture, roll_deg, quarters) for quarters in (first, -first)):
            raise PhotoProblem("the photo is upside down", _TURN_UPRIGHT)

    def _lies_wrongly(self, picture: NDArray[np.uint8], roll_deg: float, quarters: int) -> bool:
        turned = self._detect(np.rot90(picture, quarters))
        if not turned.face_landmarks:
            return False
        off_deg = _pose_deg(turned)[2] - roll_deg - 90 * quarters
        return math.cos(math.radians(off_deg)) < _OPPOSITE

    def _detect(self, picture: NDArray[np.uint8]) -> Any:
        import mediapipe

        with _interrupts_wait():
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            found = self._landmarker.detect(image)
            del image
        return found


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a few milliseconds.

    mediapipe frees its pictures and results in Python: an interrupt in between would leak them, be lost in a
    ``__del__``, or show the user the traceback of a half-made picture.
    """
    heeds = signal.getsignal(signal.SIGINT)
    if not callable(heeds) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heeds)
        if came:
            heeds(signal.SIGINT, came[0])


@contextmanager
def _quiet_native_code() -> Iterator[None]:
    """Keep what mediapipe's native code logs at its start (delegates, feedback managers) off the user's terminal."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error to keep clean
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (a device, not a file)
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _bordered(picture: NDArray[np.uint8], by_px: int) -> NDArray[np.uint8]:
    return np.pad(picture, ((by_px, by_px), (by_px, by_px), (0, 0)), mode="edge")


def small_srgb(photo: Photo) -> NDArray[np.uint8]:
    """Return the photo as 8-bit sRGB, shrunk to what the landmark model can use."""
    shrink = min(1.0, _LONG_SIDE_PX / max(photo.height_px, photo.width_px))
    size = (max(1, round(photo.width_px * shrink)), max(1, round(photo.height_px * shrink)))
    small = photo.linear_rgb if shrink == 1.0 else cv2.resize(photo.linear_rgb, size, interpolation=cv2.INTER_AREA)
    return encode_srgb(np.asarray(small, np.float32))


def encode_srgb(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Encode linear light (1.0 = white) as 8-bit sRGB."""
    values, encoded = linear.ravel(), np.empty(linear.size, np.uint8)
    for start in range(0, linear.size, _AT_ONCE):
        light = np.clip(values[start : start + _AT_ONCE], 0.0, 1.0)
        curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
        encoded[start : start + _AT_ONCE] = np.rint(255.0 * curve)
    return encoded.reshape(linear.shape)


def _points(found: Any, height: float, width: float) -> list[FloatArray]:
    return [np.array([(p.y * height, p.x * width, p.z * width) for p in points]) for points in found.face_landmarks]


def _index_of_largest(faces: list[FloatArray]) -> int:
    """Which face's points span the largest box."""
    return int(np.argmax([np.prod(np.ptp(points[:, :2], axis=0)) for points in faces]))


def _pose_deg(found: Any) -> tuple[float, float, float]:
    largest = _index_of_largest(_points(found, 1.0, 1.0))
    return head_pose_deg(np.asarray(found.facial_transformation_matrixes[largest])[:3, :3])


def _largest(found: Any, shape: tuple[int, int], border_px: int, enlarge: float) -> Face:
    """Take the largest face; return it in the photo's pixels."""
    faces = _points(found, shape[0] + 2 * border_px, shape[1] + 2 * border_px)
    index = _index_of_largest(faces)
    # The model's coordinates count from the corner of the first pixel, ours from its centre.
    points_px = (faces[index][:, :2] - border_px) * enlarge - 0.5
    yaw, pitch, roll = _pose_deg(found)
    expression = {shape.category_name: float(shape.score) for shape in found.face_blendshapes[index]}
    return Face(
        points_px=points_px,
        depth_px=faces[index][:, 2] * enlarge,
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        expression=MappingProxyType(expression),
        faces_found=len(faces),
    )


def head_pose_deg(rotation: FloatArray) -> tuple[float, float, float]:
    """Yaw, pitch and roll of a head.

    Parameters
    ----------
    rotation : (3, 3) float64
        From the head's axes to the camera's, both x to the viewer's right, y up, z toward the viewer; may carry a
        common factor.

    Returns
    -------
    tuple of float
        Degrees: yaw is positive to the subject's left, pitch is positive upward, roll is positive toward the
        subject's right shoulder.

    Examples
    --------
    >>> import numpy as np
    >>> head_pose_deg(np.eye(3))
    (0.0, 0.0, 0.0)
    """
    rotation = rotation / np.linalg.norm(rotation[:, 2])
    nose, crown = rotation[:, 2], rotation[:, 1]
    yaw = math.degrees(math.atan2(nose[0], nose[2]))
    pitch = math.degrees(math.atan2(nose[1], math.hypot(nose[0], nose[2])))
    roll = math.degrees(math.atan2(-crown[0], crown[1])) + 0.0
    return yaw, pitch, roll


def _refuse_cut_off(face: Face, photo: Photo) -> None:
    outline = face.points_px[list(FACE_OVAL)]
    beyond = {
        "top": outline[:, 0] < 0,
        "bottom": outline[:, 0] > photo.height_px - 1,
        "left": outline[:, 1] < 0,
        "right": outline[:, 1] > photo.width_px - 1,
    }
    outside = np.any(list(beyond.values()), axis=0)
    if outside.mean() > _CUT_OFF_SHARE:
        sides = " and ".join(side for side, points in beyond.items() if points.any())
        raise PhotoProblem(
            f"the face is cut off by the frame at the {sides}: {outside.mean():.0%} of its outline is outside",
            "leave some room around the face",
        )


def _refuse_lying(face: Face) -> None:
    if abs(face.roll_deg) > _MOST_ROLL_DEG:
        raise PhotoProblem(
            f"the head lies on its side: it is tilted by {abs(face.roll_deg):.0f}°; at most {_MOST_ROLL_DEG:.0f}° can "
            "be measured",
            _TURN_UPRIGHT,
        )


def _refuse_profile(face: Face) -> None:
    if abs(face.yaw_deg) > _MOST_YAW_DEG or abs(face.pitch_deg) > _MOST_PITCH_DEG:
        raise PhotoProblem(
            f"the head is turned too far: yaw {face.yaw_deg:.0f}°, pitch {face.pitch_deg:.0f}°; at most "
            f"{_MOST_YAW_DEG:.0f}° and {_MOST_PITCH_DEG:.0f}° can be measured",
            "turn the face toward the camera",
        )
