"""The camera's distance, from the perspective of one head seen twice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from known_head import KnownHead, photo_of, see_head
from skintexture.locate.perspective import distance_ratio
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.stations import stations
from skintexture.locate.surface import flat_surface
from skintexture.model import Scale


@dataclass(frozen=True)
class _Perfect:
    """A registration that knows where every station lies."""

    there_px: np.ndarray
    scale_ratio: float
    trusted: bool = True

    def carry(self, points_px: np.ndarray, *, to: str) -> np.ndarray:
        assert to == "after"
        assert len(points_px) == len(self.there_px)
        return self.there_px

    def trusted_at(self, points_px: np.ndarray, *, side: str) -> np.ndarray:
        assert side == "before"
        return np.full(len(points_px), self.trusted)


def _scene(head: KnownHead) -> Scene:
    scale = Scale(head.px_per_mm, "given", 0.0, head.distance_mm, "estimated")
    photo = photo_of(np.zeros((*head.shape, 3), np.float32))
    return Scene(photo, scale, flat_surface(head.shape), flat_skin(np.ones(head.shape, dtype=bool)), Quality(0.5))


@pytest.mark.parametrize("yaw_deg", [0.0, 8.0])
@pytest.mark.parametrize("distance_mm", [560.0, 800.0, 1200.0])
def test_the_ratio_of_distances_is_found(distance_mm, yaw_deg):
    before, after = see_head(), see_head(px_per_mm=5.0, distance_mm=distance_mm, yaw_deg=yaw_deg)
    registration = _Perfect(stations().on(after.face), 5.0 / 4.0)
    found = distance_ratio((before.face, _scene(before)), _scene(after), registration)
    assert found == pytest.approx(distance_mm / 800.0, rel=0.03)


def test_without_registered_skin_nothing_is_said():
    head = see_head()
    lost = _Perfect(stations().on(head.face), 1.0, trusted=False)
    assert math.isnan(distance_ratio((head.face, _scene(head)), _scene(head), lost))
