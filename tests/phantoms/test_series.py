"""Photographs, truth and manifests on disk, and studies whose answer is known."""

import dataclasses
import json

import numpy as np
import pytest

from skintexture.errors import InputError
from skintexture.io.manifests import read_manifest
from skintexture.phantoms import CameraSpec, Shot, Treatment, photograph
from skintexture.phantoms.conditions import CONDITIONS, SKIN, Setup, with_conditions, with_features
from skintexture.phantoms.files import FileSpec
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.records import photo_record, pore_columns
from skintexture.phantoms.samples import SUBJECTS
from skintexture.phantoms.series import PhotoJob, study_jobs, study_truth, take_photo, write_truth
from skintexture.phantoms.skin import SkinSpec
from skintexture.phantoms.studies import StudySpec, enrol, plan_photos, scaled

TINY = Shot(camera=CameraSpec(width_px=150, height_px=200), light=LightSpec(detail=0.1))
FILE = FileSpec(kind="png")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One subject before and after, in one folder; and what `take_photo` told of each."""
    folder = tmp_path_factory.mktemp("pair")
    job = PhotoJob(
        folder=folder,
        name="before",
        spec=SUBJECTS["s01"],
        shot=TINY,
        treatments=(Treatment(),),
        file=FILE,
        columns={"subject": "s01", "visit": "before", "arm": "treated"},
    )
    after = dataclasses.replace(
        job,
        name="after",
        treatments=(Treatment(pore_depth=0.6, pore_count=0.9),),
        columns={**job.columns, "visit": "after"},
        pores_apart=True,
    )
    records = [take_photo(job), take_photo(after)]
    write_truth([job, after], records, {"person": {"name": "nobody"}})
    return folder, [job, after], records


def test_manifest_is_one_that_score_reads(written):
    folder, *_ = written
    rows = read_manifest(folder / "manifest.csv").rows
    assert [(row.subject, row.visit, row.further["arm"]) for row in rows] == [
        ("s01", "before", "treated"),
        ("s01", "after", "treated"),
    ]


def test_truth_holds_every_pore_of_the_face_with_its_own_depth(written):
    folder, *_ = written
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    before = truth["photos"]["before.png"]["pores"]
    after = json.loads((folder / truth["photos"]["after.png"]["pores"]).read_text(encoding="utf-8"))["pores"]
    assert before["pore"] == after["pore"]
    assert len(before["pore"]) > 10_000
    assert {len(column) for column in before.values()} == {len(before["pore"])}
    there = np.array(after["present"])
    assert there.mean() == pytest.approx(0.9, abs=0.005)
    depth = np.array(after["depth_mm"]), np.array(before["depth_mm"])
    assert depth[0][there] == pytest.approx(0.6 * depth[1][there], abs=1e-5)
    assert np.all(depth[0][~there] == 0)
    assert not np.any(np.array(after["visible"])[~there])


def test_truth_says_how_the_photo_was_made_and_what_each_zone_is_like(written):
    folder, *_ = written
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["person"] == {"name": "nobody"}
    photo = truth["photos"]["after.png"]
    assert photo["camera"]["width_px"] == photo["width_px"] == 150
    assert photo["treatments"][0]["pore_depth"] == 0.6
    assert photo["light"]["detail"] == 0.1
    cheek = photo["zones"]["left_cheek"]
    assert cheek["px_per_mm"] == pytest.approx(photo["px_per_mm"], rel=0.06)
    assert 0 < cheek["relief_sa_um"] < cheek["relief_sq_um"]
    assert cheek["pores"] < truth["photos"]["before.png"]["zones"]["left_cheek"]["pores"]


def test_the_same_job_writes_the_same_bytes(written, tmp_path):
    folder, jobs, records = written
    again = dataclasses.replace(jobs[1], folder=tmp_path)
    assert take_photo(again) == records[1]
    for name in ("after.png", "pores/after.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_what_is_nowhere_to_be_seen_is_null(person):
    shot = dataclasses.replace(TINY, camera=dataclasses.replace(TINY.camera, window=(100, 60, 20, 20)))
    photo = photograph(person, shot)
    record = photo_record(person, shot, FILE, photo)
    assert record["zones"]["forehead"] is None
    assert json.loads(json.dumps(record, allow_nan=False)) == json.loads(json.dumps(record))
    assert len(pore_columns(photo.truth.pores)["pore"]) > 10_000


STUDY = StudySpec(
    seed=3,
    subjects=40,
    visits=("baseline", "day30", "day90"),
    course=(0.0, 0.5, 1.0),
    repeats=2,
    with_control=True,
    treatment=Treatment(pore_depth=0.7, furrow_depth=0.9),
    response_sd=0.2,
)


def test_a_study_has_every_subject_visit_and_repeat_once():
    jobs = study_jobs(STUDY, None, FILE)
    assert len(jobs) == 40 * 3 * 2
    assert len({job.name for job in jobs}) == len(jobs)
    cells = {(job.columns["subject"], job.columns["visit"], job.columns["repeat"]) for job in jobs}
    assert len(cells) == len(jobs)
    assert [job.name for job in jobs[:3]] == ["s01_baseline_1", "s01_baseline_2", "s01_day30_1"]


def test_arms_and_sexes_are_balanced_and_ages_and_tones_spread():
    subjects = enrol(STUDY)
    for arm in ("treated", "control"):
        assert [subject.sex for subject in subjects if subject.arm == arm].count("female") == 10
    ages = [subject.age for subject in subjects]
    assert min(ages) < 27
    assert max(ages) > 63
    tones = [subject.spec.skin.ita_deg for subject in subjects]
    assert min(tones) < -45
    assert max(tones) > 55
    assert abs(np.corrcoef(ages, tones)[0, 1]) < 0.4


def test_the_effect_has_the_mean_scatter_course_and_arm_asked_for():
    subjects = enrol(dataclasses.replace(STUDY, subjects=400))
    responses = np.array([subject.response for subject in subjects if subject.arm == "treated"])
    assert responses.mean() == pytest.approx(1.0, abs=0.05)
    assert responses.std() == pytest.approx(0.2, rel=0.12)
    for photo in plan_photos(STUDY):
        share = {"baseline": 0.0, "day30": 0.5, "day90": 1.0}[photo.visit]
        assert photo.effect == pytest.approx(share * photo.subject.response)
        assert photo.treatment.pore_depth == pytest.approx(1 - 0.3 * photo.effect)
        if photo.subject.arm == "control" or photo.visit == "baseline":
            assert photo.treatment == Treatment()


def test_older_subjects_respond_more_where_that_is_asked_for():
    subjects = enrol(dataclasses.replace(STUDY, response_sd=0.0, response_per_decade=0.1, with_control=False))
    slope = np.polyfit([subject.age for subject in subjects], [subject.response for subject in subjects], 1)[0]
    assert slope == pytest.approx(0.01, rel=0.01)


def test_repeats_differ_in_the_shot_and_not_in_the_skin_and_without_scatter_only_in_noise():
    one, other = list(plan_photos(STUDY))[:2]
    assert one.treatment == other.treatment
    assert one.subject == other.subject
    assert one.shot.pose != other.shot.pose
    still, again = list(plan_photos(dataclasses.replace(STUDY, scatter=0.0)))[:2]
    assert still.shot.noise_seed != again.shot.noise_seed
    assert dataclasses.replace(still.shot, noise_seed=0) == dataclasses.replace(again.shot, noise_seed=0) == Shot()


def test_a_studys_truth_is_plain_json():
    assert json.loads(json.dumps(study_truth(STUDY)))["subjects"]["s02"]["response"] == 0.0


def test_a_scaled_treatment_goes_part_of_the_way():
    half = scaled(Treatment(pore_depth=0.6, pore_count=0.8, furrow_depth=1.2, zones=("nose",)), 0.5)
    assert half == Treatment(pore_depth=0.8, pore_count=0.9, furrow_depth=1.1, zones=("nose",))
    assert scaled(Treatment(pore_depth=0.2), 2.0).pore_depth == 0.0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"subjects": 0}, "1 to 999"),
        ({"visits": ("a", "a"), "course": ()}, "own name"),
        ({"visits": ("a/b",), "course": ()}, "file names"),
        ({"course": (0.0, 1.0)}, "2 values for 3 visits"),
        ({"course": (0.5, 1.0, 1.0)}, "the first 0"),
        ({"ages": (10.0, 50.0)}, "within 18 and 90"),
        ({"ita_deg": (-80.0, 50.0)}, "within -50 and 60"),
        ({"response_sd": -1.0}, "0 or more"),
    ],
)
def test_impossible_studies_are_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        dataclasses.replace(STUDY, **wrong)


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_changes_the_set_up_and_refuses_what_is_out_of_range(name):
    condition = CONDITIONS[name]
    low, high = condition.low, condition.high
    settings = [with_conditions(Setup(), [f"{name}={value!r}"]) for value in (low, high)]
    assert settings[0] != settings[1]
    with pytest.raises(InputError, match=name):
        with_conditions(Setup(), [f"{name}={high * 2 + 1}"])


@pytest.mark.parametrize("name", SKIN)
def test_every_feature_changes_the_skin(name):
    skin = SkinSpec(seed=1, ita_deg=20.0)
    changed = with_features(skin, [f"{name}={SKIN[name][1]}"])
    assert getattr(changed, name) == SKIN[name][1]
    assert type(getattr(changed, name)) is type(getattr(skin, name))
    with pytest.raises(InputError, match=name):
        with_features(skin, [f"{name}={SKIN[name][0] - 1}"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [("blr_px=2", "did you mean blur_px"), ("blur_px", "blur_px=1.5"), ("blur_px=soft", "sets no number")],
)
def test_a_slip_is_told(setting, told):
    with pytest.raises(InputError, match=told):
        with_conditions(Setup(), [setting])


def test_settings_add_up_in_order():
    setup = with_conditions(Setup(), ["blur_px=2", "smile=0.5", "light_deg=10", "light_deg=5", "jpeg_quality=60"])
    assert setup.shot.camera.blur_px == 2
    assert setup.shot.expression.smile == 0.5
    assert setup.shot.light.key_azimuth_deg == LightSpec().key_azimuth_deg + 15
    assert setup.file.quality == 60
