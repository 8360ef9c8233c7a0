"""What is true about a photograph of a synthetic face: scale, pores, marks, zones, relief."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import ZONE_NAMES, ZoneName
from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import View
from skintexture.phantoms.hair import Hair, Strokes
from skintexture.phantoms.head import Head
from skintexture.phantoms.marks import SeenMarks, see_marks
from skintexture.phantoms.regions import Regions
from skintexture.phantoms.shading import ABSORPTION_PER_MM
from skintexture.phantoms.skin import Pits, Skin
from skintexture.phantoms.treatment import Treatment

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_HIDDEN_BEHIND_MM = 1.0
_LARGEST_SLANT_DEG = 80.0


@dataclass(frozen=True, slots=True)
class PoreTruth:
    """Every pore of the resting skin, one row each; the same row is the same pore in every photograph.

    Attributes
    ----------
    pore : (N,) int64
        Its number.
    y_px, x_px : (N,) float64
    fwhm_mm : (N,) float64
        Full width at half depth, on the skin; of an elongated pore, the geometric mean of its two axes.
    elongation : (N,) float64
        Long axis by short axis on the skin, 1 where round.
    depth_mm : (N,) float64
        0 where a treatment made it vanish.
    contrast_pct : (N,) float64
        Drop of log-luminance at the centre by absorption alone, × 100, on bare skin; light and shade on the pit's
        walls, shine, make-up and the camera's blur change what is seen.
    slant_deg : (N,) float64
        Between the skin's normal and the line of sight.
    px_per_mm : (N,) float64
        Across the line of sight, at the pore.
    zone : (N,) str
        Smallest clinical zone that holds it on the resting face; empty outside the face.
    present : (N,) bool
        Whether it is there at all: False where a treatment made it vanish.
    visible : (N,) bool
        Present, in the picture, turned to the camera by less than 80° of slant, and nothing before it.
    """

    pore: NDArray[np.int64]
    y_px: FloatArray
    x_px: FloatArray
    fwhm_mm: FloatArray
    elongation: FloatArray
    depth_mm: FloatArray
    contrast_pct: FloatArray
    slant_deg: FloatArray
    px_per_mm: FloatArray
    zone: NDArray[np.str_]
    present: NDArray[np.bool_]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MarkTruth:
    """Everything on the skin that looks like a pore, or hides one, and isn't: one row each.

    Attributes
    ----------
    kind : (N,) str
        ``freckle``, ``mole``, ``comedo``, ``papule``, ``stubble`` or ``vellus``.
    y_px, x_px : (N,) float64
        Centre; of a hair, its root.
    size_mm : (N,) float64
        Full width at half depth; of a hair, its length.
    zone : (N,) str
        As for pores.
    visible : (N,) bool
    """

    kind: NDArray[np.str_]
    y_px: FloatArray
    x_px: FloatArray
    size_mm: FloatArray
    zone: NDArray[np.str_]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ZoneTruth:
    """A clinical zone in one photograph, outlined on the resting face.

    Attributes
    ----------
    px_per_mm : float
        Of skin that faces the camera at this zone's depth; nan where nothing of it is seen.
    slant_deg : float
        Between the skin's normal and the line of sight, mean over the skin that is seen.
    area_mm2 : float
        Of the skin that is seen, in mm² of skin at rest; eyes, brows and lips that lie within count.
    pores : int
        Visible ones of which it is the smallest zone.
    """

    px_per_mm: float
    slant_deg: float
    area_mm2: float
    pores: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about one photograph.

    Attributes
    ----------
    px_per_mm : float
        At the depth of the irises.
    distance_mm : float
        From the pinhole to that depth.
    focal_length_35mm : int
        Equivalent by the diagonal of the whole frame.
    iris_diameter_mm : float
        Horizontal, of both irises.
    irises_px : (2, 2) float64
        ``(y, x)`` of their centres, the subject's right one first.
    ita_deg : float
        Typology angle of the calm skin.
    treatments : tuple of Treatment
        One after the other; at least one.
    pores : PoreTruth
    marks : MarkTruth
    zones : mapping of str to ZoneTruth
        All zones, seen or not.
    """

    px_per_mm: float
    distance_mm: float
    focal_length_35mm: int
    iris_diameter_mm: float
    irises_px: FloatArray
    ita_deg: float
    treatments: tuple[Treatment, ...]
    pores: PoreTruth
    marks: MarkTruth
    zones: Mapping[ZoneName, ZoneTruth]


