import numpy as np
from hypothesis import given, settings, strategies as st

from skintexture.report.labels import Ground, place_labels


def ground_with(*boxes, shape=(60, 80)):
    zones = np.zeros((len(boxes), *shape), dtype=bool)
    for zone, (y0, x0, y1, x1) in zip(zones, boxes, strict=True):
        zone[y0:y1, x0:x1] = True
    return Ground(zones, zones.any(axis=0), np.zeros(shape, dtype=bool))


boxes = st.tuples(st.integers(0, 50), st.integers(0, 70), st.integers(3, 30), st.integers(3, 40)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
sizes = st.tuples(st.integers(2, 12), st.integers(2, 25))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(boxes, sizes), min_size=1, max_size=8))
def test_labels_stay_in_the_picture_and_never_overlap(asked):
    places = place_labels(ground_with(*(box for box, _ in asked)), [size for _, size in asked])
    covered = np.zeros((60, 80), dtype=int)
    for place, (_, size) in zip(places, asked, strict=True):
        if place is not None:
            assert place[0] >= 0
            assert place[1] >= 0
            assert place[0] + size[0] <= 60
            assert place[1] + size[1] <= 80
            covered[place[0] : place[0] + size[0], place[1] : place[1] + size[1]] += 1
    assert covered.max() <= 1


def test_a_label_that_fits_lies_inside_its_zone():
    (y, x), _ = place_labels(ground_with((10, 10, 30, 50), (30, 10, 55, 50)), [(6, 20), (6, 20)])
    assert 10 <= y <= 24
    assert 10 <= x <= 30


def test_a_label_hides_what_was_not_measured_sooner_than_what_was():
    ground = ground_with((10, 10, 40, 70))
    ground.measured[28:40] = False
    ((y, _),) = place_labels(ground, [(8, 20)])
    assert y >= 26


def test_a_zone_that_cannot_be_seen_has_no_label():
    assert place_labels(ground_with((0, 0, 0, 0)), [(5, 5)]) == [None]


def test_a_label_larger_than_the_picture_is_left_out():
    assert place_labels(ground_with((10, 10, 30, 50)), [(61, 5)]) == [None]
