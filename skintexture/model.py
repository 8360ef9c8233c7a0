"""The nouns: what passes from one stage to the next.

All of them are frozen. Coordinates are ``(y, x)``; lengths are millimetres, and pixels appear only in names that end
in ``_px``. Left and right are the subject's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

Channel = Literal["luminance", "red", "red_minus_blue"]
ScaleMethod = Literal["iris", "given", "interpupillary", "marker"]
DistanceMethod = Literal["exif", "estimated", "flat"]
Rim = tuple[float, float, float]
"""A circle in the photo: its centre's y and x, and its diameter, in pixels."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph, upright, in linear light.

    Attributes
    ----------
    name : str
        How the photo is called in every table: a path relative to the folder given, with ``/``.
    sha256 : str
        Of the file's bytes, in hex.
    linear_rgb : (H, W, 3) float32
        Linear light with sRGB's primaries and white, 1.0 = the file's white. Wide-gamut colours may lie a little
        outside 0 … 1.
    clipped : (H, W) bool
        Pixels at either end of the file's range, or not opaque: their value is not known.
    has_colour : bool
        False for a grey photograph (its three channels are then equal).
    bits : int
        Per channel, as stored: 8 or 16.
    chroma_quality : float
        0 where colour is stored at reduced resolution, or with unknown loss; else 1 … 100 on the scale of
        ``jpeg_quality``, 100 without loss.
    jpeg_quality : float or nan
        Estimated from the quantisation tables (1 … 100); nan where the file isn't a JPEG.
    focal_length_35mm : float or nan
        35-mm equivalent focal length from EXIF, in mm; nan where not given.
    """

    name: str
    sha256: str
    linear_rgb: FloatImage
    clipped: BoolImage
    has_colour: bool
    bits: int
    chroma_quality: float
    jpeg_quality: float
    focal_length_35mm: float

    @property
    def height_px(self) -> int:
        return int(self.linear_rgb.shape[0])

    @property
    def width_px(self) -> int:
        return int(self.linear_rgb.shape[1])


@dataclass(frozen=True, slots=True)
class Face:
    """Where the face is, how it is turned and what it does.

    Attributes
    ----------
    points_px : (478, 2) float64
        ``(y, x)`` of the landmark model's points; 468–472 and 473–477 are the irises.
    depth_px : (478,) float64
        Depth in pixels at the face's scale, larger is farther from the camera; its zero is arbitrary.
    yaw_deg, pitch_deg, roll_deg : float
        Head pose; 0, 0, 0 looks into the camera. Positive yaw turns the face to the subject's left,
        positive pitch looks up, positive roll tilts the head toward the subject's right shoulder.
    expression : mapping of str to float
        The model's blendshapes, 0 … 1.
    faces_found : int
        How many faces the photo shows; this is the largest.
    """

    points_px: FloatArray
    depth_px: FloatArray
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    expression: Mapping[str, float]
    faces_found: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixels per millimetre at the depth of the eyes, and how sure that is.

    Attributes
    ----------
    px_per_mm : float
        At the depth of the eyes.
    method : str
        ``iris``, ``given``, ``interpupillary`` or ``marker``.
    uncertainty : float
        Relative, one standard deviation (0.04 = 4 %).
    distance_mm : float
        From the camera to the eyes.
    distance_method : str
        ``exif``, ``estimated``, or ``flat`` where no face was sought.
    caveats : tuple of str
        Names from the caveat registry.
    irises : tuple of Rim
        What the scale was read from; empty where that was no iris.
    """

    px_per_mm: float
    method: ScaleMethod
    uncertainty: float
    distance_mm: float
    distance_method: DistanceMethod
    caveats: tuple[str, ...] = ()
    irises: tuple[Rim, ...] = ()

    def at_depth(self, behind_the_eyes_mm: float) -> float:
        """Pixels per mm of a surface that lies this much behind (+) or in front of (−) the eyes."""
        if math.isinf(self.distance_mm):
            return self.px_per_mm
        return self.px_per_mm * self.distance_mm / (self.distance_mm + behind_the_eyes_mm)


