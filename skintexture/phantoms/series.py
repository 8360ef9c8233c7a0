"""Photographs and their truth on disk: a face, a pair, a study.

A series is a list of jobs that know nothing of each other, so that any number of processes can share them and write
the same bytes; the manifest and ``truth.json`` are written when all are done.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from skintexture.io.tables import write_bytes
from skintexture.phantoms.faces import FaceSpec, Person, Shot, grow_person, photograph
from skintexture.phantoms.files import FileSpec, encode
from skintexture.phantoms.records import Record, mark_columns, person_record, photo_record, pore_columns
from skintexture.phantoms.studies import StudySpec, enrol, plan_photos
from skintexture.phantoms.treatment import Treatment

MANIFEST, TRUTH, PORES = "manifest.csv", "truth.json", "pores"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoJob:
    """One photograph to be taken and written.

    Attributes
    ----------
    folder : Path
    name : str
        Of the file, without suffix.
    spec : FaceSpec
    shot : Shot
    treatments : tuple of Treatment
    file : FileSpec
    columns : mapping of str to str
        What the manifest says of it, beside the photo's name.
    pores_apart : bool
        Whether pores and marks go to a file of their own, for series whose ``truth.json`` would grow too large.
    """

    folder: Path
    name: str
    spec: FaceSpec
    shot: Shot
    treatments: tuple[Treatment, ...]
    file: FileSpec
    columns: Mapping[str, str] = field(default_factory=dict)
    pores_apart: bool = False

    @property
    def photo(self) -> str:
        """Name of the photo's file."""
        return self.name + self.file.suffix


def take_photo(job: PhotoJob) -> Record:
    """Render a photograph, write it, and return what is true about it."""
    person = _person(job.spec)
    photo = photograph(person, job.shot, job.treatments)
    write_bytes(encode(photo, job.file), job.folder / job.photo)
    record = photo_record(person, job.shot, job.file, photo)
    marks = {"pores": pore_columns(photo.truth.pores), "marks": mark_columns(photo.truth.marks)}
    if not job.pores_apart:
        return {**record, **marks}
    apart = f"{PORES}/{job.name}.json"
    write_bytes(_lines(marks), job.folder / apart)
    return {**record, "pores": apart}


def write_truth(jobs: Sequence[PhotoJob], records: Iterable[Record], about: Mapping[str, Any]) -> None:
    """Write ``manifest.csv`` and ``truth.json`` beside the photographs.

    Parameters
    ----------
    jobs : sequence of PhotoJob
        At least one, all of one folder and with the same columns.
    records : iterable of dict
        From `take_photo`, in the order of the jobs.
    about : mapping
        What holds for all of them.
    """
    folder = jobs[0].folder
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["photo", *jobs[0].columns])
    table.writerows([job.photo, *job.columns.values()] for job in jobs)
    write_bytes(text.getvalue().encode(), folder / MANIFEST)
    photos = {job.photo: record for job, record in zip(jobs, records, strict=True)}
    made_by = f"skintexture {metadata.version('skintexture')}, skintexture.phantoms"
    write_bytes(_lines({"made_by": made_by, **about, "photos": photos}), folder / TRUTH)


def study_jobs(spec: StudySpec, folder: Path, file: FileSpec) -> list[PhotoJob]:
    """Photographs of a study, in the order of its manifest."""
    return [
        PhotoJob(
            folder=folder,
            name=photo.name,
            spec=photo.subject.spec,
            shot=photo.shot,
            treatments=(photo.treatment,),
            file=file,
            columns={
                "subject": photo.subject.name,
                "visit": photo.visit,
                "repeat": str(photo.repeat),
                "arm": photo.subject.arm,
                "age": f"{photo.subject.age:g}",
                "sex": photo.subject.sex,
                "ita_deg": f"{photo.subject.spec.skin.ita_deg:g}",
            },
            pores_apart=True,
        )
        for photo in plan_photos(spec)
    ]


def study_truth(spec: StudySpec) -> Record:
    """Tell what is true of a study as a whole: its design, and how each subject responds."""
    return {
        "study": {**asdict(spec), "course": list(spec.shares)},
        "subjects": {
            subject.name: {
                "sex": subject.sex,
                "age": subject.age,
                "arm": subject.arm,
                "response": subject.response,
                "person": person_record(subject.spec),
            }
            for subject in enrol(spec)
        },
    }


@lru_cache(maxsize=2)
def _person(spec: FaceSpec) -> Person:
    return grow_person(spec)


def _lines(value: Mapping[str, Any]) -> bytes:
    """JSON with one entry per line at the two uppermost levels, so that it can be read and compared."""
    text = ",\n".join(f"{json.dumps(key)}: {_inner(item)}" for key, item in value.items())
    return f"{{\n{text}\n}}\n".encode()


def _inner(item: object) -> str:
    if not isinstance(item, Mapping) or not item:
        return json.dumps(item, allow_nan=False)
    lines = ",\n  ".join(f"{json.dumps(key)}: {json.dumps(part, allow_nan=False)}" for key, part in item.items())
    return f"{{\n  {lines}\n}}"
