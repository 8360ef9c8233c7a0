"""Whole studies with a known answer: who is photographed when, after what, and how much each shot differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from skintexture.errors import InputError
from skintexture.model import FloatArray
from skintexture.phantoms.camera import Pose
from skintexture.phantoms.faces import FaceSpec, Shot
from skintexture.phantoms.people import DARKEST_DEG, LIGHTEST_DEG, OLDEST, YOUNGEST, Sex, person_spec
from skintexture.phantoms.treatment import Treatment

TREATED, CONTROL = "treated", "control"

# How far two shots of one sitting differ, as one standard deviation where `StudySpec.scatter` is 1: a fixed set-up with
# a chin rest off by a little.
_TURN_DEG = (1.2, 1.0, 0.7)
_SHIFT_MM = 1.5
_DISTANCE = 0.01
_LIGHT_DEG = (1.5, 1.0)
_LIGHT, _EXPOSURE = 0.02, 0.03
_MOST_SDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySpec:
    """A study with a known effect.

    Attributes
    ----------
    seed : int
        Decides who takes part, how each responds, and how each shot differs.
    subjects : int
    visits : tuple of str
        In order; before the first nothing was done.
    course : tuple of float
        Share of the full effect at each visit, 0 at the first; empty: all of it from the second visit on.
    repeats : int
        Photographs per visit: the same skin, photographed again.
    with_control : bool
        Whether every second subject is in an arm ``control`` on which nothing is done; the others are ``treated``.
    treatment : Treatment
        What is done, at full effect, to a subject of mean response.
    response_sd : float
        Standard deviation of the subjects' response, whose mean is 1: 0.3 lets the effect scatter by 30 %.
    response_per_decade : float
        What ten years more than the middle of the ages add to a subject's response.
    ages : (float, float)
        Years; spread evenly over the subjects, in random order.
    ita_deg : (float, float)
        Range of the skin's tone, spread likewise.
    scatter : float
        How much pose, distance, light and exposure differ from shot to shot; 0 makes all shots alike but for noise.
    shot : Shot
        About which the shots scatter.

    Raises
    ------
    InputError
        Something is out of range, or visits and course don't fit.
    """

    seed: int = 0
    subjects: int = 12
    visits: tuple[str, ...] = ("baseline", "day90")
    course: tuple[float, ...] = ()
    repeats: int = 1
    with_control: bool = False
    treatment: Treatment = field(default_factory=lambda: Treatment(pore_depth=0.8))
    response_sd: float = 0.25
    response_per_decade: float = 0.0
    ages: tuple[float, float] = (25.0, 65.0)
    ita_deg: tuple[float, float] = (DARKEST_DEG, LIGHTEST_DEG)
    scatter: float = 1.0
    shot: Shot = field(default_factory=Shot)

    def __post_init__(self) -> None:
        for problem, remedy in _problems(self):
            raise InputError(problem, remedy)

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the full effect, at each visit."""
        return self.course or (0.0, *(1.0 for _ in self.visits[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who takes part: ``response`` is the effect on this subject relative to the mean one's."""

    name: str
    sex: Sex
    age: float
    arm: str
    response: float
    spec: FaceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPhoto:
    """One photograph of a study; ``repeat`` counts from 1, ``effect`` is the share of the full effect."""

    name: str
    subject: Subject
    visit: str
    repeat: int
    effect: float
    shot: Shot
    treatment: Treatment


def enrol(spec: StudySpec) -> tuple[Subject, ...]:
    """Draw the subjects of a study: sexes and arms take turns, ages and tones are spread evenly over their ranges."""
    rng = np.random.default_rng([spec.seed, 19])
    places = (np.arange(spec.subjects) + 0.5) / spec.subjects
    ages = np.round(_between(spec.ages, rng.permutation(places)), 1)
    tones = np.round(_between(spec.ita_deg, rng.permutation(places)), 1)
    scatter = rng.standard_normal(spec.subjects)
    digits = max(2, len(str(spec.subjects)))
    subjects = []
    for number in range(spec.subjects):
        sex: Sex = "female" if number % 4 in (0, 3) else "male"
        control = spec.with_control and number % 2 == 1
        older = (ages[number] - np.mean(spec.ages)) / 10.0
        response = 1.0 + spec.response_sd * scatter[number] + spec.response_per_decade * older
        age, tone = float(ages[number]), float(tones[number])
        subjects.append(
            Subject(
                name=f"s{number + 1:0{digits}d}",
                sex=sex,
                age=age,
                arm=CONTROL if control else TREATED,
                response=0.0 if control else round(max(float(response), 0.0), 4),
                spec=person_spec(1000 * spec.seed + number + 1, sex=sex, age=age, ita_deg=tone),
            )
        )
    return tuple(subjects)


def plan_photos(spec: StudySpec) -> Iterator[PlannedPhoto]:
    """List every photograph of a study, subject by subject, visit by visit."""
    for number, subject in enumerate(enrol(spec)):
        for visit_number, (visit, share) in enumerate(zip(spec.visits, spec.shares, strict=True)):
            effect = share * subject.response
            for repeat in range(1, spec.repeats + 1):
                suffix = f"_{repeat}" if spec.repeats > 1 else ""
                yield PlannedPhoto(
                    name=f"{subject.name}_{visit}{suffix}",
                    subject=subject,
                    visit=visit,
                    repeat=repeat,
                    effect=effect,
                    shot=_shot(spec, (number, visit_number, repeat)),
                    treatment=scaled(spec.treatment, effect),
                )


def scaled(treatment: Treatment, effect: float) -> Treatment:
    """Treatment of which only a share took effect: every factor moves that far from 1 (and none below 0)."""
    factors = {
        name: max(0.0, 1.0 + effect * (getattr(treatment, name) - 1.0))
        for name in ("pore_depth", "pore_diameter", "furrow_depth", "pore_count")
    }
    return replace(
        treatment,
        pore_depth=factors["pore_depth"],
        pore_diameter=factors["pore_diameter"],
        furrow_depth=factors["furrow_depth"],
        pore_count=min(1.0, factors["pore_count"]),
    )


def _between(bounds: tuple[float, float], share: FloatArray) -> FloatArray:
    return np.asarray(bounds[0] + (bounds[1] - bounds[0]) * share)


def _shot(spec: StudySpec, which: tuple[int, int, int]) -> Shot:
    rng = np.random.default_rng([spec.seed, 20, *which])
    away = spec.scatter * np.clip(rng.standard_normal(9), -_MOST_SDS, _MOST_SDS)
    yaw, pitch, roll, down, right, farther, azimuth, elevation, exposure = away.tolist()
    camera, light, pose = spec.shot.camera, spec.shot.light, spec.shot.pose
    return replace(
        spec.shot,
        camera=replace(
            camera,
            distance_mm=camera.distance_mm * (1 + _DISTANCE * farther),
            exposure=camera.exposure * (1 + _EXPOSURE * exposure),
        ),
        pose=Pose(
            yaw_deg=pose.yaw_deg + _TURN_DEG[0] * yaw,
            pitch_deg=pose.pitch_deg + _TURN_DEG[1] * pitch,
            roll_deg=pose.roll_deg + _TURN_DEG[2] * roll,
            shift_mm=(pose.shift_mm[0] + _SHIFT_MM * down, pose.shift_mm[1] + _SHIFT_MM * right),
        ),
        light=replace(
            light,
            key_azimuth_deg=light.key_azimuth_deg + _LIGHT_DEG[0] * azimuth,
            key_elevation_deg=light.key_elevation_deg + _LIGHT_DEG[1] * elevation,
            key=light.key * (1 + _LIGHT * float(np.clip(rng.standard_normal(), -2, 2)) * min(spec.scatter, 1.0)),
        ),
        noise_seed=int(rng.integers(2**31)),
    )


def _problems(spec: StudySpec) -> Iterator[tuple[str, str]]:
    """Name what is wrong with a study, and what would be right."""
    if not (1 <= spec.subjects <= 999 and 1 <= spec.repeats <= 99):
        yield f"{spec.subjects} subjects and {spec.repeats} repeats", "give 1 to 999 subjects, and 1 to 99 repeats"
    if not spec.visits or len(set(spec.visits)) < len(spec.visits):
        yield f"visits are {', '.join(spec.visits) or 'none'}", "give at least one, each with its own name"
    if any(not visit.replace("-", "").isalnum() for visit in spec.visits):
        yield f"visits are {', '.join(spec.visits)}", "use letters, digits and - only: they become file names"
    if len(spec.shares) != len(spec.visits) or spec.shares[0] != 0:
        yield f"course has {len(spec.course)} values for {len(spec.visits)} visits", "give one per visit, the first 0"
    if spec.response_sd < 0 or spec.scatter < 0:
        yield "a scatter is negative", "give 0 or more"
    if not YOUNGEST <= spec.ages[0] <= spec.ages[1] <= OLDEST:
        yield f"ages are {spec.ages[0]} to {spec.ages[1]}", f"give years within {YOUNGEST:.0f} and {OLDEST:.0f}"
    if not DARKEST_DEG <= spec.ita_deg[0] <= spec.ita_deg[1] <= LIGHTEST_DEG:
        yield (
            f"typology angles are {spec.ita_deg[0]}° to {spec.ita_deg[1]}°",
            f"give degrees within {DARKEST_DEG:.0f} and {LIGHTEST_DEG:.0f}",
        )
