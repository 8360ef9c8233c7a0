"""What can go wrong, and who is to act on it.

::

    SkintextureError
    ├── PhotoProblem      this photo can't be measured: a row with reason and remedy, the batch goes on
    ├── RecipeError       the recipe is wrong: nothing is measured
    ├── InputError        what was asked for can't be done as asked (files, manifest, options)
    └── OutputError       the results can't be written

Anything else that is raised is a bug of ours: it stops the run and is never a refused photo.
"""

from __future__ import annotations


class SkintextureError(Exception):
    """Root of every error that this package raises on purpose.

    Parameters
    ----------
    reason : str
        What was found and what is needed, in one line.
    remedy : str, optional
        What the user can do about it.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}\n→ {self.remedy}" if self.remedy else self.reason


class PhotoProblem(SkintextureError):  # noqa: N818  (a finding about a photo, not a fault of the program)
    """One photograph can't be measured; the others can."""


class RecipeError(SkintextureError):
    """A recipe can't be read, or holds an unknown key or a value out of range."""


class InputError(SkintextureError):
    """The photos, manifest or options given can't be used as they are."""


class OutputError(SkintextureError):
    """The output folder can't be written."""
