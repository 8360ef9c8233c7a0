"""Facial skin texture and pores from photographs, per zone, in millimetres.

>>> import skintexture
>>> recipe = skintexture.load_recipe("standard")
>>> recipe.grid.px_per_mm
12.0
"""

from skintexture.comparison import compare
from skintexture.errors import InputError, OutputError, PhotoProblem, RecipeError, SkintextureError
from skintexture.locate.scale import KnownScale
from skintexture.recipe import Recipe, load_recipe, shipped_recipes
from skintexture.repeatability import repeatability
from skintexture.run.options import RunOptions
from skintexture.score import score
from skintexture.tabulate import Scores

__all__ = [
    "InputError",
    "KnownScale",
    "OutputError",
    "PhotoProblem",
    "Recipe",
    "RecipeError",
    "RunOptions",
    "Scores",
    "SkintextureError",
    "compare",
    "load_recipe",
    "repeatability",
    "score",
    "shipped_recipes",
]
