"""How a set of photos is worked through. Nothing here changes a number."""

from __future__ import annotations

from dataclasses import dataclass

from skintexture.errors import InputError

ORDINARY_PHOTOS = 1000
"""Up to so many photos a set has one file per table, CSV too; a larger one has folders of Parquet files."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to work through a set.

    Attributes
    ----------
    workers : int
        Processes of this machine; 0 works in this one.
    scheduler : str or None
        Address (``tcp://…``) or file of a dask scheduler: its cluster does the work instead.
    timeout_s : float or None
        Longest time that a photo may take, in s; one that takes longer twice is refused. Not with ``workers=0``.
    retry_refused : bool
        Measure photos again that an earlier run into the same folder has refused.
    overlays : str
        ``all``; ``refused`` (only pictures of refused photos, with the reason); ``sample:N`` (every so many-th photo,
        N in all, and the refused); ``none``.
    contact_sheets : bool
        Draw sheets of thumbnails.
    csv : bool or None
        Write CSV beside Parquet; None does so for sets of up to `ORDINARY_PHOTOS`.
    shard : (int, int) or None
        Only this part of so many, from 0.
    """

    workers: int = 0
    scheduler: str | None = None
    timeout_s: float | None = 900.0
    retry_refused: bool = False
    overlays: str = "all"
    contact_sheets: bool = True
    csv: bool | None = None
    shard: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise InputError(f"workers is {self.workers}", "give the number of processes, or 0 to work in this one")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise InputError(f"the time-out is {self.timeout_s:g} s", "give a time above 0")
        if self.shard is not None and not 0 <= self.shard[0] < self.shard[1]:
            raise InputError(
                f"there is no shard {self.shard[0]}/{self.shard[1]}", "shards of n are numbered 0/n to (n − 1)/n"
            )
        self.has_overlay(0, 1)

    def has_overlay(self, position: int, photos: int) -> bool:
        """Whether a measured photo at this place of so many gets an overlay."""
        if self.overlays in ("all", "refused", "none"):
            return self.overlays == "all"
        kind, _, number = self.overlays.partition(":")
        if kind != "sample" or not number.isdecimal() or int(number) < 1:
            raise InputError(f"overlays is `{self.overlays}`", "give all, refused, sample:N or none")
        wanted = int(number)
        return photos <= wanted or (position + 1) * wanted // photos > position * wanted // photos

    @property
    def has_refusals(self) -> bool:
        """Whether refused photos get a picture."""
        return self.overlays != "none"

    def writes_csv(self, photos: int) -> bool:
        """Whether the tables of so many photos are written as CSV too."""
        return photos <= ORDINARY_PHOTOS if self.csv is None else self.csv


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Read ``i/n``.

    Raises
    ------
    InputError
        If it is something else.
    """
    if text is None:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal()):
        raise InputError(f"--shard {text} is not i/n", "for four jobs give 0/4, 1/4, 2/4 and 3/4")
    return int(part), int(parts)
