"""Measure the zones of two photos alike: the same skin, the same blur, each in its own pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skintexture.caveats import CAVEATS
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.cut import (
    LEAST_SIGMA_PX,
    PAIRED_CHROMA_QUALITY,
    CutRules,
    GridParams,
    measurable_channels,
)
from skintexture.locate.reference import written_back
from skintexture.metrics.bands import band_name
from skintexture.metrics.pores import ROOM_MM, PoreParams
from skintexture.model import Channel, Zone
from skintexture.recipe import Needs, Recipe
from skintexture.study.between_shots import Situation, slant_beyond_45
from skintexture.study.equalise import assumed_blur_px, power_left, widened_mm
from skintexture.study.joint import JointPlaces, JointZone, Labels, Pair, Tiles, cut_jointly
from skintexture.study.paired_pores import PairedPores, PoreSignal, pair_pores, tally_counted, tally_paired
from skintexture.study.shading import Shading, compare_shading
from skintexture.study.tallies import OUTSIDE, TALLIES, Groups, Tally

# Tiles with fewer pixels of the grid than this in a zone are in none of its blocks.
_LEAST_TILE_PX = 200
_ALIKE = Situation()
# Light that spreads under the skin, and places that are off by a little, widen the mean of many pits by this σ: without
# it, phantoms of 12 persons whose pores had shrunk by 62 % in area read 14 points too little on average, with it 4.
_SPREAD_MM = 0.031
# Of what compression writes back beside hair and edges, this share is left to take off bands of skin, which counts as
# less soft than those already.
_BACK_INTO_SKIN = 0.67
# Blur that the skin of photos in focus reads, at most: a part of it is the skin's own.
_IN_FOCUS_PX = 0.95


@dataclass(frozen=True, slots=True)
class ZonePair:
    """What was measured of one zone.

    Attributes
    ----------
    zones : tuple of Zone
        As each photo shows it by itself: before, after.
    tallies : tuple of dict of str to Tally
        Of either photo, by the metrics' names in the tables; each tally has the one entry ``value``.
    pores : PairedPores or None
        None where pores can't be measured.
    area_mm2 : float
        Of the skin that was measured on both.
    situation : Situation
        What the photos differ in here, but for what was added to either.
    """

    zones: tuple[Zone, Zone]
    tallies: tuple[dict[str, Tally], dict[str, Tally]]
    pores: PairedPores | None
    area_mm2: float
    situation: Situation = _ALIKE

    @property
    def name(self) -> str:
        return self.zones[0].name

    @property
    def shared(self) -> float:
        """Share, of what the photo with less of it can measure, that was measured on both."""
        least = min(zone.area_mm2 for zone in self.zones)
        return self.area_mm2 / least if least > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Two photos, made ready to be measured alike.

    Attributes
    ----------
    pair : Pair
        At one scale.
    recipe : Recipe
    skin : JointPlaces
    rules : tuple of CutRules
        Of either photo.
    blur_mm : float
        Total blur of both, σ.
    beyond_mm : tuple of float
        Blur that either photo has beyond the other's, σ.
    tiles : Tiles
    shading : Shading
    """

    pair: Pair
    recipe: Recipe
    skin: JointPlaces
    rules: tuple[CutRules, CutRules]
    blur_mm: float
    beyond_mm: tuple[float, float]
    tiles: Tiles
    shading: Shading

    @classmethod
    def set_up(cls, pair: Pair, recipe: Recipe, extra_mm: tuple[float, float]) -> Stage:
        """Bring both to one blur, and find the skin and the light that they share."""
        rules, blur_mm = equal_rules(pair, recipe, extra_mm)
        tiles = Tiles.of_size(recipe.comparison.tile_mm)
        skin = JointPlaces.of(pair, rules)
        before_mm, after_mm = extra_mm
        shading = compare_shading(skin, tiles, extra_mm)
        return cls(pair, recipe, skin, rules, blur_mm, (after_mm, before_mm), tiles, shading)

    def measure_all(self) -> list[ZonePair]:
        """Measure every zone; the whole face only where it is the only one, since it is pooled from the others."""
        both = list(zip(self.pair.before.zones, self.pair.after.zones, strict=True))
        single = [zones for zones in both if zones[0].name != WHOLE_FACE]
        return [self.measure(zones) for zones in single or both]

    def measure(self, zones: tuple[Zone, Zone]) -> ZonePair:
        """Measure one zone on both photos, where both show its skin."""
        if not all(zone.area_mm2 > 0 for zone in zones):
            return ZonePair(zones, ({}, {}), None, 0.0)
        joint = self._without_light(cut_jointly(self.skin, zones, self.rules, self.tiles))
        area_mm2 = min(cutting.patches["luminance"].area_mm2 for cutting in joint.cuttings)
        measured = ZonePair(zones, ({}, {}), None, area_mm2, self._situation(joint))
        if measured.shared < self.recipe.comparison.min_shared:
            return measured
        blocks = _blocks(joint, self.tiles, self.recipe.comparison.blocks)
        tallies = self._texture(joint, blocks)
        pores = self._pores(joint)
        if pores is not None:
            for side, more in enumerate(self._pore_tallies(joint, pores, blocks)):
                tallies[side].update(more)
        return replace(measured, tallies=tallies, pores=pores)

    def _without_light(self, joint: JointZone) -> JointZone:
        """Take what moved light and shine do to the strength of texture and pores off the after photo's."""
        cutting = joint.cuttings[1]
        gain = self.shading.gain_at(joint.places[1].chart)
        patches = {name: replace(patch, signal=patch.signal / gain) for name, patch in cutting.patches.items()}
        wide = replace(cutting.wide, signal=cutting.wide.signal / gain)
        return replace(joint, cuttings=(joint.cuttings[0], replace(cutting, patches=patches, wide=wide)))

    def _situation(self, joint: JointZone) -> Situation:
        tile = joint.places[0].tile[joint.cuttings[0].patches["luminance"].mask]
        tile = tile[tile >= 0]
        seen = Situation(turn=_turn(joint), slant=slant_beyond_45(max(zone.slant_deg for zone in joint.zones)))
        if not len(tile):
            return seen
        shading = float(np.sqrt(np.mean(self.shading.change[tile] ** 2)))
        return replace(seen, shading=shading, shine=abs(float(self.shading.shine[tile].mean())))

    def _texture(self, joint: JointZone, blocks: Labels) -> tuple[dict[str, Tally], dict[str, Tally]]:
        tallies: tuple[dict[str, Tally], dict[str, Tally]] = ({}, {})
        channels = [channel for channel in self.recipe.grid.channels if channel in joint.channels]
        for side, (cutting, place, found) in enumerate(zip(joint.cuttings, joint.places, tallies, strict=True)):
            shares = self._shares_left(side)
            # All channels have one mask.
            groups = Groups.of(blocks[place.tile].astype(np.uint8), cutting.patches["luminance"].mask)
            for family, params, needs in self.recipe.families():
                if not family.per_channel or self.lacking(joint.zones, needs):
                    continue
                tallied: dict[Channel, Tally] = {}
                for channel in channels:
                    patch = cutting.patches[channel]
                    if channel == "red" and "luminance" in tallied:
                        # Red varies over the skin as luminance does: that is known already.
                        tallied[channel] = Tally(family.measure(patch, params), tallied["luminance"].without)
                    else:
                        tallied[channel] = TALLIES[family.name](patch, groups, params)
                    found.update(_by_metric(_scaled(tallied[channel], shares), channel))
        return tallies

    def _shares_left(self, side: int) -> dict[str, float]:
        """Tell what of the bands' metrics is the skin's: compression writes some of its power back."""
        params = self.recipe.metrics.bands
        again = _BACK_INTO_SKIN * written_back((self.pair.before, self.pair.after)[side].scene.photo)
        shares = {}
        for finer, coarser in pairwise(() if params is None else params.edges_mm):
            power = power_left(again, self.beyond_mm[side], math.sqrt(finer * coarser))
            for quantity, share in (("energy", power), ("rms", math.sqrt(power)), ("fraction", power)):
                shares[f"band_{quantity}_{band_name(finer, coarser)}"] = share
        return shares

    def _pores(self, joint: JointZone) -> PairedPores | None:
        params, needs = self.recipe.metrics.pores, self.recipe.needs.pores
        if params is None or needs is None or self.lacking(joint.zones, needs):
            return None
        both = self._pore_params(params), self.recipe.registration
        return pair_pores(self.pair, joint, both, self.tiles, blur_mm=self._widening_mm())

    def _pore_tallies(self, joint: JointZone, pores: PairedPores, blocks: Labels) -> Iterator[dict[str, Tally]]:
        params = self.recipe.metrics.pores
        assert params is not None
        group = blocks[pores.tile]
        group = np.where(group == OUTSIDE, -1, group)
        wide = (joint.cuttings[0].wide, joint.cuttings[1].wide)
        signal = PoreSignal(self._widening_mm(self._spread_mm()), self.recipe.grid.px_per_mm)
        paired = tally_paired(pores, group, signal, self.recipe.comparison.min_pores)
        counted = tally_counted(pores, group, wide, (self._pore_params(params), self.recipe.comparison))
        for two in zip(paired, counted, strict=True):
            yield {name: tally for one in two for name, tally in _by_metric(one, "").items()}

    def _spread_mm(self) -> float:
        """Width that the mean of many pits has beyond the pits and the signal's blur, σ.

        It is taken off both photos alike. Softness counts by as much as the sharper photo is softer than skin in focus
        reads, so that skin which became smoother can't pass for a softer photo.
        """
        beyond = [
            math.sqrt(max(side.scene.quality.blur_px**2 - _IN_FOCUS_PX**2, 0.0)) / side.scene.scale.px_per_mm
            for _, side in self.pair.sides()
        ]
        return math.hypot(_SPREAD_MM, float(np.nan_to_num(min(beyond))))

    def _widening_mm(self, more_mm: float = 0.0) -> tuple[float, float]:
        """Width that blur, compression and so much more add to the pits of either photo, σ."""
        own_px = assumed_blur_px(self.recipe)
        before, after = (
            widened_mm(photo.jpeg_quality, px_per_mm, math.hypot(own_px / px_per_mm, *self.beyond_mm))
            for photo, px_per_mm in ((side.scene.photo, side.scene.scale.px_per_mm) for _, side in self.pair.sides())
        )
        return math.hypot(self.blur_mm, more_mm, before), math.hypot(self.blur_mm, more_mm, after)

    def _pore_params(self, params: PoreParams) -> PoreParams:
        return params.model_copy(update={"grid_blur_mm": self.blur_mm})

    def lacking(self, zones: tuple[Zone, Zone], needs: Needs) -> str:
        """Why a family can't be measured on these photos; empty if it can.

        One soft photo is no hindrance: the other is brought to its sharpness. An enlarged one is.
        """
        sides = [(side.scene.quality, zone.px_per_mm) for (_, side), zone in zip(self.pair.sides(), zones, strict=True)]
        if any(px_per_mm < needs.px_per_mm for _, px_per_mm in sides):
            return CAVEATS["too_coarse"].meaning
        enlarged = any(quality.own_px_per_mm(px_per_mm) < needs.own_px_per_mm for quality, px_per_mm in sides)
        soft = all(quality.blur_px / px_per_mm > needs.max_blur_mm for quality, px_per_mm in sides)
        return CAVEATS["too_soft"].meaning if enlarged or soft else ""

    def colour_lacking(self, metric: str) -> str:
        """Why one of the photos doesn't show the light of which a metric is measured; empty if both do."""
        for (_, side), rules in zip(self.pair.sides(), self.rules, strict=True):
            found = measurable_channels(side.scene.photo, rules.grid.channels, rules.least_chroma_quality)
            for channel, missing in found.items():
                if missing and metric.endswith(f"_{channel}"):
                    return CAVEATS[missing[0]].meaning
        return ""


