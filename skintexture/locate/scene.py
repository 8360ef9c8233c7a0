"""All that is known of a photo before anything on it is measured."""

from __future__ import annotations

from dataclasses import dataclass

from skintexture.locate.quality import Quality
from skintexture.locate.skin import SkinMap
from skintexture.locate.surface import Surface
from skintexture.model import Photo, Scale


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo with its scale, its bare skin, the surface it lies on, and how sharp it is.

    Attributes
    ----------
    photo : Photo
    scale : Scale
    surface : Surface
    skin : SkinMap
    quality : Quality
    """

    photo: Photo
    scale: Scale
    surface: Surface
    skin: SkinMap
    quality: Quality
