"""What changed in a group of subjects: mean change with its interval, and tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.study.verdict import NOT_COMPARABLE

EFFECT_COLUMNS: dict[str, str] = {
    "visit_before": "string",
    "visit_after": "string",
    "zone": "string",
    "metric": "string",
    "subjects": "Int64",
    "not_comparable": "Int64",
    "mean_before": "float64",
    "mean_after": "float64",
    "change": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "change_unit": "string",
    "sd": "float64",
    "p_t": "float64",
    "p_wilcoxon": "float64",
    "endpoint": "boolean",
    "p_holm": "float64",
    "improved": "Int64",
    "worse": "Int64",
    "changed": "Int64",
    "no_change_shown": "Int64",
    "direction": "string",
    "unit": "string",
}

_LEVEL = 0.95
_TOLD = ("improved", "worse", "changed", "no change shown")
# Fewer differences than this can't differ at 5 % by their ranks.
_LEAST_RANKED = 6


def effect_table(changes: pd.DataFrame, endpoints: Sequence[str], by: Sequence[str] = ()) -> pd.DataFrame:
    """Sum up the changes of all subjects, per visit, zone and metric.

    Parameters
    ----------
    changes : DataFrame
        A row per pair of photos, zone and metric: ``subject``, ``visit_before``, ``visit_after``, ``zone``,
        ``metric``, ``before``, ``after``, ``verdict``, ``direction``, ``unit``, and the columns of ``by``.
    endpoints : sequence of str
        Metrics that are tested; all others are described, and have no p.
    by : sequence of str
        Columns whose values part the subjects into groups, such as ``arm``.

    Returns
    -------
    DataFrame
        ``by`` and `EFFECT_COLUMNS`. A subject counts once: the mean of its shots. Where all values are positive,
        ``change`` is the geometric mean of the ratios, in %, and ``sd`` that of the natural logs, times 100; otherwise
        the mean difference in the metric's unit. ``ci_low`` and ``ci_high`` are Student's 95 % interval, ``p_t`` is the
        paired t test's on the same scale, ``p_wilcoxon`` that of the signed ranks. ``p_holm`` is ``p_t`` after Holm
        (1979): over the endpoints of the whole face, and apart from these over those of all single zones, of that visit
        and group. What was not comparable counts in ``not_comparable`` alone.
    """
    keys = [*by, "visit_before", "visit_after", "zone", "metric"]
    order = changes[[*keys, "direction", "unit"]].drop_duplicates(keys)
    table = order.merge(_counts(changes, keys), on=keys, how="left").merge(_means(changes, keys), on=keys, how="left")
    table["change_unit"] = table["unit"].where(~table["as_ratio"].eq(True), "%")
    table["subjects"] = table["subjects"].fillna(0)
    table["not_comparable"] = table.pop("all_subjects") - table["subjects"]
    table["endpoint"] = table["metric"].isin(endpoints)
    table = table.reindex(columns=[*by, *EFFECT_COLUMNS]).astype(dict.fromkeys(by, "string") | EFFECT_COLUMNS)
    tested = table[table["endpoint"]].assign(whole=table["zone"] == WHOLE_FACE)
    for _, family in tested.groupby([*by, "visit_before", "visit_after", "whole"], sort=False, dropna=False):
        table.loc[family.index, "p_holm"] = holm(family["p_t"].to_numpy(np.float64))
    others = ~table["endpoint"]
    return table.assign(p_t=table["p_t"].mask(others), p_wilcoxon=table["p_wilcoxon"].mask(others))


def _counts(changes: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Count subjects, and verdicts by their kind."""
    told = {verdict.replace(" ", "_"): changes["verdict"] == verdict for verdict in _TOLD}
    groups = changes[[*keys, "subject"]].assign(**told).groupby(keys, sort=False, dropna=False)
    return groups.agg(all_subjects=("subject", "nunique"), **{name: (name, "sum") for name in told}).reset_index()


def _means(changes: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Average over subjects what could be compared, each subject by the mean of its shots."""
    seen = changes.loc[changes["verdict"] != NOT_COMPARABLE, [*keys, "subject", "before", "after"]]
    lowest = seen[["before", "after"]].min(axis=1).groupby([seen[key] for key in keys], dropna=False).transform("min")
    as_ratio = (lowest > 0).to_numpy()
    before, after = (seen[side].to_numpy(np.float64) for side in ("before", "after"))
    each = after - before
    each[as_ratio] = np.log(after[as_ratio] / before[as_ratio])
    own = seen.assign(each=each, as_ratio=as_ratio).groupby([*keys, "subject"], sort=False, dropna=False).mean()
    groups = own.groupby(keys, sort=False, dropna=False)
    found = groups.agg(
        subjects=("each", "size"),
        as_ratio=("as_ratio", "first"),
        mean_before=("before", "mean"),
        mean_after=("after", "mean"),
        mean=("each", "mean"),
        log_sd=("each", "std"),
        p_wilcoxon=("each", _signed_ranks),
    ).reset_index()
    found["as_ratio"] = found["as_ratio"] > 0
    n, mean, sd = (found[name].to_numpy(np.float64) for name in ("subjects", "mean", "log_sd"))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = sd / np.sqrt(n)
        reach = stats.t.ppf((1 + _LEVEL) / 2, n - 1) * error
        found["p_t"] = np.where(sd > 0, 2 * stats.t.sf(np.abs(mean) / error, n - 1), np.nan)
        ratios = found["as_ratio"].to_numpy()
        for name, value in (("change", mean), ("ci_low", mean - reach), ("ci_high", mean + reach)):
            found[name] = np.where(ratios, 100.0 * np.expm1(value), value)
    return found.assign(sd=np.where(ratios, 100.0 * sd, sd))


def _signed_ranks(each: pd.Series[float]) -> float:
    return float(stats.wilcoxon(each).pvalue) if len(each) >= _LEAST_RANKED and each.any() else math.nan


def holm(p: FloatArray) -> FloatArray:
    """Adjust p-values for their number (Holm 1979, Scand J Stat 6:65).

    Parameters
    ----------
    p : (N,) float64
        nan where there was no test: it is left out.

    Returns
    -------
    (N,) float64

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    left = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * left), 1.0)
    return adjusted
