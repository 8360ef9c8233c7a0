"""The parts a face is made of: smooth meshes, pixels, marks, light and colour, each against a known answer."""

import numpy as np
import pytest

from skintexture.phantoms.camera import CameraSpec, Pose, develop, view_head
from skintexture.phantoms.light import LightSpec, gloss, illuminate
from skintexture.phantoms.mesh import subdivide, triangle_areas_mm2, triangles_of, vertex_normals
from skintexture.phantoms.raster import NOTHING, interpolator, visible_triangles
from skintexture.phantoms.relief import TILE_MM, lay_on_surface, relief_tile
from skintexture.phantoms.tone import RESTING_BLOOD, albedo, melanin_of, typology_angle_deg

CUBE = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
CUBE_QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def finer(points, quads, times):
    for _ in range(times):
        step = subdivide(quads, len(points))
        points, quads = step.matrix @ points, step.quads
    return points, quads


def square(side_mm, cells):
    """A flat grid facing +z, with its outline."""
    ticks = np.linspace(-side_mm / 2, side_mm / 2, cells + 1)
    points = np.array([[x, y, 0.0] for y in ticks for x in ticks])
    corner = np.array([row * (cells + 1) + column for row in range(cells) for column in range(cells)])
    return points, np.stack([corner, corner + 1, corner + cells + 2, corner + cells + 1], axis=1)


def test_a_cube_is_rounded_to_the_limit_of_catmull_and_clark():
    points, _ = finer(CUBE, CUBE_QUADS, 4)
    # A vertex P of n quads tends to (n² P + 4 Σ neighbours + Σ diagonals) / (n (n + 5)): half of a cube's corner.
    assert points[: len(CUBE)] == pytest.approx(CUBE / 2, abs=5e-3)


def test_a_closed_mesh_stays_closed_and_faces_outward():
    points, quads = finer(CUBE, CUBE_QUADS, 2)
    triangles = triangles_of(quads)
    assert len(points) - 2 * len(quads) + len(quads) == 2  # Euler: every quad shares its edges
    assert np.all(np.sum(vertex_normals(points, triangles) * points, axis=1) > 0.9 * np.linalg.norm(points, axis=1))


def test_a_flat_outline_keeps_its_straight_edges_and_plane():
    points, quads = finer(*square(10.0, 12), 2)
    assert np.ptp(points[:, 2]) == 0
    assert points[:, 0].max() == pytest.approx(5.0)
    assert triangle_areas_mm2(points, triangles_of(quads)).sum() == pytest.approx(100.0, rel=0.02)


def test_the_nearer_surface_is_seen_and_the_other_side_is_not():
    corners = np.array([[10.0, 10.0], [10.0, 40.0], [40.0, 40.0], [40.0, 10.0]])
    points, depth = np.concatenate([corners, corners]), np.repeat([5.0, 4.0], 4)
    toward = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    seen = visible_triangles(points, depth, toward, (50, 50))
    assert set(np.unique(seen[12:38, 12:38])) == {2, 3}
    assert np.all(seen[:9] == NOTHING)
    assert np.all(visible_triangles(points, depth, toward[:, ::-1], (50, 50)) == NOTHING)


def test_attributes_are_spread_linearly():
    points = np.array([[0.0, 0.0], [0.0, 100.0], [100.0, 0.0]])
    spread = interpolator(points, np.array([[0, 1, 2]]), np.stack([points[:, 0], 3 - points[:, 1]], axis=1))
    rows, columns = np.array([10, 40]), np.array([20, 5])
    values = spread(np.zeros(2, np.int32), rows, columns)
    assert values == pytest.approx(np.stack([columns, 3 - rows], axis=1), abs=1e-3)


def test_a_plate_before_the_light_takes_it_away():
    floor, quads = square(100.0, 20)
    plate = np.array([[-15.0, -15.0, -30.0], [15.0, -15.0, -30.0], [15.0, 15.0, -30.0], [-15.0, 15.0, -30.0]])
    points = np.concatenate([floor, plate])  # camera's space: the light comes from −z
    normals = np.tile([0.0, 0.0, -1.0], (len(points), 1))
    both = np.concatenate([quads, [[len(floor) + i for i in range(4)]]])
    light = LightSpec(key_azimuth_deg=0.0, key_elevation_deg=0.0, key_size_deg=1.0, key=1.0, fill=0.0, ambient=0.0)
    seen = illuminate(points, normals, both, light).key_seen[: len(floor)]
    middle = np.max(np.abs(floor[:, :2]), axis=1)
    assert np.all(seen[middle < 12] == 0)
    assert np.all(seen[middle > 20] == 1)


