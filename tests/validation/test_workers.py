"""Jobs of a section, done on all cores."""

from __future__ import annotations

import math
import os

import pytest

from skintexture.validation.finding import Step
from skintexture.validation.workers import on_all_cores


def test_results_come_in_the_order_given_with_how_far_they_are():
    found = list(on_all_cores([9.0, 4.0, 1.0], math.sqrt))
    assert found == [(Step(1, 3), 3.0), (Step(2, 3), 2.0), (Step(3, 3), 1.0)]


def test_a_defect_of_a_job_comes_through():
    with pytest.raises(ValueError, match="math domain"):
        list(on_all_cores([4.0, -1.0], math.sqrt))


def test_a_job_that_takes_its_worker_along_is_not_left_out():
    with pytest.raises(RuntimeError, match="137: the photo crashed the process"):
        list(on_all_cores([137], os._exit))
