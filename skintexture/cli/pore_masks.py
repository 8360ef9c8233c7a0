"""`skintexture pore-masks`: the pores of finished results as masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from skintexture.cli.terminal import (
    JsonOption,
    QuietOption,
    counted,
    out as screen,
    photo_progress,
    plain,
    print_json,
    stoppable,
)
from skintexture.errors import InputError, OutputError
from skintexture.io.places import Place, join, place_of
from skintexture.io.stores import write_place
from skintexture.model import BoolImage
from skintexture.photo_job import picture_name
from skintexture.run.finish import read_results


def pore_masks(
    results: Annotated[str, typer.Argument(help="Folder of results, or its URL.", show_default=False)],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for the masks, or its URL.", show_default=False)],
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Paint the pores of each photo as a mask: what a person would probably outline.

    A PNG per measured photo, of its size, shown upright, white where pores are: to lay beside masks that were drawn by
    hand. Sure pores are painted larger than unsure ones, most of them wider than `diameter_mm`, as people draw them.
    **No number comes from a mask**: areas and densities are in the tables. Photos of which no pores could be measured
    get none. Give the masks a folder of their own, apart from results and photos.

    **Example**

    `skintexture pore-masks results -o masks`
    """
    scores = read_results(results)
    names = scores.photos_with_pores
    folder = _apart(place_of(out), place_of(results))
    if not names:
        raise InputError("no pores were measured in these results", "score with a recipe that measures pores: standard")
    shown = not quiet and not as_json
    with stoppable("stopped; the masks so far are written"), photo_progress(shown=shown, what="masks") as progress:
        for done, name in enumerate(names, start=1):
            write_place(_png(scores.pore_mask(name)), join(folder, mask_name(name)))
            progress(done, 0, len(names))
    without = [name for name in scores.photos["photo"] if name not in names]
    if as_json:
        print_json({"out": out, "masks": {name: mask_name(name) for name in names}, "without_pores": without})
    elif not quiet:
        rest = f"; {counted(len(without), 'photo')} without measured pores" if without else ""
        screen.print(f"{counted(len(names), 'mask')} in {plain(out)}{rest}")


def _apart(folder: Place, results: Place) -> Place:
    """Check that masks don't land among the results, or in them."""
    inside = (
        results.resolve() in (folder.resolve(), *folder.resolve().parents)
        if isinstance(folder, Path) and isinstance(results, Path)
        else f"{folder}/".startswith(f"{results}/")
    )
    if inside:
        raise OutputError("masks and results can't share a folder", "name another with -o")
    return folder


def mask_name(photo: str) -> str:
    """Name the mask of a photo; no two photos share one.

    >>> mask_name("a.jpg"), mask_name("a.png")
    ('a.jpg.png', 'a.png.png')
    """
    name = picture_name(f"{photo}.png").removesuffix(".jpg")
    return name if name.endswith(".png") else f"{name}.png"


def _png(mask: BoolImage) -> bytes:
    _, data = cv2.imencode(".png", np.where(mask, np.uint8(255), np.uint8(0)))
    return data.tobytes()
