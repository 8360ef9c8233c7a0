"""Synthetic faces and skin whose truth is known.

A person is described by a `FaceSpec` (or drawn by `person_spec`), grown once by `grow_person`, and photographed as
often as wanted by `photograph`, under any `Shot` and after any `Treatment`: the same pores, furrows and spots each
time, in millimetres on the resting skin. Every photograph comes with its `Truth`. `skin_patch` makes flat patches of
skin.

All of it is deterministic: the same arguments give the same bytes.

::

    from dataclasses import replace
    from skintexture.phantoms import CameraSpec, Shot, Treatment, grow_person, person_spec, photograph, zone_shot

    person = grow_person(person_spec(7, sex="female", age=42, ita_deg=35.0))
    before = photograph(person, Shot(noise_seed=1))
    after = photograph(person, Shot(noise_seed=2), Treatment(pore_depth=0.6, zones=("left_cheek",), margin_mm=5.0))
    soft = photograph(person, Shot(camera=CameraSpec(blur_px=1.5), noise_seed=3))
    quick = photograph(person, zone_shot(person, Shot(), ("left_cheek",)))
"""

from __future__ import annotations

from skintexture.phantoms.camera import CameraSpec, Pose
from skintexture.phantoms.conditions import Setup, with_conditions, with_features
from skintexture.phantoms.eyes import EyeSpec
from skintexture.phantoms.faces import (
    FaceSpec,
    Person,
    RenderedFace,
    Shot,
    grow_person,
    photograph,
    render_face,
    zone_shot,
)
from skintexture.phantoms.files import FileSpec, encode, stored, write_photo
from skintexture.phantoms.hair import HairSpec
from skintexture.phantoms.head import Expression, HeadSpec
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.patches import BandRelief, PatchMark, SkinPatch, SkinSpec as PatchSpec, skin_patch
from skintexture.phantoms.people import person_spec
from skintexture.phantoms.roughness import Roughness, relief_roughness
from skintexture.phantoms.skin import SkinSpec
from skintexture.phantoms.studies import StudySpec, plan_photos
from skintexture.phantoms.treatment import Treatment
from skintexture.phantoms.truth import MarkTruth, PoreTruth, Truth, ZoneTruth

__all__ = [
    "BandRelief",
    "CameraSpec",
    "Expression",
    "EyeSpec",
    "FaceSpec",
    "FileSpec",
    "HairSpec",
    "HeadSpec",
    "LightSpec",
    "MarkTruth",
    "PatchMark",
    "PatchSpec",
    "Person",
    "PoreTruth",
    "Pose",
    "RenderedFace",
    "Roughness",
    "Setup",
    "Shot",
    "SkinPatch",
    "SkinSpec",
    "StudySpec",
    "Treatment",
    "Truth",
    "ZoneTruth",
    "encode",
    "grow_person",
    "person_spec",
    "photograph",
    "plan_photos",
    "relief_roughness",
    "render_face",
    "skin_patch",
    "stored",
    "with_conditions",
    "with_features",
    "write_photo",
    "zone_shot",
]
