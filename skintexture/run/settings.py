"""What decides a photo's numbers beside the photo itself, and the key under which they are kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np

from skintexture.assets import FACE_MODEL_SHA256
from skintexture.libraries import DECIDING_LIBRARIES
from skintexture.locate.scale import KnownScale
from skintexture.model import BoolImage
from skintexture.recipe import Recipe
from skintexture.tabulate import (
    MEASUREMENT_COLUMNS,
    PHOTO_COLUMNS,
    PORE_COLUMNS,
    ZONE_COLUMNS,
)

KEY_BYTES = 16


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """Versions, in this process, of all that decides a number."""
    return tuple((name, metadata.version(name)) for name in ("skintexture", *DECIDING_LIBRARIES))


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every photo of a run.

    Attributes
    ----------
    recipe : Recipe
    known : KnownScale
        Scale of photos for which nothing else is stated.
    patch : bool
        No face is sought.
    mask : (H, W) bool or None
    """

    recipe: Recipe
    known: KnownScale
    patch: bool = False
    mask: BoolImage | None = None

    def details(self) -> dict[str, Any]:
        """All that can make the same photo, at the same scale, give other numbers or other columns."""
        mask = b"" if self.mask is None else repr(self.mask.shape).encode() + np.packbits(self.mask).tobytes()
        return {
            "recipe_fingerprint": self.recipe.fingerprint(),
            "metric_versions": {name: metric.version for name, metric in self.recipe.catalogue().items()},
            "face_model_sha256": FACE_MODEL_SHA256,
            "versions": dict(versions()),
            "patch": self.patch,
            "mask_sha256": hashlib.sha256(mask).hexdigest() if mask else "",
            "columns": [list(columns) for columns in (PHOTO_COLUMNS, MEASUREMENT_COLUMNS, ZONE_COLUMNS, PORE_COLUMNS)],
        }

    def digest(self) -> str:
        """Digest of the details."""
        return digest_of_details(self.details())


def digest_of_details(details: dict[str, Any]) -> str:
    """Digest of what `Settings.details` gives."""
    return hashlib.sha256(json.dumps(details, sort_keys=True).encode()).hexdigest()


def key_of(photo_sha256: str, known: KnownScale, settings_digest: str) -> bytes:
    """Key under which a photo's numbers are kept.

    Parameters
    ----------
    photo_sha256 : str
        Of its bytes, in hex; empty where it could not be read.
    known : KnownScale
        What is stated of its scale.
    settings_digest : str

    Returns
    -------
    bytes
        16 of them; all zero where the photo could not be read: it has no key, and is looked at again every time.
    """
    if not photo_sha256:
        return bytes(KEY_BYTES)
    scale = (known.px_per_mm, known.interpupillary_mm, known.marker_mm)
    return hashlib.sha256(f"{photo_sha256} {scale!r} {settings_digest}".encode()).digest()[:KEY_BYTES]
