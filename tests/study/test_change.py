"""From what was measured to changes: the whole face, reasons, and how depth blurs size."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from skintexture.model import Zone
from skintexture.recipe import load_recipe
from skintexture.study.between_shots import Situation
from skintexture.study.change import BLURRED_AWAY, FEW_WAVES, LITTLE_SHARED, UNSTEADY, Bench, Leak, compared_metrics
from skintexture.study.comparability import Hindrances
from skintexture.study.pair_tables import CHANGE_COLUMNS, nothing_compared
from skintexture.study.tallies import Tally
from skintexture.study.verdict import ONE_OF_MANY, SCATTER_UNKNOWN, Finding
from skintexture.study.zone_pair import ZonePair

RECIPE = load_recipe("standard")
METRIC, CONTRAST, AREA = "band_rms_0.5_1mm_luminance", "paired_pore_contrast_luminance", "paired_pore_area"
FREE = Hindrances((), ())


def _bench(hindrances=None, blur_px=0.0, scatter=0.02):
    blur_mm = math.hypot(RECIPE.grid.blur_mm, blur_px / 14.0)
    stage = SimpleNamespace(recipe=RECIPE, blur_mm=blur_mm, lacking=lambda *_: "", colour_lacking=lambda *_: "")
    every = {(zone, name): FREE for zone in RECIPE.zones.names for name in compared_metrics(RECIPE)}
    return Bench(stage, Situation(blur_px, 0.0), lambda *_: scatter, every | (hindrances or {}))


def _zone(name, after, *, area_mm2=100.0, shared=1.0, metrics=(METRIC,), caveats=()):
    """A zone whose metrics were 10 before and are ``after`` now, alike all over it."""
    zone = Zone(name, np.zeros((3, 2)), 14.0, 0.0, area_mm2, 1.0, caveats)
    tallies = tuple(
        {metric: Tally({"value": value}, {"value": np.full(6, value)}) for metric in metrics} for value in (10.0, after)
    )
    return ZonePair((zone, zone), tallies, None, shared * area_mm2)


def _changes(zones, **bench):
    return {(change.zone, change.metric): change for change in _bench(**bench).all_changes(zones)}


def _all_zones(after=10.0, **special):
    names = [name for name in RECIPE.zones.names if name != "whole_face"]
    return [special.get(name) or _zone(name, after) for name in names]


def test_every_zone_and_metric_of_the_recipe_has_its_row():
    changes = _changes(_all_zones())
    assert set(changes) == {(zone, name) for zone in RECIPE.zones.names for name in compared_metrics(RECIPE)}
    assert changes["nose", METRIC].finding.verdict == "no change shown"
    assert changes["nose", CONTRAST].finding.verdict == "not comparable"


def test_a_clear_change_gets_its_verdict():
    changes = _changes(_all_zones(8.0))
    assert changes["nose", METRIC].finding.verdict == "improved"
    assert changes["nose", METRIC].found.percent(changes["nose", METRIC].found.relative) == pytest.approx(-20)


def test_the_whole_face_is_the_mean_of_its_zones_by_area():
    big = _zone("forehead", 5.0, area_mm2=1500.0)
    face = _changes(_all_zones(10.0, forehead=big))["whole_face", METRIC]
    others = 100.0 * (len(RECIPE.zones.names) - 2)
    assert face.found.after == pytest.approx((5.0 * 1500 + 10.0 * others) / (1500 + others))
    assert face.finding.verdict == "improved"


def test_zones_that_cannot_be_compared_are_no_part_of_the_whole_face():
    against = {("forehead", METRIC): Hindrances(("shine",), ())}
    changes = _changes(_all_zones(10.0, forehead=_zone("forehead", 1.0)), hindrances=against)
    assert changes["forehead", METRIC].finding.reason == "shine"
    assert changes["whole_face", METRIC].found.after == pytest.approx(10.0)


def test_a_face_of_which_little_can_be_compared_is_not_compared():
    against = {(zone, METRIC): Hindrances(("smile",), ()) for zone in RECIPE.zones.names if zone != "nose"}
    face = _changes(_all_zones(), hindrances=against)["whole_face", METRIC]
    assert (face.finding.verdict, face.finding.reason) == ("not comparable", "smile")


def test_a_zone_that_is_hardly_shared_says_so():
    nose = _changes(_all_zones(10.0, nose=_zone("nose", 5.0, shared=0.1)))["nose", METRIC]
    assert (nose.finding.verdict, nose.finding.reason) == ("not comparable", LITTLE_SHARED)


def test_a_zone_too_small_on_either_photo_is_not_compared():
    nose = _changes(_all_zones(10.0, nose=_zone("nose", 5.0, caveats=("too_small",))))["nose", METRIC]
    assert nose.finding.verdict == "not comparable"


def test_sizes_are_less_sure_where_depth_changed():
    calm = _changes(_all_zones(10.0, nose=_zone("nose", 10.0, metrics=(AREA,))))["nose", AREA]
    deep = _zone("nose", 6.0, metrics=(CONTRAST, AREA))
    shallower = _changes(_all_zones(10.0, nose=deep))
    assert calm.sd == pytest.approx(0.02)
    assert shallower["nose", AREA].sd > 0.05
    assert shallower["nose", CONTRAST].sd == pytest.approx(0.02)


@pytest.mark.parametrize("metric", [CONTRAST, "paired_pore_volume", "pore_density", "pore_optical_volume"])
def test_pores_are_less_sure_where_texture_changed(metric):
    zones = [_zone(name, 4.0, metrics=(METRIC, metric)) for name in RECIPE.zones.names if name != "whole_face"]
    smoother = _changes(zones)
    for zone in ("nose", "whole_face"):
        change = smoother[zone, metric]
        assert change.scatter == pytest.approx(0.02)
        assert change.sd > math.hypot(0.02, 0.06 * math.log(10 / 4))
        assert smoother[zone, METRIC].sd == pytest.approx(0.02)


def test_doubts_of_two_causes_add_in_squares():
    assert Leak(0.0, 0.0).into(AREA) == 0.0
    one, other = Leak(-0.3, 0.0).into(AREA), Leak(0.0, 0.4).into(AREA)
    assert Leak(-0.3, 0.4).into(AREA) == pytest.approx(math.hypot(one, other))
    assert one > 0 < other


def test_texture_that_is_not_known_adds_no_doubt():
    unknown = _zone("nose", math.nan, metrics=(METRIC,))
    unknown = replace(unknown, tallies=tuple({**side, CONTRAST: Tally({"value": 5.0}, {})} for side in unknown.tallies))
    assert _changes(_all_zones(10.0, nose=unknown))["nose", CONTRAST].leak == 0.0


def test_colour_is_not_compared_once_much_blur_was_added():
    name = "band_rms_0.5_1mm_red_minus_blue"
    zones = _all_zones(10.0, nose=_zone("nose", 9.0, metrics=(name, METRIC)))
    changes = _changes(zones, blur_px=1.0)
    assert changes["nose", name].finding.verdict == "not comparable"
    assert changes["nose", METRIC].finding.verdict != "not comparable"
    for little in (0.0, 0.4):
        assert _changes(zones, blur_px=little)["nose", name].finding.verdict != "not comparable"


def test_a_pair_that_was_refused_has_every_row_with_its_reason():
    table = nothing_compared(RECIPE, "no face")
    assert list(table.columns) == list(CHANGE_COLUMNS)
    assert len(table) == len(RECIPE.zones.names) * len(compared_metrics(RECIPE))
    assert set(table["verdict"]) == {"not comparable"}
    assert set(table["reason"]) == {"no face"}
    assert all(map(math.isnan, table["change_pct"]))


@pytest.mark.parametrize(("blur_px", "compared"), [(1.0, True), (2.0, False)])
def test_what_the_added_blur_took_away_is_not_compared(blur_px, compared):
    fine = "band_rms_0.25_0.5mm_luminance"
    zones = [_zone(name, 10.0, metrics=(METRIC, fine)) for name in RECIPE.zones.names if name != "whole_face"]
    changes = _changes(zones, blur_px=blur_px)
    assert (changes["nose", fine].finding.reason != BLURRED_AWAY) is compared
    assert changes["nose", METRIC].finding.verdict == "no change shown"


@pytest.mark.parametrize(("area_mm2", "compared"), [(300.0, False), (340.0, True)])
def test_long_waves_need_much_skin(area_mm2, compared):
    long = "band_rms_2_4mm_luminance"
    nose = _zone("nose", 10.0, area_mm2=area_mm2, metrics=(METRIC, long))
    changes = _changes(_all_zones(10.0, nose=nose))
    assert (changes["nose", long].finding.reason != FEW_WAVES) is compared
    assert changes["nose", METRIC].finding.verdict == "no change shown"


def _unsteady_zone(name):
    tallies = tuple(
        {METRIC: Tally({"value": value}, {"value": value * np.array([1, 1, 1, 1, 1, 9.0 ** (value / 8)])})}
        for value in (10.0, 24.0)
    )
    return replace(_zone(name, 8.0), tallies=tallies)


def test_what_varies_by_its_own_size_is_not_compared():
    changes = _changes(_all_zones(10.0, nose=_unsteady_zone("nose")))
    assert changes["nose", METRIC].finding.reason == UNSTEADY
    assert changes["whole_face", METRIC].found.after == pytest.approx(10.0)


def test_where_only_the_scatter_is_unknown_steady_values_stand_without_a_verdict():
    changes = _changes(_all_zones(8.0, nose=_unsteady_zone("nose")), scatter=math.nan)
    assert changes["nose", METRIC].finding == Finding("not comparable", UNSTEADY)
    for zone in ("chin", "whole_face"):
        assert changes[zone, METRIC].finding == Finding("not comparable", SCATTER_UNKNOWN)
        assert changes[zone, METRIC].found.after == pytest.approx(8.0)


def test_the_whole_face_of_a_signed_metric_is_the_difference_of_its_means():
    name = "roughness_ssk_luminance"
    zones = _all_zones(10.0, nose=_zone("nose", -10.0, metrics=(name,)), chin=_zone("chin", 30.0, metrics=(name,)))
    found = _changes(zones)["whole_face", name].found
    assert not found.is_log
    assert found.percent(found.relative) == pytest.approx(100 * (found.after - found.before) / abs(found.before))


def test_a_zone_seen_at_another_slant_is_less_sure():
    bench = replace(_bench(), scatter_of=lambda _zone, _metric, situation: 0.02 + situation.turn)
    zones = _all_zones(10.0, nose=replace(_zone("nose", 8.5), situation=Situation(turn=0.1)))
    changes = {change.zone: change for change in bench.all_changes(zones) if change.metric == METRIC}
    assert changes["nose"].finding.verdict == "no change shown"
    assert changes["chin"].scatter == pytest.approx(0.02)


def test_one_zone_of_many_must_change_more_than_many_zones_that_change_alike():
    """At a scatter of 2 %, a change of 5.6 % is 2.8 standard deviations: chance makes it once in 200 zones."""
    alone = _changes(_all_zones(10.0, nose=_zone("nose", 9.45)))["nose", METRIC].finding
    assert alone == Finding("no change shown", ONE_OF_MANY)
    assert all(_changes(_all_zones(9.45))[zone, METRIC].finding.verdict == "improved" for zone in ("nose", "chin"))
    assert _changes(_all_zones(10.0, nose=_zone("nose", 9.0)))["nose", METRIC].finding.verdict == "improved"


def test_zones_that_cannot_be_compared_ask_no_more_of_the_others():
    against = {(zone, METRIC): Hindrances(("smile",), ()) for zone in RECIPE.zones.names if zone != "nose"}
    changes = _changes(_all_zones(10.0, nose=_zone("nose", 9.45)), hindrances=against)
    assert changes["nose", METRIC].finding.verdict == "improved"


@pytest.mark.parametrize(("slant_deg", "verdict"), [(49.0, "no change shown"), (51.0, "not comparable")])
def test_widths_of_pores_are_not_compared_where_skin_is_seen_from_the_side(slant_deg, verdict):
    metrics = (METRIC, CONTRAST, AREA, "pore_diameter_p90")
    zone = _zone("nose", 10.0, metrics=metrics)
    slanted = replace(zone, zones=(replace(zone.zones[0], slant_deg=slant_deg), zone.zones[1]))
    changes = _changes(_all_zones(10.0, nose=slanted))
    assert {changes["nose", name].finding.verdict for name in (AREA, "pore_diameter_p90")} == {verdict}
    assert {changes["nose", name].finding.verdict for name in (METRIC, CONTRAST)} == {"no change shown"}
