"""How far photographs of unchanged skin differ: from repeated shots to a profile that changes are held against."""

from __future__ import annotations

import math
from importlib import metadata
from statistics import median
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, ValidationError
from scipy import special

from skintexture.errors import InputError
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.params import Params
from skintexture.recipe import Recipe

NORMAL_95 = 1.96
"""Standard deviations that hold 95 % of a normal distribution, to either side."""

FEW_DF = 10
"""With fewer degrees of freedom the own scatter of a zone, or of the face, is known to no better than a quarter: one
that came out small may be so by chance."""

_Sd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Scatter(Params):
    """How far single shots of the same skin scatter, in one zone and metric.

    Attributes
    ----------
    scale : {"log", "linear"}
        On which scale the scatter is the same for small and large values.
    sd : float
        Standard deviation of one shot within its subject, in the metric's unit.
    cv_pct : float or None
        Within-subject coefficient of variation, in %: with "log" 100 · √(exp(s²) − 1) of the natural logarithm's
        standard deviation s, with "linear" the root mean square over subjects. None where a percentage has no meaning
        (values at zero or on both sides of it).
    df : int
        Degrees of freedom that it rests on: shots less skins.
    unit : str
        Of the metric.
    """

    scale: Literal["log", "linear"]
    sd: _Sd
    cv_pct: _Sd | None
    df: Annotated[int, Field(ge=1)]
    unit: str


class RepeatabilityProfile(Params):
    """The scatter of photographs of unchanged skin, taken with one camera, light and recipe.

    Attributes
    ----------
    format : {1}
        Of the file.
    skintexture : str
        Version that made it.
    recipe, recipe_fingerprint : str
        What was measured with; changes of another recipe can't be held against it.
    source : {"photos", "pairs"}
        Whether each photo was measured by itself, or pairs were registered and equalised as `compare` does.
    n_subjects, n_photos : int
        That it rests on.
    zones : mapping of str to mapping of str to Scatter
        By zone and metric; what could not be told is left out.
    """

    format: Literal[1]
    skintexture: str
    recipe: str
    recipe_fingerprint: str
    source: Literal["photos", "pairs"]
    n_subjects: Annotated[int, Field(ge=1)]
    n_photos: Annotated[int, Field(ge=2)]
    zones: dict[str, dict[str, Scatter]]

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Read a profile.

        Parameters
        ----------
        text : str
            JSON, as `skintexture repeatability` writes it to ``profile.json``.
        source : str
            What to call it in errors.

        Raises
        ------
        InputError
            It is no such profile.
        """
        try:
            return cls.model_validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"{source} is not a repeatability profile: {f'{where}: ' if where else ''}{first['msg']}",
                "give the profile.json that `skintexture repeatability` wrote",
            ) from error

    def require_recipe(self, name: str, fingerprint: str) -> None:
        """Refuse a recipe other than the profile's.

        Parameters
        ----------
        name, fingerprint : str
            Of the recipe that the changes were measured with.

        Raises
        ------
        InputError
            The fingerprints differ: numbers of two recipes don't scatter alike.
        """
        if fingerprint != self.recipe_fingerprint:
            raise InputError(
                f"the repeatability profile was made with recipe {self.recipe} (fingerprint "
                f"{self.recipe_fingerprint}), the photos are measured with {name} ({fingerprint})",
                f"run `skintexture repeatability` with --recipe {name}, or measure with the profile's recipe",
            )

    def sd_of_change_pct(self, zone: str, metric: str) -> float:
        """Scatter of the change between one shot and another of unchanged skin.

        Parameters
        ----------
        zone, metric : str
            As in the tables.

        Returns
        -------
        float
            In % of the value, ≥ 0: √2 · within-subject CV, as both shots scatter. 95 % of the changes that unchanged
            skin shows lie within ± 1.96 times of it, also where it rests on few shots: it is then larger by Student's
            t over 1.96. nan where nothing is known of this metric, or a percentage has no meaning.

        Notes
        -----
        The zone's own CV counts. Where it rests on fewer than 10 degrees of freedom, the median over all zones counts
        if that is larger, and where there is none, by itself. So it is for the whole face, though it is more skin than
        any zone and mostly scatters less: of many metrics of few shots, some always agree by chance. It has no part in
        that median.
        """
        own = self._own(zone, metric)
        if own is not None and own.cv_pct is None:
            return math.nan
        common_cv_pct, common_df = self._over_zones(metric)
        if own is None or own.cv_pct is None:
            return _sd_of_change_pct(common_cv_pct, common_df)
        if own.df >= FEW_DF or math.isnan(common_cv_pct):  # there may be the whole face alone
            return _sd_of_change_pct(own.cv_pct, own.df)
        return _sd_of_change_pct(max(own.cv_pct, common_cv_pct), own.df)

    def mdc_pct(self, zone: str, metric: str) -> float:
        """Smallest change that exceeds the scatter of unchanged skin in 95 % of cases: 1.96 times its SD, in %."""
        return NORMAL_95 * self.sd_of_change_pct(zone, metric)

    def _own(self, zone: str, metric: str) -> Scatter | None:
        return self.zones.get(zone, {}).get(metric)

    def _over_zones(self, metric: str) -> tuple[float, int]:
        """Median CV over the zones, and what it rests on: one photo's zones don't scatter independently."""
        zones = (metrics.get(metric) for name, metrics in self.zones.items() if name != WHOLE_FACE)
        known = [(scatter.cv_pct, scatter.df) for scatter in zones if scatter and scatter.cv_pct is not None]
        if not known:
            return math.nan, 0
        return median(cv for cv, _ in known), max(df for _, df in known)


def _sd_of_change_pct(cv_pct: float, df: int) -> float:
    if df < 1 or math.isnan(cv_pct):
        return math.nan
    return math.sqrt(2) * cv_pct * float(special.stdtrit(df, 0.975)) / NORMAL_95


def profile_of(table: pd.DataFrame, recipe: Recipe, *, source: Literal["photos", "pairs"]) -> RepeatabilityProfile:
    """Keep of a repeatability table what changes are held against.

    Parameters
    ----------
    table : DataFrame
        As `repeatability_table` gives it.
    recipe : Recipe
        That was measured with.
    source : {"photos", "pairs"}
        How the changes were measured, see `RepeatabilityProfile`.

    Raises
    ------
    InputError
        Nothing could be measured twice.
    """
    known = table[table["df"] > 0]
    if known.empty:
        raise InputError(
            "no metric could be measured twice on the same skin",
            "see the table of photos for what was refused, or use a recipe that the photos are fine enough for",
        )
    zones: dict[str, dict[str, Scatter]] = {}
    for row in known.to_dict("records"):
        cv_pct = None if math.isnan(row["within_cv_pct"]) else row["within_cv_pct"]
        scatter = Scatter(scale=row["scale"], sd=row["within_sd"], cv_pct=cv_pct, df=row["df"], unit=row["unit"])
        zones.setdefault(row["zone"], {})[row["metric"]] = scatter
    return RepeatabilityProfile(
        format=1,
        skintexture=metadata.version("skintexture"),
        recipe=recipe.name,
        recipe_fingerprint=recipe.fingerprint(),
        source=source,
        n_subjects=int(known["n_subjects"].max()),
        n_photos=int(known["n_shots"].max()),
        zones=zones,
    )
