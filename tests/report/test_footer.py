import math
from dataclasses import replace

import numpy as np
import pytest

from skintexture.caveats import CAVEATS
from skintexture.model import Measurement
from skintexture.report.footer import draw_footer, facts, warnings
from skintexture.report.lettering import font, shorten, wrap
from skintexture.report.view import view_result


def words(sentences):
    return " | ".join(sentences).replace("\N{NO-BREAK SPACE}", " ")


def test_facts_say_scale_distance_pose_sharpness_and_pores(result, add_pores):
    measured = replace(
        add_pores(result, (300.0, 300.0), (310.0, 300.0), diameter_mm=0.45),
        scale=replace(result.scale, method="iris", uncertainty=0.0372),
    )
    assert words(facts(measured)) == (
        "3.00 px/mm ± 3.7 % (from the iris) | camera at 0.9 m (from the lens) | yaw +3°, pitch −5°, roll 0° | "
        "blur σ 0.8 px | 2 pores, 2 of 0.4 mm and more"
    )


def test_pores_that_were_not_looked_for_are_not_called_none(result):
    refused = replace(result, measurements=(Measurement("chin", "pore_density", math.nan, "1/cm²", ("too_coarse",)),))
    assert "pores not measured" in facts(refused)[-1].replace("\N{NO-BREAK SPACE}", " ")
    assert "0 pores" in words(facts(result))


def test_pores_of_a_pair_are_counted_though_no_single_photo_was_measured(result, add_pores):
    paired = replace(add_pores(result, (300.0, 300.0), diameter_mm=0.45), measurements=())
    assert "1 pores" in words(facts(paired))


def test_a_patch_has_no_pose_and_no_distance(patch_result):
    assert words(facts(patch_result)) == "14.0 px/mm (given) | blur σ 0.8 px | 0 pores, 0 of 0.4 mm and more"


def test_blur_that_was_not_found_is_said(result):
    unknown = replace(result, quality=replace(result.quality, blur_px=math.nan))
    assert "blur not measurable" in words(facts(unknown))


@pytest.mark.parametrize(
    ("touched", "where"),
    [
        (("left_temple", "right_temple", "chin"), "temple"),
        (("left_temple",), "L temple"),
    ],
)
def test_caveats_are_said_in_words_with_their_zones(result, touched, where):
    zones = tuple(replace(zone, caveats=("too_small",) if zone.name in touched else ()) for zone in result.zones)
    (sentence,) = warnings(replace(result, zones=zones))
    assert sentence.startswith("Too little measurable skin in this zone: ")
    assert where in sentence.replace("\N{NO-BREAK SPACE}", " ")


def test_left_and_right_are_listed_together(result):
    touched = ("left_temple", "right_temple", "chin")
    zones = tuple(replace(zone, caveats=("slanted",) if zone.name in touched else ()) for zone in result.zones)
    assert words(warnings(replace(result, zones=zones))).endswith(": L+R temple, chin")


def test_what_holds_nearly_everywhere_names_the_exceptions(result):
    rows = tuple(replace(row, caveats=() if row.zone == "nose" else ("too_soft",)) for row in result.measurements)
    assert words(warnings(replace(result, measurements=rows))).endswith(": all zones but nose")


def test_what_holds_for_the_photo_is_said_once_without_zones(result):
    rows = tuple(replace(row, caveats=("irises_disagree",)) for row in result.measurements)
    both = replace(result, caveats=("irises_disagree",), measurements=rows)
    (sentence,) = warnings(both)
    assert sentence.lower() == CAVEATS["irises_disagree"].meaning.lower()


def test_nothing_doubtful_says_nothing(result):
    assert warnings(result) == []


def test_the_strip_grows_with_what_it_has_to_say(photo, result):
    view = view_result(photo, result)
    plain = draw_footer(photo, result, view, hatchings=[])
    doubtful = draw_footer(photo, replace(result, caveats=("distance_estimated", "no_colour")), view, hatchings=[])
    assert doubtful.shape[0] > plain.shape[0]
    assert doubtful.shape[1] == plain.shape[1] == view.picture.shape[1]


def test_the_scale_bar_is_ten_millimetres_long(photo, result):
    view = view_result(photo, result)
    strip = draw_footer(photo, result, view, hatchings=[])
    bright = (strip > 200).all(axis=2)
    runs = [max(map(len, "".join("#" if b else " " for b in row).split()), default=0) for row in bright]
    assert max(runs) == pytest.approx(10 * result.scale.px_per_mm * view.zoom, abs=1.5)


def test_a_long_name_is_shortened_in_its_middle(photo, result):
    view = view_result(photo, result)
    long = replace(photo, name="folder/" + "very_long_" * 60 + "end.jpg")
    assert draw_footer(long, result, view, hatchings=[]).shape == draw_footer(photo, result, view, hatchings=[]).shape
    short = shorten(long.name, font(20), 400)
    assert font(20).getlength(short) <= 400
    assert short.startswith("folder/")
    assert short.endswith("end.jpg")


def test_lines_fit_and_lose_nothing():
    text = "a few short words and one " + "extraordinarily" * 8 + " long one"
    lines = wrap(text, font(20), 300)
    assert all(font(20).getlength(line) <= 300 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_what_belongs_together_stays_on_one_line():
    lines = wrap("word word word 0.6\N{NO-BREAK SPACE}px", font(20), font(20).getlength("word word word 0.6 "))
    assert lines[-1] == "0.6\N{NO-BREAK SPACE}px"
    assert np.all([font(20).getlength(line) > 0 for line in lines])
