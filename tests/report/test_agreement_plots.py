import math

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from skintexture.report.agreement_plots import draw_agreement, plot_agreement


def rows(**zones):
    """Rows of agreement by zone: bias 0.5, limits ± given."""
    return pd.DataFrame(
        [
            {
                "zone": zone, "unit": "1/cm²", "difference_unit": "unit", "bias": 0.5,
                "loa_low": -limit, "loa_low_low": -1.2 * limit, "loa_low_high": -0.8 * limit,
                "loa_high": limit, "loa_high_low": 0.8 * limit, "loa_high_high": 1.2 * limit,
            }
            for zone, limit in zones.items()
        ]
    )  # fmt: skip


def pairs(**zones):
    return pd.DataFrame(
        [{"zone": zone, "before": before, "after": after} for zone, values in zones.items() for before, after in values]
    )


@pytest.fixture
def agreement():
    return rows(nose=2.0, left_cheek=1.0, chin=math.nan)


@pytest.fixture
def shots():
    return pairs(nose=[(10, 11), (20, 19)], left_cheek=[(5, 5.5), (6, math.nan)], chin=[(math.nan, 3)])


def dots(panel, marker="o"):
    return [
        (float(x), float(y))
        for line in panel.lines
        if line.get_marker() == marker
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def test_it_is_a_png_and_always_the_same(shots, agreement):
    with mpl.rc_context({"font.size": 30.0}):
        dressed = plot_agreement(shots, agreement, "pore_density $")
    plain = plot_agreement(shots, agreement, "pore_density $")
    assert plain.startswith(b"\x89PNG")
    assert plain == dressed


def test_dots_are_differences_over_means(shots, agreement):
    panels = draw_agreement(shots, agreement, "title").axes
    assert dots(panels[0]) == [(10.5, 1.0), (19.5, -1.0)]
    assert dots(panels[1]) == [(5.25, 0.5)]


def test_on_the_log_scale_they_are_percentages(shots, agreement):
    panels = draw_agreement(shots, agreement.assign(difference_unit="%"), "title").axes
    assert dots(panels[0]) == [(10.5, pytest.approx(10.0)), (19.5, pytest.approx(-5.0))]


def test_each_zone_says_its_limits_in_numbers(shots, agreement):
    panels = draw_agreement(shots, agreement, "title").axes
    assert [text.get_text() for text in panels[0].texts] == ["−2 … +2"]
    assert panels[0].get_title(loc="left").strip() == "nose"


def test_bias_and_limits_are_drawn(shots, agreement):
    panel = draw_agreement(shots, agreement, "title").axes[0]
    heights = {float(np.mean(line.get_ydata())) for line in panel.lines if line.get_marker() == "None"}
    assert heights == {0.0, 0.5, -2.0, 2.0}


def test_a_zone_without_two_shots_says_so(shots, agreement):
    panel = draw_agreement(shots, agreement, "title").axes[2]
    assert [text.get_text() for text in panel.texts] == ["not measured twice"]


def test_one_wild_zone_does_not_flatten_the_others():
    agreement = rows(nose=1.0, chin=1.0, glabella=1.0, left_temple=500.0)
    figure = draw_agreement(
        pairs(nose=[(1, 1.5)], chin=[(1, 1.2)], glabella=[(1, 1)], left_temple=[(100, 20)]), agreement, ""
    )
    assert figure.axes[0].get_ylim()[1] < 10
    ((_, height),) = dots(figure.axes[3], marker="v")
    assert figure.axes[3].get_ylim()[0] < height < 0


def test_a_difference_of_percentages_is_not_taken_for_a_percentage(shots, agreement):
    linear = draw_agreement(shots, agreement.assign(unit="%"), "title")
    log = draw_agreement(shots, agreement.assign(unit="%", difference_unit="%"), "title")
    assert "points" in linear.get_supylabel()
    assert "of its value" in log.get_supylabel()


def test_values_without_any_scatter_can_be_drawn():
    assert plot_agreement(pairs(nose=[(1, 1), (2, 2)]), rows(nose=0.0), "title")
