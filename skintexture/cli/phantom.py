"""`skintexture phantom`: photographs of synthetic faces, with the truth about them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from skintexture import batch
from skintexture.cli.terminal import (
    JsonOption,
    QuietOption,
    WorkersOption,
    err,
    out as screen,
    plain,
    print_json,
    stoppable,
)
from skintexture.errors import InputError, OutputError
from skintexture.io.folders import prepare_folder
from skintexture.phantoms.camera import CameraSpec, Pose
from skintexture.phantoms.conditions import CONDITIONS, SKIN, Setup, with_conditions, with_features
from skintexture.phantoms.faces import FaceSpec, Shot
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.people import person_spec
from skintexture.phantoms.records import Record, person_record
from skintexture.phantoms.series import MANIFEST, TRUTH, PhotoJob, study_jobs, study_truth, take_photo, write_truth
from skintexture.phantoms.studies import StudySpec
from skintexture.phantoms.treatment import Treatment

app = typer.Typer(
    name="phantom",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Photograph synthetic faces whose pores, scale and treatment are known. None of these people exists.",
)

_WHO, _DONE = "Who", "What is done to the skin"
# The same face a little later, as at a second sitting: what differs when nothing is meant to.
_AGAIN = Shot(
    camera=CameraSpec(distance_mm=812.0),
    pose=Pose(yaw_deg=1.6, pitch_deg=-1.2, roll_deg=0.8, shift_mm=(-10.0, 2.0)),
    light=LightSpec(key_azimuth_deg=-31.0, key=0.87),
    noise_seed=2,
)


class Sex(StrEnum):
    """Form of the head."""

    female = "female"
    male = "male"


SeedOption = Annotated[int, typer.Option(min=0, help="Another seed, other people; the same seed, the same bytes.")]
SexOption = Annotated[Sex, typer.Option(rich_help_panel=_WHO)]
AgeOption = Annotated[float, typer.Option(min=18, max=90, help="Years.", rich_help_panel=_WHO)]
ItaOption = Annotated[
    float,
    typer.Option("--ita", min=-50, max=60, help="Skin tone: individual typology angle in °.", rich_help_panel=_WHO),
]
SkinOption = Annotated[
    list[str] | None,
    typer.Option(
        "--skin",
        metavar="NAME=VALUE",
        help="A feature of the skin, such as `stubble_per_cm2=40`; may be given again. See `phantom settings`.",
        rich_help_panel=_WHO,
        show_default=False,
    ),
]
DepthOption = Annotated[float, typer.Option(min=0, help="Depth of the pores, as a factor.", rich_help_panel=_DONE)]
DiameterOption = Annotated[
    float, typer.Option(min=0, help="Diameter of the pores, as a factor.", rich_help_panel=_DONE)
]
CountOption = Annotated[float, typer.Option(min=0, max=1, help="Share of the pores that stay.", rich_help_panel=_DONE)]
FurrowOption = Annotated[float, typer.Option(min=0, help="Depth of the furrows, as a factor.", rich_help_panel=_DONE)]
ZonesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        help="Treat only this zone (and 5 mm around it), such as `left_cheek`: the subject's left. May be given again.",
        rich_help_panel=_DONE,
        show_default="all skin",
    ),
]
MegapixelsOption = Annotated[
    float,
    typer.Option(
        "--megapixels",
        "-m",
        min=0.05,
        max=60,
        help="Size of a photo, 3:4. 12 gives about 14 px/mm, which pores need; 1 is quick.",
    ),
]
ShotOption = Annotated[
    list[str] | None,
    typer.Option(
        "--shot",
        metavar="NAME=VALUE",
        help="A condition of every photo, such as `blur_px=1.5`; may be given again. See `phantom settings`.",
        show_default=False,
    ),
]


@app.command()
def face(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for photo and truth.")] = Path("phantom_face"),
    seed: SeedOption = 1,
    sex: SexOption = Sex.female,
    age: AgeOption = 35.0,
    ita: ItaOption = 30.0,
    skin: SkinOption = None,
    megapixels: MegapixelsOption = 12.0,
    shot: ShotOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Photograph one face.

    Writes `face.jpg`, `manifest.csv`, and `truth.json`: every pore, the scale of every zone, the roughness of the
    relief, and all that the picture was made from.

    **Examples**

    `skintexture phantom face -o face`

    `skintexture phantom face -o beard --seed 4 --sex male --age 50 --ita -40 --skin stubble_per_cm2=40`

    `skintexture phantom face -o quick --megapixels 1 --shot smile=1 --shot yaw_deg=10`
    """
    spec = _person(person_spec(seed, sex=sex.value, age=age, ita_deg=ita), skin)
    setup = with_conditions(_sized(Setup(), megapixels), shot or [])
    job = _job(out, "face", spec, setup, visit="once")
    _take([job], {"person": person_record(spec)}, workers=0, told=(quiet, as_json))


