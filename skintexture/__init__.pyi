from .comparison import Compared as Compared, compare as compare
from .errors import (
    InputError as InputError,
    OutputError as OutputError,
    PhotoProblem as PhotoProblem,
    RecipeError as RecipeError,
    SkintextureError as SkintextureError,
)
from .locate.scale import KnownScale as KnownScale
from .pair_sets import ComparedSet as ComparedSet, compare_set as compare_set
from .recipe import Recipe as Recipe, load_recipe as load_recipe, shipped_recipes as shipped_recipes
from .repeated_shots import repeatability as repeatability
from .run.options import RunOptions as RunOptions
from .scoring import score as score, score_set as score_set
from .tabulate import Scores as Scores