@dataclass(frozen=True, slots=True)
class Zone:
    """A facial zone on one photo, and what can be measured of it.

    Attributes
    ----------
    name : str
        Zone id.
    outline_px : (N, 2) float64
        Polygon, ``(y, x)`` in the photo.
    px_per_mm : float
        Of skin that faces the camera at this zone's depth.
    slant_deg : float
        Mean angle between the measurable skin's normal and the line of sight.
    area_mm2 : float
        Measurable skin, in mm² of skin.
    measurable_fraction : float
        Share of the zone's skin that is measurable, 0 … 1.
    caveats : tuple of str
    """

    name: str
    outline_px: FloatArray
    px_per_mm: float
    slant_deg: float
    area_mm2: float
    measurable_fraction: float
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """All that a metric sees: one texture signal, where it counts, and its scale.

    Attributes
    ----------
    signal : (H, W) float32
        Texture in % contrast: 100 × (log of linear light − its local mean). Finite everywhere; what lies outside
        ``mask`` has no meaning and must not change any metric.
    mask : (H, W) bool
        Where the skin is measurable.
    px_per_mm : float
        Of this grid.
    cos_slant : (H, W) float32
        Cosine of the angle between the skin's normal and the line of sight, in (0, 1]: one pixel covers
        ``1 / (px_per_mm² · cos_slant)`` mm² of skin.
    noise_pct : float
        Standard deviation of the camera's noise in one pixel *of the photo*, in % contrast.
    noise_px_per_mm : float
        Resolution of the photo's own pixels here, at which that noise is white.
    noise_blur_mm : float
        σ of the Gaussian that was applied between the photo's pixels and this grid.
    counted : (H, W) bool or None
        Where a pore's centre must lie to count: a zone, while ``mask`` reaches beyond its outline, so that pores on the
        outline are seen whole. None: anywhere in ``mask``.
    """

    signal: FloatImage
    mask: BoolImage
    px_per_mm: float
    cos_slant: FloatImage
    noise_pct: float = 0.0
    noise_px_per_mm: float = math.inf
    noise_blur_mm: float = 0.0
    counted: BoolImage | None = None

    @property
    def area_mm2(self) -> float:
        """Area of measurable skin, in mm² of skin (slant taken into account)."""
        cos = self.cos_slant[self.mask]
        return float(np.sum(1.0 / cos, dtype=np.float64)) / self.px_per_mm**2


class Pore(NamedTuple):
    """One pore, in the coordinates of the patch that it was found in.

    A tuple, where other nouns are dataclasses: there are thousands on a face, and making them would take as long as
    finding them.

    Attributes
    ----------
    y_px, x_px : float
        Centre, in pixels of the patch's grid.
    diameter_mm : float
        Full width at half depth (FWHM) of the fitted pit, geometric mean of its axes, slant corrected.
    area_mm2 : float
        π/4 · diameter_mm².
    contrast_pct : float
        Depth of the pit's centre below its surround, in % contrast (positive).
    elongation : float
        Long axis by short axis, ≥ 1.
    angle_deg : float
        Of the long axis, counter-clockwise from the patch's x axis, −90 … 90.
    snr : float
        Contrast by the noise of that contrast.
    probability : float
        That this is a pore and not a chance hollow of the skin's texture, 0 … 1: how often such a pit is one on
        phantoms of skin.
    """

    y_px: float
    x_px: float
    diameter_mm: float
    area_mm2: float
    contrast_pct: float
    elongation: float
    angle_deg: float
    snr: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class LocatedPore:
    """A pore on the photo.

    Attributes
    ----------
    zone : str
        The smallest zone that holds it.
    y_px, x_px : float
        In the photo shown upright.
    face_u, face_v : float
        On the chart of the canonical face: the same place of the face has the same coordinates in every photo.
    pore : Pore
    """

    zone: str
    y_px: float
    x_px: float
    face_u: float
    face_v: float
    pore: Pore


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number: a metric in a zone.

    Attributes
    ----------
    zone, metric : str
    value : float
        nan where it could not be measured.
    unit : str
    caveats : tuple of str
    ci_low, ci_high : float
        Between these the value lies with 95 % confidence as far as chance goes; nan where a metric states none.
    """

    zone: str
    metric: str
    value: float
    unit: str
    caveats: tuple[str, ...] = field(default=())
    ci_low: float = math.nan
    ci_high: float = math.nan
