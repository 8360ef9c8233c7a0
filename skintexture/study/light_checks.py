"""What light, shine and make-up do to a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from skintexture.locate.lighting import angle_between_deg
from skintexture.locate.limits import ComparabilityParams
from skintexture.study import photo_scores
from skintexture.study.look import Look
from skintexture.study.mismatch import ALIKE, Gap, LookPair, Mismatch, Reach, Reading, graded

_COLOUR = ("*_red", "*_red_minus_blue")


def light(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge where light comes from: by how it changes over the face."""
    angle = angle_between_deg(pair.before.light, pair.after.light)
    for name, angles in (
        ("azimuth of the light", pair.both(lambda look: look.light.azimuth_deg)),
        ("elevation of the light", pair.both(lambda look: look.light.elevation_deg)),
    ):
        yield graded(Reading("light_direction", name, "°", angles), Gap(angle, "°", None), (ALIKE, ALIKE))
    balance = pair.both(lambda look: look.exposure.balance)
    scores = pair.both(lambda look: photo_scores.illumination_uniformity(look.exposure))
    turned = "" if math.isnan(angle) else f" (its mean direction by {angle:.0f}°)"
    yield graded(
        Reading("illumination_uniformity", "light on the face", "1", balance, scores),
        Gap(math.nan if pair.light is None else pair.light.shading_pct, "%", limits.shading_pct),
        (
            "light falls a little differently on the face; what that does to texture was estimated and taken off",
            f"the light has moved{turned}: relief shows differently; fix lamps, camera and chair, and switch off other "
            "light",
        ),
    )


def make_up(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge whether the skin's own colour became more or less even, under light that has not moved."""
    moved = pair.light is None or pair.light.shading_pct >= limits.shading_pct.refuse
    evenness = math.nan if pair.light is None or moved else pair.light.evenness_pct
    # As the loss on the more even side, so that putting on and taking off read alike.
    size = 100 * (1 - math.exp(-abs(evenness) / 100))
    which = "after" if evenness < 0 else "before"
    yield graded(
        Reading("make_up", "make-up", "%", pair.both(_colour_scatter_pct)),
        Gap(size, "%", limits.evenness_pct),
        (
            f"the skin's colour is a little more even in the {which} photo: is it make-up?",
            f"the skin's colour is more even in the {which} photo, as under make-up, which also fills pores; "
            "photograph clean skin (after a treatment of redness or spots it looks alike: then judge texture by eye)",
        ),
    )


def _colour_scatter_pct(look: Look) -> float:
    """Scatter of log(red / green) over the face."""
    seen = look.skin_light.rgb[np.isfinite(look.skin_light.rgb).all(axis=1)]
    return 100 * float(np.std(np.log(seen[:, 0] / seen[:, 1]))) if len(seen) else math.nan


def shine(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge shine: white light that the skin mirrors makes it less yellow, whatever the exposure."""
    change = pair.light
    which = "after" if change is not None and change.shine_pct < 0 else "before"
    shares = pair.both(_shine_share_pct)
    yield graded(
        Reading("shine", "shine of the skin", "%", shares, (100 - shares[0], 100 - shares[1])),
        Gap(math.nan if change is None else abs(change.shine_pct), "%", limits.shine_pct),
        (
            f"the skin shines a little more in the {which} photo; shining spots are left out of both",
            f"the skin shines more in the {which} photo, and shine draws texture; have the skin cleaned and matt, "
            "without cream, at every visit",
        ),
    )


def _shine_share_pct(look: Look) -> float:
    share = look.skin_light.shine_share
    return 100 * float(share[np.isfinite(share)].mean()) if np.isfinite(share).any() else math.nan


def colour(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge the cast of colour."""
    scores = pair.both(lambda look: photo_scores.natural_colour(look.exposure))
    cast = math.nan if pair.light is None else max(abs(part) for part in pair.light.colour_pct)
    yield graded(
        Reading("natural_colour", "colour cast", "1", pair.both(lambda look: look.exposure.b_star), scores),
        Gap(cast, "%", limits.colour_pct),
        (
            "the colour of light or the white balance differs; it cancels in luminance",
            "the colour of light or the white balance differs too much to compare colour; fix the white balance",
        ),
        Reach(_COLOUR),
    )
