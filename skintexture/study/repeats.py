"""Which photos show the same skin: the repeated shots that tell how far photographs scatter."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from skintexture.errors import InputError

REPEAT_COLUMNS = ("photo", "subject", "visit", "shot")
PAIR_COLUMNS = ("subject", "visit", "photo_before", "photo_after", "shot_before", "shot_after")

_SHOWN = 5


def repeated_photos(photos: pd.DataFrame, same_skin: Sequence[Sequence[str]] = ()) -> pd.DataFrame:
    """Find the photos that are repeated shots of the same skin.

    Parameters
    ----------
    photos : DataFrame
        A row per photo: ``photo``, ``subject``, ``visit`` (text, may be empty), and, if there is one, ``repeat``: the
        number of the shot within its visit.
    same_skin : sequence of sequence of str
        Visits at which nothing had changed, such as two baselines: each group counts as its first visit.

    Returns
    -------
    DataFrame
        Columns `REPEAT_COLUMNS`, in the order of the photos. Photos of one subject and visit show the same skin;
        without visits, all photos of a subject do. ``shot`` numbers them from 1, by ``repeat`` or else in the order
        given. Photos without a second of the same skin are left out.

    Raises
    ------
    InputError
        A photo has no subject, a visit of ``same_skin`` doesn't exist or is in two groups, two shots have the same
        number, or no skin was photographed twice.
    """
    require_subjects(photos)
    visits = _joined_visits(photos["visit"], same_skin)
    repeats = photos[["photo", "subject"]].assign(visit=visits.astype("string"))
    order = photos["repeat"] if "repeat" in photos else pd.Series("", index=photos.index)
    require_single_shots(photos.assign(repeat=order))
    repeats = repeats.assign(
        place=range(len(repeats)), visit_as_given=_places(photos["visit"]), order=order.map(_natural)
    )
    repeats = repeats.sort_values(["visit_as_given", "order", "place"], kind="stable")
    skins = repeats.groupby(["subject", "visit"], sort=False)
    repeats = repeats.assign(shot=skins.cumcount() + 1)[skins["photo"].transform("size") > 1]
    if repeats.empty:
        raise InputError(
            "no skin was photographed twice: no two photos have the same subject and visit",
            "take two or more shots per visit, and give them the same subject and visit in the manifest; "
            "visits at which nothing had changed can be joined with --same-skin FIRST,SECOND",
        )
    return repeats.sort_values("place")[list(REPEAT_COLUMNS)].reset_index(drop=True)


def require_subjects(photos: pd.DataFrame) -> None:
    """Raise InputError if a photo's ``subject`` is not given."""
    require_given(photos, "subject", "name the person on each photo in the manifest's column `subject`")


def require_given(photos: pd.DataFrame, column: str, remedy: str) -> None:
    """Raise InputError with this remedy if a photo's cell of a column is empty."""
    unknown = photos.loc[photos[column].fillna("") == "", "photo"]
    if len(unknown):
        shown = ", ".join(unknown[:_SHOWN]) + (" …" if len(unknown) > _SHOWN else "")
        raise InputError(f"{len(unknown)} of {len(photos)} photos have no {column}: {shown}", remedy)


def _joined_visits(visits: pd.Series[str], same_skin: Sequence[Sequence[str]]) -> pd.Series[str]:
    first = {visit: group[0] for group in same_skin for visit in group}
    if len(first) < sum(len(group) for group in same_skin):
        raise InputError("a visit is named twice in --same-skin", "name each visit once")
    there = list(dict.fromkeys(visits))
    missing = [visit for visit in first if visit not in there]
    if missing:
        raise InputError(
            f"--same-skin names visits that no photo has: {', '.join(missing)}",
            f"visits in the manifest: {', '.join(there[: 4 * _SHOWN]) or 'none'}",
        )
    return visits.map(lambda visit: first.get(visit, visit))


def require_single_shots(photos: pd.DataFrame) -> None:
    """Raise InputError if two photos of one ``subject`` and ``visit`` have the same ``repeat``."""
    numbered = photos[photos["repeat"].fillna("") != ""]
    twice = numbered[numbered.duplicated(["subject", "visit", "repeat"], keep=False)]
    if len(twice):
        one = twice.iloc[0]
        alike = twice[(twice[["subject", "visit", "repeat"]] == one[["subject", "visit", "repeat"]]).all(axis=1)]
        raise InputError(
            f"{len(alike)} photos are repeat {one['repeat']} of one visit: {', '.join(alike['photo'][:_SHOWN])}",
            "number the shots of each visit in the manifest's column `repeat`: 1, 2, …",
        )


def _places(visits: pd.Series[str]) -> pd.Series[int]:
    """Give the order in which visits are first named."""
    place = {visit: k for k, visit in enumerate(dict.fromkeys(visits))}
    return visits.map(place)


def _natural(number: str) -> tuple[int, str]:
    """Order numbers written as text: 2 before 10."""
    return len(number), number


def pairs_of(repeats: pd.DataFrame) -> pd.DataFrame:
    """Set every later shot of a skin against every earlier one.

    Parameters
    ----------
    repeats : DataFrame
        As `repeated_photos` gives it.

    Returns
    -------
    DataFrame
        Columns `PAIR_COLUMNS`.
    """
    both = repeats.merge(repeats, on=["subject", "visit"], suffixes=("_before", "_after"))
    return both.loc[both["shot_before"] < both["shot_after"], list(PAIR_COLUMNS)].reset_index(drop=True)


def paired_values(measurements: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Set what was measured on every later shot against every earlier one of the same skin.

    Parameters
    ----------
    measurements : DataFrame
        Tidy: ``photo``, ``zone``, ``metric``, ``value``, ``unit``.
    pairs : DataFrame
        As `pairs_of` gives it.

    Returns
    -------
    DataFrame
        Columns `PAIR_COLUMNS`, ``zone``, ``metric``, ``unit``, ``before`` and ``after``.
    """
    values = measurements[["photo", "zone", "metric", "value"]]
    earlier = measurements[["photo", "zone", "metric", "unit", "value"]]
    earlier = earlier.rename(columns={"photo": "photo_before", "value": "before"})
    later = values.rename(columns={"photo": "photo_after", "value": "after"})
    return pairs.merge(earlier, on="photo_before").merge(later, on=["photo_after", "zone", "metric"])