def equal_rules(pair: Pair, recipe: Recipe, extra_mm: tuple[float, float]) -> tuple[tuple[CutRules, CutRules], float]:
    """Rules by which both photos are cut so that the same blur lies on either.

    Parameters
    ----------
    pair : Pair
    recipe : Recipe
    extra_mm : tuple of float
        What the sharper photo lacks, as `skintexture.study.equalise.extra_blur_mm` gives it.

    Returns
    -------
    rules : tuple of CutRules
        Before, after.
    blur_mm : float
        Total blur of both, σ: the recipe's, or more where a photo is so coarse that its own blur exceeds it.
    """
    grid = recipe.grid.model_copy(update={"photo_blur_px": assumed_blur_px(recipe)})
    blur_mm = math.hypot(_common_blur_mm(pair, grid), *extra_mm)
    room_mm = ROOM_MM if recipe.metrics.pores else 0.0
    # Blur that a photo has more than the other is not added to it.
    lacking = [math.sqrt(max(blur_mm**2 - grid.blur_mm**2 - has_mm**2, 0.0)) for has_mm in reversed(extra_mm)]
    before, after = (
        CutRules(grid, recipe.zones.max_slant_deg, room_mm, lacking_mm, PAIRED_CHROMA_QUALITY) for lacking_mm in lacking
    )
    return (before, after), blur_mm


