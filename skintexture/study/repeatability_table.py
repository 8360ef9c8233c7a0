"""Agreement of repeated shots, zone by zone and metric by metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.study.agreement import (
    Estimate,
    bland_altman,
    has_percentage,
    icc21,
    icc31,
    log_cv_pct,
    mdc95,
    mean_squares,
    pair_sd,
    scatter_grows,
    sem,
)

LOG, LINEAR = "log", "linear"

TABLE_COLUMNS: dict[str, str] = {
    "zone": "string",
    "metric": "string",
    "unit": "string",
    "scale": "string",
    "n_subjects": "int64",
    "n_shots": "int64",
    "df": "int64",
    "mean": "float64",
    "within_sd": "float64",
    "within_cv_pct": "float64",
    "icc21": "float64",
    "icc21_low": "float64",
    "icc21_high": "float64",
    "icc31": "float64",
    "icc31_low": "float64",
    "icc31_high": "float64",
    "sem": "float64",
    "mdc95": "float64",
    "mdc95_pct": "float64",
    "bias": "float64",
    "bias_low": "float64",
    "bias_high": "float64",
    "loa_low": "float64",
    "loa_low_low": "float64",
    "loa_low_high": "float64",
    "loa_high": "float64",
    "loa_high_low": "float64",
    "loa_high_high": "float64",
    "difference_unit": "string",
    "reason": "string",
}


def repeatability_table(paired: pd.DataFrame) -> pd.DataFrame:
    """Tell how well repeated shots agree.

    Parameters
    ----------
    paired : DataFrame
        Two shots of the same skin in every row, see `skintexture.study.repeats.paired_values`: ``subject``, ``visit``,
        ``shot_before``, ``shot_after``, ``zone``, ``metric``, ``unit``, ``before``, ``after``. The value of a shot may
        depend on the one that it is set against, as it does where both are brought to the poorer one's sharpness.

    Returns
    -------
    DataFrame
        Columns `TABLE_COLUMNS`, one row per zone and metric in the order given. Each visit of a subject is one row of
        the analysis. Scatter and limits are worked out from the pairs; for mean squares, a shot has the mean of its
        values.

        ``scale``
            "log" where subjects with larger values scatter more, over all zones of the metric
            (`skintexture.study.agreement.scatter_grows`): then all below is worked out on logarithms, and given as
            percentages, or in the unit at the mean. Otherwise "linear".
        ``df``
            Degrees of freedom of the within-subject scatter.
        ``mean``
            Of the subjects' means.
        ``within_sd``, ``within_cv_pct``
            Scatter of one shot, in the unit and in %, everything that differs between shots included.
        ``icc21``, ``icc31``
            Agreement and consistency with 95 % intervals ``_low`` … ``_high``.
        ``sem``, ``mdc95``, ``mdc95_pct``
            Standard error of measurement and minimal detectable change. On the log scale the change that is given is
            the increase, which is the larger of the two.
        ``bias``, ``loa_low``, ``loa_high``
            Bland and Altman's, later less earlier shot, with intervals; in ``difference_unit``.
        ``reason``
            Why a number is nan; empty where none is.
    """
    units = paired.drop_duplicates("metric").set_index("metric")["unit"]
    # pivot_table would leave out what was measured on no photo.
    wide = paired.pivot(  # noqa: PD010
        index=["zone", "metric", "subject", "visit"], columns=["shot_before", "shot_after"], values=["before", "after"]
    )
    found = pd.DataFrame(list(_rows(wide)), columns=[name for name in TABLE_COLUMNS if name != "unit"])
    table = paired[["zone", "metric"]].drop_duplicates().merge(found, on=["zone", "metric"])
    return table.assign(unit=table["metric"].map(units))[list(TABLE_COLUMNS)].astype(TABLE_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Shots:
    """Some subjects' shots: single ones (n, k), and later less earlier value of every pair (n, p)."""

    single: FloatArray
    differences: FloatArray
    log_ratios: FloatArray

    @property
    def df(self) -> NDArray[np.intp]:
        """Shots less one of every subject."""
        return np.asarray(np.isfinite(self.single).sum(axis=1) - 1)

    def of(self, rows: NDArray[np.intp]) -> _Shots:
        """Take some subjects."""
        return _Shots(self.single[rows], self.differences[rows], self.log_ratios[rows])


def _shots_of(wide: pd.DataFrame) -> _Shots:
    """Put pairs and shots into arrays; a shot in several pairs has the mean of its values."""
    before, after = (wide[side].to_numpy(np.float64) for side in ("before", "after"))
    sides: dict[int, list[FloatArray]] = {}
    for k, pair in enumerate(wide["before"].columns):
        for side, shot in zip((before, after), pair, strict=True):
            sides.setdefault(int(shot), []).append(side[:, k])
    means = [_mean_of_known(np.array(sides[shot])) for shot in sorted(sides)]
    positive = (before > 0) & (after > 0)
    ratios = np.divide(after, before, out=np.full(after.shape, math.nan), where=positive)
    return _Shots(np.array(means).T, after - before, np.log(ratios))


