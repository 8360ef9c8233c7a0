"""The canonical face is read whole, in millimetres, with the axes that its docstring names."""

import numpy as np
import pytest

from skintexture.locate.canonical import canonical_mesh, normals_at, vertex_normals

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
NOSE_TIP, FOREHEAD_TOP, CHIN = 1, 10, 152
RIGHT_EAR, LEFT_EAR = 234, 454


@pytest.fixture(scope="module")
def mesh():
    return canonical_mesh()


@pytest.fixture(scope="module")
def normals(mesh):
    a, b, c = (mesh.vertices_mm[mesh.triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def test_shapes_and_indices(mesh):
    assert mesh.vertices_mm.shape == (468, 3)
    assert mesh.uv.shape == (468, 2)
    assert mesh.triangles.shape == (898, 3)
    assert set(mesh.triangles.ravel()) == set(range(468))


def test_lengths_are_those_of_an_adult_face_in_millimetres(mesh):
    points = mesh.vertices_mm
    assert 130 < np.linalg.norm(points[LEFT_EAR] - points[RIGHT_EAR]) < 170
    assert 80 < np.linalg.norm(points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]) < 100


def test_x_is_the_subjects_left_and_y_is_up_and_z_faces_the_camera(mesh):
    points = mesh.vertices_mm
    assert points[LEFT_EYE_OUTER, 0] > 0 > points[RIGHT_EYE_OUTER, 0]
    assert points[FOREHEAD_TOP, 1] > points[NOSE_TIP, 1] > points[CHIN, 1]
    assert points[NOSE_TIP, 2] > points[FOREHEAD_TOP, 2] > points[LEFT_EAR, 2]


def test_the_chart_lies_like_the_face(mesh):
    assert np.all((mesh.uv > 0) & (mesh.uv < 1))
    assert mesh.uv[LEFT_EYE_OUTER, 0] > mesh.uv[RIGHT_EYE_OUTER, 0]
    assert mesh.uv[FOREHEAD_TOP, 1] < mesh.uv[NOSE_TIP, 1] < mesh.uv[CHIN, 1]


def test_face_is_symmetric(mesh):
    mirrored = mesh.vertices_mm * (-1, 1, 1)
    distances_mm = np.linalg.norm(mirrored[:, None] - mesh.vertices_mm, axis=-1)
    assert distances_mm.min(axis=1).max() < 0.5


def test_triangles_face_outward(normals):
    assert np.mean(normals[:, 2] > 0) > 0.95


def test_it_is_one_sheet_with_one_outline(mesh):
    edges = np.sort(mesh.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    shared_by = np.unique(edges, axis=0, return_counts=True)[1]
    assert set(shared_by) == {1, 2}
    assert np.count_nonzero(shared_by == 1) == 36
    assert 468 - len(shared_by) + 898 == 1  # Euler: a disc


def test_arrays_are_shared_and_cannot_be_changed(mesh):
    assert canonical_mesh() is mesh
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices_mm[0] = 0


def test_normals_between_the_points_are_those_of_the_points_around(mesh):
    corners = mesh.triangles[::50]
    middle = normals_at(mesh.uv[corners].mean(axis=1))
    around = vertex_normals()[corners].mean(axis=1)
    assert np.allclose(middle, around / np.linalg.norm(around, axis=1, keepdims=True), atol=1e-6)


def test_outside_the_face_there_is_no_normal():
    assert np.isnan(normals_at(np.array([[0.01, 0.01], [0.99, 0.01]]))).all()
