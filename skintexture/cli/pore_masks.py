"""`skintexture pore-masks`: the pores of finished results as masks."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
import typer

from skintexture.cli.terminal import JsonOption, QuietOption, counted, out as screen, plain, print_json, stoppable
from skintexture.io.places import join, place_of
from skintexture.io.stores import write_place
from skintexture.model import BoolImage
from skintexture.photo_job import picture_name
from skintexture.run.finish import read_results
from skintexture.tabulate import MEASURED


def pore_masks(
    results: Annotated[str, typer.Argument(help="Folder of results, or its URL.", show_default=False)],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for the masks, or its URL.", show_default=False)],
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Paint the pores of each photo as a mask: what a person would probably outline.

    A PNG per measured photo, of its size, shown upright, white where pores are: to lay beside masks that were drawn by
    hand. Sure pores are painted larger than unsure ones, most of them wider than `diameter_mm`, as people draw them.
    **No number comes from a mask**: areas and densities are in the tables.

    **Example**

    `skintexture pore-masks results -o masks`
    """
    scores = read_results(results)
    names = scores.photos.loc[scores.photos["status"] == MEASURED, "photo"].tolist()
    folder = place_of(out)
    with stoppable("stopped; the masks so far are written"):
        for name in names:
            write_place(_png(scores.pore_mask(name)), join(folder, mask_name(name)))
    if as_json:
        print_json({"out": out, "masks": {name: mask_name(name) for name in names}})
    elif not quiet:
        screen.print(f"{counted(len(names), 'mask')} in {plain(out)}")


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
