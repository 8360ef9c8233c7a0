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
from skintexture.study.joint import Pair

ScaleSource = Literal["registration", "given"]


def one_scale(pair: Pair) -> tuple[Pair, ScaleSource]:
    """Give both photos scales whose ratio is the registration's.

    The two irises are those of one person: what differs between them is the error of finding them. The skin itself,
    once registered, tells the ratio several times better. Scales that the user gave for both photos are kept.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    pair : Pair
        With new scales: the ratio is the registration's, the level that of both, the surer counting more.
    source : {"registration", "given"}
    """
    before, after = pair.before.scene.scale, pair.after.scene.scale
    if before.method == "given" and after.method == "given":
        return pair, "given"
    ratio = pair.registration.scale_ratio
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


def extra_blur_mm(blur: BlurDifference, px_per_mm: float, dead_band_px: float) -> tuple[float, float]:
    """Blur that brings the sharper photo to the softer one.

    Parameters
    ----------
    blur : BlurDifference
        From brows, lids and lips.
    px_per_mm : float
        Of the coarser photo.
    dead_band_px : float
        Differences up to this σ are left as they are.

    Returns
    -------
    before, after : float
        σ in mm; at least one of them is 0, both where the difference isn't known.

    Examples
    --------
    >>> extra_blur_mm(BlurDifference(0.1, 1.0, 1.0, 20), 14.0, 0.35)
    (0.1, 0.0)
    >>> extra_blur_mm(BlurDifference(-0.01, 1.0, 1.0, 20), 14.0, 0.35)
    (0.0, 0.0)
    """
    if not abs(blur.sigma_mm) * px_per_mm > dead_band_px:
        return 0.0, 0.0
    return max(blur.sigma_mm, 0.0), max(-blur.sigma_mm, 0.0)
