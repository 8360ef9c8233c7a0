"""Splitting the scatter of unchanged skin into its causes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skintexture.validation.between_shots import (
    DEVELOPED,
    LEAST_PER_BLUR_PX,
    LEAST_PER_BLUR_PX_OF_AREA,
    LEAST_SD,
    scatter_table,
)

ALIKE = {
    "case": "a shot",
    "blur_px": 0.0,
    "shading": 0.02,
    "turn": 0.01,
    "shine": 0.001,
    "compression": 0.1,
    "slant": 0.0,
    "contrast": 0.0,
    "sharpening": 0.0,
}


def _changes(sd, *, zone="nose", sampling_sd=0.0, **differs):
    rng = np.random.default_rng(1)
    rows = 4000
    relative = rng.normal(0.0, np.hypot(sd, sampling_sd), rows)
    row = {"metric": "m", "zone": zone, "sampling_sd": sampling_sd} | ALIKE | differs
    return pd.DataFrame([row] * rows).assign(relative=relative)


def test_each_cause_gets_its_part():
    changes = pd.concat(
        [
            _changes(0.03, sampling_sd=0.02),
            _changes(0.01, zone="whole_face"),
            _changes(0.05, blur_px=2.0),
            _changes(0.05, shading=0.1),
            _changes(0.05, turn=0.1),
            _changes(0.05, shine=0.02),
            _changes(0.05, compression=0.8),
            _changes(0.05, slant=0.2),
            _changes(0.05, case=DEVELOPED[0].name, contrast=0.03),
            _changes(0.05, case=DEVELOPED[1].name, sharpening=0.1),
        ]
    )
    found = scatter_table(changes).iloc[0]
    assert found["reshot"] == pytest.approx(0.03, rel=0.05)
    assert found["reshot_face"] == pytest.approx(0.01, rel=0.05)
    assert found["per_blur_px"] == pytest.approx(0.02, rel=0.1)
    assert found["per_shading"] == pytest.approx(0.4, rel=0.1)
    assert found["per_turn"] == pytest.approx(0.4, rel=0.1)
    assert found["per_shine"] == pytest.approx(2.0, rel=0.1)
    assert found["per_compression"] == pytest.approx(0.05, rel=0.1)
    assert found["per_slant"] == pytest.approx(0.2, rel=0.1)
    assert found["per_contrast"] == pytest.approx(4 / 3, rel=0.1)
    assert found["per_sharpening"] == pytest.approx(0.4, rel=0.1)


def test_what_turn_does_is_not_laid_to_a_contrast_that_is_read_with_it():
    turned = _changes(0.05, turn=0.1, contrast=0.02)
    developed = _changes(0.05, case=DEVELOPED[0].name, contrast=0.03)
    found = scatter_table(pd.concat([_changes(0.03), turned, developed])).iloc[0]
    assert found["per_turn"] == pytest.approx(0.4, rel=0.1)
    assert found["per_contrast"] == pytest.approx(4 / 3, rel=0.1)


def test_no_metric_is_surer_than_rounding_and_registration():
    assert scatter_table(_changes(0.0, sampling_sd=0.05))["reshot"].iloc[0] >= LEAST_SD


def test_no_zone_is_surer_than_the_face():
    """Where tiles scatter more than zones do, what is left beyond sampling says nothing."""
    found = scatter_table(pd.concat([_changes(0.01, sampling_sd=0.05), _changes(0.02, zone="whole_face")])).iloc[0]
    assert found["reshot"] == found["reshot_face"] == pytest.approx(0.02, rel=0.05)


def test_blur_is_never_known_for_sure():
    changes = _changes(0.01, blur_px=1.5)
    assert scatter_table(changes)["per_blur_px"].iloc[0] == LEAST_PER_BLUR_PX
    of_area = scatter_table(changes.assign(metric="paired_pore_area"))
    assert of_area["per_blur_px"].iloc[0] == LEAST_PER_BLUR_PX_OF_AREA
