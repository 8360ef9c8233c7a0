"""Which photos are before and after: the visits of each subject against the first."""

from __future__ import annotations

import pandas as pd

from skintexture.errors import InputError
from skintexture.study.repeats import require_given, require_single_shots, require_subjects

VISIT_COLUMNS = ("subject", "visit_before", "visit_after", "shot", "photo_before", "photo_after")

_SHOWN = 5


def visit_pairs(photos: pd.DataFrame, baseline: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set every later visit of a subject against the baseline.

    Parameters
    ----------
    photos : DataFrame
        A row per photo, text: ``photo``, ``subject``, ``visit``, and ``repeat``, the name or number of the shot within
        its visit, which may be empty.
    baseline : str, optional
        Visit that the others are held against; without it, the one that is named first.

    Returns
    -------
    pairs : DataFrame
        Columns `VISIT_COLUMNS`, a row per pair of photos, in the order of the later ones. Shots go together that have
        the same ``repeat``; those without one are numbered in the order given.
    alone : DataFrame
        Photos without a counterpart, in their order: the same columns, those of the missing side empty, and ``reason``.

    Raises
    ------
    InputError
        A photo has no subject or no visit, there is no such baseline, or no subject has it and another visit.
    """
    require_subjects(photos)
    require_given(photos, "visit", "say in the manifest's column `visit` which photos are before and which after")
    require_single_shots(photos)
    named = list(dict.fromkeys(photos["visit"]))
    first = named[0] if baseline is None else baseline
    if first not in named:
        raise InputError(
            f"no photo is of the visit {first}", f"visits in the manifest: {', '.join(named[: 4 * _SHOWN])}"
        )
    shots = _named_shots(photos)
    is_first = shots["visit"] == first
    pairs = shots[~is_first].merge(shots[is_first], on=["subject", "shot"], suffixes=("_after", "_before"))
    if pairs.empty:
        raise InputError(
            f"no subject has a photo of the visit {first} and one of another",
            "give each photo its subject and visit in the manifest, and the same subject to all photos of one person; "
            "--baseline names the visit that the others are held against",
        )
    pairs = pairs.sort_values("place_after")[list(VISIT_COLUMNS)].reset_index(drop=True)
    return pairs, _alone(shots, pairs, first)


def _named_shots(photos: pd.DataFrame) -> pd.DataFrame:
    """Name every shot: as it is named, or else by its number among those of its visit that are not."""
    shots = photos[["photo", "subject", "visit"]].assign(place=range(len(photos)), shot=photos["repeat"].fillna(""))
    nameless = shots["shot"] == ""
    number = shots[nameless].groupby(["subject", "visit"]).cumcount() + 1
    return shots.assign(shot=shots["shot"].mask(nameless, number.astype("string").reindex(shots.index)))


def _alone(shots: pd.DataFrame, pairs: pd.DataFrame, first: str) -> pd.DataFrame:
    """Say which photos have no counterpart, and why."""
    left = shots[~shots["photo"].isin([*pairs["photo_before"], *pairs["photo_after"]])]
    with_first = set(shots.loc[shots["visit"] == first, "subject"])
    with_later = set(shots.loc[shots["visit"] != first, "subject"])
    rows = []
    for row in left.to_dict("records"):
        side, others = ("before", with_later) if row["visit"] == first else ("after", with_first)
        missing = "a later visit" if side == "before" else f"the visit {first}"
        of_shot = f" and shot {row['shot']}" if row["subject"] in others else ""
        reason = f"there is no photo of this subject of {missing}{of_shot}"
        told = {"subject": row["subject"], "shot": row["shot"], "visit_before": first, "reason": reason}
        rows.append(told | {f"visit_{side}": row["visit"], f"photo_{side}": row["photo"]})
    return pd.DataFrame(rows, columns=[*VISIT_COLUMNS, "reason"], dtype="string")
