"""How far numbers of one skin, measured under several conditions, lie apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from skintexture.validation.finding import Finding, Table, at_most

NEAR_ZERO = {"correlation": 0.02, "roughness_ssk": 0.05}
"""Metrics that lie about zero, by how their names begin or end before the distance, and what they may differ by instead
of a share of their value."""

CHANNELS = ("luminance", "red", "red_minus_blue")

NOISE_STAYS = "the camera's noise is not taken off this family, and differs between these photographs"
"""Why glcm and roughness depend on how noisy a photograph is."""

Values = Mapping[str, float]
"""Numbers by metric, as in the tables."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest change among many.

    Attributes
    ----------
    change_pct : float
        Its size; nan if any number is missing.
    metric, condition : str
        Where it was.
    """

    change_pct: float
    metric: str
    condition: str


def change_pct(metric: str, value: float, reference: float) -> float:
    """Change in % of the reference; 0 for a metric near zero that differs by no more than it may."""
    for name, allowed in NEAR_ZERO.items():
        if name in metric and abs(value - reference) <= allowed:
            return 0.0
    if value == reference:
        return 0.0
    return 100.0 * (value - reference) / abs(reference) if reference else math.nan


def worst_change(measured: Mapping[str, Values], reference: Values, metrics: Sequence[str]) -> Worst:
    """Find which metric differs most from the reference, over all conditions; a missing number is the worst."""
    changes = [
        Worst(abs(change_pct(metric, values[metric], reference[metric])), metric, condition)
        for condition, values in measured.items()
        for metric in metrics
    ]
    return max(changes, key=lambda worst: math.inf if math.isnan(worst.change_pct) else worst.change_pct)


def stays(
    what: tuple[str, str],
    measured: Mapping[str, Values],
    reference: Values,
    *,
    metrics: Sequence[str],
    limit: float,
    why: str = "",
) -> Finding:
    """State that some metrics stay within a limit, in %, of the reference; the note names the worst.

    Parameters
    ----------
    what : (str, str)
        Section, and what was looked at.
    measured : mapping of str to mapping
        Numbers by condition.
    reference : mapping of str to float
    metrics : sequence of str
    limit : float
    why : str
        Reason for missing the limit, added to the note where it is missed.
    """
    worst = worst_change(measured, reference, metrics)
    beyond = sum(not worst_change(measured, reference, [metric]).change_pct <= limit for metric in metrics)
    note = worst.condition
    if len(metrics) > 1:
        note = f"worst of {len(metrics)}: {worst.metric} at {worst.condition}"
    if len(metrics) > 1 and beyond:
        note += f"; {beyond} beyond the limit"
    return at_most(*what, worst.change_pct, limit=limit, note=f"{note}; {why}" if why and beyond else note)


def texture(values: Values, channel: str = "") -> list[str]:
    """Metrics of the texture families, of one channel or of all."""
    return [m for m in values if not m.startswith("pore_") and m.endswith(f"_{channel}" if channel else "")]


def fine_bands(values: Values, channel: str = "") -> list[str]:
    """Metrics of the band below 0.5 mm."""
    return [m for m in texture(values, channel) if m.startswith("band_") and "_0.25_0.5mm" in m]


def coarser(metrics: Sequence[str], values: Values) -> list[str]:
    """Leave out the metrics of the band below 0.5 mm."""
    fine = fine_bands(values)
    return [m for m in metrics if m not in fine]


def bands(values: Values, channel: str = "") -> list[str]:
    """Metrics of the bands, which are free of the camera's noise."""
    return [m for m in texture(values, channel) if m.startswith("band_")]


def noisy_texture(values: Values, channel: str = "") -> list[str]:
    """Texture metrics that hold the camera's noise: all but the bands."""
    return [m for m in texture(values, channel) if not m.startswith("band_")]


def changes_table(
    title: str, measured: Mapping[str, Values], reference: tuple[str, Values], *, shown: Sequence[str]
) -> Table:
    """Tabulate metrics: the reference's value, and the change of every other condition in %."""
    name, values = reference
    rows = [
        (
            metric,
            f"{values[metric]:.4g}",
            *(f"{_plain_change(other[metric], values[metric]):+.2f}" for other in measured.values()),
        )
        for metric in shown
    ]
    return Table(title, ("metric", f"at {name}", *(f"{condition}, %" for condition in measured)), rows)


def endpoints(values: Values) -> Iterator[str]:
    """Choose the metrics that are shown: luminance and pores."""
    for metric in values:
        if metric.endswith("_luminance") or (metric.startswith("pore_") and metric != "pore_false_density"):
            yield metric


def _plain_change(value: float, reference: float) -> float:
    change = 100.0 * (value - reference) / abs(reference) if reference else math.nan
    return 0.0 if abs(change) < 0.005 else change
