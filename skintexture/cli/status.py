"""`skintexture status`: how far a run has come."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from skintexture.cli.terminal import JsonOption, out as screen, plain, print_json
from skintexture.run.status import status_of

_MOST_REASONS = 20


def status(
    out: Annotated[str, typer.Argument(help="Folder of results, or its URL.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Say how far a run has come: measured, refused by reason, and left.

    It looks at what is saved and changes nothing, so it can be asked while a run is at work, after it was stopped, and
    at its end. A run that was stopped goes on with the same `skintexture score` command.

    **Example**

    `skintexture status results`
    """
    found = status_of(out)
    if as_json:
        print_json({"out": out, **asdict(found)})
        return
    screen.print(f"{found.measured} measured, {found.refused} refused, {found.left} left, of {found.photos} photos")
    for reason, count in list(found.reasons.items())[:_MOST_REASONS]:
        screen.print(f"  [red]{count} refused[/]  {plain(reason)}")
    if len(found.reasons) > _MOST_REASONS:
        screen.print(f"  … and {len(found.reasons) - _MOST_REASONS} more reasons")
    screen.print(
        "finished: the tables are written" if found.finished else "not finished: the tables are not those of it"
    )
