"""Run every section and keep what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.finding import Effort, Exhibit, Finding, Plot, Section, Step, Table


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section and all that it has yielded."""

    section: Section
    exhibits: tuple[Exhibit, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(item for item in self.exhibits if isinstance(item, Finding))

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(item for item in self.exhibits if isinstance(item, Table))

    @property
    def plots(self) -> tuple[Plot, ...]:
        return tuple(item for item in self.exhibits if isinstance(item, Plot))


@dataclass(frozen=True, slots=True)
class Validation:
    """All chapters, and what they speak of.

    Attributes
    ----------
    effort : {"quick", "standard", "full"}
    version : str
        Of this package.
    recipe, fingerprint : str
        That the numbers were measured with.
    chapters : tuple of Chapter
    """

    effort: Effort
    version: str
    recipe: str
    fingerprint: str
    chapters: tuple[Chapter, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Findings that don't reach their target."""
        return tuple(finding for chapter in self.chapters for finding in chapter.findings if not finding.passed)

    @property
    def judged(self) -> int:
        """How many findings have a target."""
        return sum(finding.target != "reported" for chapter in self.chapters for finding in chapter.findings)


def run_sections(
    sections: Sequence[Section], effort: Effort, tell: Callable[[Step], object] = lambda _: None
) -> Iterator[Chapter]:
    """Run one section after the other; each chapter comes as soon as it is whole.

    Parameters
    ----------
    sections : sequence of Section
    effort : {"quick", "standard", "full"}
    tell : callable, optional
        Hears how far a section is.

    Yields
    ------
    Chapter
    """
    for section in sections:
        exhibits: list[Exhibit] = []
        for item in section.findings(effort):
            if isinstance(item, Step):
                tell(item)
            else:
                exhibits.append(item)
        yield Chapter(section, tuple(exhibits))


def validation_of(chapters: Sequence[Chapter], effort: Effort) -> Validation:
    """Put chapters together with what they were measured with."""
    recipe = load_recipe(DEFAULT_RECIPE)
    return Validation(effort, metadata.version("skintexture"), recipe.name, recipe.fingerprint(), tuple(chapters))
