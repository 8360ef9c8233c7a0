"""The same skin seen at a slant."""

from __future__ import annotations

from collections.abc import Iterator

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Plot, Section, Series
from skintexture.validation.flat_skin import FlatCamera, grow, measured, photographed
from skintexture.validation.yardstick import Values, changes_table, endpoints, stays

KEY = "slant"

_SLANTS_DEG = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
_LIMIT_PCT = 5.0
_DENSITIES_AND_AREAS = ("pore_density", "pore_density_all", "pore_mean_area", "pore_area_fraction")


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Tilt one skin about the picture's x axis; its slant is known, as the fitted face gives it on photographs."""
    skin = grow(SkinSpec(seed=6, side_mm={"quick": 30.0, "standard": 30.0, "full": 40.0}[effort]))
    recipe = load_recipe(DEFAULT_RECIPE)
    for px_per_mm in (20.0,) if effort == "quick" else (20.0, 28.0):
        found: dict[str, Values] = {}
        for slant_deg in _SLANTS_DEG:
            camera = FlatCamera(px_per_mm=px_per_mm, slant_deg=slant_deg)
            found[f"{slant_deg:g}°"] = measured(photographed(skin, camera), camera, recipe)
        facing = found.pop("0°")
        for metric in _DENSITIES_AND_AREAS:
            what = (KEY, f"{metric}, 10 to 50° at {px_per_mm:g} px/mm")
            yield stays(what, found, facing, metrics=[metric], limit=_LIMIT_PCT)
        title = f"Slanted skin at {px_per_mm:g} px/mm: change against skin that faces the camera"
        yield changes_table(title, found, ("0°", facing), shown=list(endpoints(facing)))
        series = [
            Series(m, _SLANTS_DEG[1:], [100.0 * (v[m] / facing[m] - 1.0) for v in found.values()], "both")
            for m in _DENSITIES_AND_AREAS
        ]
        guides = [(_LIMIT_PCT, "limit"), (-_LIMIT_PCT, "limit")]
        yield Plot(f"slant_{px_per_mm:g}", title, "slant, °", "change, %", series, guides)


SECTION = Section(
    KEY,
    "Slanted skin",
    "Flat skin tilted by 0 to 50° and photographed at 20 px/mm and more, with noise, through 8-bit files. Densities "
    "and areas are per mm² of skin. Texture, which is read from the foreshortened picture, has no target here.",
    findings,
)