def test_gloss_is_brightest_at_the_mirror_angle_and_a_rougher_surface_is_duller_there():
    angles = np.deg2rad(np.arange(-60, 61))
    normals = np.stack([np.sin(angles), np.zeros_like(angles), -np.cos(angles)], axis=1).astype(np.float32)
    to_eye = np.tile(np.float32([0.0, 0.0, -1.0]), (len(angles), 1))
    to_light = np.array([np.sin(np.deg2rad(40)), 0.0, -np.cos(np.deg2rad(40))])
    smooth, rough = (gloss(normals, to_eye, to_light, roughness) for roughness in (0.1, 0.3))
    assert np.rad2deg(angles[np.argmax(smooth)]) == pytest.approx(20, abs=2)
    assert rough.max() < smooth.max()


def test_the_relief_repeats_without_a_seam():
    tile = relief_tile(1)
    places = np.random.default_rng(0).uniform(0, 40, (500, 3)).astype(np.float32)
    facing = np.tile(np.float32([0.0, 0.0, 1.0]), (500, 1))
    here = lay_on_surface(tile, places, facing)[1]
    assert lay_on_surface(tile, places + np.float32([TILE_MM, -TILE_MM, 0]), facing)[1] == pytest.approx(here, abs=1e-4)
    steps = np.abs(np.diff(np.concatenate([tile.layers[..., 2], tile.layers[:1, :, 2]]), axis=0)).max(axis=1)
    assert steps[-1] <= steps[:-1].max()


def test_the_relief_is_mostly_flat_fields_between_narrow_furrows():
    height = relief_tile(1).layers[..., 2]
    centred = height - height.mean()
    assert np.mean(centred**3) / np.mean(centred**2) ** 1.5 < -0.1


@pytest.mark.parametrize("ita_deg", [50.0, 22.0, -35.0])
def test_melanin_gives_the_typology_angle_asked_for(ita_deg):
    calm = albedo(np.array(melanin_of(ita_deg)), np.array(RESTING_BLOOD))
    assert typology_angle_deg(calm) == pytest.approx(ita_deg, abs=1e-5)
    assert np.all((calm > 0) & (calm < 1))


def test_typology_angle_of_a_known_colour():
    # sRGB (200, 150, 125): L* = 66.05, b* = 20.35 (by hand from the CIE formulas), so arctan(16.05 / 20.35).
    srgb = np.array([200.0, 150.0, 125.0]) / 255
    linear = ((srgb + 0.055) / 1.055) ** 2.4
    assert typology_angle_deg(linear) == pytest.approx(38.3, abs=0.3)


def test_an_impossible_skin_is_refused():
    with pytest.raises(ValueError, match="outside"):
        melanin_of(80.0)


def test_perspective_follows_distance_and_focal_length():
    camera = CameraSpec(width_px=300, height_px=400, focal_length_35mm=100, distance_mm=800.0)
    anchor = np.array([0.0, 0.0, 14.0])
    view = view_head(camera, Pose(shift_mm=(0.0, 0.0)), anchor)
    points = np.array([[0.0, 0.0, 14.0], [10.0, 0.0, 14.0], [0.0, 10.0, 14.0], [10.0, 0.0, -86.0]])
    pixels = view.project(view.to_camera(points))
    assert pixels[0] == pytest.approx([149.5, 199.5])
    assert pixels[1] - pixels[0] == pytest.approx([10 * camera.px_per_mm, 0])
    assert pixels[2] - pixels[0] == pytest.approx([0, -10 * camera.px_per_mm])
    assert pixels[3, 0] - pixels[0, 0] == pytest.approx(10 * camera.px_per_mm * 800 / 900)


@pytest.mark.parametrize(
    ("pose", "point", "axis", "sign"),
    [
        (Pose(yaw_deg=5.0, shift_mm=(0, 0)), [0, 0, 100], 0, 1),  # the nose goes to the subject's left
        (Pose(pitch_deg=5.0, shift_mm=(0, 0)), [0, 0, 100], 1, -1),  # and up
        (Pose(roll_deg=5.0, shift_mm=(0, 0)), [0, 100, 0], 0, -1),  # the top of the head to the right shoulder
    ],
)
def test_signs_of_the_pose(pose, point, axis, sign):
    view = view_head(CameraSpec(), pose, np.zeros(3))
    moved = view.to_camera(np.array([point], dtype=float))[0]
    assert sign * moved[axis] > 5


def test_the_sensor_adds_the_noise_it_says():
    camera = CameraSpec(blur_px=0.3, noise_electrons=2000.0, read_noise=0.002)
    grey = np.full((300, 300, 3), 0.2, np.float32)
    srgb = develop(grey, camera, np.random.default_rng(0)) / 255.0
    linear = ((srgb + 0.055) / 1.055) ** 2.4
    assert linear.mean() == pytest.approx(0.2, rel=0.01)
    assert linear.std() == pytest.approx(np.sqrt(0.2 / 2000 + 0.002**2), rel=0.05)
