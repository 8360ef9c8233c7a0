"""Every section of the validation, in the order of the report."""

from __future__ import annotations

from skintexture.validation import (
    areal,
    cooccurrence,
    dose,
    faces,
    laws,
    pairs,
    pores,
    registration,
    repeatability,
    resolution,
    slant,
    spectrum,
    tone,
)
from skintexture.validation.finding import Section

SECTIONS: tuple[Section, ...] = (
    cooccurrence.SECTION,
    areal.SECTION,
    spectrum.SECTION,
    laws.SECTION,
    resolution.SECTION,
    tone.SECTION,
    slant.SECTION,
    dose.SECTION,
    pores.SECTION,
    faces.SECTION,
    registration.SECTION,
    pairs.SECTION,
    repeatability.SECTION,
)
"""A new section is a module with a ``SECTION``, and a line here."""
