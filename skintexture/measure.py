"""From one photograph to measurements, zone by zone. The page to read first."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skintexture.caveats import CAVEATS
from skintexture.errors import PhotoProblem
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.cut import CutRules, Cutting, cut, measurable_channels
from skintexture.locate.landmarks import FaceFinder
from skintexture.locate.quality import Quality, assess, assess_skin
from skintexture.locate.scale import KnownScale, find_scale
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SkinMap, bare_skin, flat_skin, luminance
from skintexture.locate.surface import Surface, fit_surface, flat_surface
from skintexture.locate.zones import outline_zones
from skintexture.metrics.catalogue import FAMILIES, Family
from skintexture.metrics.pores import ROOM_MM, PoreParams, detect, intervals, summarise
from skintexture.model import BoolImage, Face, LocatedPore, Measurement, Patch, Photo, Pore, Scale, Zone
from skintexture.recipe import Needs, Recipe

PATCH = "patch"
"""The one zone of a picture in which no face is sought."""

# A photo this much softer than the grid's blur gets a caveat; the estimate itself is good to about as much.
_SOFTER = 1.25
# JPEG of lower quality rounds away what the noise estimate looks at.
_NOISE_HIDING_QUALITY = 85.0
# Of zones that say nothing of the photo as a whole.
_UNSEEN = {"not_visible", "too_small"}


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """All that was found on one photo.

    Attributes
    ----------
    face : Face or None
        None where no face was sought.
    scale, quality : Scale, Quality
    surface : Surface
    skin : SkinMap
        What each piece of the face shows.
    zones : tuple of Zone
    measurements : tuple of Measurement
        Every metric of the recipe in every zone; what can't be measured is nan with its caveat.
    pores : tuple of LocatedPore
        Every pore once, under the smallest zone that holds it.
    caveats : tuple of str
        That hold for the photo as a whole; those of every zone are among them.
    """

    face: Face | None
    scale: Scale
    quality: Quality
    surface: Surface
    skin: SkinMap
    zones: tuple[Zone, ...]
    measurements: tuple[Measurement, ...]
    pores: tuple[LocatedPore, ...]
    caveats: tuple[str, ...]


def measure_photo(photo: Photo, recipe: Recipe, find_face: FaceFinder, known: KnownScale = KnownScale()) -> PhotoResult:  # noqa: B008  (frozen, empty)
    """Turn one photograph of a face into measurements.

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
    PhotoResult

    Raises
    ------
    PhotoProblem
        There is no face that can be measured, or no scale.
    """
    face = find_face(photo)
    scale = find_scale(photo, face, recipe.scale, known)
    quality = assess(photo, face)
    surface = fit_surface(face, (photo.height_px, photo.width_px), (scale.px_per_mm, scale.distance_mm))
    skin = bare_skin(photo, face, scale.px_per_mm, recipe.skin)
    scene = Scene(photo, scale, surface, skin, quality)
    zones = outline_zones(face, scene, recipe.zones)
    measurements, pores = measure_zones(scene, zones, recipe)
    caveats = scale.caveats + (("several_faces",) if face.faces_found > 1 else ()) + _of_every_zone(measurements)
    return PhotoResult(face, scale, quality, surface, skin, zones, measurements, pores, caveats)


def measure_patch(photo: Photo, mask: BoolImage | None, recipe: Recipe, px_per_mm: float) -> PhotoResult:
    """Measure a picture of bare skin, in which no face is sought: the frame or the mask is one flat zone, `patch`.

    Parameters
    ----------
    photo : Photo
    mask : (H, W) bool or None
        Where the skin is; None takes the whole frame.
    recipe : Recipe
    px_per_mm : float
        Of the photo.

    Returns
    -------
    PhotoResult

    Raises
    ------
    PhotoProblem
        The mask's size differs from the photo's, or it is empty.
    """
    mask = _checked_mask(photo, mask)
    scale = Scale(px_per_mm, "given", 0.0, math.inf, "flat")
    quality = assess_skin(luminance(photo.linear_rgb), mask & ~photo.clipped)
    usable = mask & ~photo.clipped
    area, share = usable.sum() / px_per_mm**2, usable.sum() / mask.sum()
    caveats: tuple[str, ...] = ()
    if area < recipe.zones.min_area_mm2:
        caveats = ("too_small",)
    elif share < recipe.zones.measurable_caveat:
        caveats = ("little_measurable",)
    frame = np.array([[0, 0], [0, photo.width_px], [photo.height_px, photo.width_px], [photo.height_px, 0]]) - 0.5
    zone = Zone(PATCH, frame, px_per_mm, 0.0, float(area), float(share), caveats)
    scene = Scene(photo, scale, flat_surface(mask.shape), flat_skin(mask), quality)
    measurements, pores = measure_zones(scene, (zone,), recipe)
    caveats = _of_every_zone(measurements)
    return PhotoResult(None, scale, quality, scene.surface, scene.skin, (zone,), measurements, pores, caveats)


def _of_every_zone(rows: tuple[Measurement, ...]) -> tuple[str, ...]:
    """Caveats of every zone that is seen: of all its numbers, or, where the photo has no number, of any."""
    seen = [row for row in rows if not _UNSEEN.intersection(row.caveats)] or rows
    together = set.union if all(math.isnan(row.value) for row in rows) else set.intersection
    by_zone: dict[str, list[set[str]]] = {}
    for row in seen:
        by_zone.setdefault(row.zone, []).append(set(row.caveats))
    shared = set.intersection(*(together(*caveats) for caveats in by_zone.values()))
    return tuple(name for name in CAVEATS if name in shared)


def _checked_mask(photo: Photo, mask: BoolImage | None) -> BoolImage:
    if mask is None:
        return np.ones((photo.height_px, photo.width_px), dtype=bool)
    if mask.shape != (photo.height_px, photo.width_px):
        raise PhotoProblem(
            f"the mask is {mask.shape[1]} × {mask.shape[0]} pixels, the photo {photo.width_px} × {photo.height_px}",
            "give a mask of the photo's own size",
        )
    if not mask.any():
        raise PhotoProblem("the mask is empty", "paint the skin white in the mask")
    return mask


@dataclass(frozen=True, slots=True)
class _Held:
    """Pores that have been found so far, and the zones that hold them."""

    zones: tuple[Zone, ...] = ()
    pores: tuple[LocatedPore, ...] = ()


def measure_zones(
    scene: Scene, zones: tuple[Zone, ...], recipe: Recipe
) -> tuple[tuple[Measurement, ...], tuple[LocatedPore, ...]]:
    """Measure every zone; the whole face last, since its pores are those of the smaller zones and those between them.

    Parameters
    ----------
    scene : Scene
    zones : tuple of Zone
    recipe : Recipe

    Returns
    -------
    measurements : tuple of Measurement
        Zone by zone in the order given, metric by metric in the catalogue's.
    pores : tuple of LocatedPore
        Each once.
    """
    rows: dict[str, list[Measurement]] = {}
    held = _Held()
    for zone in sorted(zones, key=lambda zone: zone.name == WHOLE_FACE):
        rows[zone.name], found = _measure_zone(scene, zone, recipe, held=held)
        if any(row.metric == "pore_density" and not math.isnan(row.value) for row in rows[zone.name]):
            held = _Held((*held.zones, zone), (*held.pores, *found))
    return tuple(row for zone in zones for row in rows[zone.name]), held.pores


def _measure_zone(
    scene: Scene, zone: Zone, recipe: Recipe, *, held: _Held
) -> tuple[list[Measurement], list[LocatedPore]]:
    """Every metric of the recipe in one zone, and the pores that no zone before has held."""
    refusals = {family.name: _refusal(scene, zone, needs) for family, _, needs in recipe.families()}
    if all(refusals.values()):
        return [
            row for name in refusals for row in _unmeasured(zone, FAMILIES[name], refusals[name], recipe=recipe)
        ], []
    room_mm = ROOM_MM if recipe.metrics.pores else 0.0
    cutting = cut(scene, zone, CutRules(recipe.grid, recipe.zones.max_slant_deg, room_mm))
    caveats = zone.caveats + _doubts(scene, zone, recipe)
    missing = {name: why for name, why in measurable_channels(scene.photo, recipe.grid.channels).items() if why}
    rows: list[Measurement] = []
    pores: list[LocatedPore] = []
    for family, params, _ in recipe.families():
        if refusals[family.name]:
            rows.extend(_unmeasured(zone, family, refusals[family.name], recipe=recipe))
        elif family.name == "pores":
            found, elsewhere = _find_pores(cutting, zone, params, held=held)
            counted = (*found, *elsewhere)
            values = summarise(counted, cutting.wide, params)
            measured = _rows(zone, values, (recipe, family), caveats=caveats)
            rows.extend(_with_intervals(measured, intervals(counted, cutting.wide, params)))
            pores.extend(_locate(found, zone, cutting, scene.surface))
        else:
            values = _per_channel(cutting, (family, params), recipe=recipe)
            rows.extend(_rows(zone, values, (recipe, family), caveats=caveats, missing=missing))
    return rows, pores


def _find_pores(
    cutting: Cutting, zone: Zone, params: PoreParams, *, held: _Held
) -> tuple[tuple[Pore, ...], list[Pore]]:
    """Pores of a zone; for the whole face, those between the smaller zones, and those that the smaller zones hold."""
    if zone.name != WHOLE_FACE:
        return detect(cutting.wide, params), []
    outlines = tuple(other.outline_px for other in held.zones)
    between = cutting.wide_without(outlines, ROOM_MM * cutting.wide.px_per_mm)
    return detect(between, params), [located.pore for located in held.pores]


def _refusal(scene: Scene, zone: Zone, needs: Needs) -> tuple[str, ...]:
    """Why a family can't be measured in this zone; empty if it can."""
    if zone.area_mm2 <= 0 or "too_small" in zone.caveats:
        return zone.caveats or ("not_visible",)
    if zone.px_per_mm < needs.px_per_mm:
        return (*zone.caveats, "too_coarse")
    own_px_per_mm = scene.quality.own_px_per_mm(zone.px_per_mm)
    if scene.quality.blur_px / zone.px_per_mm > needs.max_blur_mm or own_px_per_mm < needs.own_px_per_mm:
        return (*zone.caveats, "too_soft")
    return ()


