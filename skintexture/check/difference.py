"""A baseline and what is measured now: why they may differ, and in which numbers they do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from skintexture.check.baseline import Baseline, Key
from skintexture.metrics.definition import Metric, Tolerance

CauseKind = Literal["photo", "recipe", "model", "package", "machine"]
Verdict = Literal["same", "drift", "undecided"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why numbers may differ though the code doesn't.

    Attributes
    ----------
    kind : {"photo", "recipe", "model", "package", "machine"}
    what : str
        What has changed, from what to what.
    decides : bool
        Whether nothing can be told about the code because of it: another recipe, a photo that isn't the same.
    """

    kind: CauseKind
    what: str
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """One number that is not what it was.

    Attributes
    ----------
    photo, zone, metric : str
    then, now : float
        nan where there is no value.
    how : {"moved", "gone", "new"}
        Whether both have a row for it.
    counts : bool
        Whether it speaks of the code; not so on a photo that is another file now.
    """

    photo: str
    zone: str
    metric: str
    then: float
    now: float
    how: Literal["moved", "gone", "new"]
    counts: bool

    @property
    def change_pct(self) -> float:
        """Change in % of what it was; nan where that is 0 or either is missing."""
        return 100.0 * (self.now - self.then) / abs(self.then) if self.then else math.nan


@dataclass(frozen=True, slots=True)
class Difference:
    """All that a check has found.

    Attributes
    ----------
    causes : tuple of Cause
        Why numbers may differ.
    drifts : tuple of Drift
        Which do, in the order of metric, photo, zone.
    compared : int
        How many numbers were held against each other.
    per_photo : mapping of str to tuple of str
        Metrics that were compared, by photo.
    """

    causes: tuple[Cause, ...]
    drifts: tuple[Drift, ...]
    compared: int
    per_photo: Mapping[str, tuple[str, ...]]

    @property
    def verdict(self) -> Verdict:
        """``drift`` as soon as one number of an unchanged photo moved; else whether all could be compared."""
        if any(drift.counts for drift in self.drifts):
            return "drift"
        return "undecided" if not self.compared or any(cause.decides for cause in self.causes) else "same"


def differ(then: Baseline, now: Baseline, catalogue: Mapping[str, Metric]) -> Difference:
    """Hold what is measured now against a baseline.

    Parameters
    ----------
    then : Baseline
    now : Baseline
        Its photos may be fewer or more.
    catalogue : mapping of str to Metric
        Of the recipe, for the tolerances.

    Returns
    -------
    Difference
        Without any drift where the recipes differ: their numbers are not the same numbers.
    """
    causes = tuple(_causes(then, now))
    if then.fingerprint != now.fingerprint:
        return Difference(causes, (), 0, {})
    both = {photo for photo in then.photos if photo in now.photos}
    changed = {photo for photo in both if then.photos[photo] != now.photos[photo]}
    keys = sorted(
        (key for key in then.values.keys() | now.values.keys() if key[0] in both), key=lambda k: (k[2], k[0], k[1])
    )
    drifts = (_drift(key, (then, now), catalogue, counts=key[0] not in changed) for key in keys)
    per_photo = {photo: tuple(dict.fromkeys(key[2] for key in keys if key[0] == photo)) for photo in sorted(both)}
    return Difference(causes, tuple(drift for drift in drifts if drift is not None), len(keys), per_photo)


def _drift(
    key: Key, sides: tuple[Baseline, Baseline], catalogue: Mapping[str, Metric], *, counts: bool
) -> Drift | None:
    then, now = (side.values.get(key, math.nan) for side in sides)
    if key not in sides[0].values:
        return Drift(*key, then, now, "new", counts)
    if key not in sides[1].values:
        return Drift(*key, then, now, "gone", counts)
    metric = catalogue.get(key[2])
    tolerance = metric.tolerance if metric else Tolerance()
    return None if tolerance.allows(then, now) else Drift(*key, then, now, "moved", counts)


def _causes(then: Baseline, now: Baseline) -> Iterator[Cause]:
    yield from _photo_causes(then, now)
    if then.fingerprint != now.fingerprint:
        for key, change in _changes(then.settings, now.settings) or [("fingerprint", "differs, though no key does")]:
            yield Cause("recipe", f"{key} {change}", decides=True)
    if then.around.model_sha256 != now.around.model_sha256:
        yield Cause("model", f"SHA-256 {_from_to(then.around.model_sha256[:12], now.around.model_sha256[:12])}")
    for name, change in _changes(then.around.packages, now.around.packages):
        yield Cause("package", f"{name} {change}")
    if then.around.machine != now.around.machine:
        yield Cause("machine", _from_to(then.around.machine, now.around.machine))


def _photo_causes(then: Baseline, now: Baseline) -> Iterator[Cause]:
    for photo in sorted({*then.photos, *now.photos}):
        if photo not in now.photos:
            yield Cause("photo", f"{photo} is missing", decides=True)
        elif photo not in then.photos:
            yield Cause("photo", f"{photo} is not in the baseline", decides=True)
        elif then.photos[photo] != now.photos[photo]:
            digests = _from_to(then.photos[photo][:12], now.photos[photo][:12])
            yield Cause("photo", f"{photo} is another file: SHA-256 {digests}", decides=True)
        if photo in now.refused and photo not in then.refused:
            yield Cause("photo", f"{photo} is refused now: {now.refused[photo]}")


def _changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, _from_to(then.get(name, "none"), now.get(name, "none")))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _from_to(then: str, now: str) -> str:
    return f"{then} → {now}"
