"""Tables of a comparison: changes, pores in pairs, and the map of change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.metrics.definition import Metric
from skintexture.model import FloatArray
from skintexture.recipe import ComparisonParams, Recipe
from skintexture.study.change import Change, compared_metrics
from skintexture.study.intervals import few_by_chance, interval_pct
from skintexture.study.pair import Comparison
from skintexture.study.paired_pores import PairedPores
from skintexture.study.verdict import NOT_COMPARABLE

CHANGE_COLUMNS: dict[str, str] = {
    "zone": "string",
    "metric": "string",
    "before": "float64",
    "after": "float64",
    "change": "float64",
    "change_pct": "float64",
    "ci_low_pct": "float64",
    "ci_high_pct": "float64",
    "mdc_pct": "float64",
    "verdict": "string",
    "reason": "string",
    "direction": "string",
    "unit": "string",
    "caveats": "string",
}
PORE_PAIR_COLUMNS: dict[str, str] = {
    "zone": "string",
    "kind": "string",
    "before_y_px": "float64",
    "before_x_px": "float64",
    "after_y_px": "float64",
    "after_x_px": "float64",
    "face_u": "float64",
    "face_v": "float64",
    "before_diameter_mm": "float64",
    "after_diameter_mm": "float64",
    "before_contrast": "float64",
    "after_contrast": "float64",
    "before_forced_contrast": "float64",
    "after_forced_contrast": "float64",
}
CHANGE_MAP_COLUMNS: dict[str, str] = {
    "face_u": "float64",
    "face_v": "float64",
    "metric": "string",
    "change_pct": "float64",
    "sd_pct": "float64",
    "significant": "boolean",
    "n": "Int64",
}

# Whose scatter between shots each map has.
_MAPPED = {"texture": "band_rms_1_2mm_luminance", "pore_contrast": "paired_pore_contrast_luminance"}
# Share of tiles called significant that may be so by chance alone.
_FALSE_SHARE = 0.05
# A tile of pores counts from this many on.
_LEAST_PORES = 3
_MAD_TO_SD = 1.4826

Row = dict[str, Any]


def change_table(comparison: Comparison, recipe: Recipe) -> pd.DataFrame:
    """One row per zone and metric.

    Parameters
    ----------
    comparison : Comparison
    recipe : Recipe

    Returns
    -------
    DataFrame
        Columns `CHANGE_COLUMNS`. ``change_pct`` is relative to the size of ``before``, with an interval of the
        recipe's confidence; ``mdc_pct`` is the least change that exceeds the scatter between shots of unchanged skin in
        95 % of cases. What is not comparable keeps its numbers where there are any, and has no interval.
    """
    metrics = compared_metrics(recipe)
    rows = [_change_row(change, metrics[change.metric], recipe.comparison) for change in comparison.changes]
    return _frame(rows, CHANGE_COLUMNS)


def _change_row(change: Change, metric: Metric, params: ComparisonParams) -> Row:
    found, comparable = change.found, change.finding.verdict != NOT_COMPARABLE
    low, high = interval_pct(found, change.sd, params.confidence) if comparable else (math.nan, math.nan)
    return {
        "zone": change.zone,
        "metric": change.metric,
        "before": found.before,
        "after": found.after,
        "change": found.after - found.before,
        "change_pct": found.percent(found.relative),
        "ci_low_pct": low,
        "ci_high_pct": high,
        "mdc_pct": 100.0 * float(special.ndtri(0.975)) * change.scatter,
        "verdict": change.finding.verdict,
        "reason": change.finding.reason,
        "direction": metric.direction,
        "unit": metric.unit,
        "caveats": ";".join(change.caveats),
    }


def nothing_compared(recipe: Recipe, reason: str) -> pd.DataFrame:
    """Give every row of a pair that could not be compared at all, each with the reason."""
    rows = [
        {
            "zone": zone,
            "metric": name,
            "verdict": NOT_COMPARABLE,
            "reason": reason,
            "direction": metric.direction,
            "unit": metric.unit,
            "caveats": "",
        }
        for zone in recipe.zones.names
        for name, metric in compared_metrics(recipe).items()
    ]
    return _frame(rows, CHANGE_COLUMNS)


def pore_pair_table(comparison: Comparison | None) -> pd.DataFrame:
    """One row per pore that was found on either photo, where both show its skin.

    Parameters
    ----------
    comparison : Comparison or None

    Returns
    -------
    DataFrame
        Columns `PORE_PAIR_COLUMNS`. ``kind`` is ``kept``, ``gone`` or ``new`` by what the detector found; the forced
        contrasts are read at that place on both photos, found or not, and tell whether it is really gone.
    """
    parts = {} if comparison is None else comparison.pores
    return _frame([row for zone, pores in parts.items() for row in _pore_rows(zone, pores)], PORE_PAIR_COLUMNS)


def _pore_rows(zone: str, pores: PairedPores) -> Iterator[Row]:
    forced = pores.forced_pct()
    for index, kind in enumerate(pores.kind):
        (before_y, before_x), (after_y, after_x) = pores.at_px[index]
        row: Row = {"zone": zone, "kind": kind, "face_u": pores.chart[index, 1], "face_v": pores.chart[index, 0]}
        row |= {"before_y_px": before_y, "before_x_px": before_x, "after_y_px": after_y, "after_x_px": after_x}
        for column, side in enumerate(("before", "after")):
            row[f"{side}_diameter_mm"] = pores.diameter_mm[index, column]
            row[f"{side}_contrast"] = pores.contrast_pct[index, column]
            row[f"{side}_forced_contrast"] = forced[index, column]
        yield row


def change_map_table(comparison: Comparison | None) -> pd.DataFrame:
    """Change of texture and of pores, tile by tile of the canonical face.

    Parameters
    ----------
    comparison : Comparison or None

    Returns
    -------
    DataFrame
        Columns `CHANGE_MAP_COLUMNS`. ``face_u`` and ``face_v`` are the tile's centre on the canonical face's chart: the
        same tiles for every face and recipe of one tile size, so that maps can be averaged. ``sd_pct`` is the scatter
        of a single tile, that between shots of its kind of zone included, ``n`` its pixels or pores. At most 5 % of the
        significant tiles are expected to be so by chance; none is where no zone can be compared.
    """
    if comparison is None:
        return _frame([], CHANGE_MAP_COLUMNS)
    shading, tiles = comparison.shading, comparison.shading.tiles
    rows: list[Row] = []
    used = np.flatnonzero(shading.known).astype(np.int32)
    texture = shading.relief[used] - shading.log_gain[used]
    between = _between_shots(comparison, _MAPPED["texture"])
    rows += _map_rows("texture", tiles.centre(used), texture, (shading.pixels[used], between))
    rows += _pore_map(comparison)
    return _frame(rows, CHANGE_MAP_COLUMNS)


def _pore_map(comparison: Comparison) -> list[Row]:
    tile, forced = [], []
    for pores in comparison.pores.values():
        tile.append(pores.tile)
        forced.append(pores.forced_pct())
    if not tile:
        return []
    tiles, contrast = np.concatenate(tile), np.concatenate(forced)
    usable = np.isfinite(contrast).all(axis=1) & (tiles >= 0)
    if not usable.any():
        return []
    count = np.bincount(tiles[usable])
    before, after = (np.bincount(tiles[usable], contrast[usable, side]) for side in (0, 1))
    used = np.flatnonzero((count >= _LEAST_PORES) & (before > 0) & (after > 0)).astype(np.int32)
    centres = comparison.shading.tiles.centre(used)
    between = _between_shots(comparison, _MAPPED["pore_contrast"])
    return _map_rows(
        "pore_contrast", centres, np.log(after[used] / before[used]), (count[used].astype(np.float64), between)
    )


def _between_shots(comparison: Comparison, metric: str) -> float:
    """Scatter of a metric between shots, RMS over the zones that can be compared; infinite where there are none."""
    scatter = [
        change.scatter
        for change in comparison.changes
        if change.metric == metric and change.zone != WHOLE_FACE and change.finding.verdict != NOT_COMPARABLE
    ]
    return math.sqrt(float(np.mean(np.square(scatter)))) if scatter else math.inf


def _map_rows(metric: str, centres: FloatArray, change: FloatArray, scatter: tuple[FloatArray, float]) -> list[Row]:
    """Rows of one metric; the scatter of a tile is read from how neighbours differ, and added to that between shots."""
    n, between = scatter
    if not len(change):
        return []
    comparable = math.isfinite(between)
    sd = np.hypot(_scatter(centres, change, n), between if comparable else 0.0)
    chance = 2.0 * special.ndtr(-np.abs(change) / sd)
    significant = few_by_chance(chance, _FALSE_SHARE)
    return [
        {
            "face_u": u,
            "face_v": v,
            "metric": metric,
            "change_pct": 100.0 * math.expm1(relative),
            "sd_pct": 100.0 * spread,
            "significant": comparable and bool(sure),
            "n": int(size),
        }
        for (v, u), relative, spread, sure, size in zip(centres, change, sd, significant, n, strict=True)
    ]


def _scatter(centres: FloatArray, change: FloatArray, n: FloatArray) -> FloatArray:
    """SD of each tile: a common spread, from the differences between neighbours, times the root of what it holds less.

    Treatment changes neighbouring tiles alike; what differs between them is chance.
    """
    order = np.lexsort((centres[:, 1], centres[:, 0]))
    root = np.sqrt(n / np.median(n))
    steps = np.diff(change[order]) / np.sqrt(1.0 / root[order][1:] ** 2 + 1.0 / root[order][:-1] ** 2)
    spread = _MAD_TO_SD * float(np.median(np.abs(steps))) if len(steps) else math.inf
    return np.asarray(max(spread, 1e-6) / root)


def _frame(rows: list[Row], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame.from_records(rows, columns=list(columns)).astype(columns)