@dataclass(frozen=True, slots=True)
class Sight:
    """One head before one camera.

    Attributes
    ----------
    resting, moved : Head
        Without and with its expression.
    regions : Regions
        Of the resting head.
    view : View
    depth_mm : (H, W) float32
        Of the skin, in each pixel.
    """

    resting: Head
    moved: Head
    regions: Regions
    view: View
    depth_mm: FloatImage

    def marks(self, pits: Pits) -> tuple[SeenMarks, NDArray[np.bool_], NDArray[np.str_]]:
        """Where marks fall in the picture, which of them are visible, and the zone of each."""
        seen = see_marks(pits, self.moved, self.view)
        rest = self.resting
        zone = self.regions.smallest(pits.at(rest.triangles, rest.vertices_mm), pits.at(rest.triangles, rest.normals))
        return seen, self.visible(seen.yx_px, seen.depth_mm, seen.slant_deg), zone

    def visible(self, yx_px: FloatArray, depth_mm: FloatArray, slant_deg: FloatArray) -> NDArray[np.bool_]:
        """Whether places on the skin (N,) are in the picture, turned to the camera, and nothing before them."""
        row, column = np.rint(yx_px).astype(np.int64).T
        height, width = self.depth_mm.shape
        inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
        nearest = np.full(len(row), -np.inf)
        nearest[inside] = self.depth_mm[row[inside], column[inside]]
        return np.asarray((slant_deg < _LARGEST_SLANT_DEG) & (depth_mm < nearest + _HIDDEN_BEHIND_MM))

    def vertices(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """``(y, x)`` in px, depth in mm and slant in degrees of every vertex."""
        places = self.view.to_camera(self.moved.vertices_mm)
        sight = places / np.linalg.norm(places, axis=1, keepdims=True)
        toward = -np.sum(sight * (self.moved.normals @ self.view.rotation.T), axis=1)
        return self.view.project(places)[:, ::-1], places[:, 2], np.rad2deg(np.arccos(np.clip(toward, -1.0, 1.0)))


def pore_truth(sight: Sight, skin: Skin) -> PoreTruth:
    """Tell of every pore where it is and what it is like; ``skin`` as the treatments left it."""
    pores, triangles = skin.pores, sight.moved.triangles
    seen, visible, zone = sight.marks(pores)
    reflected = pores.at(triangles, skin.albedo) * _LUMINANCE
    absorption = reflected @ ABSORPTION_PER_MM / reflected.sum(axis=1)
    present = pores.depth > 0
    return PoreTruth(
        pore=np.arange(len(pores.depth)),
        y_px=seen.yx_px[:, 0],
        x_px=seen.yx_px[:, 1],
        fwhm_mm=pores.fwhm_mm,
        elongation=pores.elongation,
        depth_mm=pores.depth,
        contrast_pct=100 * absorption * pores.depth,
        slant_deg=seen.slant_deg,
        px_per_mm=seen.px_per_mm,
        zone=zone,
        present=present,
        visible=present & visible,
    )


def mark_truth(sight: Sight, skin: Skin, hair: Hair) -> MarkTruth:
    """Tell of every mark that isn't a pore what it is and where."""
    papules = np.repeat("papule", len(skin.papules.depth))
    rows = [_spots(sight, *spots) for spots in ((skin.spots, skin.spot_kind), (skin.papules, papules))]
    rows += [_hairs(sight, *hairs) for hairs in ((hair.stubble, "stubble"), (hair.vellus, "vellus"))]
    kind, yx_px, size_mm, zone, visible = (np.concatenate(column) for column in zip(*rows, strict=True))
    return MarkTruth(
        kind=kind, y_px=yx_px[:, 0], x_px=yx_px[:, 1], size_mm=size_mm, zone=zone, visible=visible.astype(bool)
    )


def zone_truth(sight: Sight, pores: PoreTruth) -> dict[ZoneName, ZoneTruth]:
    """Take stock of every zone, vertex by vertex."""
    rest = sight.resting
    yx_px, depth_mm, slant_deg = sight.vertices()
    seen = sight.visible(yx_px, depth_mm, slant_deg)
    area_mm2 = np.bincount(rest.triangles.ravel(), rest.areas_mm2.repeat(3) / 3.0, minlength=len(seen))
    zones = {}
    for name in ZONE_NAMES:
        here = np.flatnonzero(seen & (sight.regions.inside_mm(name, rest.vertices_mm, rest.normals) > 0))
        weight = area_mm2[here] / area_mm2[here].sum()
        zones[name] = ZoneTruth(
            px_per_mm=float(sight.view.focal_px * (weight @ (1.0 / depth_mm[here]))) if len(here) else math.nan,
            slant_deg=float(weight @ slant_deg[here]) if len(here) else math.nan,
            area_mm2=float(area_mm2[here].sum()),
            pores=int(np.count_nonzero(pores.visible & (pores.zone == name))),
        )
    return zones


_Row = tuple[NDArray[np.str_], FloatArray, FloatArray, NDArray[np.str_], NDArray[np.bool_]]


def _spots(sight: Sight, marks: Pits, kind: NDArray[np.str_]) -> _Row:
    seen, visible, zone = sight.marks(marks)
    return kind, seen.yx_px, marks.fwhm_mm, zone, visible


def _hairs(sight: Sight, strokes: Strokes, kind: str) -> _Row:
    roots = strokes.points_mm[:, 0]
    shift = (sight.moved.vertices_mm - sight.resting.vertices_mm)[strokes.root]
    places = sight.view.to_camera(roots + shift)
    yx_px = sight.view.project(places)[:, ::-1]
    slant_deg = sight.vertices()[2][strokes.root]
    length_mm = np.linalg.norm(np.diff(strokes.points_mm, axis=1), axis=2).sum(axis=1)
    zone = sight.regions.smallest(roots, sight.resting.normals[strokes.root])
    return np.repeat(kind, len(roots)), yx_px, length_mm, zone, sight.visible(yx_px, places[:, 2], slant_deg)