def _common_blur_mm(pair: Pair, grid: GridParams) -> float:
    """Least total blur from the recipe's on that all zones of both photos can be brought to."""
    coarsest = min(zone.px_per_mm for _, side in pair.sides() for zone in side.zones if zone.area_mm2 > 0)
    return max(grid.blur_mm, math.hypot(grid.photo_blur_px, LEAST_SIGMA_PX) / coarsest)


def _turn(joint: JointZone) -> float:
    """How far the area that the same skin fills differs, both grids having one scale."""
    before, after = (int(cutting.patches["luminance"].mask.sum()) for cutting in joint.cuttings)
    return abs(math.log(after / before)) if before and after else 0.0


def _by_metric(tally: Tally, channel: str) -> dict[str, Tally]:
    """One tally for each metric, by its name in the tables."""
    return {
        f"{name}_{channel}" if channel else name: Tally(
            {"value": value},
            {"value": tally.without[name]} if name in tally.without else {},
            {"value": tally.least_sd[name]} if name in tally.least_sd else {},
        )
        for name, value in tally.values.items()
    }


def _scaled(tally: Tally, shares: dict[str, float]) -> Tally:
    """Multiply the metrics of these names."""
    return replace(
        tally,
        values={name: value * shares.get(name, 1.0) for name, value in tally.values.items()},
        without={name: value * shares.get(name, 1.0) for name, value in tally.without.items()},
    )


def _blocks(joint: JointZone, tiles: Tiles, wanted: int) -> Labels:
    """Block of each tile, of neighbouring tiles and about equal area; 255 = in none. One more entry for "no tile"."""
    counts = [
        np.bincount(place.tile[cutting.patches["luminance"].mask & (place.tile >= 0)], minlength=tiles.per_side**2)
        for cutting, place in zip(joint.cuttings, joint.places, strict=True)
    ]
    pixels = np.minimum(*counts)
    used = np.flatnonzero(pixels >= _LEAST_TILE_PX)
    table = np.full(tiles.per_side**2 + 1, OUTSIDE, dtype=np.int32)
    if len(used):
        middle = np.cumsum(pixels[used]) - pixels[used] / 2
        table[used] = np.unique((middle * wanted / pixels[used].sum()).astype(int), return_inverse=True)[1]
    return table
