"""Data files that ship with the package: the face landmark model and its notice."""

from __future__ import annotations

import hashlib
from importlib import resources

FACE_MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


def face_model() -> bytes:
    """Return the face landmark model, checked against its SHA-256.

    Returns
    -------
    bytes
        Content of ``face_landmarker.task``.

    Raises
    ------
    RuntimeError
        The file is not the one that this package was released with.
    """
    data = (resources.files(__name__) / "face_landmarker.task").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != FACE_MODEL_SHA256:
        raise RuntimeError(
            f"the face model is damaged: its SHA-256 is {found}, expected {FACE_MODEL_SHA256}; install skintexture anew"
        )
    return data
