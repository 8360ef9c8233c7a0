"""The summary picture."""

from __future__ import annotations

import base64
import io
import math
from xml.etree import ElementTree as ET

import cv2
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from skintexture.report.answer import Endpoint
from skintexture.report.face_maps import Pixels, crop_to, draw_map, draw_photo
from skintexture.report.forest import draw_forest, forest_zones, widest_pct
from skintexture.report.page import DPI, INNER_PX, WIDTH_PX, Canvas, Page
from skintexture.report.summary import Summary, draw_summary, render_summary
from skintexture.report.verdict_style import STYLES

PORES, TEXTURE = Endpoint("pore_contrast", "pore contrast"), Endpoint("band", "texture")


def square(y, x, side=60.0):
    return np.array([[y, x], [y, x + side], [y + side, x + side], [y + side, x]])


OUTLINES = {
    "forehead": square(20, 100),
    "left_cheek": square(120, 160),
    "right_cheek": square(120, 40),
    "whole_face": np.array([[0.0, 20.0], [0.0, 240.0], [280.0, 240.0], [280.0, 20.0]]),
}


def row(zone, verdict, change_pct, metric="pore_contrast", **other):
    return {
        "zone": zone, "metric": metric, "change_pct": change_pct, "ci_low_pct": change_pct - 5,
        "ci_high_pct": change_pct + 5, "mdc_pct": 8.0, "verdict": verdict, "reason": "",
        "direction": "lower_better", **other,
    }  # fmt: skip


def lost(zone, metric="pore_contrast"):
    return row(zone, "not comparable", math.nan, metric, reason="turned away")


CHANGES = [
    row("forehead", "no change shown", -2.0),
    row("left_cheek", "improved", -25.0),
    lost("right_cheek"),
    row("whole_face", "improved", -20.0),
    row("forehead", "worse", 18.0, "band"),
    row("left_cheek", "no change shown", 1.0, "band"),
    row("right_cheek", "no change shown", 1.0, "band"),
    row("whole_face", "no change shown", 2.0, "band"),
]


@pytest.fixture
def summary():
    rng = np.random.default_rng(1)
    before, after = (rng.integers(60, 200, (300, 260, 3), dtype=np.uint8) for _ in range(2))
    comparability = pd.DataFrame([("caveat", "the after photo is softer.")], columns=["severity", "text"])
    return Summary(before, after, OUTLINES, pd.DataFrame(CHANGES), comparability, (PORES, TEXTURE), "Baseline, 90 days")


def replaced(summary, **fields):
    names = ("before", "after", "outlines", "changes", "comparability", "endpoints", "title", "further")
    return Summary(**({name: getattr(summary, name) for name in names} | fields))


def words(figure):
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in figure.texts]


def changes_of(metric):
    return pd.DataFrame([one for one in CHANGES if one["metric"] == metric])


def new_axes():
    return Figure().add_subplot()


def test_it_is_a_png_as_wide_as_a_phone_and_always_the_same(summary):
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red"}):
        dressed = render_summary(summary, ("png",))[0]
    plain = render_summary(summary, ("png",))[0]
    assert plain == dressed
    assert b"Software" not in plain
    with Image.open(io.BytesIO(plain)) as image:
        assert image.width == WIDTH_PX
        assert image.height > image.width


def test_the_svg_is_whole_and_always_the_same_and_bears_no_date(summary):
    first, second = (render_summary(summary, ("svg",))[0] for _ in range(2))
    assert first == second
    assert ET.fromstring(first).tag.endswith("svg")
    assert b"dc:date" not in first
    assert b"<text" not in first  # letters are outlines: no font is needed to see them


def test_the_svg_shows_the_photographs_where_the_png_does(summary):
    darker_below = (
        np.zeros_like(summary.before) + np.linspace(255, 0, len(summary.before), dtype=np.uint8)[:, None, None]
    )
    png, svg = render_summary(replaced(summary, before=darker_below, after=darker_below), ("png", "svg"))
    page = decode(png)
    for image in list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}image"))[:2]:
        left, top = (round(float(image.attrib[name]) * DPI / 72) for name in ("x", "y"))
        picture = decode(base64.b64decode(image.attrib["{http://www.w3.org/1999/xlink}href"].split(",")[1]))
        height, width = picture.shape[:2]
        shown = page[top : top + height, left : left + width]
        np.testing.assert_allclose(shown[2:-2, 2:-2], picture[2:-2, 2:-2], atol=3)


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)


