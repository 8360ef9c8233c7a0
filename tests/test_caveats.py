"""The registry of reasons holds what is used, and nothing else."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from skintexture.caveats import CAVEATS

PACKAGE = Path(str(resources.files("skintexture")))


def test_every_caveat_is_given_somewhere():
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.name != "caveats.py")
    unused = [name for name in CAVEATS if not re.search(rf'"{name}"', code)]
    assert unused == []


def test_names_are_keys():
    assert all(name == caveat.name for name, caveat in CAVEATS.items())
