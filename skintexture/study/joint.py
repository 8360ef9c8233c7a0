"""Cut each zone of two photos where both show its skin.

The skin that counts is the same on both sides; the pixels are each photo's own and are never warped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.canonical import canonical_mesh
from skintexture.locate.cut import CutRules, Cutting, SharedSkin, clipped_reach_px, cut, fill_outline, frame_of
from skintexture.locate.grid import Grid, look_up
from skintexture.locate.register import Registration
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SKIN
from skintexture.model import BoolImage, Channel, FloatImage, Zone
from skintexture.study.sighting import Sighting

Side = Literal["before", "after"]
Labels = NDArray[np.int32]
YX = tuple[FloatImage, FloatImage]

# Positions of the other photo change smoothly: they are looked up at every so many places of the recipe's grid.
_CARRY_STEP = 4
# Skin is bare where the skin map's nearest pixels agree.
_BARE_SHARE = 0.75
# Outside every photo.
_NOWHERE = np.float32(-1e4)
# A frame carried onto itself keeps its number of rows and columns.
_ROUNDING = 1e-6
# All four neighbours are known, but for rounding.
_ALL = 0.999


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pixels of a cutting lie.

    Attributes
    ----------
    chart : (H, W, 2) float32
        ``(v, u)`` on the canonical face's chart, by way of the before photo on both sides.
    tile : (H, W) int32
        Tile of the chart, see `Tiles`; −1 outside it.
    """

    chart: FloatImage
    tile: Labels


@dataclass(frozen=True, slots=True)
class Tiles:
    """Square cells of the canonical face's chart.

    Attributes
    ----------
    per_side : int
        Cells along either side of the chart.
    """

    per_side: int

    @classmethod
    def of_size(cls, tile_mm: float) -> Tiles:
        """Cells that are about this large on an adult face."""
        return cls(round(_chart_mm() / tile_mm))

    def label(self, chart: FloatImage) -> Labels:
        """Row × `per_side` + column of the cell; −1 outside the chart."""
        rows, columns = (
            np.floor(np.nan_to_num(chart[..., axis], nan=-1.0) * self.per_side).astype(np.int32) for axis in (0, 1)
        )
        within = (np.minimum(rows, columns) >= 0) & (np.maximum(rows, columns) < self.per_side)
        return np.where(within, rows * self.per_side + columns, np.int32(-1))

    def centre(self, label: Labels) -> NDArray[np.float64]:
        """``(v, u)`` of the cells' centres."""
        return (np.column_stack(np.divmod(label, self.per_side)) + 0.5) / self.per_side


@cache
def _chart_mm() -> float:
    """Millimetres of an adult face to one unit of its chart, over most of the skin."""
    mesh = canonical_mesh()
    corners, flat = mesh.vertices_mm[mesh.triangles], mesh.uv[mesh.triangles]
    skin_mm2 = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return float(np.median(np.sqrt(skin_mm2 / np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))))


@dataclass(frozen=True, slots=True)
class JointZone:
    """One zone on both photos.

    Attributes
    ----------
    zones : tuple of Zone
        As each photo shows it by itself: before, after.
    cuttings : tuple of Cutting
    places : tuple of Place
    """

    zones: tuple[Zone, Zone]
    cuttings: tuple[Cutting, Cutting]
    places: tuple[Place, Place]

    @property
    def name(self) -> str:
        return self.zones[0].name

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What both photos can show; a grey one has luminance only."""
        return tuple(channel for channel in self.cuttings[0].patches if channel in self.cuttings[1].patches)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos of one face, registered.

    Attributes
    ----------
    before, after : Sighting
    registration : Registration
    """

    before: Sighting
    after: Sighting
    registration: Registration

    def sides(self) -> tuple[tuple[Side, Sighting], tuple[Side, Sighting]]:
        """Name and photo of either side."""
        return ("before", self.before), ("after", self.after)


def cut_jointly(
    skin: JointPlaces, zones: tuple[Zone, Zone], rules: tuple[CutRules, CutRules], tiles: Tiles
) -> JointZone:
    """Cut one zone of both photos where both show its skin.

    Parameters
    ----------
    skin : JointPlaces
        Which skin the photos share.
    zones : tuple of Zone
        The same zone of the before and the after photo; the before photo's outline is taken, carried over.
    rules : tuple of CutRules
        Of either photo; they differ in what blur is added.
    tiles : Tiles

    Returns
    -------
    JointZone
    """
    frames = frame_of(zones[0], rules[0]), _carried_frame(skin.pair, zones, rules)
    cuttings, places = [], []
    for (name, side), zone, rule, frame in zip(skin.pair.sides(), zones, rules, frames, strict=True):
        seen = skin.at(frame, name)
        inside = _inside(seen.before_px, frames[0], zones[0])
        cuttings.append(cut(side.scene, zone, rule, SharedSkin(frame, inside, seen.usable)))
        places.append(Place(seen.chart, tiles.label(seen.chart)))
    return JointZone(zones, (cuttings[0], cuttings[1]), (places[0], places[1]))


@dataclass(frozen=True, slots=True)
class SeenTwice:
    """Places of a grid over one photo, as both photos show them.

    Attributes
    ----------
    before_px : (H, W) and (H, W) float32
        Row and column in the before photo; far outside it where that isn't known.
    chart : (H, W, 2) float32
        ``(v, u)`` on the canonical face's chart.
    usable : (H, W) bool
        Registered, and measurable in both photos.
    """

    before_px: YX
    chart: FloatImage
    usable: BoolImage


