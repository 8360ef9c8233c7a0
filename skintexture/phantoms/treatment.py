"""What is done to skin between two photographs: to which pores and furrows, in which zones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from skintexture.errors import InputError
from skintexture.model import FloatArray
from skintexture.phantoms.head import Head
from skintexture.phantoms.regions import Regions, checked_zones
from skintexture.phantoms.skin import Skin

SOFT_EDGE_MM = 3.0
"""Over which a treatment of a zone fades out, centred on its edge."""

# Two irrational steps: the numbers n · step mod 1 of any run of pores are spread evenly over 0 … 1.
_VANISH_STEP = (math.sqrt(5.0) - 1.0) / 2.0
_RESPOND_STEP = math.sqrt(2.0) - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What was done to the skin, as factors on what was there: 1.0 leaves it alone.

    Attributes
    ----------
    pore_depth, pore_diameter : float
        Of the pores that respond.
    furrow_depth : float
        Of the micro-relief.
    pore_count : float
        Share of the pores that remain, 0 … 1; which ones follows from a pore's number alone, so that fewer and fewer
        are left as this falls.
    responding : float
        Share of the pores that ``pore_depth`` and ``pore_diameter`` reach, 0 … 1; also by number.
    zones : tuple of str
        Names of clinical zones that are treated, with an edge of 3 mm over which depths and diameters fade to what
        they were; left and right are the subject's. Empty: all skin.
    margin_mm : float
        How far beyond the zones' outlines the treatment reaches. A zone measured on a photograph is outlined by the
        landmarks found there, a millimetre or two off the true ones: with 5 mm all of it is treated.

    Raises
    ------
    InputError
        A factor is negative or not finite, a share is outside 0 … 1, or a zone does not exist.
    """

    pore_depth: float = 1.0
    pore_diameter: float = 1.0
    furrow_depth: float = 1.0
    pore_count: float = 1.0
    responding: float = 1.0
    zones: tuple[str, ...] = ()
    margin_mm: float = 0.0

    def __post_init__(self) -> None:
        for name in ("pore_depth", "pore_diameter", "furrow_depth", "pore_count", "responding"):
            value = getattr(self, name)
            most = 1.0 if name in ("pore_count", "responding") else math.inf
            if not (math.isfinite(value) and 0.0 <= value <= most):
                wanted = "from 0 to 1" if most == 1.0 else "0 or more"
                raise InputError(f"treatment: {name} is {value}", f"give a number {wanted}; 1 leaves the skin alone")
        checked_zones(self.zones)


def treat(skin: Skin, head: Head, regions: Regions, treatments: Sequence[Treatment]) -> Skin:
    """Skin after treatments, one after the other; a pore that vanished has depth 0 and keeps its row.

    Parameters
    ----------
    skin : Skin
    head : Head
        At rest.
    regions : Regions
        Of that head.
    treatments : sequence of Treatment
    """
    for treatment in treatments:
        if treatment != Treatment(zones=treatment.zones, margin_mm=treatment.margin_mm):
            skin = _treat_once(skin, head, regions, treatment)
    return skin


def _treat_once(skin: Skin, head: Head, regions: Regions, treatment: Treatment) -> Skin:
    pores = skin.pores
    places = pores.at(head.triangles, head.vertices_mm), pores.at(head.triangles, head.normals)
    here = _reach(treatment, regions, places)
    number = np.arange(1, len(here) + 1, dtype=np.float64)
    reached = here * (_spread_evenly(number, _RESPOND_STEP) < treatment.responding)
    vanished = (here >= 0.5) & (_spread_evenly(number, _VANISH_STEP) >= treatment.pore_count)
    changed = replace(
        pores,
        fwhm_mm=pores.fwhm_mm * _faded(treatment.pore_diameter, reached),
        depth=np.where(vanished, 0.0, pores.depth * _faded(treatment.pore_depth, reached)),
    )
    if treatment.furrow_depth == 1.0:
        return replace(skin, pores=changed)
    at_vertices = _reach(treatment, regions, (head.vertices_mm, head.normals))
    return replace(skin, pores=changed, relief=skin.relief * _faded(treatment.furrow_depth, at_vertices))


def _reach(treatment: Treatment, regions: Regions, places: tuple[FloatArray, FloatArray]) -> FloatArray:
    """1 where skin is treated, 0 where it isn't, with a soft edge (N,)."""
    if not treatment.zones:
        return np.ones(len(places[0]))
    inside_mm = np.max([regions.inside_mm(zone, *places) for zone in treatment.zones], axis=0) + treatment.margin_mm
    part = np.clip(0.5 + inside_mm / SOFT_EDGE_MM, 0.0, 1.0)
    return np.asarray(part * part * (3.0 - 2.0 * part))


def _faded(factor: float, weight: FloatArray) -> FloatArray:
    return 1.0 + weight * (factor - 1.0)


def _spread_evenly(number: FloatArray, step: float) -> FloatArray:
    """Turn pore numbers into numbers within 0 … 1."""
    return np.mod(number * step, 1.0)
