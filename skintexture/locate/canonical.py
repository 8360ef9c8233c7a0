"""The landmark model's own face: 468 points in millimetres, read from the model file that ships with the package.

The file is a zip archive; one of its members is a protocol buffer that holds the mesh. Its wire format needs so little
of a reader (two kinds of field) that no library is asked for it. The file is a part of this package, not the user's:
nothing outside the installed package is touched.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skintexture.model import FloatArray

IntArray = NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)

_MODEL = "face_landmarker.task"
_MEMBER = "geometry_pipeline_metadata_landmarks.binarypb"
_POINTS = 468
_TRIANGLES = 898

# Field numbers of the two messages read here: the metadata holds the mesh, the mesh holds its buffers.
_MESH_FIELD = 1
_VERTEX_FIELD = 3
_INDEX_FIELD = 4

# Kinds of field on the wire.
_VARINT, _BYTES, _FIXED32 = 0, 2, 5

_MM_PER_CM = 10.0


@dataclass(frozen=True, slots=True)
class CanonicalMesh:
    """An average adult face at rest, in the landmark model's numbering.

    Attributes
    ----------
    vertices_mm : (468, 3) float64
        ``(x, y, z)`` in mm: x to the viewer's right (the subject's left), y up, z out of the face toward the camera;
        right-handed, origin inside the head. Point ``i`` is landmark ``i`` of the face finder (its irises, 468–477,
        have no counterpart here).
    uv : (468, 2) float64
        ``(u, v)`` of the flattened face in 0 … 1, u to the viewer's right and v *down*: column ``u · width`` and row
        ``v · height`` of a chart.
    triangles : (898, 3) int64
        Indices into ``vertices_mm``, counter-clockwise seen from outside: normals point out of the face. One
        sheet with a single outline of 36 points; the eyes' and the mouth's openings are closed too.

    Notes
    -----
    The mesh's unit is the centimetre in the file. It is one person-like shape, not a population's mean: as a
    *metric* it is good to some 5–10 %, so lengths in a photograph come from its scale, never from here.
    """

    vertices_mm: FloatArray
    uv: FloatArray
    triangles: IntArray


@cache
def canonical_mesh() -> CanonicalMesh:
    """Read the landmark model's canonical face (once per process).

    Returns
    -------
    CanonicalMesh
        Its arrays are read-only.

    Examples
    --------
    >>> mesh = canonical_mesh()
    >>> mesh.vertices_mm.shape, mesh.triangles.shape
    ((468, 3), (898, 3))
    """
    floats, indices = _read_mesh(_single_field(_member_bytes(), _MESH_FIELD))
    vertices = floats.reshape(_POINTS, 5)
    return CanonicalMesh(
        vertices_mm=_frozen(vertices[:, :3] * _MM_PER_CM),
        uv=_frozen(vertices[:, 3:]),
        triangles=_frozen(indices.reshape(_TRIANGLES, 3)),
    )


@cache
def mirror_points() -> IntArray:
    """For each point of the canonical face, the one across its plane of symmetry: (468,), read-only.

    Examples
    --------
    >>> int(mirror_points()[33])  # from the right eye's outer corner to the left one's
    263
    """
    vertices = canonical_mesh().vertices_mm
    return _frozen(np.asarray(cKDTree(vertices).query(vertices * (-1.0, 1.0, 1.0))[1], np.int64))


def normals_of(points: FloatArray) -> FloatArray:
    """Give the normals at the mesh's points, of any shape it takes, (468, 3): longer where more surface meets."""
    triangles = canonical_mesh().triangles
    a, b, c = (points[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], faces)
    return normals


@cache
def vertex_normals() -> FloatArray:
    """Return the normals of the canonical face at its points, see `normals_of`: (468, 3), read-only.

    Examples
    --------
    >>> x, y, z = vertex_normals()[1]  # the tip of the nose
    >>> bool(z > 5 * abs(x))
    True
    """
    return _frozen(normals_of(canonical_mesh().vertices_mm))


def normals_at(uv: FloatArray) -> FloatArray:
    """Look up unit normals of the canonical face at places of its chart.

    Parameters
    ----------
    uv : (N, 2) float64
        ``(u, v)``.

    Returns
    -------
    (N, 3) float64
        nan outside the face.

    Examples
    --------
    >>> normals_at(np.array([[0.5, 0.5], [0.0, 0.0]])).round(0)[:, 2]
    array([ 1., nan])
    """
    mesh = canonical_mesh()
    corners = mesh.uv[mesh.triangles]
    near = np.all((uv[:, None] >= corners.min(axis=1)) & (uv[:, None] <= corners.max(axis=1)), axis=2)
    place, triangle = np.nonzero(near)
    weights = _barycentric(uv[place], corners[triangle])
    inside = weights.min(axis=1) >= 0.0
    # A place on an edge lies in two triangles, whose normals agree there.
    found = np.einsum("nk,nkc->nc", weights[inside], vertex_normals()[mesh.triangles[triangle[inside]]])
    normals = np.full((len(uv), 3), np.nan)
    normals[place[inside]] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return normals


def _barycentric(uv: FloatArray, corners: FloatArray) -> FloatArray:
    """Weights of a triangle's corners (N, 3, 2) at a place (N, 2): (N, 3)."""
    a, along, across = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    double = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
    to = uv - a
    second = (to[:, 0] * across[:, 1] - to[:, 1] * across[:, 0]) / double
    third = (along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) / double
    return np.column_stack([1.0 - second - third, second, third])


def _frozen(values: NDArray[Scalar]) -> NDArray[Scalar]:
    copy = values.copy()
    copy.setflags(write=False)
    return copy


def _member_bytes() -> bytes:
    model = resources.files("skintexture.assets") / _MODEL
    with model.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        return archive.read(_MEMBER)


def _read_mesh(message: bytes) -> tuple[FloatArray, IntArray]:
    """Vertex and index buffers, both written one value per field."""
    floats = []
    indices = []
    for number, value in _fields(message):
        if number == _VERTEX_FIELD and isinstance(value, bytes):
            floats.append(struct.unpack("<f", value)[0])
        elif number == _INDEX_FIELD:
            indices.append(value)
    return np.array(floats, dtype=np.float64), np.array(indices, dtype=np.int64)


def _single_field(message: bytes, wanted: int) -> bytes:
    return next(value for number, value in _fields(message) if number == wanted and isinstance(value, bytes))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of every field of one protocol-buffer message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind == _FIXED32:
            length = 4
        else:
            raise ValueError(f"unexpected field kind {kind} in {_MEMBER}")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Decode a little-endian base-128 integer; return it and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
