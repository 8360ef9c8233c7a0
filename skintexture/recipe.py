"""Recipes: everything that changes a number, and nothing else."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from skintexture.errors import RecipeError
from skintexture.locate.cut import LEAST_SIGMA_PX, GridParams
from skintexture.locate.limits import ComparabilityParams
from skintexture.locate.register import RegistrationParams
from skintexture.locate.scale import ScaleParams
from skintexture.locate.skin import SkinParams
from skintexture.locate.zones import ZoneParams
from skintexture.metrics.bands import BandsParams
from skintexture.metrics.catalogue import FAMILIES, Family
from skintexture.metrics.definition import Metric
from skintexture.metrics.glcm import GlcmParams
from skintexture.metrics.pores import PoreParams
from skintexture.metrics.roughness import RoughnessParams
from skintexture.params import Fraction, Millimetres, Params, PxPerMm

DEFAULT_RECIPE = "standard"


class Needs(Params):
    """What a photo must resolve for one family of metrics.

    Attributes
    ----------
    px_per_mm : float
        Least resolution of the photo at the zone; not below the grid's.
    max_blur_mm : float
        Greatest blur of the photo, σ: beyond it the family is not measured.
    own_px_per_mm : float
        Least resolution that must be left once an enlargement, as the photo's grain shows it, is undone.
    """

    px_per_mm: PxPerMm
    max_blur_mm: Millimetres
    own_px_per_mm: PxPerMm


class FamilyNeeds(Params):
    """Needs of each family that the recipe measures."""

    glcm: Needs | None = None
    bands: Needs | None = None
    roughness: Needs | None = None
    pores: Needs | None = None


class MetricParams(Params):
    """The families that the recipe measures; one that is left out is not measured."""

    glcm: GlcmParams | None = None
    bands: BandsParams | None = None
    roughness: RoughnessParams | None = None
    pores: PoreParams | None = None


class ComparisonParams(Params):
    """How two photos of a face are brought to one footing, and what is said about their difference.

    Attributes
    ----------
    tile_mm : float
        Side of the tiles of skin in which change is mapped and sampled.
    blocks : int
        Number of parts of a zone, of neighbouring tiles, that are left out one by one to see how a change varies over
        the skin.
    dead_band_px : float
        Differences of sharpness up to this σ, in pixels of the coarser photo, are left as they are.
    own_blur_px : float
        Blur that photos have of their own, σ in their pixels (lens, the pixels' own width, demosaicing). As
        many pixels are more mm where a photo has fewer of them per mm.
    min_shared : float
        Share of a zone, of that which the photo with less of it can measure, that both must show.
    still_there : float
        Share of its contrast on the other photo above which a pore that was not found is there all the same.
    min_pores : int
        Fewer pores than this say nothing of a zone's pores.
    confidence : float
        Of the intervals.
    verdict_confidence : float
        Of the whole face's interval that must exclude zero for a verdict. Of the zones that get one for the same
        metric, the share expected to deserve it.
    """

    tile_mm: Millimetres
    blocks: Annotated[int, Field(ge=3, le=200)]
    dead_band_px: Annotated[float, Field(ge=0)]
    own_blur_px: Annotated[float, Field(ge=0, le=5)]
    min_shared: Fraction
    still_there: Fraction
    min_pores: Annotated[int, Field(ge=1)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    verdict_confidence: Annotated[float, Field(gt=0, lt=1)]


class Recipe(Params):
    """Everything that decides a number.

    Attributes
    ----------
    name : str
        Stands in every row of the results.
    description : str
        One sentence on what it is for.
    scale, zones, skin, grid : Params
        Stages of the measurement, see `ScaleParams`, `ZoneParams`, `SkinParams` and `GridParams`.
    registration, comparison : Params
        Of two photos, see `RegistrationParams` and `ComparisonParams`.
    needs, metrics : Params
        What each family of metrics needs, and how it is measured.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    description: Annotated[str, Field(min_length=1)]
    scale: ScaleParams
    zones: ZoneParams
    skin: SkinParams
    grid: GridParams
    registration: RegistrationParams
    comparability: ComparabilityParams
    comparison: ComparisonParams
    needs: FamilyNeeds
    metrics: MetricParams

    @model_validator(mode="after")
    def _families_are_whole(self) -> Self:
        if all(getattr(self.metrics, name) is None for name in FAMILIES):
            raise ValueError(f"metrics: at least one family must be measured: {', '.join(FAMILIES)}")
        for name in FAMILIES:
            needs, params = getattr(self.needs, name), getattr(self.metrics, name)
            if (needs is None) != (params is None):
                raise ValueError(f"needs.{name} and metrics.{name} go together: give both or neither")
            if needs is not None and needs.px_per_mm < self.grid.px_per_mm:
                raise ValueError(f"needs.{name}.px_per_mm must not be below grid.px_per_mm ({self.grid.px_per_mm:g})")
        return self

    @model_validator(mode="after")
    def _blur_fits_the_grid(self) -> Self:
        least_mm = math.hypot(self.grid.photo_blur_px, LEAST_SIGMA_PX) / self.grid.px_per_mm
        if self.grid.blur_mm < 0.995 * least_mm:
            raise ValueError(
                f"grid.blur_mm = {self.grid.blur_mm:g} is too sharp for this grid: a photo of "
                f"{self.grid.px_per_mm:g} px/mm has {least_mm:.4f} mm once it is resampled"
            )
        if self.metrics.pores is not None and self.metrics.pores.grid_blur_mm != self.grid.blur_mm:
            raise ValueError("metrics.pores.grid_blur_mm must be grid.blur_mm: it is what widens every pore")
        return self

    def fingerprint(self) -> str:
        """Digest of all that decides a number; recipes that differ only in name and description share it."""
        content = self.model_dump(mode="json", exclude={"name", "description"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def families(self) -> Iterator[tuple[Family, Any, Needs]]:
        """Families to measure, with their parameters and needs."""
        for name, family in FAMILIES.items():
            params = getattr(self.metrics, name)
            if params is not None:
                yield family, params, getattr(self.needs, name)

    def metrics_of(self, family: Family) -> Iterator[tuple[str, Metric]]:
        """Every metric of a family as the tables name it, channel by channel."""
        params = getattr(self.metrics, family.name)
        for channel in self.grid.channels if family.per_channel else ("",):
            for metric in family.describe(params):
                yield f"{metric.name}_{channel}" if channel else metric.name, metric

    def catalogue(self) -> dict[str, Metric]:
        """Every metric that this recipe gives, by its name in the tables."""
        return {name: metric for family, _, _ in self.families() for name, metric in self.metrics_of(family)}


def shipped_recipes() -> tuple[str, ...]:
    """Names of the recipes that come with the package."""
    files = resources.files("skintexture.pipelines").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_recipe(name_or_path: str) -> Recipe:
    """Load a shipped recipe by name, or any recipe by its path.

    Raises
    ------
    RecipeError
        There is no such recipe, or it holds what a recipe can't hold.
    """
    if name_or_path in shipped_recipes():
        text = (resources.files("skintexture.pipelines") / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return parse_recipe(text, name_or_path)
    path = Path(name_or_path)
    if not path.suffix and not path.exists():
        raise RecipeError(
            f"there is no recipe `{name_or_path}`" + _nearest(name_or_path, shipped_recipes()),
            f"shipped recipes: {', '.join(shipped_recipes())}; or give the path of a TOML file",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"the recipe {path.name} can't be read: {_why(error)}", "give the path of a TOML file"
        ) from error
    return parse_recipe(text, path.name)


def parse_recipe(text: str, source: str) -> Recipe:
    """Parse and check a recipe.

    Parameters
    ----------
    text : str
        TOML.
    source : str
        What to call it in errors.

    Raises
    ------
    RecipeError
        With the path of every wrong key and, where a word was mistyped, the nearest right one.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{source} is not TOML: {error}", "mend the line that is named") from error
    try:
        return Recipe.model_validate_json(json.dumps(_without_nan(content), default=str), strict=True)
    except ValidationError as error:
        lines = [_explain(dict(problem)) for problem in error.errors()]
        raise RecipeError(
            f"{source} is not a recipe:\n" + "\n".join(f"  {line}" for line in lines),
            "see `skintexture recipe schema`, or start from `skintexture recipe show standard`",
        ) from error


def recipe_schema() -> dict[str, Any]:
    """JSON schema of recipes, for editors."""
    return TypeAdapter(Recipe).json_schema()


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


def _without_nan(value: Any) -> Any:
    """Write NaN and infinities as text, so that the check refuses them by their key."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _explain(problem: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        keys = _keys_at(problem["loc"][:-1])
        return f"{path}: unknown key{_nearest(str(problem['loc'][-1]), keys)}"
    if problem["type"] == "missing":
        return f"{path}: missing"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return f"{path}: {message}" if path else message
    if problem["type"] == "literal_error" and isinstance(problem["input"], str):
        message += _nearest(
            problem["input"], problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        )
    return f"{path} = {problem['input']!r}: {message}"


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    """Keys that a recipe knows below a path."""
    schema = recipe_schema()
    node: dict[str, Any] = schema
    for part in path:
        node = node.get("properties", {}).get(str(part), {})
        choices = [node, *node.get("anyOf", [])]
        reference = next((choice["$ref"] for choice in choices if "$ref" in choice), None)
        if reference:
            node = schema["$defs"][reference.rsplit("/", 1)[1]]
    return list(node.get("properties", {}))


def _nearest(word: str, words: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f" (did you mean `{near[0]}`?)" if near else ""
