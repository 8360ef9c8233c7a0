"""The same relief under skin of every tone, matte and with gloss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Plot, Section, Series, Table, reported
from skintexture.validation.flat_skin import (
    SHADE,
    FlatCamera,
    FlatSkin,
    grow,
    measured,
    photographed,
    tone_rgb,
)
from skintexture.validation.yardstick import Values, stays, texture

KEY = "tone"

_TONES_DEG = (-50.0, -30.0, 0.0, 20.0, 35.0, 48.0, 58.0)
_REFERENCE_DEG = 35.0
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_EXPOSED_TO = 0.3
_NOISE_PCT = 1.0
_GLOSS = 0.018
"""Mirrored light: a quarter of what the darkest skin sends back is then mirrored."""
_LIMIT_PCT = 3.0
_SHOWN = ("roughness_sq", "band_rms_0.5_1mm", "pore_contrast")


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Photograph one skin in seven tones, exposed alike and with the same signal to noise."""
    skin = grow(SkinSpec(seed=5, side_mm={"quick": 16.0, "standard": 24.0, "full": 36.0}[effort], relief_pct=2.0))
    recipe = load_recipe(DEFAULT_RECIPE)
    matte = _in_all_tones(skin, recipe, gloss=0.0)
    reference = matte.pop(_name(_REFERENCE_DEG))
    metrics = [*texture(reference, "luminance"), *texture(reference, "red")]
    yield stays((KEY, "matte, texture of luminance and red"), matte, reference, metrics=metrics, limit=_LIMIT_PCT)
    metrics = ["pore_density", "pore_contrast", "pore_diameter"]
    yield stays((KEY, "matte, pores"), matte, reference, metrics=metrics, limit=_LIMIT_PCT)
    glossy = _in_all_tones(skin, recipe, gloss=_GLOSS)
    yield from _bias(matte | {_name(_REFERENCE_DEG): reference}, glossy)


def _name(ita_deg: float) -> str:
    return f"ITA {ita_deg:g}°"


def _in_all_tones(skin: FlatSkin, recipe: Recipe, *, gloss: float) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for ita_deg in _TONES_DEG:
        tone = tone_rgb(ita_deg)
        exposure = _EXPOSED_TO / (float(_LUMINANCE @ np.array(tone)) + gloss)
        camera = FlatCamera(tone_rgb=tone, exposure=exposure, gloss=gloss, noise_pct=_NOISE_PCT, channel_contrast=SHADE)
        found[_name(ita_deg)] = measured(photographed(skin, camera), camera, recipe)
    return found


def _bias(matte: dict[str, Values], glossy: dict[str, Values]) -> Iterator[Exhibit]:
    """Tell by how much gloss flattens texture, tone by tone."""
    metrics = ("roughness_sq_luminance", "band_rms_0.5_1mm_luminance", "pore_contrast")
    change = {
        metric: [100.0 * (glossy[_name(t)][metric] / matte[_name(t)][metric] - 1.0) for t in _TONES_DEG]
        for metric in metrics
    }
    note = (
        "not corrected: one photo can't tell mirrored light from lighter skin; compare a person with the same person, "
        "or take photos through crossed polarisers"
    )
    for metric, changes in change.items():
        yield reported(KEY, f"gloss on the darkest skin, {metric}", changes[0], note=note)
        spread = changes[0] - changes[_TONES_DEG.index(_REFERENCE_DEG)]
        yield reported(KEY, f"gloss beyond what ITA {_REFERENCE_DEG:g}° loses, {metric}", spread, unit="points")
    rows = [(_name(tone), *(f"{change[metric][at]:+.1f}" for metric in metrics)) for at, tone in enumerate(_TONES_DEG)]
    yield Table("What gloss takes from texture, %", ("tone", *metrics), rows)
    series = [Series(metric, _TONES_DEG, changes, "both") for metric, changes in change.items()]
    title = "Gloss flattens texture most on dark skin"
    yield Plot("tone_gloss", title, "skin tone (ITA), °", "change against matte, %", series, [(0.0, "no bias")])


SECTION = Section(
    KEY,
    "Skin tone",
    "One relief, which shades all colours alike, on skin of seven tones from ITA −50° to 58°, each exposed to the same "
    "brightness with 1 % of noise, through 8-bit files at 20 px/mm. Red minus blue is left out: relief cancels in it.",
    findings,
)
