"""`skintexture recipe`: look at recipes and check one's own."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from skintexture.cli.terminal import out as screen, plain
from skintexture.errors import RecipeError
from skintexture.recipe import load_recipe, recipe_schema, shipped_recipes

app = typer.Typer(
    name="recipe",
    no_args_is_help=True,
    add_completion=False,
    help="Recipes hold everything that changes a number. List them, show one, check your own.",
)


@app.command("list")
def list_recipes() -> None:
    """List the recipes that come with the package."""
    table = Table("name", "needs", "fingerprint", "for", box=None)
    for name in shipped_recipes():
        recipe = load_recipe(name)
        table.add_row(name, f"{recipe.grid.px_per_mm:g} px/mm", recipe.fingerprint(), plain(recipe.description))
    screen.print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="A shipped recipe, or the path of a recipe file.")]) -> None:
    """Print a recipe as TOML, to copy and change."""
    load_recipe(name)
    if name in shipped_recipes():
        text = (resources.files("skintexture.pipelines") / f"{name}.toml").read_text(encoding="utf-8")
    else:
        text = Path(name).read_text(encoding="utf-8")
    typer.echo(text, nl=False)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A recipe file.")]) -> None:
    """Check a recipe and print its fingerprint; every wrong key is named with the nearest right one.

    Warns of the name of a shipped recipe on other numbers: tables of both would look alike.
    """
    if not file.is_file():
        raise RecipeError(f"there is no file {file}", "give the path of a TOML file")
    recipe = load_recipe(str(file))
    screen.print(
        f"{plain(file)} is a recipe: {plain(recipe.name)}, fingerprint {recipe.fingerprint()}, "
        f"{len(recipe.catalogue())} metrics"
    )
    shipped = load_recipe(recipe.name) if recipe.name in shipped_recipes() else recipe
    if recipe.fingerprint() != shipped.fingerprint():
        screen.print(
            f"[yellow]name[/]  {recipe.name} is a shipped recipe, fingerprint {shipped.fingerprint()}: this one "
            f'differs\n      → give it a name of its own, such as name = "my_{recipe.name}"'
        )


@app.command()
def schema() -> None:
    """Print the JSON schema of recipes, for editors."""
    typer.echo(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
