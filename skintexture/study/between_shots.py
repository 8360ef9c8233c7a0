"""How far two shots of unchanged skin differ, once equalised: the part of the uncertainty that a pair can't show.

The figures come from phantoms and ship with the package. Whoever has repeated shots of their own gives a profile
instead, see `skintexture.study.repeatability`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import Photo
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.study.repeatability import RepeatabilityProfile

_TABLE = "between_shots.csv"
# Of JPEG, on the scale of 100 less its quality.
_FINEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What two photos differ in over a zone, after equalising.

    Attributes
    ----------
    blur_px : float
        σ of the blur that was added to the sharper one, in pixels of the coarser one; 0 where none was, nan where it
        can't be told which is sharper.
    shading : float
        Change of the slow shading, as a natural log, RMS over the zone's tiles; the mean over the face is taken off.
    turn : float
        Natural log of the ratio of the areas that the zone fills in the two photos at one scale, its sign taken off.
        Skin that is seen at another slant is another picture.
    shine : float
        Mean rise of the share of mirrored light beyond the whole face's, its sign taken off. What it does to texture on
        average was taken off; skins differ in it.
    compression : float
        Natural log of the ratio of the steps in which JPEG stores the two photos, its sign taken off.
    slant : float
        How far the zone's skin turns away from the camera, in the photo that shows it more from the side: the tangent
        of its mean slant less 1, that of 45°; 0 where it slants less.
    contrast : float
        Change of the picture's contrast, as a natural log, its sign taken off; nan where it can't be told. It is not
        equalised: lashes don't tell it surely enough.
    sharpening : float
        Share of the finest detail that was added to one of them, which can't be undone; nan where it can't be told.
    """

    blur_px: float = 0.0
    shading: float = 0.0
    turn: float = 0.0
    shine: float = 0.0
    compression: float = 0.0
    slant: float = 0.0
    contrast: float = 0.0
    sharpening: float = 0.0


OF_WHOLE_PHOTOS = ("blur_px", "compression", "contrast", "sharpening")
"""Parts of a situation that are the same in every zone."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Standard deviation of the relative change of one metric, unchanged skin.

    Attributes
    ----------
    reshot, reshot_face : float
        Between shots taken alike: in a single zone, and over the whole face.
    per_turn : float
        Added, in squares, for each unit of the zone's turn.
    per_shine : float
        Added, in squares, for each unit of the zone's shine.
    per_blur_px : float
        Added, in squares, for each pixel of blur that was equalised.
    per_shading : float
        Added, in squares, for each unit of the zone's change of shading.
    per_compression : float
        Added, in squares, for each unit of the difference of compression.
    per_slant : float
        Added, in squares, for each unit of the zone's slant.
    per_contrast, per_sharpening : float
        Added, in squares, for each unit of the picture's contrast and sharpening.
    """

    reshot: float
    reshot_face: float
    per_turn: float
    per_shine: float
    per_blur_px: float
    per_shading: float
    per_compression: float
    per_slant: float
    per_contrast: float
    per_sharpening: float

    def sd(self, zone: str, situation: Situation) -> float:
        """SD of the change, all parts together."""
        reshot = self.reshot_face if zone == WHOLE_FACE else self.reshot
        doses = (getattr(self, f"per_{part.name}") * getattr(situation, part.name) for part in fields(situation))
        return math.hypot(reshot, *doses)


PARTS = tuple(part.name for part in fields(Scatter))
"""Names of the parts, as the table has them."""


def slant_beyond_45(slant_deg: float) -> float:
    """How far skin turns away from the camera, as `Situation` has it.

    Parameters
    ----------
    slant_deg : float
        0 … < 90.
    """
    return max(math.tan(math.radians(slant_deg)) - 1.0, 0.0)


def compression_between(before: Photo, after: Photo) -> float:
    """Natural log of the ratio of the steps in which two photos are stored, its sign taken off.

    The steps of a JPEG grow as 100 less its quality. Finer ones than those of quality 98, and a file
    without loss, count as these.
    """
    steps = [
        max(100.0 - min(_quality(photo.jpeg_quality), _quality(photo.chroma_quality)), _FINEST_STEP)
        for photo in (before, after)
    ]
    return abs(math.log(steps[1] / steps[0]))


def _quality(stated: float) -> float:
    """Take a quality that isn't known, or that of colour at reduced resolution, for the best."""
    return stated if stated > 0 else 100.0


@cache
def shipped_scatter() -> Mapping[str, Scatter]:
    """Figures of the phantoms, by metric."""
    text = (resources.files("skintexture.assets") / _TABLE).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["metric"]: Scatter(*(float(row[part]) for part in PARTS)) for row in rows}


def scatter_between_shots(
    profile: RepeatabilityProfile | None, recipe: Recipe
) -> Callable[[str, str, Situation], float]:
    """Scatter of a change by zone, metric and situation.

    Parameters
    ----------
    profile : RepeatabilityProfile or None
        Of the user's own shots; it takes the place of the phantoms' scatter between shots taken alike. What these two
        photos differ in comes on top of it.
    recipe : Recipe
        That is measured with.

    Returns
    -------
    callable
        To the relative standard deviation of the change, > 0; nan where it isn't known: the phantoms' holds for the
        grid they were measured on, and for photos of which it is known by how much one is softer.
    """
    limits = recipe.comparability
    # Where development can't be read, as much may have passed unnoticed as would have been named.
    unnoticed = {"contrast": limits.contrast_pct.caveat / 100.0, "sharpening": limits.sharpening.caveat}
    of_phantoms = _detail(recipe) == _detail(load_recipe(DEFAULT_RECIPE))

    def scatter(zone: str, metric: str, situation: Situation) -> float:
        shipped = scatter_of(metric)
        own_pct = math.nan if profile is None else profile.sd_of_change_pct(zone, metric)
        if not math.isnan(own_pct):
            # Each zone's own scatter holds what its slant does, and what can't be told of focus and development.
            shipped = replace(shipped, reshot=own_pct / 100.0, reshot_face=own_pct / 100.0, per_slant=0.0)
            situation = _resolved(situation, {"blur_px": 0.0, "contrast": 0.0, "sharpening": 0.0})
        elif not of_phantoms:
            return math.nan
        return shipped.sd(zone, _resolved(situation, unnoticed))

    return scatter


def _resolved(situation: Situation, instead: Mapping[str, float]) -> Situation:
    """Put values where it isn't known what the photos differ in."""
    unknown = {part: value for part, value in instead.items() if math.isnan(getattr(situation, part))}
    return replace(situation, **unknown) if unknown else situation


def _detail(recipe: Recipe) -> tuple[float, float, float]:
    """Tell of which detail a recipe's signal is made."""
    return recipe.grid.px_per_mm, recipe.grid.blur_mm, recipe.grid.local_mean_mm


def scatter_of(metric: str) -> Scatter:
    """Figures of a metric; of the least steady one of its kind where a recipe measures what phantoms didn't.

    Parameters
    ----------
    metric : str
        As in the tables.

    Returns
    -------
    Scatter
    """
    known = shipped_scatter()
    if metric in known:
        return known[metric]
    kin = [scatter for name, scatter in known.items() if _kind(name) == _kind(metric)] or list(known.values())
    return Scatter(*(max(getattr(one, part) for one in kin) for part in PARTS))


def _kind(metric: str) -> str:
    """Name up to its size: ``band_rms_0.25_0.5mm_red`` is a ``band_rms``."""
    words = metric.split("_")
    until = next((k for k, word in enumerate(words) if word[0].isdigit()), len(words))
    return "_".join(words[:until])
