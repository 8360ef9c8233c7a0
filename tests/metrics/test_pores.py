"""Pores: what is there is found at its true size, and what isn't a pore isn't found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from skintexture.metrics import pore_detection
from skintexture.metrics.pores import PoreParams, describe, detect, intervals, measure, summarise
from skintexture.model import FloatArray, Patch, Pore
from skintexture.phantoms.patches import SkinPatch, SkinSpec, skin_patch
from skintexture.validation.pores import told_and_true

PARAMS = PoreParams(
    version=1,
    smallest_mm=0.12,
    largest_mm=0.7,
    min_diameter_mm=0.25,
    enlarged_mm=0.4,
    min_contrast_pct=4.0,
    max_contrast_pct=70.0,
    min_snr=4.0,
    min_prominence=2.85,
    depth_weight=0.25,
    max_elongation=3.0,
    hair_mm=0.18,
    min_explained=0.6,
    grid_blur_mm=0.056,
    margin_mm=0.06,
    probability_at_least=0.44,
    probability_rise=3.4,
)
"""Those of the standard recipe."""

BARE: dict[str, Any] = {"pores_per_cm2": 0.0, "furrow_pct": 0.0, "relief_pct": 0.0, "noise_pct": 0.5}


def places(pores: Sequence[Pore]) -> FloatArray:
    return np.array([(pore.y_px, pore.x_px) for pore in pores]).reshape(-1, 2)


def column(pores: Sequence[Pore], name: str) -> FloatArray:
    return np.array([getattr(pore, name) for pore in pores])


def pairs(found: Sequence[Pore], truth: Sequence[Pore], within_px: float) -> tuple[list[int], list[int]]:
    """Mutual nearest neighbours."""
    if not found or not truth:
        return [], []
    near, of_found = cKDTree(places(truth)).query(places(found))
    _, of_truth = cKDTree(places(found)).query(places(truth))
    kept = [i for i in range(len(found)) if of_truth[of_found[i]] == i and near[i] <= within_px]
    return kept, [int(of_found[i]) for i in kept]


def judged(made: SkinPatch) -> list[Pore]:
    """True pores that lie where one can be judged: on the mask, and a margin away from its edge."""
    reach = round(PARAMS.margin_mm * made.patch.px_per_mm) + 1
    height, width = made.patch.mask.shape
    inside = []
    for pore in made.pores:
        y, x = round(pore.y_px), round(pore.x_px)
        if reach <= y < height - reach and reach <= x < width - reach:
            window = made.patch.mask[y - reach : y + reach + 1, x - reach : x + reach + 1]
            inside += [pore] if window.all() else []
    return inside


def f1(found: Sequence[Pore], made: SkinPatch) -> float:
    """One-to-one within 0.2 mm; a true pore at the margin neither counts for nor against."""
    within = 0.2 * made.patch.px_per_mm
    anywhere, _ = pairs(found, made.pores, within)
    inside = judged(made)
    right, _ = pairs(found, inside, within)
    wrong = len(found) - len(anywhere)
    return 2 * len(right) / (len(right) + wrong + len(inside))


@pytest.fixture(scope="module")
def skin() -> SkinPatch:
    return skin_patch(SkinSpec(seed=11, side_mm=15.0))


@pytest.mark.parametrize("tone", [0.5, 0.3, 0.18, 0.1, 0.05])
@pytest.mark.parametrize("shading_pct_per_mm", [0.0, 3.0])
def test_pores_are_found_at_their_true_size_on_every_tone(tone: float, shading_pct_per_mm: float) -> None:
    seed = round(100 * tone + shading_pct_per_mm)
    made = skin_patch(SkinSpec(seed=seed, side_mm=15.0, tone=tone, shading_pct_per_mm=shading_pct_per_mm))
    found = detect(made.patch, PARAMS)
    assert f1(found, made) >= 0.97
    mine, theirs = pairs(found, made.pores, 2.4)
    size = column(found, "diameter_mm")[mine] / column(made.pores, "diameter_mm")[theirs]
    depth = column(found, "contrast_pct")[mine] / column(made.pores, "contrast_pct")[theirs]
    assert 0.95 <= float(np.median(size)) <= 1.05
    assert 0.93 <= float(np.median(depth)) <= 1.07


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pores_are_found_among_distractors(seed: int) -> None:
    spec = SkinSpec(seed=seed, side_mm=20.0, hairs=2, stubble=10, moles=1, freckles=8, glints=30, tone=0.25)
    made = skin_patch(spec)
    assert f1(detect(made.patch, PARAMS), made) >= 0.95


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_density_is_unbiased(seed: int) -> None:
    made = skin_patch(SkinSpec(seed=seed, side_mm=20.0, pores_per_cm2=50.0))
    rim_px = 0.2 * made.patch.px_per_mm
    inside = np.all((places(made.pores) > rim_px) & (places(made.pores) < 240 - 1 - rim_px), axis=1)
    area_cm2 = ((240 - 2 * rim_px) / 120.0) ** 2
    assert measure(made.patch, PARAMS)["pore_density_all"] == pytest.approx(inside.sum() / area_cm2, rel=0.03)


@pytest.mark.parametrize("diameter_mm", [0.2, 0.3, 0.4, 0.5, 0.6])
def test_the_fitted_diameter_has_no_bias_at_any_size(diameter_mm: float) -> None:
    made = skin_patch(
        SkinSpec(seed=3, side_mm=15.0, diameter_mm=(diameter_mm,) * 2, spacing_mm=1.5, **BARE | {"pores_per_cm2": 15.0})
    )
    found = detect(made.patch, PARAMS)
    assert len(found) >= 20
    assert float(np.median(column(found, "diameter_mm"))) == pytest.approx(diameter_mm, rel=0.02)


def test_elongation_and_axis_are_found() -> None:
    made = skin_patch(
        SkinSpec(seed=2, side_mm=15.0, max_elongation=2.5, diameter_mm=(0.35, 0.45), **BARE | {"pores_per_cm2": 20.0})
    )
    found = detect(made.patch, PARAMS)
    mine, theirs = pairs(found, made.pores, 2.4)
    true_elongation = column(made.pores, "elongation")[theirs]
    assert np.allclose(column(found, "elongation")[mine], true_elongation, rtol=0.15)
    turned = column(found, "angle_deg")[mine] - column(made.pores, "angle_deg")[theirs]
    off = np.abs((turned + 90.0) % 180.0 - 90.0)[true_elongation > 1.4]
    assert off.size > 10
    assert off.max() < 10.0


def test_positions_are_sub_pixel() -> None:
    made = skin_patch(SkinSpec(seed=2, side_mm=15.0, **BARE | {"pores_per_cm2": 20.0}))
    found = detect(made.patch, PARAMS)
    mine, theirs = pairs(found, made.pores, 2.4)
    off = np.linalg.norm(places(found)[mine] - places(made.pores)[theirs], axis=1)
    assert len(mine) >= 35
    assert float(np.median(off)) < 0.1


@pytest.mark.parametrize("tone", [0.4, 0.08])
@pytest.mark.parametrize(
    "skin",
    [{}, {"furrow_pct": 6.0}, {"relief_pct": 1.5}, {"hairs": 6}, {"moles": 2}, {"freckles": 15}, {"glints": 60}],
    ids=str,
)
def test_skin_without_pores_has_none(skin: dict[str, Any], tone: float) -> None:
    made = skin_patch(SkinSpec(seed=9, side_mm=20.0, tone=tone, **{"pores_per_cm2": 0.0} | skin))
    assert measure(made.patch, PARAMS)["pore_density_all"] <= 1.0


def test_what_is_dark_long_and_narrow_is_a_hair_and_what_is_faint_or_wide_is_not() -> None:
    long_ones = SkinSpec(seed=2, side_mm=15.0, max_elongation=3.2, **BARE | {"pores_per_cm2": 20.0})
    narrow, wide = (0.2, 0.22), (0.4, 0.45)
    faint, dark, broad = (
        skin_patch(replace(long_ones, contrast_pct=(pct, pct), diameter_mm=size))
        for pct, size in ((20.0, narrow), (60.0, narrow), (60.0, wide))
    )
    assert f1(detect(faint.patch, PARAMS), faint) >= 0.97
    assert f1(detect(broad.patch, PARAMS), broad) >= 0.97
    assert column(detect(dark.patch, PARAMS), "elongation").max() < 2.1 < column(dark.pores, "elongation").max()


def test_the_noise_of_a_dark_photo_does_not_hide_wide_pores() -> None:
    """Noise answers on fine scales: it is no reason to ask more of a pit that is many pixels wide."""
    wide = SkinSpec(seed=4, side_mm=20.0, diameter_mm=(0.45, 0.5), contrast_pct=(10.0, 12.0), pores_per_cm2=30.0)
    noisy = skin_patch(replace(wide, noise_pct=3.0, furrow_pct=0.0, relief_pct=0.0))
    assert f1(detect(noisy.patch, PARAMS), noisy) >= 0.97


@pytest.mark.parametrize("pores_per_cm2", [100.0, 140.0])
def test_crowded_pores_do_not_hide_each_other(pores_per_cm2: float) -> None:
    made = skin_patch(SkinSpec(seed=2, side_mm=15.0, pores_per_cm2=pores_per_cm2, spacing_mm=0.5))
    assert f1(detect(made.patch, PARAMS), made) >= 0.95


def test_the_probability_is_the_share_of_pits_that_are_pores() -> None:
    """On skin of other seeds than those that the recipe's two numbers were counted on."""
    told, true = told_and_true(range(300, 310), PARAMS)
    for low, high in ((0.0, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = (told >= low) & (told < high)
        assert inside.sum() > 50
        assert true[inside].mean() == pytest.approx(float(told[inside].mean()), abs=0.15)


def test_intervals_hold_the_values_and_name_the_same_metrics(skin: SkinPatch) -> None:
    found = detect(skin.patch, PARAMS)
    values, ranges = summarise(found, skin.patch, PARAMS), intervals(found, skin.patch, PARAMS)
    assert list(values) == list(ranges)
    for name, (low, high) in ranges.items():
        assert name == "pore_false_density" or low <= values[name] <= high, name
    none = intervals((), skin.patch, PARAMS)
    assert none["pore_density"][0] == 0.0 < none["pore_density"][1]
    assert math.isnan(none["pore_diameter"][0])


def test_the_density_interval_holds_the_true_density() -> None:
    """As often as it says: of as much skin of the same kind."""
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        made = skin_patch(SkinSpec(seed=seed, side_mm=10.0, pores_per_cm2=float(rng.poisson(40)), spacing_mm=0.3))
        low, high = intervals(detect(made.patch, PARAMS), made.patch, PARAMS)["pore_density_all"]
        held += low <= 40.0 <= high
    assert held >= 17


def test_stubble_is_mostly_not_pores() -> None:
    spec = SkinSpec(seed=0, side_mm=20.0, pores_per_cm2=0.0, stubble=40)
    counted = [len(detect(skin_patch(replace(spec, seed=seed)).patch, PARAMS)) for seed in range(4)]
    assert sum(counted) <= 0.1 * 4 * spec.stubble


def test_dark_dots_that_are_deeper_than_any_pore_are_hairs() -> None:
    spec = SkinSpec(seed=2, side_mm=15.0, diameter_mm=(0.15, 0.2), **BARE | {"pores_per_cm2": 20.0})
    deep, deeper = (skin_patch(replace(spec, contrast_pct=(pct, pct))).patch for pct in (50.0, 110.0))
    assert len(detect(deep, PARAMS)) > 30
    assert len(detect(deeper, PARAMS)) == 0


def test_noise_alone_stays_below_the_density_that_is_expected_of_it() -> None:
    """Also where the patch doesn't know its noise and it must be estimated."""
    weak = PARAMS.model_copy(update={"min_contrast_pct": 1.0, "min_explained": 0.0, "min_prominence": 0.0})
    for seed in (1, 2):
        made = skin_patch(SkinSpec(seed=seed, side_mm=30.0, **BARE | {"noise_pct": 6.0}))
        known = measure(made.patch, weak)
        blind = measure(replace(made.patch, noise_pct=0.0, noise_px_per_mm=math.inf), weak)
        for found in (known, blind):
            assert found["pore_false_density"] > 0.0
            assert found["pore_density_all"] <= found["pore_false_density"]
        assert blind["pore_false_density"] == pytest.approx(known["pore_false_density"], rel=0.2)


def test_estimated_noise_is_the_true_noise_where_there_is_nothing_else() -> None:
    made = skin_patch(SkinSpec(seed=4, side_mm=20.0, **BARE | {"noise_pct": 3.0, "pores_per_cm2": 8.0}))
    known = column(detect(made.patch, PARAMS), "snr")
    blind = column(detect(replace(made.patch, noise_pct=0.0), PARAMS), "snr")
    assert np.median(known / blind) == pytest.approx(1.0, rel=0.15)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), outside=st.floats(-50, 50), radius=st.integers(15, 50))
