"""Expressions in plain words."""

from __future__ import annotations

from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.study.expression import MOVEMENTS, SMILE, moved_zones, strength


def _movement(name: str):
    return next(movement for movement in MOVEMENTS if movement.name == name)


def test_a_smile_is_a_smile_and_nothing_else():
    face = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.5, "browInnerUp": 0.0}
    strengths = {movement.name: strength(face, movement) for movement in MOVEMENTS}
    assert strengths.pop(SMILE) == 0.6
    assert set(strengths.values()) == {0.0}


def test_the_strongest_of_several_signs_counts():
    brows = _movement("raised brows")
    assert strength({"browInnerUp": 0.2, "browOuterUpLeft": 0.5, "browOuterUpRight": 0.3}, brows) == 0.4


def test_gaze_is_no_expression():
    looking = {"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0, "eyeBlinkLeft": 0.3}
    assert all(strength(looking, movement) == 0 for movement in MOVEMENTS)


def test_zones_are_zones_and_a_smile_spares_the_forehead():
    for movement in MOVEMENTS:
        assert set(moved_zones(movement)) <= set(ZONE_NAMES)
    smiling = moved_zones(_movement(SMILE))
    assert {"left_cheek", "right_cheek", "perioral", "whole_face"} <= set(smiling)
    assert "forehead" not in smiling
