"""The same skin photographed twice, pose, distance and light a little different: what changes though nothing has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.recipe import DEFAULT_RECIPE
from skintexture.scoring import score
from skintexture.study.agreement import mdc95, within_cv_pct
from skintexture.validation.faces import samples_folder
from skintexture.validation.finding import Effort, Exhibit, Plot, Section, Series, Table, at_most

KEY = "repeatability"

_ENDPOINTS = {
    "glcm_contrast_0.25mm_luminance": 4.0,
    "glcm_contrast_0.5mm_luminance": 4.0,
    "band_rms_0.25_0.5mm_luminance": 2.0,
    "band_rms_0.5_1mm_luminance": 2.0,
    "band_rms_1_2mm_luminance": 2.0,
    "roughness_sq_luminance": 2.0,
    "roughness_sq_red_minus_blue": 2.0,
    "pore_density": 4.0,
    "pore_area_fraction": 4.0,
    "pore_diameter": 4.0,
    "pore_contrast": 4.0,
}
"""Greatest coefficient of variation within a person, whole face, in %: what the VISIA system is published with (texture
below 2 %, pores 2 to 4 %). Co-occurrence contrast goes with the square of texture: twice that."""


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Score the two baseline shots of every sample subject."""
    del effort  # six photographs are few enough
    photos = sorted(samples_folder().glob("*_before*.jpg"))
    rows = score(photos, recipe=DEFAULT_RECIPE).measurements
    rows = rows.assign(subject=rows["photo"].str.split("_").str[0], again=rows["photo"].str.contains("again"))
    rows = rows[~rows["caveats"].str.contains("little_measurable|too_small|not_visible")]
    table = []
    for metric, limit in _ENDPOINTS.items():
        whole, zones = (_pairs(rows[(rows["metric"] == metric) & picked]) for picked in _whole_and_zones(rows))
        spread = within_cv_pct(whole)
        yield at_most(KEY, f"{metric}, whole face", spread, limit=limit, note=f"{len(whole)} persons, two shots each")
        in_zones = within_cv_pct(zones)
        table.append((metric, *(f"{cv:.2f}" for cv in (spread, in_zones)), f"{mdc95(in_zones):.1f}", str(len(zones))))
    columns = ("metric", "whole face, CV %", "zones, CV %", "smallest change told in a zone, %", "pairs of zones")
    yield Table("Scatter between two shots of the same skin", columns, table)
    yield from _plots(rows)


def _whole_and_zones(rows: pd.DataFrame) -> Sequence[pd.Series]:
    is_whole = rows["zone"] == WHOLE_FACE
    return is_whole, ~is_whole


def _pairs(rows: pd.DataFrame) -> FloatArray:
    """(n, 2): a row per person and zone that both shots have, a column per shot."""
    wide = rows.pivot_table(index=["subject", "zone"], columns="again", values="value").dropna()
    return wide.to_numpy(np.float64)


def _plots(rows: pd.DataFrame) -> Iterator[Plot]:
    """Bland–Altman plots of zones: relative difference against the mean."""
    zones = rows[rows["zone"] != WHOLE_FACE]
    for metric, unit in (("band_rms_0.5_1mm_luminance", "%"), ("pore_density", "1/cm²")):
        pairs = _pairs(zones[zones["metric"] == metric])
        mean = pairs.mean(axis=1)
        change = 100.0 * (pairs[:, 1] - pairs[:, 0]) / mean
        bias, reach = float(change.mean()), 1.96 * float(change.std(ddof=1))
        yield Plot(
            f"repeatability_{metric.replace('.', '_')}",
            f"Two shots of the same skin: {metric}",
            f"mean of both shots, {unit}",
            "second shot against first, %",
            [Series("zone of a person", mean.tolist(), change.tolist())],
            [(bias, "bias"), (bias - reach, "95 % limits"), (bias + reach, "95 % limits")],
        )


SECTION = Section(
    KEY,
    "Repeatability",
    "The two baseline shots of each of the three sample subjects: the head turned by 2°, the camera 12 mm farther, the "
    "main light moved by 3°. The true change is 0. Zones of which less than half is measurable are left out.",
    findings,
)
