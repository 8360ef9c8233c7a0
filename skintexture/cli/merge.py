"""`skintexture merge`: results of several runs in one folder."""

from __future__ import annotations

from typing import Annotated

import typer

from skintexture.cli.terminal import EXIT_REFUSED, JsonOption, QuietOption, out as screen, plain, print_json, stoppable
from skintexture.run.merge import merge as merge_results
from skintexture.run.options import ORDINARY_PHOTOS, RunOptions


def merge(
    outs: Annotated[list[str], typer.Argument(help="Folders of results, or their URLs.", show_default=False)],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for the joined results.", show_default=False)],
    partial: Annotated[
        bool, typer.Option("--partial", help="Join also runs that are not finished; what isn't measured has no row.")
    ] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Copy overlays and draw contact sheets.")
    ] = True,
    csv: Annotated[
        bool | None,
        typer.Option(
            "--csv/--no-csv", help="Write CSV beside Parquet.", show_default=f"for up to {ORDINARY_PHOTOS} photos"
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Join the results of several runs: shards of one set, or sets that were measured apart.

    Shards give the same tables as the whole set in one run. Of different sets, a photo that an earlier folder has too,
    by its content, is left out. Runs that differ in recipe or versions are not joined.

    **Examples**

    `skintexture merge shard0 shard1 -o results`

    `skintexture merge unfinished -o so_far --partial`
    """
    options = RunOptions(overlays="all" if pictures else "none", contact_sheets=pictures, csv=csv)
    with stoppable("stopped; what was joined is not whole: run the same command again"):
        done = merge_results(outs, out, options=options, partial=partial)
    if as_json:
        print_json(
            {
                "out": out,
                "photos": done.photos,
                "refused": done.refused,
                "dropped": done.dropped,
                "left": done.left,
            }
        )
    elif not quiet:
        screen.print(f"{done.photos - done.refused} measured, {done.refused} refused, in {plain(out)}")
        if done.dropped:
            screen.print(f"{done.dropped} left out: their content is in an earlier folder, too")
        if done.left:
            screen.print(f"[yellow]{done.left} not measured yet[/]: they have no row")
    raise typer.Exit(EXIT_REFUSED if done.refused or done.left else 0)
