"""Fixtures for the tests of where the skin is."""

from __future__ import annotations

import pytest

from known_head import KnownHead, see_head


@pytest.fixture
def frontal_head() -> KnownHead:
    return see_head()
