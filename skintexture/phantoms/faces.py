"""Photographs of whole synthetic faces, with the truth about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import zone_outlines
from skintexture.phantoms.camera import CameraSpec, Pose, develop, view_head
from skintexture.phantoms.eyes import IRIS_DIAMETER_MM, EyeSpec, eyes_in_view, limbus_anchor_mm
from skintexture.phantoms.hair import Hair, HairSpec, grow_hair
from skintexture.phantoms.head import Expression, Head, HeadSpec, face_landmarks, move_face, shape_head
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.makeup import wear
from skintexture.phantoms.raster import depth_map
from skintexture.phantoms.regions import Regions, checked_zones, find_regions
from skintexture.phantoms.relief import relief_tile
from skintexture.phantoms.scene import Scene
from skintexture.phantoms.shading import paint
from skintexture.phantoms.skin import Skin, SkinSpec, grow_skin
from skintexture.phantoms.treatment import Treatment, treat
from skintexture.phantoms.truth import PoreTruth, Sight, Truth, mark_truth, pore_truth, zone_truth


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSpec:
    """One person: form, skin, hair, eyes."""

    head: HeadSpec
    skin: SkinSpec
    hair: HairSpec
    eyes: EyeSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How the photograph is taken, and what of the face differs that day without being a treatment.

    Attributes
    ----------
    camera : CameraSpec
    pose : Pose
    light : LightSpec
    expression : Expression
        Moves the skin, pores and all.
    shine : float
        Factor on the skin's gloss: 1.8 is sweat or a rich cream.
    foundation : float
        Make-up, 0 … 1: evens the colour, veils spots, half fills pores and furrows, and dulls the shine. The pores
        of the truth are those of the skin under it.
    noise_seed : int
        Of the sensor's noise.
    """

    camera: CameraSpec = field(default_factory=CameraSpec)
    pose: Pose = field(default_factory=Pose)
    light: LightSpec = field(default_factory=LightSpec)
    expression: Expression = field(default_factory=Expression)
    shine: float = 1.0
    foundation: float = 0.0
    noise_seed: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A head with its skin, grown once and photographed as often as wanted.

    Attributes
    ----------
    spec : FaceSpec
    head : Head
        At rest.
    skin : Skin
        Untreated.
    hair : Hair
    regions : Regions
        Where the clinical zones lie on that head.
    """

    spec: FaceSpec
    head: Head
    skin: Skin
    hair: Hair
    regions: Regions


@dataclass(frozen=True, slots=True)
class RenderedFace:
    """A photograph (H, W, 3) in 8-bit sRGB, and its truth."""

    rgb8: NDArray[np.uint8]
    truth: Truth


def grow_person(spec: FaceSpec) -> Person:
    """Make a person, ready to be photographed."""
    head = shape_head(spec.head)
    skin = grow_skin(head, spec.skin)
    hair = grow_hair(head, skin, (spec.hair, spec.skin))
    return Person(spec=spec, head=head, skin=skin, hair=hair, regions=find_regions(head))


def photograph(person: Person, shot: Shot, treatment: Treatment | Sequence[Treatment] | None = None) -> RenderedFace:
    """Photograph a person. The same arguments give the same bytes.

    Parameters
    ----------
    person : Person
        From `grow_person`.
    shot : Shot
    treatment : Treatment or sequence of Treatment, optional
        Several are given one after the other, for instance one per side of the face. None leaves the skin as it is.

    Returns
    -------
    RenderedFace
    """
    treatments = _listed(treatment)
    view = view_head(shot.camera, shot.pose, limbus_anchor_mm(person.head))
    skin = treat(person.skin, person.head, person.regions, treatments)
    moved = move_face(person.head, shot.expression)
    scene = Scene(
        head=person.head,
        moved=moved,
        skin=wear(skin, person.head, shine=shot.shine, foundation=shot.foundation),
        relief=relief_tile(person.spec.skin.seed),
        foundation=shot.foundation,
        eyes_closed=shot.expression.eyes_closed,
        hair=person.hair,
        lash_seed=person.spec.hair.seed,
        eyes=person.spec.eyes,
        light=shot.light,
        view=view,
        camera=shot.camera,
    )
    radiance, depth_mm = paint(scene)
    rgb8 = develop(radiance, shot.camera, np.random.default_rng([shot.noise_seed, 11]))
    sight = Sight(resting=person.head, moved=moved, regions=person.regions, view=view, depth_mm=depth_mm)
    return RenderedFace(rgb8=rgb8, truth=_truth(person, shot, (treatments, skin), sight))


def see_pores(person: Person, shot: Shot, treatment: Treatment | Sequence[Treatment] | None = None) -> PoreTruth:
    """Tell of every pore where a shot shows it, without painting the photograph: in half a second instead of many.

    Parameters
    ----------
    person : Person
    shot : Shot
    treatment : Treatment or sequence of Treatment, optional

    Returns
    -------
    PoreTruth
        As in the truth of the photograph.
    """
    view = view_head(shot.camera, shot.pose, limbus_anchor_mm(person.head))
    moved = move_face(person.head, shot.expression)
    camera_mm = view.to_camera(moved.vertices_mm)
    depth_mm = depth_map(view.project(camera_mm), camera_mm[:, 2], moved.triangles, shot.camera.size)
    sight = Sight(resting=person.head, moved=moved, regions=person.regions, view=view, depth_mm=depth_mm)
    return pore_truth(sight, treat(person.skin, person.head, person.regions, _listed(treatment)))


def render_face(spec: FaceSpec, shot: Shot, treatment: Treatment | Sequence[Treatment] | None = None) -> RenderedFace:
    """Grow a face and photograph it once."""
    return photograph(grow_person(spec), shot, treatment)


def zone_shot(person: Person, shot: Shot, zones: tuple[str, ...], *, margin_mm: float = 5.0) -> Shot:
    """Narrow a shot to the part of its frame that shows some zones: the same picture, only less of it, and sooner.

    Parameters
    ----------
    person : Person
    shot : Shot
    zones : tuple of str
        At least one.
    margin_mm : float
        Around them.

    Returns
    -------
    Shot
        Places in the truth of its photographs count from the window's corner.

    Raises
    ------
    InputError
        A zone does not exist.
    """
    landmarks = face_landmarks()[sorted({i for zone in checked_zones(zones) for i in zone_outlines()[zone]})]
    view = view_head(replace(shot.camera, window=None), shot.pose, limbus_anchor_mm(person.head))
    places = view.to_camera(move_face(person.head, shot.expression).vertices_mm[landmarks])
    xy = view.project(places)
    margin = margin_mm * shot.camera.px_per_mm
    most = np.array([shot.camera.width_px, shot.camera.height_px])
    left, top = np.clip(np.floor(xy.min(axis=0) - margin), 0, most).astype(int).tolist()
    right, bottom = np.clip(np.ceil(xy.max(axis=0) + margin), 0, most).astype(int).tolist()
    return replace(shot, camera=replace(shot.camera, window=(top, left, bottom - top, right - left)))


def _listed(treatment: Treatment | Sequence[Treatment] | None) -> tuple[Treatment, ...]:
    if isinstance(treatment, Treatment):
        return (treatment,)
    return tuple(treatment or (Treatment(),))


def _truth(person: Person, shot: Shot, treated: tuple[tuple[Treatment, ...], Skin], sight: Sight) -> Truth:
    treatments, skin = treated
    view = sight.view
    limbi = np.stack([eye.limbus_mm for eye in eyes_in_view(person.head, view)])
    distance_mm = float(limbi[:, 2].mean())
    pores = pore_truth(sight, skin)
    return Truth(
        px_per_mm=view.focal_px / distance_mm,
        distance_mm=distance_mm,
        focal_length_35mm=shot.camera.focal_length_35mm,
        iris_diameter_mm=IRIS_DIAMETER_MM,
        irises_px=view.project(limbi)[:, ::-1],
        ita_deg=person.spec.skin.ita_deg,
        treatments=treatments,
        pores=pores,
        marks=mark_truth(sight, skin, person.hair),
        zones=zone_truth(sight, pores),
    )
