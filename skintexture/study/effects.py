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
    "scale": "string",
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
        Columns whose values part the subjects into groups, such as ``arm``; none of `EFFECT_COLUMNS`.

    Returns
    -------
    DataFrame
        ``by`` and `EFFECT_COLUMNS`. A subject counts once: the mean of its shots. Where all values of a metric in a
        zone are positive, in every group and at every visit, ``scale`` is ``ratio``: ``change`` is the geometric mean
        of the ratios, in %, and ``sd`` that of the natural logs, times 100. Otherwise it is ``difference``, in the
        metric's unit (``points`` where that is %). ``ci_low`` and ``ci_high`` are Student's 95 % interval, ``p_t`` is
        the paired t test's on the same scale, nan where all subjects change alike, ``p_wilcoxon`` that of the signed
        ranks. ``p_holm`` is ``p_t`` after Holm (1979): over the endpoints of the whole face, and apart from these over
        those of all single zones, of that visit and group. What was not comparable counts in ``not_comparable`` alone.
        ``improved``, ``worse``, ``changed`` and ``no_change_shown`` count pairs of photos.
    """
    needed = ["subject", "visit_before", "visit_after", "zone", "metric", "before", "after", "verdict"]
    rows = changes[[*needed, "direction", "unit"]].assign(group=_groups(changes, by))
    keys = ["group", "visit_before", "visit_after", "zone", "metric"]
    order = rows[[*keys, "direction", "unit"]].drop_duplicates(keys)
    table = order.merge(_counts(rows, keys), on=keys, how="left").merge(_means(rows, keys), on=keys, how="left")
    differs = table["scale"] == "difference"
    table["change_unit"] = table["unit"].replace("%", "points").where(differs, "%")
    table["subjects"] = table["subjects"].fillna(0)
    table["not_comparable"] = table.pop("all_subjects") - table["subjects"]
    table["endpoint"] = table["metric"].isin(endpoints)
    named = changes[list(by)].astype("string").fillna("").groupby(rows["group"]).first()
    found = table.reindex(columns=list(EFFECT_COLUMNS)).astype(EFFECT_COLUMNS)
    tested = found[found["endpoint"]].assign(group=table["group"], whole=table["zone"] == WHOLE_FACE)
    for _, family in tested.groupby(["group", "visit_before", "visit_after", "whole"], sort=False):
        found.loc[family.index, "p_holm"] = holm(family["p_t"].to_numpy(np.float64))
    others = ~found["endpoint"]
    found = found.assign(p_t=found["p_t"].mask(others), p_wilcoxon=found["p_wilcoxon"].mask(others))
    return pd.concat([named.loc[table["group"]].reset_index(drop=True), found], axis=1)


def _groups(changes: pd.DataFrame, by: Sequence[str]) -> pd.Series[int]:
    """Give every row the number of its group; groups count as they come."""
    if not by:
        return pd.Series(0, index=changes.index)
    return changes.groupby(list(by), sort=False, dropna=False).ngroup()


def _counts(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Count subjects, and verdicts by their kind."""
    told = {verdict.replace(" ", "_"): rows["verdict"] == verdict for verdict in _TOLD}
    groups = rows[[*keys, "subject"]].assign(**told).groupby(keys, sort=False)
    return groups.agg(all_subjects=("subject", "nunique"), **{name: (name, "sum") for name in told}).reset_index()


def _means(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Average over subjects what could be compared, each subject by the mean of its shots."""
    seen = rows.loc[rows["verdict"] != NOT_COMPARABLE, [*keys, "subject", "before", "after"]]
    lowest = seen[["before", "after"]].min(axis=1).groupby([seen["zone"], seen["metric"]]).transform("min")
    is_ratio = (lowest > 0).to_numpy()
    before, after = (seen[side].to_numpy(np.float64) for side in ("before", "after"))
    each = after - before
    each[is_ratio] = np.log(after[is_ratio] / before[is_ratio])
    own = seen.assign(each=each, is_ratio=is_ratio).groupby([*keys, "subject"], sort=False).mean()
    groups = own.groupby(keys, sort=False)
    found = groups.agg(
        subjects=("each", "size"),
        is_ratio=("is_ratio", "first"),
        mean_before=("before", "mean"),
        mean_after=("after", "mean"),
        mean=("each", "mean"),
        log_sd=("each", "std"),
        p_wilcoxon=("each", _signed_ranks),
    ).reset_index()
    ratios = found.pop("is_ratio").to_numpy() > 0
    n, mean, sd = (found[name].to_numpy(np.float64) for name in ("subjects", "mean", "log_sd"))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = sd / np.sqrt(n)
        reach = stats.t.ppf((1 + _LEVEL) / 2, n - 1) * error
        found["p_t"] = np.where(sd > 0, 2 * stats.t.sf(np.abs(mean) / error, n - 1), np.nan)
        for name, value in (("change", mean), ("ci_low", mean - reach), ("ci_high", mean + reach)):
            found[name] = np.where(ratios, 100.0 * np.expm1(value), value)
    return found.assign(sd=np.where(ratios, 100.0 * sd, sd), scale=np.where(ratios, "ratio", "difference"))


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
