"""Which photos are before and after: the visits of each subject against the first."""

from __future__ import annotations

import pandas as pd

from skintexture.errors import InputError
from skintexture.study.repeats import in_number_order, require_single_shots, require_subjects

VISIT_COLUMNS = ("subject", "visit_before", "visit_after", "shot", "photo_before", "photo_after")

_SHOWN = 5


def visit_pairs(photos: pd.DataFrame, baseline: str | None = None) -> pd.DataFrame:
    """Set every later visit of a subject against the baseline.

    Parameters
    ----------
    photos : DataFrame
        A row per photo, text: ``photo``, ``subject``, ``visit``, and ``repeat``, the number of the shot within its
        visit, which may be empty.
    baseline : str, optional
        Visit that the others are held against; without it, the one that is named first.

    Returns
    -------
    DataFrame
        Columns `VISIT_COLUMNS`, a row per pair of photos, in the order of the later ones. Of several shots of a visit,
        the first is set against the first of the baseline (by ``repeat``, otherwise in the order given), the second
        against the second, and what has no counterpart is left out.

    Raises
    ------
    InputError
        A photo has no subject or no visit, there is no such baseline, or no subject has it and another visit.
    """
    require_subjects(photos)
    _require_visits(photos)
    require_single_shots(photos)
    named = list(dict.fromkeys(photos["visit"]))
    first = named[0] if baseline is None else baseline
    if first not in named:
        raise InputError(
            f"no photo is of the visit {first}", f"visits in the manifest: {', '.join(named[: 4 * _SHOWN])}"
        )
    shots = _numbered(photos)
    is_first = shots["visit"] == first
    pairs = shots[~is_first].merge(shots[is_first], on=["subject", "shot"], suffixes=("_after", "_before"))
    if pairs.empty:
        raise InputError(
            f"no subject has a photo of the visit {first} and one of another",
            "give each photo its subject and visit in the manifest, and the same subject to all photos of one person; "
            "--baseline names the visit that the others are held against",
        )
    return pairs.sort_values("place_after")[list(VISIT_COLUMNS)].reset_index(drop=True)


def _numbered(photos: pd.DataFrame) -> pd.DataFrame:
    """Count the shots of every visit from 1."""
    shots = photos[["photo", "subject", "visit"]].assign(
        place=range(len(photos)), order=photos["repeat"].map(in_number_order)
    )
    shots = shots.sort_values(["order", "place"], kind="stable")
    return shots.assign(shot=shots.groupby(["subject", "visit"]).cumcount() + 1)


def _require_visits(photos: pd.DataFrame) -> None:
    unknown = photos.loc[photos["visit"] == "", "photo"]
    if len(unknown):
        shown = ", ".join(unknown[:_SHOWN]) + (" …" if len(unknown) > _SHOWN else "")
        raise InputError(
            f"{len(unknown)} of {len(photos)} photos have no visit: {shown}",
            "say in the manifest's column `visit` which photos are before and which after",
        )
