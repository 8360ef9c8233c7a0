"""What lies on the skin for a day: shine, and foundation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skintexture.errors import InputError
from skintexture.phantoms.head import Head
from skintexture.phantoms.skin import Skin

EVENED = 0.6
"""Share of the colour's unevenness that full foundation takes away."""
VEILED = 0.6
"""Share of the absorption in pores, furrows and spots that full foundation hides."""
FILLED = 0.25
"""Share of the depth of pores and furrows that full foundation fills."""
_DULLED = 0.45


def wear(skin: Skin, head: Head, *, shine: float, foundation: float) -> Skin:
    """Skin as it looks with this shine (factor, ≥ 0) and this much foundation (0 … 1); pores keep their own depth.

    Raises
    ------
    InputError
        Out of range.
    """
    if not (shine >= 0.0 and 0.0 <= foundation <= 1.0):
        raise InputError(
            f"shine is {shine} and foundation {foundation}", "shine is a factor, 0 or more; foundation is 0 to 1"
        )
    if (shine, foundation) == (1.0, 0.0):
        return skin
    covered = foundation * (1 - skin.scalp) * (1 - head.lips) * (1 - head.mouth_inside)
    face = (1 - skin.scalp) * (1 - head.lips) * (1 - head.mouth_inside) * (head.vertices_mm[:, 2] > 0)
    logarithm = np.log(skin.albedo)
    even = np.average(logarithm, axis=0, weights=face)
    return replace(
        skin,
        albedo=np.exp(logarithm + EVENED * covered[:, None] * (even - logarithm)),
        gloss=skin.gloss * shine * (1 - _DULLED * covered),
        spots=replace(skin.spots, depth=skin.spots.depth * (1 - VEILED * foundation)),
    )
