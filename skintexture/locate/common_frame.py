"""Two photos of a face laid over each other by their landmarks, as what their texture is then followed in.

Only looked at to find the way from one photo to the other: nothing is measured here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.correspondence import Sheet, places_of
from skintexture.locate.grid import Grid
from skintexture.locate.polynomial import Quadratic
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SKIN, luminance
from skintexture.model import BoolImage, Face, FloatImage, Photo

_MESH_POINTS = 468  # the irises move with the gaze
# The face's box is widened by this share of its size: the flow needs a surround.
_BOX_MARGIN = 0.02
# The inverse of the polynomial is smooth: it is solved at every so many places.
_INVERSE_STEP = 8
# σ, in pixels of the frame, of what keeps finer structure from aliasing into it.
_SHRINKING_BLUR_PX = 0.4
# A photo that is shrunk by less than this needs no blur for it.
_SHARP_STEP_PX = 1.2
_FLOOR = 1e-4
# What is clipped spoils the texture beside it, too (pixels of the frame).
_CLIPPED_REACH_PX = 3
BARE = 0.75
"""Between the pixels of a skin map, this much of a neighbourhood must be bare skin."""

# Red minus blue: white light, such as shine, is no part of it.
_COLOUR = np.array([[1.0, 0.0, -1.0]], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class CommonFrame:
    """The before photo's face at the working resolution, and the after photo's face brought onto it.

    Attributes
    ----------
    before, after : Grid
        Over the face in each photo, both at the working resolution. The first is the frame.
    start : Quadratic
        From the before photo to the after photo, as the landmarks have it.
    px_per_mm : float
        Of the frame.
    back_by_landmarks : (h, w, 2) float32
        By how much the places of the after grid are shifted in the before photo, as the landmarks have it.
    after_in_frame : (h, w, 2) float32
        Where that takes them in the frame, in its pixels.
    """

    before: Grid
    after: Grid
    start: Quadratic
    px_per_mm: float
    back_by_landmarks: FloatImage
    after_in_frame: FloatImage

    def onward_px(self, flow: FloatImage, photo: Photo) -> Sheet:
        """By how much the places of the before grid are shifted in the after photo, by a flow in the frame."""
        places, by_flow = places_of(self.before), np.float32(self.before.step_px) * flow[..., ::-1]
        return _within(self.before, by_flow + self.start.shift(places + by_flow), photo)

    def back_px(self, flow: FloatImage, photo: Photo) -> Sheet:
        """By how much the places of the after grid are shifted in the before photo, by a flow in the frame."""
        by_flow = np.float32(self.before.step_px) * at_frame(flow, self.after_in_frame)[..., ::-1]
        return _within(self.after, self.back_by_landmarks + by_flow, photo)


def common_frame(scenes: tuple[Scene, Scene], faces: tuple[Face, Face], px_per_mm: float) -> CommonFrame:
    """Lay two faces over each other.

    Parameters
    ----------
    scenes, faces : tuple
        Before and after.
    px_per_mm : float
        Working resolution; that of the coarser photo, where it has less.

    Returns
    -------
    CommonFrame
    """
    px_per_mm = min(px_per_mm, *(scene.scale.px_per_mm for scene in scenes))
    grids = [
        _box(face, scene.photo, scene.scale.px_per_mm / px_per_mm) for face, scene in zip(faces, scenes, strict=True)
    ]
    start = Quadratic.fit(*(face.points_px[:_MESH_POINTS] for face in faces))
    back = _back_by_landmarks(start, grids[1])
    landed = places_of(grids[1]) + back - np.array(grids[0].origin_px, np.float32)
    in_frame = np.asarray(landed / np.float32(grids[0].step_px))
    return CommonFrame(grids[0], grids[1], start, px_per_mm, back, in_frame)


def _back_by_landmarks(start: Quadratic, after: Grid) -> FloatImage:
    step = _INVERSE_STEP
    coarse = Grid(after.origin_px, after.step_px * step, tuple(n // step + 2 for n in after.shape))
    shift = start.shift_back(places_of(coarse).astype(np.float64))
    return Sheet(coarse, shift.astype(np.float32)).at(after)


def _box(face: Face, photo: Photo, step_px: float) -> Grid:
    """Lay an even grid over the face, as far as the photo goes."""
    margin = _BOX_MARGIN * np.ptp(face.points_px, axis=0).max()
    low = np.maximum(face.points_px.min(axis=0) - margin, 0.0)
    high = np.minimum(face.points_px.max(axis=0) + margin, (photo.height_px - 1, photo.width_px - 1))
    rows, columns = (int(n) + 1 for n in (high - low) / step_px)
    return Grid((float(low[0]), float(low[1])), step_px, (rows, columns))


def _within(grid: Grid, shift_px: FloatImage, photo: Photo) -> Sheet:
    """Give nan where places are shifted outside the photo."""
    places = places_of(grid) + shift_px
    y, x = places[..., 0], places[..., 1]
    outside = (y < 0) | (x < 0) | (y > photo.height_px - 1) | (x > photo.width_px - 1)
    layers = np.stack([np.where(outside, np.float32(np.nan), shift_px[..., axis]) for axis in (0, 1)])
    return Sheet(grid, np.moveaxis(layers, 0, -1))


def at_frame(values: FloatImage, in_frame: FloatImage) -> FloatImage:
    """Look values of the frame up at these places of it, ``(y, x)`` in its pixels; nan outside."""
    return Sheet(Grid((0.0, 0.0), 1.0, values.shape[:2]), values).at(in_frame)


@dataclass(frozen=True, slots=True)
class Look:
    """One photo, seen on the frame.

    Attributes
    ----------
    light : (H, W) float32
        Log of linear luminance.
    colour : (H, W) float32
        Log of linear red minus blue light.
    plain : (H, W) bool
        Bare skin, not clipped nor beside what is.
    """

    light: FloatImage
    colour: FloatImage
    plain: BoolImage


def look(scene: Scene, places_px: FloatImage, px_per_mm: float) -> Look:
    """See a photo on the frame.

    Parameters
    ----------
    scene : Scene
    places_px : (H, W, 2) float32
        Where the frame's pixels lie in the photo, ``(y, x)``.
    px_per_mm : float
        Of the frame.

    Returns
    -------
    Look
    """
    photo, step_px = scene.photo, scene.scale.px_per_mm / px_per_mm
    rows, columns = (np.asarray(channel, np.float32) for channel in cv2.split(places_px))
    box = _box_around(rows, photo.height_px), _box_around(columns, photo.width_px)
    rows -= np.float32(box[0].start)
    columns -= np.float32(box[1].start)

    def seen(mixed: cv2.typing.MatLike) -> FloatImage:
        if step_px > _SHARP_STEP_PX:
            mixed = cv2.GaussianBlur(mixed, (0, 0), _SHRINKING_BLUR_PX * step_px)
        mixed = cv2.remap(mixed, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.log(np.maximum(mixed, np.float32(_FLOOR))))

    face = photo.linear_rgb[box]
    light, colour = seen(luminance(face)), seen(cv2.transform(face, _COLOUR))

    clipped = cv2.remap(photo.clipped[box].astype(np.uint8), columns, rows, cv2.INTER_NEAREST, borderValue=1.0)
    spoilt = cv2.dilate(clipped, np.ones((2 * _CLIPPED_REACH_PX + 1,) * 2, np.uint8)) > 0
    return Look(light, colour, (bare_at(scene, places_px) > BARE) & ~spoilt)


def _box_around(places_px: FloatImage, size_px: int) -> slice:
    """Rows, or columns, of the photo that these places are interpolated from."""
    low = int(np.clip(math.floor(places_px.min()) - 2, 0, size_px - 1))
    return slice(low, int(np.clip(math.ceil(places_px.max()) + 3, low + 1, size_px)))


def bare_at(scene: Scene, places: Grid | FloatImage) -> FloatImage:
    """How much of the neighbourhood of each place is bare skin, 0 … 1; nan outside the face."""
    skin = scene.skin
    bare = Sheet(Grid(skin.origin_px, skin.step_px, skin.kinds.shape), (skin.kinds == SKIN).astype(np.float32))
    return bare.at(places)
