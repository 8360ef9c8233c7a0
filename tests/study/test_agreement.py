"""Statistics of agreement: against hand calculation, published examples, statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from skintexture.study.agreement import (
    bland_altman,
    differences_of,
    icc21,
    icc31,
    log_cv_pct,
    mdc95,
    mean_squares,
    repeated,
    scatter_grows,
    sem,
    within_cv_pct,
    within_sd,
)

PAIRS = np.array([[2.0, 4.0], [4.0, 6.0], [6.0, 8.0]])

# Shrout & Fleiss 1979, table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)

NAN = math.nan


def simulated(seed: int, *, subjects: int, shots: int, sds: tuple[float, float, float]) -> np.ndarray:
    """Subjects, shots and errors of known standard deviations."""
    rng = np.random.default_rng(seed)
    of_subjects, of_shots, of_errors = sds
    return (
        10
        + of_subjects * rng.standard_normal((subjects, 1))
        + of_shots * rng.standard_normal((1, shots))
        + of_errors * rng.standard_normal((subjects, shots))
    )


def with_gaps(values: np.ndarray, seed: int) -> np.ndarray:
    """Every subject keeps at least two shots."""
    values = values.copy()
    gaps = np.random.default_rng(seed).random(len(values)) < 0.5
    values[gaps, -1] = NAN
    return values


def test_a_common_difference_lowers_agreement_but_not_consistency():
    squares = mean_squares(PAIRS)
    assert icc31(squares).value == pytest.approx(1.0)
    assert icc21(squares).value == pytest.approx(2 / 3)


def test_the_example_of_shrout_and_fleiss():
    squares = mean_squares(SHROUT_FLEISS)
    assert (squares.between, squares.shots, squares.error) == pytest.approx((11.24, 32.49, 1.02), abs=0.006)
    assert (squares.between_df, squares.shots_df, squares.error_df) == (5, 3, 15)
    assert (icc21(squares).value, icc31(squares).value) == pytest.approx((0.29, 0.71), abs=0.005)


def test_intervals_of_the_example_are_those_that_were_published():
    """McGraw & Wong's intervals for these data, as other programs print them to two digits."""
    squares = mean_squares(SHROUT_FLEISS)
    agreement, consistency = icc21(squares), icc31(squares)
    assert (agreement.low, agreement.high) == pytest.approx((0.02, 0.76), abs=0.005)
    assert (consistency.low, consistency.high) == pytest.approx((0.34, 0.95), abs=0.005)


def test_minimal_detectable_change_of_a_known_error():
    assert mdc95(math.sqrt(1.64)) == pytest.approx(3.55, abs=0.005)
    squares = mean_squares(SHROUT_FLEISS)
    assert sem(squares) ** 2 == pytest.approx(squares.error)


def test_mean_squares_with_missing_shots_are_those_of_statsmodels():
    formula = pytest.importorskip("statsmodels.formula.api")
    from statsmodels.stats.anova import anova_lm

    values = with_gaps(simulated(3, subjects=9, shots=3, sds=(2.0, 1.0, 0.5)), seed=4)
    subject, shot = np.nonzero(np.isfinite(values))
    frame = pd.DataFrame({"y": values[subject, shot], "subject": subject, "shot": shot})
    table = anova_lm(formula.ols("y ~ C(subject) + C(shot)", frame).fit(), typ=2)
    expected = table["sum_sq"] / table["df"]
    squares = mean_squares(values)
    found = (squares.between, squares.shots, squares.error)
    assert found == pytest.approx(tuple(expected), rel=1e-9)
    assert (squares.between_df, squares.shots_df, squares.error_df) == tuple(table["df"].astype(int))


def test_missing_shots_leave_the_estimates_unbiased():
    """True values: subjects 4, shots 0.25, error 1 (variances), so ICC(2,1) is 4/5.25 and ICC(3,1) 4/5."""
    tables = [with_gaps(simulated(k, subjects=200, shots=3, sds=(2.0, 0.5, 1.0)), k) for k in range(40)]
    squares = [mean_squares(table) for table in tables]
    assert np.mean([icc31(one).value for one in squares]) == pytest.approx(0.8, abs=0.01)
    assert np.mean([sem(one) ** 2 for one in squares]) == pytest.approx(1.0, abs=0.02)
    assert 2.5 < squares[0].shots_per_subject < 2.8  # about half of the subjects have three shots


@pytest.mark.parametrize("gaps", [False, True])
def test_intervals_hold_the_truth_as_often_as_they_say(gaps):
    held21, held31 = [], []
    for k in range(400):
        values = simulated(k, subjects=15, shots=3, sds=(1.5, 0.0, 1.0))
        squares = mean_squares(with_gaps(values, k) if gaps else values)
        truth = 1.5**2 / (1.5**2 + 1)
        held21.append(icc21(squares).low <= truth <= icc21(squares).high)
        held31.append(icc31(squares).low <= truth <= icc31(squares).high)
    assert 0.92 < np.mean(held31) < 0.98
    assert 0.92 < np.mean(held21) < 0.995


@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-1000, 1000))
@settings(deadline=None, max_examples=25)
def test_agreement_depends_on_neither_unit_nor_origin(seed, factor, shift):
    values = simulated(seed, subjects=6, shots=3, sds=(1.0, 0.3, 0.5))
    plain, other = mean_squares(values), mean_squares(factor * values + shift)
    for icc in (icc21, icc31):
        assert icc(other).value == pytest.approx(icc(plain).value, abs=1e-6)
        assert icc(other).low <= icc(other).value <= icc(other).high


