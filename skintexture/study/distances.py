"""Register two photos with distances of the camera that agree.

A distance that was guessed from one face's perspective is right to a factor of two. Two such guesses, or one beside a
distance from EXIF, would give the same skin two depths, and pores on cheeks and jaws another size.
"""

from __future__ import annotations

import math

from skintexture.locate.perspective import distance_ratio
from skintexture.locate.register import register
from skintexture.locate.scale import PLAUSIBLE_DISTANCE_MM
from skintexture.recipe import Recipe
from skintexture.study.expression import moved_apart
from skintexture.study.joint import Pair
from skintexture.study.sighting import Sighting

# The registered skin tells the ratio of two distances within 4 to 13 %: below that, the camera is taken to have stayed.
# A smile alone passes for a quarter and more.
_TOLD = 1.15


def register_photos(photos: tuple[Sighting, Sighting], recipe: Recipe) -> Pair:
    """Register two photos; where EXIF doesn't tell both distances, as seen from one, or as the skin tells them.

    Parameters
    ----------
    photos : tuple of Sighting
        Before and after.
    recipe : Recipe

    Returns
    -------
    Pair
    """
    if all(_is_told(photo) for photo in photos):
        return _registered(photos, recipe)
    pair = _registered(photos if _agree(photos) else _apart(photos, 1.0, recipe), recipe)
    if not pair.registration.sameness.same or moved_apart((pair.before.face, pair.after.face), recipe.comparability):
        return pair
    ratio = distance_ratio((pair.before.face, pair.before.scene), pair.after.scene, pair.registration)
    if not _differs(ratio):
        return pair
    return _registered(_apart(photos, ratio, recipe), recipe)


def _registered(photos: tuple[Sighting, Sighting], recipe: Recipe) -> Pair:
    before, after = photos
    registration = register(before.scene, after.scene, (before.face, after.face), recipe.registration)
    return Pair(before, after, registration)


def _agree(photos: tuple[Sighting, Sighting]) -> bool:
    """Whether the distances are so near to each other that nothing depends on which is right."""
    before, after = photos
    return not _differs(after.scene.scale.distance_mm / before.scene.scale.distance_mm)


def _differs(ratio: float) -> bool:
    return abs(math.log(ratio)) > math.log(_TOLD)


def _is_told(photo: Sighting) -> bool:
    return photo.scene.scale.distance_method == "exif"


def _apart(photos: tuple[Sighting, Sighting], ratio: float, recipe: Recipe) -> tuple[Sighting, Sighting]:
    """Set the guessed distances so that the after photo's is this many times that of the before photo."""
    before, after = photos
    guesses_mm = before.scene.scale.distance_mm, after.scene.scale.distance_mm / ratio
    if _is_told(before):
        return before, _seen_from(after, guesses_mm[0] * ratio, recipe)
    if _is_told(after):
        return _seen_from(before, guesses_mm[1], recipe), after
    between_mm = math.sqrt(guesses_mm[0] * guesses_mm[1])
    return _seen_from(before, between_mm, recipe), _seen_from(after, between_mm * ratio, recipe)


def _seen_from(photo: Sighting, distance_mm: float, recipe: Recipe) -> Sighting:
    nearest_mm, farthest_mm = PLAUSIBLE_DISTANCE_MM
    return photo.seen_from(min(max(distance_mm, nearest_mm), farthest_mm), recipe.zones)
