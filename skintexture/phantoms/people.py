"""People who do not exist, drawn from a seed: form, skin, hair and eyes that go together."""

from __future__ import annotations

from typing import Literal

import numpy as np

from skintexture.errors import InputError
from skintexture.model import FloatArray
from skintexture.phantoms.eyes import EyeSpec
from skintexture.phantoms.faces import FaceSpec
from skintexture.phantoms.hair import HairSpec
from skintexture.phantoms.head import HeadSpec
from skintexture.phantoms.skin import SkinSpec

Sex = Literal["female", "male"]
_Triple = tuple[float, float, float]

YOUNGEST, OLDEST = 18.0, 90.0
DARKEST_DEG, LIGHTEST_DEG = -50.0, 60.0

# Form follows age from here to there; before and after it stays.
_GROWN_UP, _OLD = 25.0, 80.0
# Weights of the data's three groups of face form, as one draws them for the darkest and for the lightest skin. Tone
# and form go together in the population, loosely; so they do here.
_FORMS_OF_DARKEST = np.array([0.5, 5.0, 0.8])
_FORMS_OF_LIGHTEST = np.array([4.0, 0.5, 2.2])

_BROWN = ((0.16, 0.08, 0.03), (0.07, 0.035, 0.015))
_DARK_BROWN = ((0.075, 0.036, 0.016), (0.032, 0.017, 0.009))
_BLUE = ((0.20, 0.18, 0.13), (0.12, 0.20, 0.28))
_GREEN = ((0.20, 0.15, 0.06), (0.12, 0.15, 0.07))
_BLACK_HAIR, _BROWN_HAIR, _FAIR_HAIR, _GREY_HAIR = (
    np.array(colour)
    for colour in ((0.012, 0.010, 0.009), (0.045, 0.027, 0.018), (0.19, 0.12, 0.06), (0.26, 0.26, 0.26))
)


def person_spec(seed: int, *, sex: Sex, age: float, ita_deg: float) -> FaceSpec:
    """Draw a person: the same one for the same arguments.

    Parameters
    ----------
    seed : int
        Decides all that sex, age and tone leave open, down to the single pore.
    sex : {"female", "male"}
    age : float
        Years, 18 … 90: form of the face, furrows, pore size, grey hair.
    ita_deg : float
        Individual typology angle of calm skin in degrees, −50 (darkest) … 60 (lightest).

    Returns
    -------
    FaceSpec
        Without stubble, vellus, comedones or papules; `dataclasses.replace` its ``skin`` to add them.

    Raises
    ------
    InputError
        Something is out of range.

    Examples
    --------
    >>> person_spec(3, sex="male", age=50, ita_deg=-20.0) == person_spec(3, sex="male", age=50, ita_deg=-20.0)
    True
    """
    _check(sex, age, ita_deg)
    rng = np.random.default_rng([seed, 17])
    light = (ita_deg - DARKEST_DEG) / (LIGHTEST_DEG - DARKEST_DEG)
    old = float(np.clip((age - _GROWN_UP) / (_OLD - _GROWN_UP), 0.0, 1.0))
    male = sex == "male"
    blend = rng.dirichlet(_FORMS_OF_DARKEST + light * (_FORMS_OF_LIGHTEST - _FORMS_OF_DARKEST))
    return FaceSpec(
        head=HeadSpec(
            identity=seed,
            masculinity=float(rng.uniform(0.82, 1.0) if male else rng.uniform(0.0, 0.18)),
            age=0.7 * old,
            blend=(float(blend[0]), float(blend[1]), float(blend[2])),
        ),
        skin=_skin(seed, ita_deg, (old, male), rng),
        hair=_hair(seed, light, (old, male), rng),
        eyes=_eyes(seed, light, rng),
    )


def _check(sex: Sex, age: float, ita_deg: float) -> None:
    if sex not in ("female", "male"):
        raise InputError(f"sex is {sex!r}", "give female or male: they choose the form of the head")
    if not YOUNGEST <= age <= OLDEST:
        raise InputError(f"age is {age}", f"give years from {YOUNGEST:.0f} to {OLDEST:.0f}")
    if not DARKEST_DEG <= ita_deg <= LIGHTEST_DEG:
        raise InputError(f"typology angle is {ita_deg}°", f"give {DARKEST_DEG:.0f}° to {LIGHTEST_DEG:.0f}°")


def _skin(seed: int, ita_deg: float, body: tuple[float, bool], rng: np.random.Generator) -> SkinSpec:
    """Pores widen and furrows deepen with age; men's pores are somewhat larger and more."""
    old, male = body
    freckled = ita_deg > 35.0 and rng.uniform() < 0.4
    return SkinSpec(
        seed=seed,
        ita_deg=ita_deg,
        pore_density=float(np.clip(rng.normal(1.0 + 0.08 * male, 0.12), 0.7, 1.4)),
        pore_size=float(np.clip(rng.normal(0.97 + 0.08 * old + 0.05 * male, 0.05), 0.85, 1.2)),
        freckles=int(rng.integers(60, 160)) if freckled else int(rng.integers(0, 20)),
        moles=int(rng.integers(1, 9)),
        furrow_depth=float(np.clip(rng.normal(0.9 + 0.35 * old, 0.08), 0.6, 1.6)),
    )


def _hair(seed: int, light: float, body: tuple[float, bool], rng: np.random.Generator) -> HairSpec:
    old, male = body
    fair = float(np.clip(rng.normal(1.6 * light - 0.9, 0.25), 0.0, 1.0))
    brown = float(np.clip(2.2 * light - 0.5, 0.0, 1.0))
    grown = _BLACK_HAIR + brown * (_BROWN_HAIR - _BLACK_HAIR)
    grown = grown + 0.7 * fair * (_FAIR_HAIR - grown)
    grey = float(np.clip(rng.normal(1.7 * old - 0.75, 0.15), 0.0, 0.85))
    return HairSpec(
        colour=_triple(grown + grey * (_GREY_HAIR - grown)),
        brow_colour=_triple(grown + 0.3 * grey * (_GREY_HAIR - grown)),
        per_cm2=float(rng.uniform(220, 310) - 50 * old),
        length_mm=float(rng.uniform(3.0, 6.0)),
        brow_hairs=int(rng.integers(560, 700) + 90 * male),
        seed=seed,
    )


def _eyes(seed: int, light: float, rng: np.random.Generator) -> EyeSpec:
    chance = rng.uniform()
    if light < 0.45:
        inner, outer = _DARK_BROWN
    elif chance < 2.2 * (light - 0.62):
        inner, outer = _BLUE if rng.uniform() < 0.65 else _GREEN
    else:
        inner, outer = _BROWN
    shade = float(rng.uniform(0.85, 1.15))
    return EyeSpec(inner=_triple(np.array(inner) * shade), outer=_triple(np.array(outer) * shade), seed=seed)


def _triple(colour: FloatArray) -> _Triple:
    red, green, blue = (float(part) for part in colour)
    return red, green, blue
