"""The data dictionary: every family of metrics, its options, its metrics and how they are measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from skintexture.metrics import bands, glcm, pores, roughness
from skintexture.metrics.definition import Metric
from skintexture.model import Patch
from skintexture.params import Params

__all__ = ["FAMILIES", "Family", "Metric"]


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that are measured together, under one set of options.

    Attributes
    ----------
    name : str
        Key in recipes, and name of the page in ``docs/metrics``.
    params : type of Params
        The options.
    per_channel : bool
        Whether it is measured in each channel of a recipe; the caller then adds ``_luminance``, ``_red`` or
        ``_red_minus_blue`` to the names.
    describe : callable
        From params to the metrics they ask for, in order.
    measure : callable
        From patch and params to one value for each of these metrics. It never raises for a patch: what is undefined is
        nan, and nothing outside the patch's mask has any influence.
    """

    name: str
    params: type[Params]
    per_channel: bool
    describe: Callable[[Any], tuple[Metric, ...]]
    measure: Callable[[Patch, Any], dict[str, float]]


_ALL = (
    Family("glcm", glcm.GlcmParams, True, glcm.describe, glcm.measure),
    Family("bands", bands.BandsParams, True, bands.describe, bands.measure),
    Family("roughness", roughness.RoughnessParams, True, roughness.describe, roughness.measure),
    Family("pores", pores.PoreParams, False, pores.describe, pores.measure),
)

FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in _ALL})
"""Every family, by name."""
