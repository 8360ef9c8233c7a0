"""A photo of a face, looked at but not yet measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from skintexture.locate.landmarks import FaceFinder
from skintexture.locate.quality import assess
from skintexture.locate.scale import KnownScale, find_scale
from skintexture.locate.scene import Scene
from skintexture.locate.skin import bare_skin
from skintexture.locate.surface import Surface, fit_surface
from skintexture.locate.zones import ZoneParams, outline_zones
from skintexture.model import Face, Photo, Scale, Zone
from skintexture.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where everything is on one photo, and at what scale.

    Attributes
    ----------
    face : Face
    scene : Scene
    zones : tuple of Zone
    caveats : tuple of str
        That hold for the photo as a whole.
    """

    face: Face
    scene: Scene
    zones: tuple[Zone, ...]
    caveats: tuple[str, ...]

    def rescaled(self, factor: float) -> Sighting:
        """Return the same with this many times the pixels per mm."""
        scale = replace(self.scene.scale, px_per_mm=self.scene.scale.px_per_mm * factor)
        zones = tuple(
            replace(zone, px_per_mm=zone.px_per_mm * factor, area_mm2=zone.area_mm2 / factor**2) for zone in self.zones
        )
        return replace(self, scene=replace(self.scene, scale=scale), zones=zones)

    def seen_from(self, distance_mm: float, params: ZoneParams) -> Sighting:
        """Return the same face with the camera at another distance: depth, slant and zones are fitted anew."""
        scale = replace(self.scene.scale, distance_mm=distance_mm)
        surface = _surface(self.scene.photo, self.face, scale)
        scene = replace(self.scene, scale=scale, surface=surface)
        return replace(self, scene=scene, zones=outline_zones(self.face, scene, params))


def sight(photo: Photo, recipe: Recipe, find_face: FaceFinder, known: KnownScale) -> Sighting:
    """Find face, scale, skin and zones of a photo.

    Parameters
    ----------
    photo : Photo
    recipe : Recipe
    find_face : callable
        Photo → Face.
    known : KnownScale
        What the user knows of the scale.

    Returns
    -------
    Sighting

    Raises
    ------
    PhotoProblem
        There is no face that can be measured, or no scale.
    """
    face = find_face(photo)
    scale = find_scale(photo, face, recipe.scale, known)
    quality = assess(photo, face)
    surface = _surface(photo, face, scale)
    skin = bare_skin(photo, face, scale.px_per_mm, recipe.skin)
    scene = Scene(photo, scale, surface, skin, quality)
    zones = outline_zones(face, scene, recipe.zones)
    caveats = scale.caveats + (("several_faces",) if face.faces_found > 1 else ())
    return Sighting(face, scene, zones, caveats)


def _surface(photo: Photo, face: Face, scale: Scale) -> Surface:
    return fit_surface(face, (photo.height_px, photo.width_px), (scale.px_per_mm, scale.distance_mm))
