"""Scores of one photo from 0 to 100, higher is better, as ISO/IEC 29794-5 asks for.

Where the standard's reference implementation (OFIQ 1.0) names a formula on a quantity that is measured here too, it is
that formula; the quantities are close to OFIQ's, not the same (its crop of the face is another). The others are ours
and say so.
Scores are for people to read: no verdict depends on them. In particular the standard's luminance calls dark skin
under-exposed, and this package never does.
"""

from __future__ import annotations

import math

from skintexture.locate.exposure import Exposure
from skintexture.locate.noise import CameraNoise
from skintexture.model import Face, Photo
from skintexture.study.expression import MOVEMENTS, strength

# Ranges of a* and b* of natural skin, from OFIQ.
_NATURAL_A, _NATURAL_B = (5.0, 25.0), (5.0, 35.0)


def luminance(exposure: Exposure) -> float:
    """OFIQ: two sigmoids, at 0.2 and 0.8 of the range."""
    mean = exposure.lightness
    return _score(100 * _sigmoid(mean, 0.2, 0.05) * (1 - _sigmoid(mean, 0.8, 0.05)))


def under_exposure_prevention(exposure: Exposure) -> float:
    """OFIQ: of the share of the face that is dark."""
    return _score(120 * (0.832 - _sigmoid(exposure.dark_share, 0.92, 0.05)))


def over_exposure_prevention(exposure: Exposure) -> float:
    """OFIQ: of the share of the face that is bright."""
    return _score(1 / (exposure.bright_share + 0.01))


def dynamic_range(exposure: Exposure) -> float:
    """OFIQ: of the entropy of the face's brightness."""
    return _score(12.5 * exposure.entropy_bits)


def illumination_uniformity(exposure: Exposure) -> float:
    """OFIQ: of what the brightness of the two cheeks has in common."""
    return _score(100 * exposure.balance**0.3)


def natural_colour(exposure: Exposure) -> float:
    """OFIQ: of how far the skin's colour lies outside that of skin."""
    if exposure.a_star < 0 or exposure.b_star < 0:
        off = 100.0
    else:
        off = math.hypot(_outside(exposure.a_star, _NATURAL_A), _outside(exposure.b_star, _NATURAL_B))
    return _score(200 * (1 - _sigmoid(off, 0.0, 10.0)))


def head_pose(angle_deg: float) -> float:
    """OFIQ: the cosine squared."""
    return _score(100 * math.cos(math.radians(angle_deg)) ** 2)


def expression_neutrality(face: Face) -> float:
    """Ours: 100 less the strongest movement of the face."""
    return _score(100 * (1 - max(strength(face.expression, movement) for movement in MOVEMENTS)))


def eyes_open(face: Face) -> float:
    """Ours: 100 less the more closed eye's blendshape."""
    return _score(100 * (1 - blink(face)))


def blink(face: Face) -> float:
    """How closed the more closed eye is, 0 … 1."""
    return max(face.expression.get("eyeBlinkLeft", 0.0), face.expression.get("eyeBlinkRight", 0.0))


def sharpness(blur_mm: float) -> float:
    """Ours: 50 at a blur of 0.1 mm, σ, which halves what pores of 0.25 mm show."""
    return _score(100 / (1 + (blur_mm / 0.1) ** 2))


def noise(seen: CameraNoise) -> float:
    """Ours: 50 at a noise of 4 % per pixel."""
    return _score(100 / (1 + (seen.contrast_pct / 4.0) ** 2))


def compression(photo: Photo) -> float:
    """Ours: the quality of the JPEG's tables; 100 where the file is no JPEG."""
    return 100.0 if math.isnan(photo.jpeg_quality) else _score(photo.jpeg_quality)


def _outside(value: float, within: tuple[float, float]) -> float:
    return max(0.0, within[0] - value, value - within[1])


def _sigmoid(value: float, middle: float, width: float) -> float:
    return 1 / (1 + math.exp((middle - value) / width))


def _score(value: float) -> float:
    return math.nan if math.isnan(value) else min(100.0, max(0.0, value))
