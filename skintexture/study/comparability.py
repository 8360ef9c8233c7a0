"""Judge whether two photos can be compared: every mismatch measured, named, and told what it touches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from skintexture.locate.limits import ComparabilityParams
from skintexture.study import camera_checks, face_checks, light_checks
from skintexture.study.mismatch import Check, LookPair, Mismatch, Severity

CHECKS: tuple[Check, ...] = (
    face_checks.same_skin,
    face_checks.single_face,
    face_checks.expression,
    face_checks.eyes,
    face_checks.pose,
    face_checks.distance,
    face_checks.scale,
    face_checks.hidden,
    light_checks.light,
    light_checks.make_up,
    light_checks.shine,
    light_checks.colour,
    camera_checks.sharpness,
    camera_checks.processing,
    camera_checks.noise,
    camera_checks.noise_reduction,
    camera_checks.compression,
    camera_checks.colour_resolution,
    camera_checks.exposure,
    camera_checks.tones,
    camera_checks.resolution,
    camera_checks.camera,
)
"""Every check, in the order of the table: what an examiner can mend at once comes first."""

COMPARABILITY_COLUMNS = (
    "check",
    "quantity",
    "unit",
    "before",
    "after",
    "score_before",
    "score_after",
    "mismatch",
    "mismatch_unit",
    "limit",
    "severity",
    "touches",
    "zones",
    "text",
)


def judge(pair: LookPair, params: ComparabilityParams) -> tuple[Mismatch, ...]:
    """Grade every mismatch between two photos.

    Parameters
    ----------
    pair : LookPair
        Without a registration, distance (but for EXIF), scale and sameness are not judged.
    params : ComparabilityParams

    Returns
    -------
    tuple of Mismatch
        In the order of `CHECKS`; also what is alike.
    """
    return tuple(row for check in CHECKS for row in check(pair, params))


def comparability_table(rows: Iterable[Mismatch]) -> pd.DataFrame:
    """Write the mismatches as a table.

    Parameters
    ----------
    rows : iterable of Mismatch

    Returns
    -------
    DataFrame
        Columns `COMPARABILITY_COLUMNS`. ``limit`` is the mismatch from which numbers are not comparable, nan where a
        row only reports. ``touches`` and ``zones`` are lists joined by ``;``: families or patterns of metric names
        (``*`` is all), and zones (empty where nothing is touched).
    """
    return pd.DataFrame([_cells(row) for row in rows], columns=list(COMPARABILITY_COLUMNS))


def _cells(row: Mismatch) -> dict[str, object]:
    return {
        "check": row.reading.check,
        "quantity": row.reading.quantity,
        "unit": row.reading.unit,
        "before": row.reading.sides[0],
        "after": row.reading.sides[1],
        "score_before": row.reading.scores[0],
        "score_after": row.reading.scores[1],
        "mismatch": row.gap.size,
        "mismatch_unit": row.gap.unit,
        "limit": math.nan if row.gap.limit is None else row.gap.limit.refuse,
        "severity": row.severity,
        "touches": ";".join(row.reach.metrics),
        "zones": ";".join(row.reach.zones),
        "text": row.text,
    }


@dataclass(frozen=True, slots=True)
class Hindrances:
    """What limits one metric in one zone: reasons in plain words, in the order of the checks.

    Attributes
    ----------
    not_comparable : tuple of str
        Empty where nothing forbids a verdict.
    caveats : tuple of str
    """

    not_comparable: tuple[str, ...]
    caveats: tuple[str, ...]


def verdict_limits(
    rows: Iterable[Mismatch], zones: Iterable[str], families: Mapping[str, str]
) -> dict[tuple[str, str], Hindrances]:
    """For every zone and metric, why it can't be compared, and what else stands beside it.

    Parameters
    ----------
    rows : iterable of Mismatch
        From `judge`.
    zones : iterable of str
    families : mapping of str to str
        Family of every metric, by the metric's name.

    Returns
    -------
    dict of (zone, metric) to Hindrances
        Every zone × metric is there. Reasons are the quantities of the table (``smile``, ``light on the face``).
    """
    felt = [row for row in rows if row.severity != "none"]
    return {
        (zone, metric): Hindrances(
            _reasons(felt, "not comparable", (zone, metric, family)), _reasons(felt, "caveat", (zone, metric, family))
        )
        for zone in zones
        for metric, family in families.items()
    }


def _reasons(rows: list[Mismatch], severity: Severity, where: tuple[str, str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.reason for row in rows if row.severity == severity and row.touches(*where)))
