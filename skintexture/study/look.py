"""One look at a photo: all that is needed to judge whether it can be compared with another."""

from __future__ import annotations

from dataclasses import dataclass

from skintexture.locate.exposure import Exposure, see_exposure
from skintexture.locate.lighting import LightFit, fit_light
from skintexture.locate.noise import CameraNoise, see_noise
from skintexture.locate.reference import Reference, see_reference
from skintexture.locate.scene import Scene
from skintexture.locate.stations import SkinLight, see_stations
from skintexture.model import Face, Zone


@dataclass(frozen=True, slots=True)
class Look:
    """A photo with what was measured on it once.

    Attributes
    ----------
    face : Face
    scene : Scene
        With the photo and its scale.
    zones : tuple of Zone
    reference : Reference
        Spectra of brows, lids and lip line.
    noise : CameraNoise
    skin_light : SkinLight
        Light from the skin, some 5 mm apart.
    light : LightFit
        Where it comes from.
    exposure : Exposure
    """

    face: Face
    scene: Scene
    zones: tuple[Zone, ...]
    reference: Reference
    noise: CameraNoise
    skin_light: SkinLight
    light: LightFit
    exposure: Exposure

    def zone(self, name: str) -> Zone:
        """Return the zone of this name."""
        return next(zone for zone in self.zones if zone.name == name)


def look_at(face: Face, scene: Scene, zones: tuple[Zone, ...], *, max_slant_deg: float) -> Look:
    """Measure what decides whether a photo can be compared.

    Parameters
    ----------
    face : Face
    scene : Scene
    zones : tuple of Zone
    max_slant_deg : float
        Skin slanted more than this is left out, as it is when it is measured.

    Returns
    -------
    Look
    """
    skin_light = see_stations(face, scene, max_slant_deg)
    return Look(
        face=face,
        scene=scene,
        zones=zones,
        reference=see_reference(scene.photo, face, scene.scale),
        noise=see_noise(scene),
        skin_light=skin_light,
        light=fit_light(skin_light),
        exposure=see_exposure(face, scene),
    )