def _doubts(scene: Scene, zone: Zone, recipe: Recipe) -> tuple[str, ...]:
    """Say what makes this zone's numbers doubtful though they can be measured."""
    doubts: tuple[str, ...] = ("sharpness_unknown",) if math.isnan(scene.quality.blur_px) else ()
    if scene.quality.blur_px / zone.px_per_mm > _SOFTER * recipe.grid.blur_mm:
        doubts += ("softer_than_grid",)
    if scene.photo.jpeg_quality < _NOISE_HIDING_QUALITY:
        doubts += ("hidden_noise",)
    return doubts


def _per_channel(cutting: Cutting, metric: tuple[Family, Any], *, recipe: Recipe) -> dict[str, float]:
    family, params = metric
    values: dict[str, float] = {}
    for channel in recipe.grid.channels:
        patch: Patch | None = cutting.patches.get(channel)
        if patch is not None:
            values |= {f"{name}_{channel}": value for name, value in family.measure(patch, params).items()}
    return values


def _rows(
    zone: Zone,
    values: dict[str, float],
    what: tuple[Recipe, Family],
    *,
    caveats: tuple[str, ...],
    missing: dict[Any, tuple[str, ...]] | None = None,
) -> list[Measurement]:
    """One row per metric of a family, in the catalogue's order; a nan always has its reason."""
    recipe, family = what
    rows = []
    for name, metric in recipe.metrics_of(family):
        value = values.get(name, math.nan)
        why: tuple[str, ...] = next((w for channel, w in (missing or {}).items() if name.endswith(f"_{channel}")), ())
        if math.isnan(value) and not why:
            why = ("undefined",)
        rows.append(Measurement(zone.name, name, value, metric.unit, (*why, *caveats)))
    return rows


def _with_intervals(rows: list[Measurement], ranges: dict[str, tuple[float, float]]) -> list[Measurement]:
    return [replace(row, ci_low=ranges[row.metric][0], ci_high=ranges[row.metric][1]) for row in rows]


def _unmeasured(zone: Zone, family: Family, why: tuple[str, ...], *, recipe: Recipe) -> list[Measurement]:
    return [Measurement(zone.name, name, math.nan, metric.unit, why) for name, metric in recipe.metrics_of(family)]


def _locate(found: tuple[Pore, ...], zone: Zone, cutting: Cutting, surface: Surface) -> list[LocatedPore]:
    """Pores in the photo's pixels and on the canonical face's chart."""
    if not found:
        return []
    at = np.array([(pore.y_px, pore.x_px) for pore in found]) * cutting.step_px + np.array(cutting.origin_px)
    maps = surface.sample(at[:, :1].astype(np.float32), at[:, 1:].astype(np.float32))[:, 0]
    return [
        LocatedPore(zone.name, float(y), float(x), float(chart[2]), float(chart[3]), pore)
        for (y, x), chart, pore in zip(at, maps, found, strict=True)
    ]