@app.command()
def pair(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for photos and truth.")] = Path("phantom_pair"),
    seed: SeedOption = 1,
    sex: SexOption = Sex.female,
    age: AgeOption = 35.0,
    ita: ItaOption = 30.0,
    skin: SkinOption = None,
    pore_depth: DepthOption = 1.0,
    pore_diameter: DiameterOption = 1.0,
    pore_count: CountOption = 1.0,
    furrow_depth: FurrowOption = 1.0,
    zone: ZonesOption = None,
    again: Annotated[bool, typer.Option("--again", help="Photograph the untreated skin a second time too.")] = False,
    megapixels: MegapixelsOption = 12.0,
    shot: ShotOption = None,
    after: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A condition of the second photo only, such as `shine=1.8`: what can be taken for an effect.",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Photograph one face before and after: `before.jpg`, `after.jpg`, `manifest.csv`, `truth.json`.

    Between the two, the head is turned and moved a little, as at a second sitting. Without an option that treats the
    skin, nothing about it changes: the true difference is zero.

    **Examples**

    `skintexture phantom pair -o treated --pore-depth 0.6`

    `skintexture phantom pair -o one_side --pore-count 0.5 --zone left_cheek --zone left_malar`

    `skintexture phantom pair -o null --after blur_px=1.5 --after light_deg=10`

    `skintexture compare treated/before.jpg treated/after.jpg -o result`
    """
    spec = _person(person_spec(seed, sex=sex.value, age=age, ita_deg=ita), skin)
    treatment = _treatment((pore_depth, pore_diameter, pore_count, furrow_depth), zone)
    first = with_conditions(_sized(Setup(shot=Shot(noise_seed=1)), megapixels), shot or [])
    second = with_conditions(_sized(Setup(shot=_AGAIN), megapixels), shot or [])
    last = with_conditions(replace(second, shot=replace(second.shot, noise_seed=3)), after or [])
    jobs = [_job(out, "before", spec, first, visit="before")]
    if again:
        jobs.append(_job(out, "before_again", spec, second, visit="before_again"))
    jobs.append(replace(_job(out, "after", spec, last, visit="after"), treatments=(treatment,)))
    _take(jobs, {"person": person_record(spec)}, workers=workers, told=(quiet, as_json))


@app.command()
def study(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for photos and truth.")] = Path("phantom_study"),
    seed: SeedOption = 1,
    subjects: Annotated[int, typer.Option("--subjects", "-n", min=1, max=999)] = 12,
    visits: Annotated[str, typer.Option(help="Names in order, with commas; before the first nothing is done.")] = (
        "baseline,day90"
    ),
    course: Annotated[
        str, typer.Option(help="Share of the effect at each visit, with commas.", show_default="0,1,1,…")
    ] = "",
    repeats: Annotated[int, typer.Option(min=1, max=99, help="Photos per visit, of the same skin.")] = 1,
    control: Annotated[bool, typer.Option("--control", help="Leave every second subject untreated.")] = False,
    response_sd: Annotated[
        float, typer.Option(min=0, max=2, help="How much the effect differs between subjects: SD by mean.")
    ] = 0.25,
    response_per_decade: Annotated[
        float, typer.Option(min=-1, max=1, help="What ten more years add to a subject's effect, by its mean.")
    ] = 0.0,
    scatter: Annotated[
        float, typer.Option(min=0, max=5, help="How much pose, distance, light and exposure differ from shot to shot.")
    ] = 1.0,
    pore_depth: DepthOption = 0.8,
    pore_diameter: DiameterOption = 1.0,
    pore_count: CountOption = 1.0,
    furrow_depth: FurrowOption = 1.0,
    zone: ZonesOption = None,
    megapixels: MegapixelsOption = 12.0,
    shot: ShotOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Photograph a study: subjects × visits × repeats, ready for `skintexture score --manifest`.

    Sexes and arms take turns; ages (25–65 years) and skin tones (ITA −50…60°) are spread evenly. `manifest.csv` has
    photo, subject, visit, repeat, arm, age, sex and ITA; `truth.json` the design, each subject's response, and each
    photo's scale, treatment, camera and light; `pores/` every pore of every photo. 12 megapixels take 5 to
    15 s a photo and core.

    **Examples**

    `skintexture phantom study -o study --subjects 20 --repeats 2 --pore-depth 0.75 --workers 4`

    `skintexture phantom study -o course --visits baseline,day30,day90 --course 0,0.6,1 --control`

    `skintexture compare-set study/manifest.csv --by arm -o changes`

    `skintexture score --manifest study/manifest.csv -o results`
    """
    setup = with_conditions(_sized(Setup(), megapixels), shot or [])
    spec = StudySpec(
        seed=seed,
        subjects=subjects,
        visits=tuple(name.strip() for name in visits.split(",") if name.strip()),
        course=_numbers(course),
        repeats=repeats,
        with_control=control,
        treatment=_treatment((pore_depth, pore_diameter, pore_count, furrow_depth), zone),
        response_sd=response_sd,
        response_per_decade=response_per_decade,
        scatter=scatter,
        shot=setup.shot,
    )
    _take(study_jobs(spec, out, setup.file), study_truth(spec), workers=workers, told=(quiet, as_json))


@app.command()
def settings() -> None:
    """List what `--skin`, `--shot` and `--after` can set."""
    for option, rows in (
        ("--skin", [(name, *SKIN[name]) for name in SKIN]),
        ("--shot, --after", [(name, item.low, item.high, item.meaning) for name, item in CONDITIONS.items()]),
    ):
        table = Table("name", "from", "to", "what it is", box=None, title=option, title_justify="left")
        for name, low, high, meaning in rows:
            table.add_row(name, f"{low:g}", f"{high:g}", plain(meaning))
        screen.print(table)


def _person(spec: FaceSpec, skin: list[str] | None) -> FaceSpec:
    return replace(spec, skin=with_features(spec.skin, skin or []))


def _treatment(factors: tuple[float, float, float, float], zones: list[str] | None) -> Treatment:
    depth, diameter, count, furrows = factors
    return Treatment(
        pore_depth=depth,
        pore_diameter=diameter,
        pore_count=count,
        furrow_depth=furrows,
        zones=tuple(zones or ()),
        margin_mm=5.0 if zones else 0.0,
    )


def _sized(setup: Setup, megapixels: float) -> Setup:
    """Give the frame so many pixels, 3:4; what it shows stays."""
    unit = math.sqrt(megapixels * 1e6 / 12)
    camera = replace(setup.shot.camera, width_px=round(3 * unit), height_px=round(4 * unit))
    return replace(setup, shot=replace(setup.shot, camera=camera))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"course is {text!r}", "give numbers with commas, such as 0,0.6,1") from None


