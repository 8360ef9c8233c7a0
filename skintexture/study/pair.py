"""From two photographs of a face to what changed on its skin. The page to read first of all that compares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from skintexture.recipe import Recipe
from skintexture.study.between_shots import Situation, compression_between
from skintexture.study.change import Bench, Change, ScatterOf, compared_metrics
from skintexture.study.comparability import Hindrances, judge, verdict_limits
from skintexture.study.distances import register_photos
from skintexture.study.equalise import ScaleSource, assumed_blur_px, extra_blur_mm, one_scale
from skintexture.study.joint import Pair
from skintexture.study.look import look_at
from skintexture.study.mismatch import LookPair, Mismatch
from skintexture.study.paired_pores import PairedPores
from skintexture.study.shading import Shading
from skintexture.study.sighting import Sighting
from skintexture.study.zone_pair import Stage


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two photos of one face, compared.

    Attributes
    ----------
    pair : Pair
        At one scale.
    scale_source : {"registration", "each photo"}
    mismatches : tuple of Mismatch
        How the photos differ, whether it matters or not.
    extra_blur_mm : tuple of float
        What was added to the before and to the after photo, beyond the recipe's blur.
    blur_mm : float
        Total blur of both, σ.
    shading : Shading
    changes : tuple of Change
        Every metric in every zone of the recipe, and the paired pores' after the others.
    pores : dict of str to PairedPores
        By zone.
    """

    pair: Pair
    scale_source: ScaleSource
    mismatches: tuple[Mismatch, ...]
    extra_blur_mm: tuple[float, float]
    blur_mm: float
    shading: Shading
    changes: tuple[Change, ...]
    pores: dict[str, PairedPores]


def compare_photos(photos: tuple[Sighting, Sighting], recipe: Recipe, scatter_of: ScatterOf) -> Comparison:
    """Compare the skin of two photos of a face.

    Parameters
    ----------
    photos : tuple of Sighting
        Before and after.
    recipe : Recipe
    scatter_of : callable
        Scatter between shots.

    Returns
    -------
    Comparison
    """
    pair, scale_source = one_scale(register_photos(photos, recipe))
    slant = recipe.zones.max_slant_deg
    looks = [look_at(side.face, side.scene, side.zones, max_slant_deg=slant) for _, side in pair.sides()]
    seen = LookPair.of(looks[0], looks[1], pair.registration)
    mismatches = judge(seen, recipe.comparability)
    px_per_mm = (pair.before.scene.scale.px_per_mm, pair.after.scene.scale.px_per_mm)
    quality = (photos[0].scene.photo.jpeg_quality, photos[1].scene.photo.jpeg_quality)
    own_px, dead_band_px = assumed_blur_px(recipe), recipe.comparison.dead_band_px
    extra_mm = extra_blur_mm(seen.blur, px_per_mm, own_px, dead_band_px, jpeg_quality=quality)
    stage = Stage.set_up(pair, recipe, extra_mm)
    measured = stage.measure_all()
    situation = Situation(
        blur_px=math.nan if math.isnan(seen.blur.sigma_mm) else max(extra_mm) * min(px_per_mm),
        shading=stage.shading.sd,
        compression=compression_between(photos[0].scene.photo, photos[1].scene.photo),
        contrast=abs(seen.edges.contrast_pct) / 100.0,
        sharpening=abs(seen.edges.sharpening),
    )
    changes = Bench(stage, situation, scatter_of, _hindrances(mismatches, recipe)).all_changes(measured)
    pores = {zone.name: zone.pores for zone in measured if zone.pores is not None}
    return Comparison(pair, scale_source, mismatches, extra_mm, stage.blur_mm, stage.shading, tuple(changes), pores)


def _hindrances(mismatches: tuple[Mismatch, ...], recipe: Recipe) -> Mapping[tuple[str, str], Hindrances]:
    families = {name: metric.family for name, metric in compared_metrics(recipe).items()}
    return verdict_limits(mismatches, recipe.zones.names, families)
