"""Smooth surfaces: Catmull–Clark subdivision of quadrilateral meshes, and normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from skintexture.model import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subdivision:
    """One Catmull–Clark step, as a linear map that any attribute of the vertices can pass through.

    Attributes
    ----------
    matrix : (V_fine, V_coarse) sparse
        Rows sum to one: fine attribute = matrix @ coarse attribute.
    quads : (4 · Q, 4) int64
        Of the fine mesh.
    """

    matrix: csr_array
    quads: IntArray


def subdivide(quads: IntArray, vertex_count: int) -> Subdivision:
    """Split every quadrilateral in four by the rule of Catmull and Clark (doi 10.1016/0010-4485(78)90110-0).

    Parameters
    ----------
    quads : (Q, 4) int64
        Counter-clockwise seen from outside. An edge has one or two quads; outlines stay outlines.
    vertex_count : int
        Of the coarse mesh.

    Returns
    -------
    Subdivision
        Fine vertices are numbered: the coarse ones, then one per edge, then one per quad.
    """
    edges, edge_of = _edges(quads)
    to_faces = _averages(np.arange(len(quads)).repeat(4), quads.ravel(), (len(quads), vertex_count))
    to_middles = _averages(np.arange(len(edges)).repeat(2), edges.ravel(), (len(edges), vertex_count))
    faces_at_edge = _averages(edge_of.ravel(), np.arange(len(quads)).repeat(4), (len(edges), len(quads)))
    inner = np.bincount(edge_of.ravel(), minlength=len(edges)) == 2
    to_edges = _rows(np.where(inner, 0.5, 1.0), to_middles) + _rows(np.where(inner, 0.5, 0.0), faces_at_edge @ to_faces)
    to_vertices = _moved_vertices(quads, edges, inner, vertex_count, to_faces, to_middles)
    stacked = _stack([to_vertices, to_edges, to_faces])
    return Subdivision(matrix=stacked, quads=_fine_quads(quads, edge_of, vertex_count, len(edges)))


def triangles_of(quads: IntArray) -> IntArray:
    """Two triangles per quadrilateral: (2 · Q, 3)."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def vertex_normals(vertices_mm: FloatArray, triangles: IntArray) -> FloatArray:
    """Outward unit normals (V, 3): the neighbouring triangles' normals, weighted by their areas."""
    a, b, c = (vertices_mm[triangles[:, i]] for i in range(3))
    face_normals = np.cross(b - a, c - a)
    sums = np.zeros_like(vertices_mm)
    for corner in range(3):
        for axis in range(3):
            sums[:, axis] += np.bincount(triangles[:, corner], face_normals[:, axis], minlength=len(vertices_mm))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def triangle_areas_mm2(vertices_mm: FloatArray, triangles: IntArray) -> FloatArray:
    """Area of each triangle (T,)."""
    a, b, c = (vertices_mm[triangles[:, i]] for i in range(3))
    return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1))


def smoothing_matrix(quads: IntArray, vertex_count: int) -> csr_array:
    """One step of averaging each vertex with its neighbours: (V, V), rows sum to one."""
    edges, _ = _edges(quads)
    both = np.concatenate([edges, edges[:, ::-1]])
    neighbours = _averages(both[:, 0], both[:, 1], (vertex_count, vertex_count))
    half = np.full(vertex_count, 0.5)
    return csr_array(_rows(half, neighbours) + _rows(half, _identity(vertex_count)))


def _edges(quads: IntArray) -> tuple[IntArray, IntArray]:
    """List the unique edges (E, 2), and for each quad the numbers of its four edges (Q, 4)."""
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1), axis=-1)
    edges, inverse = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    return edges, inverse.reshape(quads.shape)


def _averages(rows: IntArray, columns: IntArray, shape: tuple[int, int]) -> csr_array:
    """Matrix that averages, for each row, the columns listed for it (a column listed twice counts twice)."""
    counts = np.bincount(rows, minlength=shape[0])
    return csr_array((1.0 / counts[rows], (rows, columns)), shape=shape)


def _rows(weights: FloatArray, matrix: csr_array) -> csr_array:
    return csr_array(matrix.multiply(weights[:, None]))


def _identity(size: int) -> csr_array:
    diagonal = np.arange(size)
    return csr_array((np.ones(size), (diagonal, diagonal)), shape=(size, size))


def _moved_vertices(
    quads: IntArray, edges: IntArray, inner: NDArray[np.bool_], count: int, to_faces: csr_array, to_middles: csr_array
) -> csr_array:
    """Where the coarse vertices go: (F + 2R + (n − 3)P) / n inside, (6P + neighbours) / 8 on the outline."""
    valence = np.maximum(np.bincount(edges.ravel(), minlength=count), 3)
    on_outline = np.zeros(count, dtype=bool)
    on_outline[edges[~inner]] = True
    faces = _averages(quads.ravel(), np.arange(len(quads)).repeat(4), (count, len(quads))) @ to_faces
    middles = _averages(edges.ravel(), np.arange(len(edges)).repeat(2), (count, len(edges))) @ to_middles
    outline = edges[~inner]
    borders = np.flatnonzero(~inner).repeat(2)
    border_middles = _averages(outline.ravel(), borders, (count, len(edges))) @ to_middles
    smooth = np.where(on_outline, 0.0, 1.0 / valence)
    moved = _rows(smooth, faces) + _rows(2 * smooth, middles)
    moved = moved + _rows(np.where(on_outline, 0.5, (valence - 3) / valence), _identity(count))
    return csr_array(moved + _rows(np.where(on_outline, 0.5, 0.0), border_middles))


def _stack(blocks: list[csr_array]) -> csr_array:
    data = np.concatenate([block.data for block in blocks])
    indices = np.concatenate([block.indices for block in blocks])
    lengths = np.concatenate([np.diff(block.indptr) for block in blocks])
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((data, indices, pointers), shape=(len(lengths), blocks[0].shape[1]))


def _fine_quads(quads: IntArray, edge_of: IntArray, vertex_count: int, edge_count: int) -> IntArray:
    centres = vertex_count + edge_count + np.arange(len(quads))
    after = vertex_count + edge_of
    before = np.roll(after, 1, axis=1)
    corners = [np.stack([quads[:, i], after[:, i], centres, before[:, i]], axis=1) for i in range(4)]
    return np.concatenate(corners)
