"""Each mismatch between two photos is named, graded, and touches what it should."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from known_head import OPEN_EYES, photo_of, see_head
from skintexture import load_recipe
from skintexture.locate.anatomy import WHOLE_FACE, ZONE_NAMES
from skintexture.locate.exposure import Exposure
from skintexture.locate.lighting import MATT_ZONES, fit_light
from skintexture.locate.noise import CameraNoise
from skintexture.locate.quality import Quality
from skintexture.locate.reference import Reference, reference_points, side_px
from skintexture.locate.register import Sameness
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.stations import SkinLight, stations
from skintexture.locate.surface import flat_surface
from skintexture.model import Scale, Zone
from skintexture.study.comparability import COMPARABILITY_COLUMNS, comparability_table, judge, verdict_limits
from skintexture.study.look import Look
from skintexture.study.mismatch import LookPair

LIMITS = load_recipe("standard").comparability
FAMILIES = {name: metric.family for name, metric in load_recipe("standard").catalogue().items()}
PX_PER_MM = 14.0
ALBEDO = np.array([0.45, 0.28, 0.20])
MATT = stations().in_zone[:, [ZONE_NAMES.index(zone) for zone in MATT_ZONES]].any(axis=1)


def _skin_light(azimuth_deg=-20.0, *, white=0.0, uneven=1.0, exposure=1.0) -> SkinLight:
    azimuth = math.radians(azimuth_deg)
    light = 0.5 + 0.5 * stations().normals @ np.array([math.sin(azimuth), 0.0, math.cos(azimuth)])
    blotches = uneven * 0.04 * np.random.default_rng(0).standard_normal((len(light), 1))
    rgb = light[:, None] * ALBEDO * np.exp(blotches * np.array([1.0, 0.0, -0.5]))
    rgb = exposure * (rgb + white * np.where(MATT, 0.0, 1.0)[:, None])
    return SkinLight(rgb, rgb, np.zeros(len(rgb)))


@cache
def _reference(sigma_mm=0.0) -> Reference:
    """Windows of texture whose power falls with the 2.5th power of frequency, blurred."""
    rng = np.random.default_rng(5)
    side = side_px(PX_PER_MM) + round(1.4 * PX_PER_MM)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    amplitude = np.exp(-2 * (np.pi * frequency * sigma_mm * PX_PER_MM) ** 2)
    amplitude[0, 0], frequency[0, 0] = 0.0, np.inf
    windows = []
    for _ in reference_points():
        texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((side, side))) * frequency**-1.25 * amplitude)
        windows.append((0.3 * np.exp(0.06 * texture / texture.std())).astype(np.float32))
    return Reference(tuple(windows), PX_PER_MM)


def _look() -> Look:
    """A photo without fault, of a face at rest."""
    head = see_head(4.0, expression=OPEN_EYES)
    scale = Scale(PX_PER_MM, "iris", 0.04, 800.0, "exif")
    photo = photo_of(np.full((64, 64, 3), 0.3, np.float32), jpeg_quality=95.0, focal_length_35mm=100.0)
    skin = flat_skin(np.ones((64, 64), dtype=bool))
    zones = tuple(Zone(name, np.zeros((4, 2)), PX_PER_MM, 20.0, 800.0, 0.9, ()) for name in ZONE_NAMES)
    light = _skin_light()
    return Look(
        face=head.face,
        scene=Scene(photo, scale, flat_surface((64, 64)), skin, Quality(0.6)),
        zones=zones,
        reference=_reference(),
        noise=CameraNoise(np.full(4, 1e-5), 1.0, 0.5, 1.0),
        skin_light=light,
        light=fit_light(light),
        exposure=Exposure(0.5, 0.0, 0.0, 0.0, 7.0, 0.8, 14.0, 18.0),
    )


BASE = _look()


def _expression(**shapes: float) -> Look:
    both = {f"{name}{side}": value for name, value in shapes.items() for side in ("Left", "Right")}
    return replace(BASE, face=replace(BASE.face, expression={**OPEN_EYES, **both}))


def _scene(**changes) -> Look:
    return replace(BASE, scene=replace(BASE.scene, **changes))


def _photo(**changes) -> Look:
    return _scene(photo=replace(BASE.scene.photo, **changes))


def _lit(light: SkinLight) -> Look:
    return replace(BASE, skin_light=light, light=fit_light(light))


def _noise(**changes) -> Look:
    return replace(BASE, noise=replace(BASE.noise, **changes))


def _zone(name: str, **changes) -> Look:
    return replace(BASE, zones=tuple(replace(z, **changes) if z.name == name else z for z in BASE.zones))


def _felt(after: Look, registration=None) -> dict[str, str]:
    """Severity of everything that was named; the worst where it was named twice."""
    rows = judge(LookPair.of(BASE, after, registration), LIMITS)
    return {
        row.reading.quantity: row.severity
        for severity in ("caveat", "not comparable")
        for row in rows
        if row.severity == severity
    }


def _processed(change) -> Look:
    """A photo whose brows, lids and lips were changed."""
    return replace(BASE, reference=replace(BASE.reference, windows=tuple(map(change, BASE.reference.windows))))


def _toned(exponent: float) -> Look:
    return _processed(lambda window: window**exponent)


def _shaken(window: np.ndarray) -> np.ndarray:
    return cv2.blur(window, (6, 1))


def _sharpened(window: np.ndarray) -> np.ndarray:
    return 2.0 * window - cv2.GaussianBlur(window, (0, 0), 1.2)


SAME = Sameness(0.95, 0.01, same=True)


@dataclass(frozen=True)
class _Registered:
    sameness: Sameness = SAME
    scale_ratio: float = 1.0
    px_per_mm: tuple[float, float] = (PX_PER_MM, PX_PER_MM)


def test_a_photo_is_comparable_with_itself():
    assert _felt(BASE, _Registered()) == {}


SEVERE = {
    "smile": _expression(mouthSmile=0.5),
    "raised brows": _expression(browOuterUp=0.5),
    "opening of the eyes": _expression(eyeBlink=0.8),
    "turn of the head (yaw)": replace(BASE, face=replace(BASE.face, yaw_deg=20.0)),
    "distance of the camera": _scene(scale=replace(BASE.scene.scale, distance_mm=1600.0)),
    "slant of the skin": _zone("left_cheek", slant_deg=40.0),
    "hidden skin": _zone("forehead", measurable_fraction=0.1),
    "light on the face": _lit(_skin_light(30.0)),
    "make-up": _lit(_skin_light(uneven=0.6)),
    "shine of the skin": _lit(_skin_light(white=0.02)),
    "sharpness": replace(BASE, reference=_reference(0.3)),
    "camera shake": _processed(_shaken),
    "sharpening": _processed(_sharpened),
    "contrast of the picture": _toned(0.9),
    "noise reduction": _noise(detail_pct=0.25, contrast_pct=0.6),
    "JPEG compression": _photo(jpeg_quality=55.0),
    "JPEG blocks": _noise(blockiness=4.5),
    "exposure": _lit(_skin_light(exposure=0.15)),
    "clipped pixels": replace(BASE, exposure=replace(BASE.exposure, clipped_share=0.4)),
    "resolution": _scene(scale=replace(BASE.scene.scale, px_per_mm=4.0)),
}


@pytest.mark.parametrize("name", SEVERE)
def test_a_severe_mismatch_is_named_and_not_comparable(name):
    felt = _felt(SEVERE[name])
    assert felt.get(name) == "not comparable", felt


@pytest.mark.parametrize("name", SEVERE)
def test_it_does_not_matter_which_photo_comes_first(name):
    forth = [(row.reading.quantity, row.severity) for row in judge(LookPair.of(BASE, SEVERE[name], None), LIMITS)]
    back = [(row.reading.quantity, row.severity) for row in judge(LookPair.of(SEVERE[name], BASE, None), LIMITS)]
    assert forth == back


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("smile", _expression(mouthSmile=0.1)),
        ("turn of the head (yaw)", replace(BASE, face=replace(BASE.face, yaw_deg=9.0))),
        ("sharpness", replace(BASE, reference=_reference(0.1))),
        ("contrast of the picture", _toned(1.04)),
        ("exposure", _lit(_skin_light(exposure=0.6))),
        ("camera noise", _noise(contrast_pct=3.0)),
        ("number of faces", replace(BASE, face=replace(BASE.face, faces_found=2))),
        ("camera, lens and file", _photo(focal_length_35mm=50.0)),
        ("resolution", _scene(scale=replace(BASE.scene.scale, px_per_mm=9.0))),
    ],
)
def test_a_mild_mismatch_is_a_caveat(name, after):
    assert _felt(after).get(name) == "caveat"


def test_smoother_skin_is_not_taken_for_noise_reduction():
    """A treatment takes detail and leaves the camera's noise."""
    assert "noise reduction" not in _felt(_noise(detail_pct=0.3, contrast_pct=0.95))