def _mean_of_known(values: FloatArray) -> FloatArray:
    """Mean along the first axis without nan; nan where there is nothing else."""
    counts = np.isfinite(values).sum(axis=0)
    sums = np.nansum(values, axis=0)
    return np.asarray(np.divide(sums, counts, out=np.full(counts.shape, math.nan), where=counts > 0))


def _rows(wide: pd.DataFrame) -> Iterator[dict[str, Any]]:
    shots = _shots_of(wide)
    zones, metrics, subjects, _ = (wide.index.get_level_values(level).to_numpy(object) for level in range(4))
    whole = np.asarray(zones == WHOLE_FACE)
    by_metric = wide.groupby(level="metric").indices
    scales = {metric: _scale(shots.single[at], whole[at]) for metric, at in by_metric.items()}
    for rows in wide.groupby(level=["zone", "metric"]).indices.values():
        at = np.asarray(rows)
        zone, metric = zones[at[0]], metrics[at[0]]
        twice = at[shots.df[at] > 0]
        row = {"zone": zone, "metric": metric, "n_subjects": len(set(subjects[twice]))}
        yield row | _statistics(shots.of(twice), scales[metric])


def _scale(values: FloatArray, of_whole_face: NDArray[np.bool_]) -> str:
    """Choose one scale for all zones of a metric, so that they can be compared."""
    of_zones = values if of_whole_face.all() else values[~of_whole_face]
    above_zero = not np.any(values <= 0)
    return LOG if above_zero and scatter_grows(of_zones) else LINEAR


def _statistics(shots: _Shots, scale: str) -> dict[str, Any]:
    df = int(shots.df.sum())
    mean = float(np.nanmean(shots.single, axis=1).mean()) if df else math.nan
    counts = {"n_shots": int(np.isfinite(shots.single).sum()), "df": df}
    found = _on_log_scale(shots, mean) if scale == LOG and df else _on_linear_scale(shots, mean)
    sd = pair_sd(shots.differences, shots.df)
    return {"scale": scale, **counts, "mean": mean, "within_sd": sd, **found, "reason": _reason(shots.single)}


def _on_linear_scale(shots: _Shots, mean: float) -> dict[str, Any]:
    squares, limits = mean_squares(shots.single), bland_altman(shots.differences)
    error = sem(squares)
    cv = change = math.nan
    if has_percentage(shots.single):
        change = mdc95(error) / abs(mean)
        cv = pair_sd(shots.differences / np.nanmean(shots.single, axis=1, keepdims=True), shots.df)
    return {
        "within_cv_pct": 100 * cv,
        **_interval("icc21", icc21(squares)),
        **_interval("icc31", icc31(squares)),
        "sem": error,
        "mdc95": mdc95(error),
        "mdc95_pct": 100 * change,
        **_interval("bias", limits.bias),
        **_interval("loa_low", limits.low),
        **_interval("loa_high", limits.high),
        "difference_unit": "unit",
    }


def _on_log_scale(shots: _Shots, mean: float) -> dict[str, Any]:
    """Work on logarithms, and come back: a difference becomes a percentage."""
    squares, limits = mean_squares(np.log(shots.single)), bland_altman(shots.log_ratios)
    error = sem(squares)
    change_pct = _percentage(mdc95(error))
    return {
        "within_cv_pct": log_cv_pct(pair_sd(shots.log_ratios, shots.df)),
        **_interval("icc21", icc21(squares)),
        **_interval("icc31", icc31(squares)),
        "sem": mean * log_cv_pct(error) / 100,
        "mdc95": mean * change_pct / 100,
        "mdc95_pct": change_pct,
        **_interval("bias", _percentages(limits.bias)),
        **_interval("loa_low", _percentages(limits.low)),
        **_interval("loa_high", _percentages(limits.high)),
        "difference_unit": "%",
    }


def _percentage(log_ratio: float) -> float:
    return 100 * math.expm1(log_ratio)


def _percentages(log_ratio: Estimate) -> Estimate:
    return Estimate(_percentage(log_ratio.value), _percentage(log_ratio.low), _percentage(log_ratio.high))


def _interval(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _reason(kept: FloatArray) -> str:
    """Say in words why a number of the row is nan."""
    if not len(kept):
        return "no skin was measured twice here"
    reasons = []
    if len(kept) < 2:
        reasons.append("agreement needs two subjects, one was measured twice here")
    elif np.nanmax(kept) == np.nanmin(kept):
        reasons.append("all values are equal")
    if not has_percentage(kept):
        reasons.append("values at zero or on both sides of it have no percentage")
    return "; ".join(reasons)
