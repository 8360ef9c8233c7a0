"""Photographs of whole synthetic faces, with the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import CameraSpec, Pose, View, develop, view_head
from skintexture.phantoms.eyes import IRIS_DIAMETER_MM, EyeSpec, eyes_in_view, limbus_anchor_mm
from skintexture.phantoms.hair import HairSpec
from skintexture.phantoms.head import Head, HeadSpec, shape_head
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.marks import SeenMarks, see_marks
from skintexture.phantoms.relief import relief_tile
from skintexture.phantoms.shading import ABSORPTION_PER_MM, Scene, paint
from skintexture.phantoms.skin import Pits, Skin, SkinSpec, grow_skin

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_HIDDEN_BEHIND_MM = 1.0
_LARGEST_SLANT_DEG = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSpec:
    """One person: form, skin, hair, eyes."""

    head: HeadSpec
    skin: SkinSpec
    hair: HairSpec
    eyes: EyeSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What was done to the skin, as factors on what was there: 1.0 leaves it alone.

    Attributes
    ----------
    pore_depth, pore_diameter : float
        Of every pore.
    furrow_depth : float
        Of the micro-relief.
    """

    pore_depth: float = 1.0
    pore_diameter: float = 1.0
    furrow_depth: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How the photograph is taken."""

    camera: CameraSpec = field(default_factory=CameraSpec)
    pose: Pose = field(default_factory=Pose)
    light: LightSpec = field(default_factory=LightSpec)
    noise_seed: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A head with its skin, grown once and photographed as often as wanted."""

    spec: FaceSpec
    head: Head
    skin: Skin


@dataclass(frozen=True, slots=True)
class PoreTruth:
    """Every pore of the resting skin, one row each; the same row is the same pore in every photograph.

    Attributes
    ----------
    pore : (N,) int64
        Its number.
    y_px, x_px : (N,) float64
    fwhm_mm : (N,) float64
        Full width at half depth, on the skin.
    depth_mm : (N,) float64
    contrast_pct : (N,) float64
        Drop of log-luminance at the centre by absorption alone, × 100; light and shade on the pit's walls, shine and
        the camera's blur change what is seen.
    slant_deg : (N,) float64
        Between the skin's normal and the line of sight.
    px_per_mm : (N,) float64
        Across the line of sight, at the pore.
    visible : (N,) bool
        In the picture, turned to the camera by less than 80° of slant, and nothing before it.
    """

    pore: NDArray[np.int64]
    y_px: FloatArray
    x_px: FloatArray
    fwhm_mm: FloatArray
    depth_mm: FloatArray
    contrast_pct: FloatArray
    slant_deg: FloatArray
    px_per_mm: FloatArray
    visible: NDArray[np.bool_]


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
        Equivalent by the diagonal.
    iris_diameter_mm : float
        Horizontal, of both irises.
    irises_px : (2, 2) float64
        ``(y, x)`` of their centres, the subject's right one first.
    ita_deg : float
        Typology angle of the calm skin.
    treatment : Treatment
    pores : PoreTruth
    """

    px_per_mm: float
    distance_mm: float
    focal_length_35mm: int
    iris_diameter_mm: float
    irises_px: FloatArray
    ita_deg: float
    treatment: Treatment
    pores: PoreTruth


@dataclass(frozen=True, slots=True)
class RenderedFace:
    """A photograph (H, W, 3) in 8-bit sRGB, and its truth."""

    rgb8: NDArray[np.uint8]
    truth: Truth


def grow_person(spec: FaceSpec) -> Person:
    """Make a person, ready to be photographed."""
    head = shape_head(spec.head)
    return Person(spec=spec, head=head, skin=grow_skin(head, spec.skin))


def photograph(person: Person, shot: Shot, treatment: Treatment | None = None) -> RenderedFace:
    """Photograph a person. The same arguments give the same bytes.

    Parameters
    ----------
    person : Person
        From `grow_person`.
    shot : Shot
    treatment : Treatment, optional
        None leaves the skin as it is.

    Returns
    -------
    RenderedFace
    """
    treatment = treatment or Treatment()
    view = view_head(shot.camera, shot.pose, limbus_anchor_mm(person.head))
    pores = _treated(person.skin.pores, treatment)
    scene = Scene(
        head=person.head,
        skin=person.skin,
        pores=pores,
        relief=relief_tile(person.spec.skin.seed),
        furrow_depth=treatment.furrow_depth,
        hair=person.spec.hair,
        eyes=person.spec.eyes,
        light=shot.light,
        view=view,
        size=(shot.camera.height_px, shot.camera.width_px),
    )
    radiance, depth_mm = paint(scene)
    rgb8 = develop(radiance, shot.camera, np.random.default_rng([shot.noise_seed, 11]))
    return RenderedFace(rgb8=rgb8, truth=_truth(person, shot, treatment, view, pores, depth_mm))


def render_face(spec: FaceSpec, shot: Shot, treatment: Treatment | None = None) -> RenderedFace:
    """Grow a face and photograph it once."""
    return photograph(grow_person(spec), shot, treatment)


def _treated(pores: Pits, treatment: Treatment) -> Pits:
    return Pits(
        triangle=pores.triangle,
        barycentric=pores.barycentric,
        fwhm_mm=pores.fwhm_mm * treatment.pore_diameter,
        depth=pores.depth * treatment.pore_depth,
    )


def _truth(person: Person, shot: Shot, treatment: Treatment, view: View, pores: Pits, depth_mm: FloatImage) -> Truth:
    limbi = np.stack([eye.limbus_mm for eye in eyes_in_view(person.head, view)])
    distance_mm = float(limbi[:, 2].mean())
    return Truth(
        px_per_mm=view.focal_px / distance_mm,
        distance_mm=distance_mm,
        focal_length_35mm=shot.camera.focal_length_35mm,
        iris_diameter_mm=IRIS_DIAMETER_MM,
        irises_px=view.project(limbi)[:, ::-1],
        ita_deg=person.spec.skin.ita_deg,
        treatment=treatment,
        pores=_pore_truth(person, view, pores, depth_mm),
    )


def _pore_truth(person: Person, view: View, pores: Pits, depth_mm: FloatImage) -> PoreTruth:
    seen = see_marks(pores, person.head, view)
    reflected = pores.at(person.head.triangles, person.skin.albedo) * _LUMINANCE
    absorption = reflected @ ABSORPTION_PER_MM / reflected.sum(axis=1)
    return PoreTruth(
        pore=np.arange(len(pores.depth)),
        y_px=seen.yx_px[:, 0],
        x_px=seen.yx_px[:, 1],
        fwhm_mm=pores.fwhm_mm,
        depth_mm=pores.depth,
        contrast_pct=100 * absorption * pores.depth,
        slant_deg=seen.slant_deg,
        px_per_mm=seen.px_per_mm,
        visible=_visible(seen, depth_mm),
    )


def _visible(seen: SeenMarks, depth_mm: FloatImage) -> NDArray[np.bool_]:
    row, column = np.rint(seen.yx_px).astype(np.int64).T
    height, width = depth_mm.shape
    inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
    nearest = np.full(len(row), -np.inf)
    nearest[inside] = depth_mm[row[inside], column[inside]]
    return np.asarray((seen.slant_deg < _LARGEST_SLANT_DEG) & (seen.depth_mm < nearest + _HIDDEN_BEHIND_MM))
