"""`skintexture metrics`: the data dictionary."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from skintexture.cli.terminal import RecipeOption, out as screen, plain, print_json
from skintexture.metrics.definition import Metric
from skintexture.recipe import DEFAULT_RECIPE, load_recipe


def metrics(
    recipe: RecipeOption = DEFAULT_RECIPE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the data dictionary: every metric of a recipe with unit, range, meaning, version and source."""
    catalogue = load_recipe(recipe).catalogue()
    if as_json:
        print_json({name: _plain(metric) for name, metric in catalogue.items()})
        return
    screen.print(f"{len(catalogue)} metrics of recipe {plain(recipe)}; ↓ smaller is smoother skin, ↑ larger is\n")
    for name, metric in catalogue.items():
        arrow = {"lower_better": "↓", "higher_better": "↑", "none": ""}[metric.direction]
        screen.print(f"[bold]{name}[/]  {metric.unit}  {_range(metric)}  {arrow}", soft_wrap=True)
        screen.print(f"    larger means {metric.larger_means}")
        screen.print(f"    version {metric.version}; {metric.source}")


def _range(metric: Metric) -> str:
    return f"{_bound(metric.low)} … {_bound(metric.high)}"


def _bound(value: float) -> str:
    return ("−∞" if value < 0 else "∞") if math.isinf(value) else f"{value:g}"


def _plain(metric: Metric) -> dict[str, object]:
    return {
        "family": metric.family,
        "unit": metric.unit,
        "low": metric.low if math.isfinite(metric.low) else None,
        "high": metric.high if math.isfinite(metric.high) else None,
        "larger_means": metric.larger_means,
        "direction": metric.direction,
        "version": metric.version,
        "source": metric.source,
        "tolerance": {"relative": metric.tolerance.relative, "absolute": metric.tolerance.absolute},
    }