def _job(folder: Path, name: str, spec: FaceSpec, setup: Setup, *, visit: str) -> PhotoJob:
    return PhotoJob(
        folder=folder,
        name=name,
        spec=spec,
        shot=setup.shot,
        treatments=(Treatment(),),
        file=setup.file,
        columns={"subject": f"p{spec.skin.seed}", "visit": visit},
    )


def _take(jobs: Sequence[PhotoJob], about: Mapping[str, Any], *, workers: int | None, told: tuple[bool, bool]) -> None:
    """Render all photographs, write their truth, and say where they are."""
    quiet, as_json = told
    folder = jobs[0].folder
    prepare_folder(folder)
    most = batch.one_per_core() if workers is None else workers
    with stoppable("stopped; the photos rendered so far are there, truth and manifest are not"):
        with _progress(len(jobs), shown=not quiet and not as_json) as step:
            records = []
            for outcome in batch.run(jobs, take_photo, workers=most if len(jobs) > 1 else 0):
                records.append(_record(outcome))
                step()
        write_truth(jobs, records, about)
    if as_json:
        print_json({"out": str(folder), "photos": [job.photo for job in jobs]})
    elif not quiet:
        screen.print(f"{len(jobs)} photo{'s' if len(jobs) > 1 else ''}, {MANIFEST} and {TRUTH}: {plain(folder)}")


def _record(outcome: batch.Outcome[PhotoJob, Record]) -> Record:
    if isinstance(outcome.result, batch.Refused):
        raise OutputError(
            f"{outcome.job.photo} could not be rendered: the process that did it ended, twice",
            "use fewer workers or smaller photos if memory is short",
        )
    return outcome.result


@contextmanager
def _progress(count: int, *, shown: bool) -> Iterator[Any]:
    """Show a bar on standard error, where that is a terminal; yield what to call after each photo."""
    if not shown or not err.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("rendering", total=count)
        yield lambda: bar.advance(task)