@dataclass(frozen=True, slots=True)
class JointPlaces:
    """Looks up which skin two photos share."""

    pair: Pair
    reach: tuple[_Measurable, _Measurable]

    @classmethod
    def of(cls, pair: Pair, rules: tuple[CutRules, CutRules]) -> JointPlaces:
        """Take stock of what is measurable on either photo once it is blurred."""
        before, after = (_Measurable.of(side.scene, rule) for (_, side), rule in zip(pair.sides(), rules, strict=True))
        return cls(pair, (before, after))

    def at(self, frame: Grid, side: Side) -> SeenTwice:
        """Look at the places of a grid over one of the photos."""
        there, trusted = _carried(self.pair.registration, frame, side)
        here = _places(frame)
        before, after = (here, there) if side == "before" else (there, here)
        maps = self.pair.before.scene.surface.sample(*before)
        usable = trusted & self.reach[0].at(before, maps[..., 0])
        usable &= self.reach[1].at(after, self.pair.after.scene.surface.sample(*after)[..., 0])
        return SeenTwice(before, maps[..., 3:1:-1], usable)


@dataclass(frozen=True, slots=True)
class _Measurable:
    """What can be measured of one photo."""

    scene: Scene
    bare: FloatImage
    unclipped: NDArray[np.uint8]
    least_cos: float

    @classmethod
    def of(cls, scene: Scene, rules: CutRules) -> _Measurable:
        side = clipped_reach_px(rules.added_blur_px(scene.scale.px_per_mm))
        spread = cv2.dilate(scene.photo.clipped.view(np.uint8), np.ones((side, side), np.uint8))
        bare = (scene.skin.kinds == SKIN).astype(np.float32)
        return cls(scene, bare, np.asarray(1 - spread, np.uint8), math.cos(math.radians(rules.max_slant_deg)))

    def at(self, places_px: YX, cos: FloatImage) -> BoolImage:
        y, x = places_px
        skin, step = self.scene.skin, np.float32(self.scene.skin.step_px)
        rows, columns = ((at - np.float32(first)) / step for at, first in zip((y, x), skin.origin_px, strict=True))
        bare = cv2.remap(self.bare, columns, rows, cv2.INTER_LINEAR, borderValue=0.0) > _BARE_SHARE
        seen = cv2.remap(self.unclipped, x, y, cv2.INTER_NEAREST, borderValue=0) > 0
        return np.asarray(bare & seen & (cos >= self.least_cos))


def _places(frame: Grid) -> YX:
    rows, columns = (
        np.float32(first) + np.float32(frame.step_px) * np.arange(n, dtype=np.float32)
        for first, n in zip(frame.origin_px, frame.shape, strict=True)
    )
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return np.ascontiguousarray(y), np.ascontiguousarray(x)


def _carried(registration: Registration, frame: Grid, side: Side) -> tuple[YX, BoolImage]:
    """Where the pixels of a frame lie in the other photo, and whether that is known well enough."""
    coarse = _coarser(frame)
    to: Side = "after" if side == "before" else "before"
    shift = registration.shift_grid(coarse, to=to)
    known = np.isfinite(shift[..., 0]) & np.isfinite(shift[..., 1]) & registration.trusted_at(coarse, side=side)
    shift = np.where(known[..., None], shift, np.float32(0))
    trusted = look_up(known.astype(np.float32), coarse, frame, border=cv2.BORDER_REPLICATE) > _ALL
    along_y, along_x = (
        look_up(np.ascontiguousarray(shift[..., axis]), coarse, frame, border=cv2.BORDER_REPLICATE) for axis in (0, 1)
    )
    y, x = _places(frame)
    return (np.where(trusted, y + along_y, _NOWHERE), np.where(trusted, x + along_x, _NOWHERE)), trusted


def _coarser(frame: Grid) -> Grid:
    shape = tuple(n // _CARRY_STEP + 2 for n in frame.shape)
    return Grid(frame.origin_px, frame.step_px * _CARRY_STEP, shape)


def _inside(before_px: YX, frame: Grid, zone: Zone) -> BoolImage:
    """Whether places of the before photo lie in its zone, which lies in the frame."""
    drawn = fill_outline(frame, zone.outline_px).astype(np.uint8)
    step = np.float32(frame.step_px)
    rows, columns = ((at - np.float32(first)) / step for at, first in zip(before_px, frame.origin_px, strict=True))
    return np.asarray(cv2.remap(drawn, columns, rows, cv2.INTER_NEAREST, borderValue=0) > 0)


def _carried_frame(pair: Pair, zones: tuple[Zone, Zone], rules: tuple[CutRules, CutRules]) -> Grid:
    """Lay a grid on the after photo over what the before photo's zone shows there."""
    frame = frame_of(zones[0], rules[0])
    step = zones[1].px_per_mm / rules[1].grid.px_per_mm
    lines = (
        np.linspace(first, first + (n - 1) * frame.step_px, n // _CARRY_STEP + 2)
        for first, n in zip(frame.origin_px, frame.shape, strict=True)
    )
    places = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    there = pair.registration.carry(places, to="after")
    there = there[np.isfinite(there).all(axis=1)]
    if not len(there):
        return Grid((0.0, 0.0), step, (1, 1))
    low, high = there.min(axis=0), there.max(axis=0)
    rows, columns = (int(n) for n in np.ceil((high - low) / step - _ROUNDING) + 1)
    return Grid((float(low[0]), float(low[1])), step, (rows, columns))