def test_lost_detail_that_focus_explains_is_not_noise_reduction():
    soft = replace(_noise(detail_pct=0.20, contrast_pct=0.7), reference=_reference(2.0 / PX_PER_MM))
    assert "noise reduction" not in _felt(soft)


@pytest.mark.parametrize(
    ("quality", "says"), [(88.0, "or lost its noise to JPEG of quality 88"), (95.0, "camera): that")]
)
def test_lost_noise_is_laid_to_compression_too_where_it_is_strong(quality, says):
    photo = replace(SEVERE["noise reduction"].scene.photo, jpeg_quality=quality)
    denoised = replace(SEVERE["noise reduction"], scene=replace(SEVERE["noise reduction"].scene, photo=photo))
    rows = judge(LookPair.of(BASE, denoised, None), LIMITS)
    assert says in next(row.text for row in rows if row.reading.quantity == "noise reduction")


@pytest.mark.parametrize("name", ["sharpening", "contrast of the picture"])
def test_the_photo_that_was_processed_is_named(name):
    """The contrast of the one here is lower, so it is the other that has more."""
    changed, other = ("after", "before") if name == "sharpening" else ("before", "after")
    for looks, which in (((BASE, SEVERE[name]), changed), ((SEVERE[name], BASE), other)):
        rows = judge(LookPair.of(*looks, None), LIMITS)
        assert f"the {which} photo" in next(row.text for row in rows if row.reading.quantity == name)