def test_subjects_and_shots_that_say_nothing_are_left_out():
    alone = np.array([[9.0, NAN, NAN], [NAN, NAN, NAN]])
    padded = np.vstack([np.column_stack([PAIRS, [NAN] * 3]), alone])
    assert np.array_equal(repeated(padded), PAIRS)
    assert icc21(mean_squares(padded)) == icc21(mean_squares(PAIRS))
    assert within_sd(padded) == within_sd(PAIRS)


def test_one_subject_has_scatter_but_no_agreement():
    one = np.array([[3.0, 5.0]])
    assert within_sd(one) == (pytest.approx(math.sqrt(2)), 1)
    squares = mean_squares(one)
    assert all(math.isnan(value) for value in (icc21(squares).value, icc31(squares).low, sem(squares)))
    assert math.isnan(bland_altman(differences_of(one)).bias.value)


def test_nothing_at_all_is_nan_and_no_error():
    for empty in (np.empty((0, 0)), np.empty((0, 2)), np.full((3, 2), NAN), np.array([[1.0, NAN], [NAN, 2.0]])):
        assert math.isnan(icc21(mean_squares(empty)).value)
        assert within_sd(empty)[1] == 0
        assert math.isnan(within_cv_pct(empty))
        assert math.isnan(bland_altman(differences_of(empty)).high.value)
        assert not scatter_grows(empty)


def test_without_any_scatter_agreement_is_unknown():
    squares = mean_squares(np.full((7, 3), 0.1 + 0.2))  # their computed mean is another number
    assert math.isnan(icc21(squares).value)
    assert sem(squares) == 0


def test_equal_shots_of_different_subjects_agree_wholly():
    squares = mean_squares(np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]))
    for icc in (icc21(squares), icc31(squares)):
        assert (icc.value, icc.low, icc.high) == pytest.approx((1.0, 1.0, 1.0))


def test_within_sd_is_the_root_mean_square_and_counts_common_differences():
    sd, df = within_sd(PAIRS)
    assert (sd, df) == (pytest.approx(math.sqrt(2)), 3)
    assert sem(mean_squares(PAIRS)) == pytest.approx(0.0, abs=1e-12)


def test_within_cv_weighs_subjects_by_what_they_tell():
    """Subject one: SD √2 of mean 10; subject two: SD 2 of mean 20, three shots."""
    values = np.array([[9.0, 11.0, NAN], [18.0, 20.0, 22.0]])
    expected = 100 * math.sqrt((2 / 100 + 2 * 4 / 400) / 3)
    assert within_cv_pct(values) == pytest.approx(expected)
    assert math.isnan(within_cv_pct(np.array([[1.0, 2.0], [-1.0, 1.0]])))


def test_both_forms_of_cv_agree_where_scatter_is_small():
    values = 50 * np.exp(0.02 * np.random.default_rng(1).standard_normal((60, 2)))
    assert log_cv_pct(within_sd(np.log(values))[0]) == pytest.approx(within_cv_pct(values), rel=2e-3)
    assert log_cv_pct(0.5) == pytest.approx(53.29, abs=0.01)


def test_bland_altman_of_pairs_by_hand():
    """Differences 1, 2, 3, 6: mean 3, SD √(14/3)."""
    limits = bland_altman(np.array([[1.0], [2.0], [3.0], [6.0]]))
    sd = math.sqrt(14 / 3)
    assert limits.bias.value == pytest.approx(3.0)
    assert limits.high.value == pytest.approx(3 + 1.96 * sd)
    assert limits.bias.high == pytest.approx(3 + 3.182446 * sd / 2, rel=1e-6)
    assert limits.low.low == pytest.approx(3 - 1.96 * sd - 3.182446 * sd * math.sqrt(1 / 4 + 1.96**2 / 6), rel=1e-6)


def test_limits_hold_what_they_say_also_with_missing_shots():
    values = with_gaps(simulated(5, subjects=400, shots=3, sds=(3.0, 0.0, 1.0)), seed=6)
    limits = bland_altman(differences_of(values))
    assert limits.high.value - limits.low.value == pytest.approx(2 * 1.96 * math.sqrt(2), rel=0.07)
    assert limits.bias.low < 0 < limits.bias.high


def test_reversing_the_shots_reverses_the_bias():
    values = np.array([[2.0, 5.0], [4.0, 6.0], [6.0, 8.0]])
    limits, reverse = (bland_altman(differences_of(one)) for one in (values, values[:, ::-1]))
    assert reverse.bias.value == -limits.bias.value
    assert reverse.low.value == pytest.approx(-limits.high.value)


def test_proportional_scatter_is_told_from_constant_scatter():
    rng = np.random.default_rng(2)
    size = np.geomspace(1, 100, 40)[:, None]
    noise = rng.standard_normal((40, 2))
    assert scatter_grows(size * (1 + 0.05 * noise))
    assert not scatter_grows(size + 0.1 * noise)
    assert not scatter_grows(size * (1 + 0.05 * noise) - 50)  # a ratio of negative values means nothing
    assert not scatter_grows(1 / size + 0.01 * size * noise + 20)  # it shrinks


def test_what_scatters_over_orders_of_magnitude_has_no_log_scale():
    rng = np.random.default_rng(2)
    size = np.geomspace(1e-20, 1, 40)[:, None]
    assert scatter_grows(size * np.exp(0.3 * rng.standard_normal((40, 2))))
    assert not scatter_grows(size * np.exp(3 * rng.standard_normal((40, 2))))