def test_the_answer_comes_first(summary):
    said = words(draw_summary(summary))
    assert said[0] == "Baseline, 90 days"
    assert "Pore contrast: improved" in said[1:3]
    assert said.index("Pore contrast: improved") < said.index("before")
    assert "−20 % (95 % interval −25 to −15) over the whole face; improved in 1 of 2 zones." in " ".join(said)


def test_every_finding_stands_in_words_beside_its_zone(summary):
    said = words(draw_summary(summary))
    assert said.count("improved") == 2  # left cheek and whole face
    assert said.count("worse") == 1
    assert {"L cheek", "R cheek", "forehead", "whole face"} <= set(said)


def test_what_limits_it_is_told(summary):
    said = words(draw_summary(summary))
    assert "The after photo is softer." in said
    assert "Not comparable in right cheek, for pore contrast: turned away" in said
    fine = replaced(
        summary, comparability=summary.comparability.iloc[:0], changes=changes_of("band"), endpoints=(TEXTURE,)
    )
    assert "Nothing was found that limits it." in words(draw_summary(fine))


def test_two_photos_that_can_not_be_compared_are_still_shown(summary):
    none = pd.DataFrame([lost(zone, metric) for zone in OUTLINES for metric in ("pore_contrast", "band")])
    figure = draw_summary(replaced(summary, changes=none))
    assert "These photos can't be compared" in words(figure)
    assert len(figure.axes) == 2
    assert render_summary(replaced(summary, changes=none), ("png",))[0]


def test_one_endpoint_of_two_can_be_missing(summary):
    figure = draw_summary(replaced(summary, changes=changes_of("pore_contrast")))
    assert "Texture: not comparable" in words(figure)
    assert len(figure.axes) == 4


def test_text_stays_within_the_page(summary):
    long = " ".join(["a sentence without an end"] * 20) + " " + "w" * 400
    figure = draw_summary(replaced(summary, title=long))
    FigureCanvasAgg(figure)
    width = figure.bbox.width
    assert all(text.get_window_extent().x1 <= width for text in figure.texts)


def test_nothing_lies_on_anything_else(summary):
    """Lines of text neither overlap each other nor the pictures and plots."""
    figure = draw_summary(summary)
    FigureCanvasAgg(figure)
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    frames = [axes.get_window_extent() for axes in figure.axes]
    for k, box in enumerate(boxes):
        for other in [*boxes[:k], *frames]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            down = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across <= 1 or down <= 2, figure.texts[k].get_text()


def test_zones_are_coloured_by_verdict_and_labelled_in_words():
    axes = new_axes()
    picture = np.full((300, 260, 3), 120, np.uint8)
    draw_map(axes, picture, OUTLINES, changes_of("pore_contrast"))
    colours = [patch.get_facecolor()[:3] for patch in axes.patches if patch.get_fill()]
    assert colours == [to_rgb(STYLES["improved"].fill)]
    assert [patch.get_hatch() for patch in axes.patches if patch.get_hatch()] == [STYLES["not comparable"].hatch]
    assert [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in axes.texts] == ["−25 %", "improved"]
    inside = axes.texts[0].get_position()
    assert 160 <= inside[0] <= 220
    assert 120 <= inside[1] <= 180


def test_a_larger_change_is_a_stronger_colour():
    alphas = []
    for change in (-5.0, -30.0):
        axes = new_axes()
        rows = pd.DataFrame([row("left_cheek", "improved", change)])
        draw_map(axes, np.full((300, 260, 3), 120, np.uint8), OUTLINES, rows)
        alphas.append(next(patch.get_alpha() for patch in axes.patches if patch.get_fill()))
    assert alphas[0] < alphas[1]


def test_the_map_is_grey_so_that_colours_look_alike_on_every_skin():
    axes = new_axes()
    picture = np.zeros((300, 260, 3), np.uint8)
    picture[..., 0] = 200
    draw_map(axes, picture, OUTLINES, changes_of("band"))
    (shown,) = axes.findobj(Pixels)
    assert (shown.picture == shown.picture[..., :1]).all()
    assert shown.picture.min() >= 140  # the darkest skin is still pale enough for letters


def test_photos_stand_on_the_page_pixel_for_pixel():
    figure = Figure(figsize=(3, 2), dpi=100, facecolor="white")
    picture = np.random.default_rng(3).integers(0, 256, (60, 50, 3), dtype=np.uint8)
    draw_photo(Canvas(figure, 200).axes((20, 30), (60, 50)), picture)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    page = np.asarray(canvas.buffer_rgba())[..., :3]
    left = round(30 * 300 / WIDTH_PX)
    np.testing.assert_array_equal(page[20:80, left : left + 50], picture)
    assert (np.delete(page, np.s_[20:80], axis=0) == 255).all()


