import math

import matplotlib as mpl
import pandas as pd
import pytest

from skintexture.metrics.definition import Metric
from skintexture.report.plots import ENDPOINTS, NOTE, draw_changes, plot_changes, reason


def metric(name, direction="lower_better"):
    return Metric(name, "family", "%", 0.0, math.inf, "more", direction, 1, "source")


def row(zone, name, change_pct, caveats="", before=10.0):
    after = before * (1 + change_pct / 100)
    return {
        "zone": zone, "metric": name, "before": before, "after": after, "change": after - before,
        "change_pct": change_pct, "direction": "lower_better", "unit": "%", "caveats": caveats,
    }  # fmt: skip


def texts(figure):
    """Every text in the figure, panel by panel."""
    panels = [
        text.get_text()
        for panel in figure.axes
        for text in (panel.title, panel.xaxis.label, *panel.texts, *panel.get_yticklabels())
    ]
    legend = figure.legends[0]
    return [*panels, figure.get_suptitle(), legend.get_title().get_text(), *(t.get_text() for t in legend.get_texts())]


@pytest.fixture
def changes():
    return pd.DataFrame(
        [
            row("forehead", "pore_density", -12.0),
            row("left_cheek", "pore_density", 8.0, caveats="slanted"),
            row("nose", "pore_density", math.nan, caveats="slanted;too_coarse"),
            row("forehead", "roughness_sq_luminance", -3.0),
            row("left_cheek", "roughness_sq_luminance", 4.0),
            row("nose", "roughness_sq_luminance", math.nan, caveats="too_small"),
            row("forehead", "roughness_sku_luminance", 1.0),
        ]
    )


@pytest.fixture
def metrics():
    names = ("pore_density", "roughness_sq_luminance")
    return {name: metric(name) for name in names} | {"roughness_sku_luminance": metric("sku", "none")}


def test_it_is_a_png_and_always_the_same(changes, metrics):
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red"}):
        dressed = plot_changes(changes, metrics, "before.jpg → after.jpg")
    plain = plot_changes(changes, metrics, "before.jpg → after.jpg")
    assert plain.startswith(b"\x89PNG")
    assert plain == dressed
    assert b"Software" not in plain


def test_plotting_leaves_the_users_settings_alone(changes, metrics):
    with mpl.rc_context({"font.size": 17.0}):
        plot_changes(changes, metrics, "title")
        assert mpl.rcParams["font.size"] == 17.0


def test_a_panel_per_endpoint_and_a_row_per_zone(changes, metrics):
    figure = draw_changes(changes, metrics, "title")
    assert [panel.get_title() for panel in figure.axes] == ["pore density", "roughness sq"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["forehead", "left cheek", "nose"]


def test_dots_lie_at_the_change(changes, metrics):
    lines = draw_changes(changes, metrics, "title").axes[0].lines
    dots = {(line.get_xdata()[0], line.get_ydata()[0]) for line in lines if line.get_marker() == "o"}
    assert {(-12.0, 0), (8.0, 1)} <= dots


def test_a_change_without_number_is_hollow_and_says_why(changes, metrics):
    panel = draw_changes(changes, metrics, "title").axes[0]
    hollow = [line for line in panel.lines if line.get_markerfacecolor() == "white"]
    assert [line.get_ydata()[0] for line in hollow] == [2]
    assert hollow[0].get_xdata()[0] != 0
    assert [text.get_text() for text in panel.texts] == ["too coarse"]


def test_a_caveat_makes_a_dot_pale(changes, metrics):
    lines = draw_changes(changes, metrics, "title").axes[0].lines
    colours = {line.get_ydata()[0]: line.get_color() for line in lines if line.get_marker() == "o"}
    assert colours[0] != colours[1]


@pytest.mark.parametrize(
    ("direction", "mark"), [("lower_better", "← smoother"), ("higher_better", "smoother →"), ("none", None)]
)
def test_the_direction_of_smoother_skin_is_marked(changes, direction, mark):
    label = draw_changes(changes, {"pore_density": metric("pore_density", direction)}, "title").axes[0].get_xlabel()
    assert label == ("change in %" if mark is None else f"change in %\n{mark}")


def test_it_says_what_it_does_not_know_and_gives_no_verdict(changes, metrics):
    said = " ".join(texts(draw_changes(changes, metrics, "title")))
    assert NOTE in said
    assert not any(word in said.lower() for word in ("improved", "worse", "better", "significant"))


def test_a_change_beyond_the_axis_is_written_at_its_edge(metrics):
    panel = draw_changes(pd.DataFrame([row("nose", "pore_density", -340.0)]), metrics, "title").axes[0]
    assert [text.get_text() for text in panel.texts] == ["−340 %"]
    assert panel.get_xlim()[0] == pytest.approx(-115.0)


def test_bands_and_distances_are_written_in_millimetres(metrics):
    names = ("band_energy_0.25_0.5mm_luminance", "glcm_contrast_0.25mm_luminance")
    frame = pd.DataFrame([row("nose", name, 1.0) for name in names])
    panels = draw_changes(frame, {name: metric(name) for name in names}, "title").axes
    assert [panel.get_title() for panel in panels] == ["band energy\n0.25–0.5 mm", "glcm contrast\n0.25 mm"]


def test_seven_endpoints_leave_no_empty_frame(metrics):
    frame = pd.DataFrame([row("nose", name, 1.0) for name in ENDPOINTS])
    figure = draw_changes(frame, {name: metric(name) for name in ENDPOINTS}, "title")
    assert [panel.axison for panel in figure.axes] == [True] * 7 + [False]


def test_a_recipe_without_the_endpoints_shows_what_it_has():
    frame = pd.DataFrame([row("nose", "other", 1.0), row("nose", "shape", 1.0)])
    figure = draw_changes(frame, {"other": metric("other"), "shape": metric("shape", "none")}, "title")
    assert [panel.get_title() for panel in figure.axes] == ["other"]


def test_a_files_name_is_no_formula_and_may_hold_any_letter(changes, metrics):
    assert plot_changes(changes, metrics, "a$\\frac$.jpg → 顔.jpg " + "long " * 40)


@pytest.mark.parametrize(
    ("caveats", "before", "words"),
    [("slanted;too_soft", 1.0, "too soft"), ("", 0.0, "was 0 before"), ("slanted", math.nan, "not measured")],
)
def test_reasons_are_words(caveats, before, words):
    assert reason({"caveats": caveats, "before": before}) == words
