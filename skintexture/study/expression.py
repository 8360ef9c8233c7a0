"""What a face does, in plain words, and which of its zones that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.limits import ComparabilityParams, Limit
from skintexture.model import Face


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that a face can do.

    Attributes
    ----------
    name : str
        In plain words.
    blendshapes : tuple of str
        Of the landmark model; the mean of each pair of sides counts, and of several pairs the strongest.
    zones : tuple of str
        Whose skin it moves.
    """

    name: str
    blendshapes: tuple[str, ...]
    zones: tuple[str, ...]


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for name in names for side in ("left", "right"))


_AROUND_MOUTH = ("perioral", "chin")
_MID_FACE = (*_both("cheek", "malar"), "nose")
_BROW = ("forehead", "glabella", *_both("temple"))

SMILE = "smile"

# Gaze (eyeLook…) moves no skin that is measured; blinking is judged by itself.
MOVEMENTS = (
    Movement(
        SMILE,
        ("mouthSmile", "mouthUpperUp", "mouthDimple"),
        (*_MID_FACE, *_AROUND_MOUTH, *_both("periorbital", "temple", "jawline")),
    ),
    Movement("pressed lips", ("mouthPress", "mouthRollLower", "mouthRollUpper"), (*_AROUND_MOUTH, *_both("cheek"))),
    Movement("pushed-up chin", ("mouthShrugLower", "mouthShrugUpper"), (*_AROUND_MOUTH, *_both("jawline"))),
    Movement("pursed lips", ("mouthPucker", "mouthFunnel"), (*_AROUND_MOUTH, *_both("cheek"))),
    Movement("open mouth", ("jawOpen",), (*_AROUND_MOUTH, *_both("cheek", "jawline"))),
    Movement(
        "mouth corners down", ("mouthFrown", "mouthStretch", "mouthLowerDown"), (*_AROUND_MOUTH, *_both("jawline"))
    ),
    Movement(
        "jaw to one side",
        ("jawLeft", "jawRight", "mouthLeft", "mouthRight"),
        (*_AROUND_MOUTH, *_both("jawline", "cheek")),
    ),
    Movement("puffed cheeks", ("cheekPuff",), (*_both("cheek", "malar", "jawline"), "perioral")),
    Movement("wrinkled nose", ("noseSneer",), ("nose", "glabella", *_both("malar"))),
    Movement("raised brows", ("browInnerUp", "browOuterUp"), _BROW),
    Movement("frown", ("browDown",), _BROW),
    Movement("squint", ("eyeSquint", "cheekSquint"), _both("periorbital", "malar")),
    Movement("wide eyes", ("eyeWide",), (*_both("periorbital"), "forehead")),
)
"""Everything that a face can do and the landmark model tells apart."""


def moved_apart(faces: tuple[Face, Face], limits: ComparabilityParams) -> bool:
    """Whether two faces do different things, so far that it is worth a caveat."""
    gaps = ((movement, _gap(faces, movement)) for movement in MOVEMENTS)
    return any(gap >= limit_of(movement, limits).caveat for movement, gap in gaps)


def limit_of(movement: Movement, limits: ComparabilityParams) -> Limit:
    """How far two faces may differ in it: smiles are read more surely than the others."""
    return limits.smile if movement.name == SMILE else limits.expression


def _gap(faces: tuple[Face, Face], movement: Movement) -> float:
    return abs(strength(faces[1].expression, movement) - strength(faces[0].expression, movement))


def strength(expression: Mapping[str, float], movement: Movement) -> float:
    """How strongly a face does it, 0 … 1.

    Examples
    --------
    >>> strength({"mouthSmileLeft": 0.6, "mouthSmileRight": 0.4}, MOVEMENTS[0])
    0.5
    """
    strengths = []
    for shape in movement.blendshapes:
        sides = [expression[name] for name in (shape, f"{shape}Left", f"{shape}Right") if name in expression]
        if sides:
            strengths.append(sum(sides) / len(sides))
    return max(strengths, default=0.0)


def moved_zones(movement: Movement) -> tuple[str, ...]:
    """Zones that it moves, the whole face among them."""
    return (*movement.zones, WHOLE_FACE)
