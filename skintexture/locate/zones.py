"""Where each facial zone lies on the photo, and how much of it can be measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from pydantic import AfterValidator, Field

from skintexture.locate.anatomy import ZoneName, zone_outlines
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SKIN, fill
from skintexture.locate.surface import LEAST_COS
from skintexture.model import BoolImage, Face, FloatArray, FloatImage, Scale, Zone
from skintexture.params import Fraction, Params, PositiveFloat, unique


class ZoneParams(Params):
    """Which zones are measured, and what is asked of them.

    Attributes
    ----------
    names : tuple of str
        Zone ids.
    max_slant_deg : float
        Skin slanted more than this is left out.
    slant_caveat_deg : float
        Mean slant of a zone from which a caveat is given.
    min_area_mm2 : float
        Least measurable skin.
    measurable_caveat : float
        Share of a zone below which a caveat is given.
    """

    names: Annotated[tuple[ZoneName, ...], Field(min_length=1), AfterValidator(unique)]
    max_slant_deg: Annotated[float, Field(gt=0, lt=90)]
    slant_caveat_deg: Annotated[float, Field(gt=0, lt=90)]
    min_area_mm2: PositiveFloat
    measurable_caveat: Fraction


def outline_zones(face: Face, scene: Scene, params: ZoneParams) -> tuple[Zone, ...]:
    """Outline the zones and take stock of their skin.

    Parameters
    ----------
    face : Face
    scene : Scene
    params : ZoneParams

    Returns
    -------
    tuple of Zone
        In the order of ``params.names``; a zone that can't be seen is there too, with its caveat.
    """
    skin = scene.skin
    rows, columns = np.mgrid[: skin.kinds.shape[0], : skin.kinds.shape[1]].astype(np.float32)
    y_px = np.float32(skin.origin_px[0]) + np.float32(skin.step_px) * rows
    x_px = np.float32(skin.origin_px[1]) + np.float32(skin.step_px) * columns
    maps = scene.surface.sample(y_px, x_px)
    clipped = _shrunk_to(scene.photo.clipped, y_px, x_px)
    usable = (skin.kinds == SKIN) & (maps[..., 0] >= math.cos(math.radians(params.max_slant_deg))) & ~clipped
    stock = _Stock(usable, maps, skin.step_px, scene.scale)
    zones = []
    for name in params.names:
        outline = face.points_px[list(zone_outlines()[name])]
        zones.append(
            stock.take(
                name,
                outline,
                fill((outline - np.array(skin.origin_px)) / skin.step_px, skin.kinds.shape),
                params=params,
            )
        )
    return tuple(zones)


def _shrunk_to(clipped: BoolImage, y_px: FloatImage, x_px: FloatImage) -> BoolImage:
    """Whether the photo is clipped at these places."""
    nearest = cv2.remap(clipped.astype(np.uint8), x_px, y_px, cv2.INTER_NEAREST, borderValue=1)
    return np.asarray(nearest > 0)


@dataclass(frozen=True, slots=True)
class _Stock:
    """What the zones are made of: measurable skin, the surface's maps, pixel size and scale."""

    usable: BoolImage
    maps: FloatImage
    step_px: float
    scale: Scale

    def take(self, name: str, outline: FloatArray, inside: BoolImage, *, params: ZoneParams) -> Zone:
        """Area, slant, resolution and caveats of one zone."""
        if not inside.any():
            return Zone(name, outline, self.scale.px_per_mm, math.nan, 0.0, 0.0, ("not_visible",))
        usable = self.usable & inside
        of = usable if usable.any() else inside
        cos = np.maximum(self.maps[..., 0], LEAST_COS)
        px_per_mm = self.scale.at_depth(float(self.maps[..., 1][of].mean()))
        pixel_mm2 = (self.step_px / px_per_mm) ** 2
        whole, measurable = (
            float(np.sum(1.0 / cos[where], dtype=np.float64)) * pixel_mm2 for where in (inside, usable)
        )
        # What lies outside the frame belongs to the zone too.
        whole *= max(1.0, cv2.contourArea(outline[:, ::-1].astype(np.float32)) / (inside.sum() * self.step_px**2))
        slant_deg = math.degrees(math.acos(min(1.0, float(cos[of].mean()))))
        caveats = _caveats(measurable, measurable / whole, slant_deg, params=params)
        return Zone(name, outline, px_per_mm, slant_deg, measurable, measurable / whole, caveats)


def _caveats(area_mm2: float, measurable: float, slant_deg: float, *, params: ZoneParams) -> tuple[str, ...]:
    caveats = []
    if area_mm2 < params.min_area_mm2:
        caveats.append("too_small")
    elif measurable < params.measurable_caveat:
        caveats.append("little_measurable")
    if slant_deg > params.slant_caveat_deg:
        caveats.append("slanted")
    return tuple(caveats)
