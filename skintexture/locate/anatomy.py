"""Which landmarks outline what: the facial zones, and what is not skin.

Point numbers are those of the landmark model's 468-point mesh. Outlines of paired zones are written for the
subject's right side (the left of the picture) and mirrored.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from skintexture.locate.canonical import canonical_mesh

ZoneName = Literal[
    "forehead",
    "glabella",
    "nose",
    "left_cheek",
    "right_cheek",
    "left_malar",
    "right_malar",
    "left_temple",
    "right_temple",
    "left_periorbital",
    "right_periorbital",
    "perioral",
    "chin",
    "left_jawline",
    "right_jawline",
    "whole_face",
]
ZONE_NAMES: tuple[ZoneName, ...] = get_args(ZoneName)
WHOLE_FACE: ZoneName = "whole_face"

# fmt: off
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)

# Half of an outline that crosses the midline, from top to bottom on the subject's right; the other half mirrors it.
_SYMMETRIC = {
    "forehead": (10, 109, 67, 103, 54, 68, 105, 66, 107, 9),
    "glabella": (9, 107, 55, 193, 168),
    "nose": (168, 193, 122, 196, 236, 198, 131, 115, 218, 237, 44, 1),
    "perioral": (2, 97, 98, 165, 92, 40, 39, 37, 0),
    "chin": (18, 83, 182, 204, 211, 170, 149, 176, 148, 152),
}
_RIGHT_SIDE = {
    "cheek": (137, 123, 50, 36, 206, 216, 192, 213, 147),
    "malar": (116, 111, 117, 118, 119, 100, 142, 36, 50, 123),
    "temple": (68, 54, 21, 162, 127, 34, 143, 124, 70),
    "periorbital": (124, 143, 111, 117, 118, 119, 120, 232, 22, 23, 24, 110, 25, 226),
    "jawline": (132, 58, 172, 136, 150, 149, 170, 211, 202, 214, 192, 213),
}

# What is not skin. Each is grown by a margin before it is cut out.
_RIGHT_EYE = (130, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25)
_RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_NOSTRILS_HALF = (1, 44, 237, 218, 219, 235, 98, 97, 2)

RIGHT_EYELIDS = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
"""The opening between the lids of the subject's right eye."""
# fmt: on

RIGHT_IRIS, LEFT_IRIS = 468, 473
"""Centres of the irises; the next four points lie on the rim: right, top, left, bottom in the picture."""

EYE_CORNERS = (33, 133, 362, 263)


@cache
def mirror() -> tuple[int, ...]:
    """For each of the 468 points, the one on the other side of the face."""
    vertices = canonical_mesh().vertices_mm
    flipped = vertices * np.array([-1.0, 1.0, 1.0])
    distances = np.linalg.norm(vertices[:, None, :] - flipped[None, :, :], axis=2)
    return tuple(int(i) for i in distances.argmin(axis=0))


def mirrored(outline: tuple[int, ...]) -> tuple[int, ...]:
    """Return the same outline on the other side of the face, in the opposite turning direction."""
    other = mirror()
    return tuple(other[i] for i in reversed(outline))


def _both_halves(half: tuple[int, ...]) -> tuple[int, ...]:
    other = mirror()
    return half + tuple(other[i] for i in reversed(half) if other[i] != i)


@cache
def zone_outlines() -> MappingProxyType[ZoneName, tuple[int, ...]]:
    """Landmarks around each zone, in the order of `ZONE_NAMES`."""
    outlines: dict[str, tuple[int, ...]] = {name: _both_halves(half) for name, half in _SYMMETRIC.items()}
    for name, outline in _RIGHT_SIDE.items():
        outlines[f"right_{name}"] = outline
        outlines[f"left_{name}"] = mirrored(outline)
    outlines[WHOLE_FACE] = FACE_OVAL
    return MappingProxyType({name: outlines[name] for name in ZONE_NAMES})


@cache
def not_skin_outlines() -> MappingProxyType[str, tuple[tuple[int, ...], ...]]:
    """Landmarks around eyes, brows, lips and nostrils."""
    return MappingProxyType(
        {
            "eyes": (_RIGHT_EYE, mirrored(_RIGHT_EYE)),
            "brows": (_RIGHT_BROW, mirrored(_RIGHT_BROW)),
            "lips": (_LIPS,),
            "nostrils": (_both_halves(_NOSTRILS_HALF),),
        }
    )
