"""Bring two photos to one scale and one sharpness before their skin is compared.

Both are done alike on both sides and without looking at the skin: the scale by what the registration finds, the
sharpness by brows, lids and lips, which treatment leaves alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from skintexture.locate.sharpness import BlurDifference
from skintexture.recipe import Recipe
from skintexture.study.joint import Pair

# JPEG leaves out what is faint and fine, so that a small pit that it stored is wider: σ², in px², for each step that
# its quality is below the first that does, and more for each px² of blur with which the pit is looked at.
_WIDENS_BELOW = 96.0
_WIDENED_PX2, _WIDENED_BY_BLUR = 0.007, 0.008
# What compression does to a soft structure passes for blur, by which a face stored as JPEG reads softer than its skin:
# by this share of σ², on phantoms of 12 persons and qualities of 88 to 95 alike; less and less above.
_LESS_ON_SKIN, _LESS_FROM = 0.045, 95.0

ScaleSource = Literal["registration", "each photo"]


def one_scale(pair: Pair) -> tuple[Pair, ScaleSource]:
    """Give both photos scales whose ratio is the registration's.

    The two irises are those of one person: what differs between them is the error of finding them. The skin itself,
    once registered, tells the ratio several times better, and than a scale that was stated: one for all photos of a
    series, say. Of stated scales the level is kept; each photo's own scale is, where no skin could be registered.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    pair : Pair
        With new scales: the ratio is the registration's, the level that of both, the surer counting more.
    source : {"registration", "each photo"}
    """
    before, after = pair.before.scene.scale, pair.after.scene.scale
    ratio = pair.registration.scale_ratio
    if math.isnan(ratio):
        return pair, "each photo"
    weights = np.array([1.0 / max(scale.uncertainty, 1e-3) ** 2 for scale in (before, after)])
    logs = np.log([before.px_per_mm, after.px_per_mm / ratio])
    level = math.exp(float(np.average(logs, weights=weights)))
    return (
        replace(
            pair,
            before=pair.before.rescaled(level / before.px_per_mm),
            after=pair.after.rescaled(level * ratio / after.px_per_mm),
        ),
        "registration",
    )


def assumed_blur_px(recipe: Recipe) -> float:
    """Blur that both photos of a pair are taken to have of their own, σ in their pixels."""
    return max(recipe.grid.photo_blur_px, recipe.comparison.own_blur_px)


def extra_blur_mm(
    blur: BlurDifference,
    px_per_mm: tuple[float, float],
    own_px: float,
    dead_band_px: float,
    *,
    jpeg_quality: tuple[float, float],
) -> tuple[float, float]:
    """Blur that brings the sharper photo to the softer one, beyond what photos have of their own.

    Parameters
    ----------
    blur : BlurDifference
        From brows, lids and lips; it holds the photos' own blur too, which is more mm where a photo has fewer pixels
        per mm.
    px_per_mm : tuple of float
        Of the before and the after photo.
    own_px : float
        See `assumed_blur_px`.
    dead_band_px : float
        Differences up to this σ, in pixels of the coarser photo, are left as they are.
    jpeg_quality : tuple of float
        Of the before and the after photo; nan for a file without loss.

    Returns
    -------
    before, after : float
        σ in mm; at least one of them is 0, both where the difference isn't known.

    Examples
    --------
    >>> softer, alike = BlurDifference(0.1, 1.0, 1.0, 20), BlurDifference(-0.005, 1.0, 1.0, 20)
    >>> extra_blur_mm(softer, (14.0, 14.0), 0.65, 0.1, jpeg_quality=(math.nan, math.nan))
    (0.1, 0.0)
    >>> before_mm, after_mm = extra_blur_mm(softer, (14.0, 14.0), 0.65, 0.1, jpeg_quality=(92.0, 92.0))
    >>> round(before_mm, 4), after_mm
    (0.0977, 0.0)
    >>> extra_blur_mm(alike, (14.0, 14.0), 0.65, 0.1, jpeg_quality=(92.0, 92.0))
    (0.0, 0.0)
    """
    own_mm2 = [(own_px / resolution) ** 2 for resolution in px_per_mm]
    read_mm2 = blur.sigma_mm * abs(blur.sigma_mm)
    beyond_mm2 = read_mm2 - (own_mm2[1] - own_mm2[0])
    squared_mm2 = (1.0 - _less_on_skin(jpeg_quality[1 if beyond_mm2 > 0 else 0])) * beyond_mm2
    sigma_mm = math.sqrt(abs(squared_mm2))
    if not sigma_mm * min(px_per_mm) > dead_band_px:
        return 0.0, 0.0
    return (sigma_mm, 0.0) if squared_mm2 > 0 else (0.0, sigma_mm)


def _less_on_skin(jpeg_quality: float) -> float:
    """Share of the σ² read that skin lacks, for the softer photo's quality."""
    if math.isnan(jpeg_quality):
        return 0.0
    return _LESS_ON_SKIN * min(1.0, (100.0 - jpeg_quality) / (100.0 - _LESS_FROM))


def power_left(written_back: float, beyond_mm: float, wavelength_mm: float) -> float:
    """Share of a softer photo's power that is the skin's, where compression has written some of it back.

    Blur that is added to the sharper photo after it was compressed leaves nothing of the kind there.

    Parameters
    ----------
    written_back : float
        See `skintexture.locate.reference.written_back`.
    beyond_mm : float
        Blur that the photo has beyond the other's, σ.
    wavelength_mm : float

    Returns
    -------
    float
        1 for the sharper photo.

    Examples
    --------
    >>> power_left(0.015, 0.0, 0.7), round(power_left(0.015, 0.14, 0.7), 2)
    (1.0, 0.95)
    """
    return 1.0 / (1.0 + written_back * math.expm1((2 * math.pi * beyond_mm / wavelength_mm) ** 2))


def widened_mm(jpeg_quality: float, px_per_mm: float, blur_mm: float) -> float:
    """Width that compression adds to small pits.

    It is not that of the photo's sharpest edges, from which blur is read: those are strong enough to be stored whole.

    Parameters
    ----------
    jpeg_quality : float
        nan for a file without loss.
    px_per_mm : float
    blur_mm : float
        Of the softer photo of the pair, σ, to which both are brought.

    Returns
    -------
    float
        σ in mm.

    Examples
    --------
    >>> round(widened_mm(92.0, 14.0, 0.65 / 14), 3), round(widened_mm(92.0, 14.0, 2.1 / 14), 3)
    (0.015, 0.029)
    >>> widened_mm(98.0, 14.0, 0.05), widened_mm(math.nan, 14.0, 0.05)
    (0.0, 0.0)
    """
    if not jpeg_quality < _WIDENS_BELOW:
        return 0.0
    per_step_px2 = _WIDENED_PX2 + _WIDENED_BY_BLUR * (blur_mm * px_per_mm) ** 2
    return math.sqrt((_WIDENS_BELOW - jpeg_quality) * per_step_px2) / px_per_mm
