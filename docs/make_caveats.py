"""Write `docs/caveats.md` from the registry of caveats.

Run it as ``python docs/make_caveats.py`` from anywhere.
"""

from __future__ import annotations

from pathlib import Path

from skintexture.caveats import CAVEATS, Caveat

PAGE = Path(__file__).with_name("caveats.md")

_HEAD = """# Caveats

Made from `skintexture/caveats.py` by `python docs/make_caveats.py`; don't edit it.

A number that is missing (an empty cell in CSV, nan in Parquet) always has its reason beside it, and a number that is
doubtful says why. The column `caveats` holds the names below, several with `;` between them. In the table `photos` they
hold for the whole photo (also those that every visible zone shares), in `zones` for a zone, in `measurements` for
one number, in `changes` for the zone on either photo.

Caveats are no verdict: a number with `distance_estimated` is a number. What to do with each is for whoever plans the
study to decide *before* looking at the results.

| caveat | what was found | what to do |
|---|---|---|
"""


def caveats_page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_row(caveat) for caveat in CAVEATS.values())


def _row(caveat: Caveat) -> str:
    cells = (f"`{caveat.name}`", caveat.meaning, caveat.remedy)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(caveats_page(), encoding="utf-8", newline="\n")