def test_verdicts_look_different_without_colour():
    seen = [(style.sign, style.marker) for verdict, style in STYLES.items() if verdict != "mixed"]
    assert len({sign for sign, _ in seen}) == len(seen)


def test_the_picture_is_cut_to_the_zones_and_outlines_go_along():
    picture = np.zeros((400, 500, 3), np.uint8)
    picture[120:181, 160:221] = 255
    cut, outlines = crop_to(picture, {"left_cheek": square(120, 160)}, 640)
    assert cut.shape[1] == 640
    (y0, x0), (y1, x1) = outlines["left_cheek"][0], outlines["left_cheek"][2]
    middle = cut[int(y0) + 10 : int(y1) - 10, int(x0) + 10 : int(x1) - 10]
    assert (middle == 255).all()
    assert cut[: int(y0) - 8].max(initial=0) < 30  # enlarging rings a little


def test_a_forest_has_bands_intervals_and_marks():
    axes = new_axes()
    zones = forest_zones(changes_of("pore_contrast"))
    assert zones == ["whole_face", "forehead", "left_cheek"]
    draw_forest(axes, changes_of("pore_contrast"), zones, limit_pct=30.0)
    bands = [(patch.get_x(), patch.get_width()) for patch in axes.patches]
    assert bands == [(-8.0, 16.0)] * 3
    lines = {tuple(float(x) for x in line.get_xdata()): line for line in axes.lines}
    assert {(-25.0, -15.0), (-7.0, 3.0), (-30.0, -20.0), (-20.0,), (-2.0,), (-25.0,)} <= set(lines)
    assert lines[(-2.0,)].get_markerfacecolor() == "white"
    assert lines[(-25.0,)].get_markerfacecolor() == STYLES["improved"].colour


def test_what_lies_beyond_the_axis_ends_in_an_arrow():
    axes = new_axes()
    draw_forest(axes, pd.DataFrame([row("nose", "improved", -150.0)]), ["nose"], limit_pct=100.0)
    marks = [(float(line.get_xdata()[0]), line.get_marker()) for line in axes.lines if line.get_marker() != "None"]
    assert marks == [(-100.0, "<")]


@pytest.mark.parametrize(("largest", "limit"), [(3.0, 10.0), (24.0, 30.0), (25.1, 50.0), (400.0, 100.0)])
def test_axes_end_at_round_numbers(largest, limit):
    assert widest_pct(pd.DataFrame([row("nose", "improved", -largest)])) == limit
    assert widest_pct(pd.DataFrame([lost("nose")])) == 10.0


def test_one_zone_that_is_hardly_known_does_not_squeeze_the_others():
    rows = [row(f"zone {k}", "improved", -18.0) for k in range(12)]
    unsure = row("temple", "no change shown", -5.0) | {"ci_low_pct": -80.0, "ci_high_pct": 240.0, "mdc_pct": 170.0}
    assert widest_pct(pd.DataFrame([*rows, unsure])) == widest_pct(pd.DataFrame(rows))


def test_a_zone_without_interval_or_band_is_still_marked():
    axes = new_axes()
    rows = pd.DataFrame([row("nose", "changed", 5.0, ci_low_pct=math.nan, ci_high_pct=math.nan, mdc_pct=math.nan)])
    draw_forest(axes, rows, ["nose"], limit_pct=10.0)
    assert not axes.patches
    assert [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "D"] == [5.0]


def test_a_page_is_as_tall_as_its_blocks():
    page = Page()
    page.paragraph("word " * 100, 30)
    page.space(50)
    figure = page.draw()
    height_px = figure.get_figheight() * 100
    lines = [text for text in figure.texts if text.get_text()]
    assert height_px == pytest.approx(2 * 36 + 50 + len(lines) * 30 * 1.35)
    assert len(lines) > 1
    assert INNER_PX < WIDTH_PX


def test_further_endpoints_are_told_for_the_whole_face(summary):
    figure = draw_summary(replaced(summary, endpoints=(PORES,), further=(TEXTURE, Endpoint("lost", "not measured"))))
    said = words(figure)
    assert "Also measured, over the whole face" in said
    assert said.count("Texture") == 1
    assert "no change shown" in said
    assert "Not measured" not in said
    assert len(figure.axes) == 5
