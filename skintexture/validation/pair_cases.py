"""Pairs of photographs of synthetic faces with their truth: the same skin, treated skin, and what fakes a change."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from skintexture.phantoms.conditions import Setup, with_conditions
from skintexture.phantoms.faces import FaceSpec, Person, Shot, grow_person, photograph
from skintexture.phantoms.files import write_photo
from skintexture.phantoms.samples import SUBJECTS
from skintexture.phantoms.treatment import Treatment

Kind = Literal["null", "blur", "mismatch", "area", "depth", "furrows", "cheek"]

TONES_ITA_DEG = (50.0, 22.0, -35.0)
CHEEK = "left_cheek"
_IDENTITIES = ("s01", "s02", "s03", "s04")
_UNTREATED = Treatment()


@dataclass(frozen=True, slots=True)
class Case:
    """What differs between the photographs of a pair.

    Attributes
    ----------
    name : str
    kind : str
        What must be said of it.
    settings : tuple of str
        Of the after photo, as `skintexture.phantoms.conditions` names them.
    treatment : Treatment
    truth_pct : float
        True change of what the kind is about: area, depth, furrow depth; 0 where the skin is unchanged.
    """

    name: str
    kind: Kind
    settings: tuple[str, ...] = ()
    treatment: Treatment = _UNTREATED
    truth_pct: float = 0.0


def _area(change_pct: float) -> Case:
    factor = (1.0 + change_pct / 100.0) ** 0.5
    return Case(f"pore area {change_pct:+.0f} %", "area", (), Treatment(pore_diameter=factor), change_pct)


def _furrows(change_pct: float) -> Case:
    treatment = Treatment(furrow_depth=1.0 + change_pct / 100.0)
    return Case(f"furrow depth {change_pct:+.0f} %", "furrows", (), treatment, change_pct)


CASES: tuple[Case, ...] = (
    Case("shot again", "null"),
    Case("blur of 1 px", "blur", ("blur_px=1.17",)),
    Case("blur of 2 px", "blur", ("blur_px=2.09",)),
    Case("light moved by 40°", "mismatch", ("light_deg=40",)),
    Case("shine × 1.8", "mismatch", ("shine=1.8",)),
    Case("noise reduction of a phone", "mismatch", ("noise=4", "noise_reduction=1")),
    Case("JPEG of quality 60", "mismatch", ("jpeg_quality=60", "jpeg_chroma=420")),
    Case("smile", "mismatch", ("smile=0.6",)),
    Case("distance × 1.5", "mismatch", ("distance_mm=1200", "focal_length_35mm=150")),
    Case("make-up", "mismatch", ("foundation=0.6",)),
    Case("camera shake of 4 px", "mismatch", ("motion_px=4",)),
    Case("sharpening of a phone", "mismatch", ("sharpening=1",)),
    Case("tone curve of less contrast", "mismatch", ("contrast=0.9",)),
    _area(-17),
    _area(-24),
    _area(-38),
    _area(-62),
    Case("pores 40 % shallower", "depth", (), Treatment(pore_depth=0.6), -40.0),
    _furrows(-40),
    _furrows(-60),
    Case("pores 40 % shallower on one cheek", "cheek", (), Treatment(pore_depth=0.6, zones=(CHEEK,)), -40.0),
)
"""Everything that a comparison has to get right."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A case on one person."""

    case: Case
    person: str
    before: Path
    after: Path


_BEFORE = Case("before", "null")


def cache_folder() -> Path:
    """Where rendered photographs are kept from run to run."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "skintexture" / "pairs"


def people() -> dict[str, FaceSpec]:
    """Twelve people: four identities in three tones."""
    found = {}
    for identity in _IDENTITIES:
        for ita_deg in TONES_ITA_DEG:
            found[f"{identity}_ita{ita_deg:+.0f}"] = _with_tone(_identity(identity), ita_deg)
    return found


def _identity(name: str) -> FaceSpec:
    if name in SUBJECTS:
        return SUBJECTS[name]
    base = SUBJECTS["s02"]
    return replace(
        base,
        head=replace(base.head, identity=21, masculinity=0.5, age=0.55),
        skin=replace(base.skin, seed=4, freckles=0),
    )


def _with_tone(spec: FaceSpec, ita_deg: float) -> FaceSpec:
    return replace(spec, skin=replace(spec.skin, ita_deg=ita_deg))


def rendered_pair(case: Case, name: str, folder: Path) -> Pair:
    """Return one case on one person; photographs that the folder holds are not rendered again.

    Parameters
    ----------
    case : Case
    name : str
        Of `people`.
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    return Pair(case, name, _render(name, _BEFORE, folder, shot=0), _render(name, case, folder, shot=1))


def shots_of(pair: Pair) -> tuple[Shot, Shot]:
    """How the two photographs of a rendered pair were taken."""
    before, after = _settings(pair.person, _BEFORE, shot=0), _settings(pair.person, pair.case, shot=1)
    return with_conditions(Setup(), before).shot, with_conditions(Setup(), after).shot


def _settings(name: str, case: Case, *, shot: int) -> tuple[str, ...]:
    return (*_reshot(name, case, shot), *case.settings)


def _render(name: str, case: Case, folder: Path, *, shot: int) -> Path:
    settings = _settings(name, case, shot=shot)
    digest = hashlib.sha256(repr((people()[name], settings, case.treatment)).encode()).hexdigest()[:12]
    path = folder / f"{name}_{digest}.jpg"
    if not path.exists():
        setup = with_conditions(Setup(), settings)
        part = path.with_suffix(f".{os.getpid()}.part")  # another process may be at the same photograph
        write_photo(photograph(grown(name), setup.shot, case.treatment), part, setup.file)
        part.replace(path)
    return path


@lru_cache(maxsize=1)  # a person takes 0.4 GB, and they come one after the other
def grown(name: str) -> Person:
    """One of the `people`, ready to be photographed."""
    return grow_person(people()[name])


def _reshot(name: str, case: Case, shot: int) -> tuple[str, ...]:
    """How a photo taken again differs: pose, distance, light, exposure, noise and compression, at random."""
    if shot == 0:
        return ("noise_seed=1",)
    rng = np.random.default_rng(list(f"{name} {case.name}".encode()))
    much = 1.0 if case.kind == "null" else 0.5
    distance = 800.0 * (1.0 + 0.1 * much * rng.uniform(-1, 1))
    return (
        f"yaw_deg={5 * much * rng.uniform(-1, 1):.2f}",
        f"pitch_deg={4 * much * rng.uniform(-1, 1):.2f}",
        f"roll_deg={2 * much * rng.uniform(-1, 1):.2f}",
        f"distance_mm={distance:.1f}",
        f"light_deg={10 * much * rng.uniform(-1, 1):.2f}",
        f"exposure={1.0 + 0.3 * much * rng.uniform(-1, 1):.3f}",
        f"jpeg_quality={rng.integers(88, 96)}",
        f"noise_seed={rng.integers(2, 10**6)}",
    )