def test_what_lies_outside_the_mask_changes_nothing(skin: SkinPatch, seed: int, outside: float, radius: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((110, 110))
    mask = np.hypot(rows - 55, columns - 55) < radius
    mask &= rng.random(mask.shape) > 0.01
    patch = replace(
        skin.patch, signal=skin.patch.signal[:110, :110], mask=mask, cos_slant=skin.patch.cos_slant[:110, :110]
    )
    repainted = np.where(mask, patch.signal, np.float32(outside) * rng.normal(size=mask.shape).astype(np.float32))
    assert detect(replace(patch, signal=repainted), PARAMS) == detect(patch, PARAMS)
    for noise_pct in (0.0, 1.0):
        before, after = (
            measure(replace(patch, signal=signal, noise_pct=noise_pct), PARAMS) for signal in (patch.signal, repainted)
        )
        assert np.array_equal(list(before.values()), list(after.values()), equal_nan=True)


def test_a_quarter_turn_turns_the_pores(skin: SkinPatch) -> None:
    turned = replace(skin.patch, signal=np.ascontiguousarray(np.rot90(skin.patch.signal)))
    upright, quarter = detect(skin.patch, PARAMS), detect(turned, PARAMS)
    assert len(upright) == len(quarter) > 50
    expected = np.column_stack([179 - places(upright)[:, 1], places(upright)[:, 0]])
    off, _ = cKDTree(places(quarter)).query(expected)
    assert off.max() < 0.001
    before, after = summarise(upright, skin.patch, PARAMS), summarise(quarter, turned, PARAMS)
    assert after == pytest.approx(before, rel=1e-4)


def test_it_does_not_matter_where_the_frame_lies(skin: SkinPatch) -> None:
    """A mask that ends at the frame and one that ends inside it are the same mask."""
    around = ((30, 0), (7, 50))
    framed = replace(
        skin.patch,
        signal=np.pad(skin.patch.signal, around, constant_values=-90.0),
        mask=np.pad(skin.patch.mask, around),
        cos_slant=np.pad(skin.patch.cos_slant, around, constant_values=0.3),
    )
    expected = [pore._replace(y_px=pore.y_px + 30, x_px=pore.x_px + 7) for pore in detect(skin.patch, PARAMS)]
    assert len(expected) > 50
    assert list(detect(framed, PARAMS)) == expected


@pytest.mark.parametrize("strip_px", [1, 1 << 12, 1 << 14])
def test_a_picture_searched_in_strips_shows_the_same_pores(skin: SkinPatch, monkeypatch, strip_px: int) -> None:
    whole = detect(skin.patch, PARAMS)
    monkeypatch.setattr(pore_detection, "_STRIP_PX", strip_px)
    assert detect(skin.patch, PARAMS) == whole


def test_pores_are_sorted_and_distinct_even_where_pits_run_into_each_other() -> None:
    crowded = skin_patch(SkinSpec(seed=11, side_mm=20.0, pores_per_cm2=300.0, spacing_mm=0.01))
    found = detect(crowded.patch, PARAMS)
    assert places(found).tolist() == sorted(places(found).tolist())
    apart = np.linalg.norm(places(found)[:, None] - places(found)[None, :], axis=-1) / crowded.patch.px_per_mm
    np.fill_diagonal(apart, np.inf)
    radius = column(found, "diameter_mm") / 2
    assert (apart >= np.maximum(radius[:, None], radius[None, :])).all()


def test_deeper_pores_never_read_shallower_or_fewer() -> None:
    results = []
    for depth in (12.0, 20.0, 30.0, 40.0):
        made = skin_patch(SkinSpec(seed=8, side_mm=15.0, contrast_pct=(depth, depth)))
        results.append(measure(made.patch, PARAMS))
    for name in ("pore_contrast", "pore_density_all", "pore_optical_volume"):
        values = [result[name] for result in results]
        assert values == sorted(values), name


def test_the_gain_of_the_signal_is_the_gain_of_contrast_and_volume(skin: SkinPatch) -> None:
    loose = PARAMS.model_copy(
        update={"min_contrast_pct": 1e-3, "max_contrast_pct": 999.0, "min_snr": 0.0, "min_prominence": 0.0}
    )
    double = replace(skin.patch, signal=2 * skin.patch.signal)
    one, two = measure(skin.patch, loose), measure(double, loose)
    assert two["pore_density_all"] == pytest.approx(one["pore_density_all"], rel=0.02)
    assert two["pore_diameter"] == pytest.approx(one["pore_diameter"], rel=0.01)
    assert two["pore_contrast"] == pytest.approx(2 * one["pore_contrast"], rel=0.02)
    assert two["pore_optical_volume"] == pytest.approx(2 * one["pore_optical_volume"], rel=0.02)


@pytest.mark.parametrize("slant_deg", [30.0, 50.0])
def test_slanted_skin_has_the_pores_of_the_skin_not_of_the_picture(slant_deg: float) -> None:
    upright, slanted = (
        skin_patch(SkinSpec(seed=6, side_mm=20.0, diameter_mm=(0.35, 0.35), slant_deg=slant))
        for slant in (0.0, slant_deg)
    )
    flat, tilted = measure(upright.patch, PARAMS), measure(slanted.patch, PARAMS)
    assert tilted["pore_density_all"] == pytest.approx(flat["pore_density_all"], rel=0.06)
    assert tilted["pore_diameter"] == pytest.approx(flat["pore_diameter"], rel=0.03)
    ignored = replace(slanted.patch, cos_slant=np.ones_like(slanted.patch.cos_slant))
    assert measure(ignored, PARAMS)["pore_diameter"] < 0.95 * flat["pore_diameter"]


def test_a_round_pore_on_slanted_skin_is_not_too_long() -> None:
    strict = PARAMS.model_copy(update={"max_elongation": 1.4})
    made = skin_patch(
        SkinSpec(seed=6, side_mm=15.0, slant_deg=55.0, max_elongation=1.0, **BARE | {"pores_per_cm2": 30.0})
    )
    assert f1(detect(made.patch, strict), made) >= 0.97
    taken_as_flat = replace(made.patch, cos_slant=np.ones_like(made.patch.cos_slant))
    assert f1(detect(taken_as_flat, strict), made) < 0.5


def test_only_what_is_clear_of_the_noise_counts() -> None:
    made = skin_patch(SkinSpec(seed=3, side_mm=15.0, noise_pct=5.0, tone=0.1))
    faint = PARAMS.model_copy(update={"min_contrast_pct": 1.0})
    clear = PARAMS.model_copy(update={"min_contrast_pct": 1.0, "min_snr": 6.0})
    assert 4.0 <= column(detect(made.patch, faint), "snr").min() < 6.0
    assert column(detect(made.patch, clear), "snr").min() >= 6.0


def test_a_pit_counts_only_if_it_stands_out_of_the_texture_around_it() -> None:
    made = skin_patch(SkinSpec(seed=5, side_mm=16.0, contrast_pct=(12.0, 16.0), **BARE | {"pores_per_cm2": 40.0}))
    grain = gaussian_filter(np.random.default_rng(5).normal(size=made.patch.signal.shape), 1.0)
    grain[:, 96:] = 0.0
    half_rough = replace(made.patch, signal=(made.patch.signal + 20.0 * grain).astype(np.float32))
    strict, careless = (PARAMS.model_copy(update={"min_prominence": least}) for least in (4.0, 0.0))
    found, anything = (places(detect(half_rough, params))[:, 1] for params in (strict, careless))
    smooth = places(detect(made.patch, strict))[:, 1]
    assert np.sum(found > 110) == np.sum(smooth > 110) > 20
    assert np.sum(found < 84) < 0.2 * np.sum(smooth < 84)
    assert np.sum(anything < 84) > np.sum(smooth < 84)


def test_pores_are_of_the_sizes_asked_for_and_away_from_the_edge() -> None:
    made = skin_patch(SkinSpec(seed=5, side_mm=20.0, pores_per_cm2=300.0, spacing_mm=0.01))
    chosen = PARAMS.model_copy(update={"smallest_mm": 0.24, "largest_mm": 0.5, "margin_mm": 0.5})
    found = detect(made.patch, chosen)
    size = column(found, "diameter_mm")
    assert size.size > 100
    assert 0.24 <= size.min() < 0.26
    assert 0.45 < size.max() <= 0.5
    nearest_px = np.rint(places(found))
    assert nearest_px.min() >= 6
    assert nearest_px.max() <= 239 - 6


def test_the_summary_adds_up() -> None:
    patch = Patch(np.zeros((120, 120), np.float32), np.ones((120, 120), bool), 10.0, np.ones((120, 120), np.float32))
    params = PARAMS.model_copy(update={"margin_mm": 1.0})
    made = [
        Pore(50, 50, diameter_mm=d, area_mm2=math.pi / 4 * d * d, contrast_pct=c, elongation=1, angle_deg=0, snr=9)
        for d, c in ((0.2, 10.0), (0.3, 20.0), (0.5, 30.0))
    ]
    result = summarise(made, patch, params)
    assert result["pore_density_all"] == pytest.approx(3.0)  # 120 px less 10 on every side are 1 cm²
    assert result["pore_density"] / result["pore_density_all"] == pytest.approx(2 / 3)
    assert result["pore_mean_area"] == pytest.approx(math.pi / 4 * (0.09 + 0.25) / 2)
    assert result["pore_area_fraction"] == pytest.approx(result["pore_mean_area"] * result["pore_density"])
    assert result["pore_diameter"] == 0.3
    assert result["pore_contrast"] == pytest.approx(20.0)
    assert result["pore_enlarged_share"] == pytest.approx(100 / 3)
    volume = math.pi / 4 * (0.04 * 10 + 0.09 * 20 + 0.25 * 30)
    assert result["pore_optical_volume"] == pytest.approx(volume * result["pore_density_all"] / 3)


def test_no_pores_is_zero_and_no_skin_is_nan() -> None:
    made = skin_patch(SkinSpec(seed=1, side_mm=8.0, **BARE))
    none = measure(made.patch, PARAMS)
    assert detect(made.patch, PARAMS) == ()
    assert none["pore_density"] == none["pore_density_all"] == none["pore_area_fraction"] == 0.0
    assert none["pore_optical_volume"] == 0.0
    assert math.isnan(none["pore_mean_area"])
    assert math.isnan(none["pore_diameter"])
    nowhere = replace(made.patch, mask=np.zeros_like(made.patch.mask))
    assert detect(nowhere, PARAMS) == ()
    assert all(math.isnan(value) for value in measure(nowhere, PARAMS).values())


def test_a_patch_smaller_than_a_pore_is_no_error() -> None:
    tiny = Patch(np.zeros((3, 2), np.float32), np.ones((3, 2), bool), 12.0, np.ones((3, 2), np.float32))
    assert measure(tiny, PARAMS)["pore_density"] == 0.0
    all_edge = PARAMS.model_copy(update={"margin_mm": 0.25})
    assert math.isnan(measure(tiny, all_edge)["pore_density"])


@pytest.fixture(scope="module")
def striped() -> tuple[Patch, Patch]:
    """Skin with faint pores and clear ones, and stripes of it, 2 mm wide."""
    made = skin_patch(SkinSpec(seed=401, side_mm=30.0, pores_per_cm2=60.0, contrast_pct=(4.0, 20.0), furrow_pct=3.0))
    row, column = np.indices(made.patch.mask.shape) / made.patch.px_per_mm
    stripes = (np.cos(0.4) * column + np.sin(0.4) * row) % 3.0 < 2.0
    return made.patch, replace(made.patch, mask=made.patch.mask & stripes)


def test_at_the_edge_of_the_skin_as_many_pores_are_found_as_inside(striped: tuple[Patch, Patch]) -> None:
    whole, stripes = striped
    y, x = np.rint(places(detect(whole, PARAMS))).astype(int).T
    there = int(stripes.mask[y, x].sum())
    found = len(detect(stripes, PARAMS))
    assert there > 200
    assert 0.93 * there <= found <= 1.02 * there


def test_only_what_lies_in_the_zone_counts_and_its_outline_hides_nothing(striped: tuple[Patch, Patch]) -> None:
    whole, stripes = striped
    zone = replace(whole, counted=stripes.mask)
    found = detect(zone, PARAMS)
    assert set(found) == {pore for pore in detect(whole, PARAMS) if stripes.mask[round(pore.y_px), round(pore.x_px)]}
    area_cm2 = stripes.area_mm2 / 100.0
    assert summarise(found, zone, PARAMS)["pore_density_all"] == pytest.approx(len(found) / area_cm2)


def test_every_metric_is_described_and_within_its_bounds(skin: SkinPatch) -> None:
    described = describe(PARAMS)
    measured = measure(skin.patch, PARAMS)
    assert [metric.name for metric in described] == list(measured)
    assert all(metric.low <= measured[metric.name] <= metric.high for metric in described)


@pytest.mark.parametrize(
    "change",
    [{"smallest_mm": 0.9}, {"enlarged_mm": 0.2}, {"max_contrast_pct": 4.0}, {"levels": 3}, {"min_explained": 1.5}],
)
def test_params_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PoreParams.model_validate(PARAMS.model_dump() | change)
