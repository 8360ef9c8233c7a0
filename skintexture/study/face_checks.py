"""What the face itself does to a comparison: who it is, how far, how it is turned, what it does, what is hidden."""

from __future__ import annotations

import math
from collections.abc import Iterator

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.locate.limits import ComparabilityParams, Limit
from skintexture.locate.perspective import distance_ratio
from skintexture.model import Zone
from skintexture.study import photo_scores
from skintexture.study.expression import MOVEMENTS, limit_of, moved_zones, strength
from skintexture.study.mismatch import ALIKE, Gap, LookPair, Mismatch, Reach, Reading, graded

# Zones that lie along the line of sight: perspective hides them first.
_UNKNOWN = (math.nan, math.nan)
_OUTER = ("left_temple", "right_temple", "left_jawline", "right_jawline")


def same_skin(pair: LookPair, _limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge whether it is one person's skin: its texture must agree once registered."""
    if pair.registration is None:
        return
    sameness = pair.registration.sameness
    what = "one photo is mirrored" if sameness.mirrored else "not the same skin"
    reading = Reading("same_skin", what, "1", (1.0, sameness.correlation))
    gap = Gap(1.0 - sameness.correlation, "1", None)
    if sameness.same:
        yield Mismatch(reading, gap, "none", Reach(zones=()), ALIKE)
        return
    text = (
        "the skin is the same once left and right are exchanged, as in a selfie; turn one of the photos over"
        if sameness.mirrored
        else f"the skin's own texture does not agree (correlation {sameness.correlation:.2f}): two people, or nothing "
        "sharp enough in common; check which photos were paired"
    )
    yield Mismatch(reading, gap, "not comparable", Reach(), text)


def single_face(pair: LookPair, _limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Say where more than one face was found."""
    found = pair.both(lambda look: float(look.face.faces_found))
    scores = pair.both(lambda look: 100.0 / look.face.faces_found)
    reading = Reading("single_face_present", "number of faces", "1", found, scores)
    gap = Gap(max(found) - 1, "1", None)
    if max(found) == 1:
        yield Mismatch(reading, gap, "none", Reach(zones=()), ALIKE)
        return
    yield Mismatch(reading, gap, "caveat", Reach(), "more than one face was found; the largest was taken: crop to one")


def distance(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge the camera's distance: perspective.

    From EXIF on both, else from the registered skin. Two distances that were each estimated from landmarks say nothing.
    """
    ratio = _distance_ratio(pair)
    size = math.exp(abs(math.log(ratio))) if ratio > 0 else math.nan
    reading = Reading("distance", "distance of the camera", "mm", pair.both(lambda look: look.scene.scale.distance_mm))
    texts = (
        "the camera's distance differs; each zone was measured at its own scale",
        "the camera's distance differs so much that perspective shows the sides of the face differently; mark the "
        "places of camera and chair on the floor",
    )
    everywhere = graded(reading, Gap(size, "×", limits.distance_ratio), texts)
    yield everywhere
    outer = graded(reading, Gap(size, "×", limits.outer_distance_ratio), texts, Reach(zones=_OUTER))
    if outer.severity != everywhere.severity:
        yield outer


def _distance_ratio(pair: LookPair) -> float:
    scales = (pair.before.scene.scale, pair.after.scene.scale)
    if all(scale.distance_method == "exif" for scale in scales):
        return scales[1].distance_mm / scales[0].distance_mm
    if pair.registration is not None and pair.registration.sameness.same:
        return distance_ratio((pair.before.face, pair.before.scene), pair.after.scene, pair.registration)
    return math.nan


def scale(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge whether the photos' own scales agree with the registered skin."""
    size = math.nan
    if pair.registration is not None and pair.registration.sameness.same:
        own = pair.registration.px_per_mm
        size = 100 * abs(math.log(pair.registration.scale_ratio * own[0] / own[1]))
    yield graded(
        Reading("scale", "scale", "px/mm", pair.both(lambda look: look.scene.scale.px_per_mm)),
        Gap(size, "%", limits.scale_pct),
        (
            "the two scales disagree with the registered skin, whose ratio was taken; absolute sizes are less sure",
            "one of the two scales is wrong; give the scale, or open the eyes and let light fall on them",
        ),
    )


def pose(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge how the head is turned, and how each zone is."""
    faces = (pair.before.face, pair.after.face)
    for axis, angles in (
        ("yaw", (faces[0].yaw_deg, faces[1].yaw_deg)),
        ("pitch", (faces[0].pitch_deg, faces[1].pitch_deg)),
        ("roll", (faces[0].roll_deg, faces[1].roll_deg)),
    ):
        scores = (photo_scores.head_pose(angles[0]), photo_scores.head_pose(angles[1]))
        yield graded(
            Reading(f"head_pose_{axis}", f"turn of the head ({axis})", "°", angles, scores),
            Gap(abs(angles[1] - angles[0]), "°", limits.pose_deg),
            (
                "the head is turned differently; the same skin was found in both",
                "the head is turned too differently: light and slant change on all skin; use a head rest, or a mark to "
                "look at",
            ),
        )
    slants = {zone.name: (zone.slant_deg, there.slant_deg) for zone, there in _zones(pair)}
    texts = (
        "this skin is seen at another slant; areas were corrected for it",
        "this skin is seen at too different a slant; turn the head alike",
    )
    yield from _by_zone(Reading("slant", "slant of the skin", "°", _UNKNOWN), slants, (limits.slant_deg, texts))


def expression(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Name what one face does and the other doesn't: a row for each, or one for the least difference that matters."""
    scores = pair.both(lambda look: photo_scores.expression_neutrality(look.face))
    rows = []
    for movement in MOVEMENTS:
        values = (strength(pair.before.face.expression, movement), strength(pair.after.face.expression, movement))
        which = "after" if values[1] > values[0] else "before"
        row = graded(
            Reading("expression_neutrality", movement.name, "1", values, scores),
            Gap(abs(values[1] - values[0]), "1", limit_of(movement, limits)),
            (
                f"slight difference of expression: {movement.name} in the {which} photo",
                f"the expressions differ: {movement.name} in the {which} photo moves and folds the skin; ask for a "
                "relaxed face at every visit",
            ),
            Reach(zones=moved_zones(movement)),
        )
        rows.append(row)
    felt = [row for row in rows if row.severity != "none"]
    yield from felt or [max(rows, key=lambda row: row.gap.size)]


def eyes(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge whether the eyes are open or closed alike."""
    blinks = pair.both(lambda look: photo_scores.blink(look.face))
    yield graded(
        Reading(
            "eyes_open", "opening of the eyes", "1", blinks, pair.both(lambda look: photo_scores.eyes_open(look.face))
        ),
        Gap(abs(blinks[1] - blinks[0]), "1", limits.blink),
        (
            "the eyes are opened differently",
            "the eyes are open in one photo and closed in the other; keep them alike",
        ),
        Reach(zones=("left_periorbital", "right_periorbital", WHOLE_FACE)),
    )


def hidden(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge how much of each zone is hidden by hair, shine, shadow, or the frame."""
    shares = {zone.name: (zone.measurable_fraction, there.measurable_fraction) for zone, there in _zones(pair)}
    texts = (
        "less of this zone can be seen in one photo; only skin that both show was compared",
        "most of this zone is hidden in one photo; tie back hair, and take off glasses",
    )
    what = Reading("face_occlusion_prevention", "hidden skin", "1", _UNKNOWN)
    yield from _by_zone(what, shares, (limits.hidden_share, texts))


def _zones(pair: LookPair) -> Iterator[tuple[Zone, Zone]]:
    for zone in pair.before.zones:
        yield zone, pair.after.zone(zone.name)


def _by_zone(
    what: Reading, values: dict[str, tuple[float, float]], grading: tuple[Limit, tuple[str, str]]
) -> Iterator[Mismatch]:
    """One row per severity that occurs, with its zones and the numbers of the worst of them."""
    rows: dict[str, Mismatch] = {}
    for zone, pair in values.items():
        scores = (100 * pair[0], 100 * pair[1]) if what.unit == "1" else what.scores
        reading = Reading(what.check, what.quantity, what.unit, pair, scores)
        gap = Gap(abs(pair[1] - pair[0]), what.unit, grading[0])
        if not math.isnan(gap.size):
            rows[zone] = graded(reading, gap, grading[1], Reach(zones=(zone,)))
    felt = [severity for severity in ("not comparable", "caveat") if any(r.severity == severity for r in rows.values())]
    for severity in felt or ["none"]:
        alike = {zone: row for zone, row in rows.items() if row.severity == severity}
        if alike:
            worst = max(alike.values(), key=lambda row: row.gap.size)
            yield Mismatch(
                worst.reading, worst.gap, worst.severity, Reach(zones=tuple(alike) if felt else ()), worst.text
            )