def test_make_up_is_not_judged_under_moved_light():
    assert "make-up" not in _felt(_lit(_skin_light(40.0, uneven=0.6)))


def test_two_people_are_refused_everywhere():
    strangers = _Registered(Sameness(0.3, 4.0, same=False))
    rows = judge(LookPair.of(BASE, BASE, strangers), LIMITS)
    limits = verdict_limits(rows, ZONE_NAMES, FAMILIES)
    assert all(found.not_comparable == ("not the same skin",) for found in limits.values())


def test_a_mirrored_photo_is_refused_by_that_name():
    rows = judge(LookPair.of(BASE, BASE, _Registered(Sameness(0.3, 4.0, same=False, mirrored=True))), LIMITS)
    limits = verdict_limits(rows, ZONE_NAMES, FAMILIES)
    assert all(found.not_comparable == ("one photo is mirrored",) for found in limits.values())
    assert "turn one of the photos over" in next(row.text for row in rows if row.severity == "not comparable")


def test_a_scale_that_disagrees_with_the_skin_is_named():
    assert _felt(BASE, _Registered(scale_ratio=1.06))["scale"] == "caveat"
    assert _felt(BASE, _Registered(scale_ratio=1.3))["scale"] == "not comparable"


def test_distances_that_are_guesses_say_nothing():
    guessed = _scene(scale=replace(BASE.scene.scale, distance_mm=1600.0, distance_method="estimated"))
    assert "distance of the camera" not in _felt(guessed)


def test_a_smile_touches_cheeks_and_spares_the_forehead():
    limits = verdict_limits(judge(LookPair.of(BASE, SEVERE["smile"], None), LIMITS), ZONE_NAMES, FAMILIES)
    metric = next(iter(FAMILIES))
    assert limits["left_cheek", metric].not_comparable == ("smile",)
    assert limits[WHOLE_FACE, metric].not_comparable == ("smile",)
    assert limits["forehead", metric].not_comparable == ()


def test_some_compression_touches_pores_and_colour_but_not_coarser_luminance():
    some = _photo(jpeg_quality=80.0)
    limits = verdict_limits(judge(LookPair.of(BASE, some, None), LIMITS), ZONE_NAMES, FAMILIES)
    touched = {metric for metric in FAMILIES if limits["chin", metric].caveats}
    assert {"pore_density", "band_rms_0.25_0.5mm_luminance", "band_rms_1_2mm_red_minus_blue"} <= touched
    assert "band_rms_1_2mm_luminance" not in touched


def test_colour_at_half_its_resolution_blurs_red_and_leaves_luminance():
    limits = verdict_limits(judge(LookPair.of(BASE, _photo(chroma_quality=0.0), None), LIMITS), ZONE_NAMES, FAMILIES)
    refused = {metric for metric in FAMILIES if limits["chin", metric].not_comparable == ("colour resolution",)}
    assert "band_rms_1_2mm_red" in refused
    assert all(metric.endswith("_red") for metric in refused)
    both = replace(BASE, scene=replace(BASE.scene, photo=replace(BASE.scene.photo, chroma_quality=0.0)))
    rows = judge(LookPair.of(both, both, None), LIMITS)
    assert next(row.severity for row in rows if row.reading.quantity == "colour resolution") == "none"


def test_what_is_alike_touches_no_zone():
    rows = judge(LookPair.of(BASE, BASE, _Registered()), LIMITS)
    assert {row.reach.zones for row in rows if row.severity == "none"} == {()}


def test_strong_compression_touches_everything():
    limits = verdict_limits(judge(LookPair.of(BASE, SEVERE["JPEG compression"], None), LIMITS), ZONE_NAMES, FAMILIES)
    assert all(found.not_comparable for found in limits.values())


def test_a_zone_that_is_turned_is_touched_alone():
    limits = verdict_limits(judge(LookPair.of(BASE, SEVERE["slant of the skin"], None), LIMITS), ZONE_NAMES, FAMILIES)
    assert {zone for (zone, _), found in limits.items() if found.not_comparable} == {"left_cheek"}


def test_shine_touches_the_zones_that_it_is_measured_against_too():
    limits = verdict_limits(judge(LookPair.of(BASE, SEVERE["shine of the skin"], None), LIMITS), ZONE_NAMES, FAMILIES)
    metric = next(iter(FAMILIES))
    assert all(limits[zone, metric].not_comparable == ("shine of the skin",) for zone in ("nose", "chin"))


def test_every_zone_and_metric_has_its_limits():
    assert set(verdict_limits([], ZONE_NAMES, FAMILIES)) == {(z, m) for z in ZONE_NAMES for m in FAMILIES}


@pytest.mark.parametrize("after", [BASE, *SEVERE.values()], ids=["alike", *SEVERE])
def test_the_table_is_whole(after):
    table = comparability_table(judge(LookPair.of(BASE, after, _Registered()), LIMITS))
    assert tuple(table.columns) == COMPARABILITY_COLUMNS
    assert (table["text"].str.len() > 5).all()
    assert set(table["severity"]) <= {"none", "caveat", "not comparable"}
    scores = table[["score_before", "score_after"]].to_numpy().ravel()
    assert ((scores[np.isfinite(scores)] >= 0) & (scores[np.isfinite(scores)] <= 100)).all()
    felt = table[table["severity"] != "none"]
    assert (felt["zones"] != "").all()
    assert (felt["touches"] != "").all()


def test_what_is_not_known_is_not_held_against_the_photos():
    count = len(stations().weights)
    unknown = replace(
        _noise(contrast_pct=math.nan, detail_pct=math.nan),
        reference=Reference((np.zeros((0, 0), np.float32),) * len(reference_points()), PX_PER_MM),
        skin_light=SkinLight(*(np.full((count, *more), np.nan) for more in ((3,), (3,), ()))),
    )
    unknown = replace(unknown, light=fit_light(unknown.skin_light))
    # Only of sharpness it is said: what is softer looks like smoother skin.
    assert _felt(unknown) == {"sharpness": "caveat"}
    assert "processing of edges" in {row.reading.quantity for row in judge(LookPair.of(BASE, unknown, None), LIMITS)}


SAMPLES = Path(__file__).parents[2] / "sample_images"
PORTRAITS = Path(__file__).parents[3] / "shared" / "data" / "london"


@pytest.fixture(scope="module")
def look_at_file():
    """Look at a photo file with a recipe."""
    from skintexture.assets import face_model
    from skintexture.io.photos import read_photo
    from skintexture.locate.landmarks import MediapipeFaceFinder
    from skintexture.locate.quality import assess
    from skintexture.locate.scale import KnownScale, find_scale
    from skintexture.locate.skin import bare_skin
    from skintexture.locate.surface import fit_surface
    from skintexture.locate.zones import outline_zones
    from skintexture.study.look import look_at

    with MediapipeFaceFinder(face_model()) as find_face:

        def look(path: Path, recipe) -> Look:
            photo = read_photo(path)
            face = find_face(photo)
            scale = find_scale(photo, face, recipe.scale, KnownScale())
            surface = fit_surface(face, (photo.height_px, photo.width_px), (scale.px_per_mm, scale.distance_mm))
            skin = bare_skin(photo, face, scale.px_per_mm, recipe.skin)
            scene = Scene(photo, scale, surface, skin, assess(photo, face))
            zones = outline_zones(face, scene, recipe.zones)
            return look_at(face, scene, zones, max_slant_deg=recipe.zones.max_slant_deg)

        yield look


@pytest.mark.parametrize("after", ["before_again", "after"])
def test_the_samples_are_comparable(look_at_file, after):
    """Their baselines were shot twice, and a treatment of pores must not be taken for a fault of the photo."""
    recipe = load_recipe("standard")
    looks = [look_at_file(SAMPLES / f"s03_{visit}.jpg", recipe) for visit in ("before", after)]
    rows = judge(LookPair.of(*looks, None), recipe.comparability)
    assert [row.reason for row in rows if row.severity == "not comparable"] == []


@pytest.mark.skipif(not PORTRAITS.is_dir(), reason="the portraits of the Face Research Lab London are not here")
@pytest.mark.parametrize("person", ["001", "027", "092"])
def test_a_smiling_portrait_is_named(look_at_file, person):
    recipe = load_recipe("coarse")
    looks = [look_at_file(PORTRAITS / f"{person}_{mood}.jpg", recipe) for mood in ("neutral", "smiling")]
    rows = judge(LookPair.of(*looks, None), recipe.comparability)
    assert "smile" in [row.reason for row in rows if row.severity == "not comparable"]
