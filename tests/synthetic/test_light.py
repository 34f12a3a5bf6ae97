import numpy as np
import pytest

from spinepose_mm.synthetic.light import Light, sphere
from spinepose_mm.synthetic.mesh import covering, face_normals
from spinepose_mm.synthetic.shadows import GroundShade, openness, sun_shadow
from spinepose_mm.synthetic.things import box, paint

COLOR = np.array([1.0, 2.0, 3.0])


@pytest.fixture(scope='module')
def sky():
    """Light from above alone, the same from everywhere."""
    directions, _ = sphere(32)
    return Light.of(np.where(directions[..., 1:2] > 0, COLOR, 0))


def test_solid_angles_are_a_whole_sphere():
    directions, solid = sphere(32)
    assert solid.sum() == pytest.approx(4 * np.pi, rel=1e-3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1)
    assert directions[0, 0, 1] > 0.99  # the first row looks up
    assert directions[16, 16] == pytest.approx([0, 0, 1], abs=0.06)  # a quarter of the way around is z


def test_half_a_sphere_of_light_falls_off_as_one_plus_the_cosine(sky):
    # E = pi L (1 + cos) / 2, of bands 0 and 1 alone, so that 9 harmonics have it without an error.
    angle = np.radians([0.0, 60, 90, 120, 180])
    normals = np.stack([np.sin(angle), np.cos(angle), 0 * angle], axis=1)
    expected = np.pi * (1 + np.cos(angle))[:, None] / 2 * COLOR
    np.testing.assert_allclose(sky.irradiance(normals), expected, atol=0.02 * np.pi * 3)
    assert not sky.sun.any()


def test_a_small_bright_spot_is_the_sun():
    directions, solid = sphere(64)
    top = np.array([0.6, 0.64, 0.48])
    spot = directions @ top > 0.999
    light = Light.of(np.where(spot[..., None], 900 * COLOR, 0.5))
    assert light.direction @ top > 0.999
    np.testing.assert_allclose(light.sun, (900 * COLOR - 0.5) * solid[spot].sum(), rtol=1e-6)
    np.testing.assert_allclose(light.irradiance(np.eye(3)), 0.5 * np.pi, rtol=0.01)
    assert light.spread < 0.05


def _points(surface):
    areas = np.linalg.norm(face_normals(surface.vertices, surface.faces), axis=0) / 2
    return covering(surface.vertices, surface.faces, areas, 0.02)


@pytest.fixture(scope='module')
def cube():
    """Points on a box of 0.4 m whose underside is 1 m above the ground."""
    return _points(box(np.array([0, 1.2, 0]), np.full(3, 0.4), paint(np.random.default_rng(0))))


@pytest.fixture(scope='module')
def sunny():
    """A sun at 45 degrees over x."""
    panorama = np.full((32, 64, 3), 0.3)
    return Light.smooth_of(panorama, COLOR, np.array([1.0, 1, 0]) / np.sqrt(2))


def test_points_cover_large_triangles(cube):
    grid = np.stack(np.meshgrid(np.linspace(-0.19, 0.19, 20), np.linspace(-0.19, 0.19, 20)), -1).reshape(-1, 2)
    top = cube[:, np.isclose(cube[1], 1.4)][::2].T
    assert max(np.linalg.norm(top - place, axis=1).min() for place in grid) < 0.03
    assert np.abs(cube - [[0], [1.2], [0]]).max() == pytest.approx(0.2, abs=1e-5)


def test_the_sun_throws_a_shadow_where_geometry_has_it(cube, sunny):
    # Along (1, 1, 0), what is at the height y falls on x - y: the box's, from -0.2 - 1.4 to 0.2 - 1.
    x = np.array([-1.8, -1.5, -1.2, -0.9, -0.6, 0.0, 0.6])
    places = np.stack([x, 0 * x, 0 * x]).astype(np.float32)
    up = np.zeros_like(places) + np.array([[0], [1], [0]], np.float32)
    expected = [1, 0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(sun_shadow(cube, sunny, places, up).round(), expected)
    shade = GroundShade.of_sun(cube, sunny)
    np.testing.assert_array_equal(shade.at(*places[[0, 2], None])[0].round(), expected)


def test_a_face_does_not_shade_itself(cube, sunny):
    places = cube[:, np.isclose(cube[1], 1.4) & (np.abs(cube[[0, 2]]) < 0.19).all(axis=0)]
    up = np.zeros_like(places) + np.array([[0], [1], [0]], np.float32)
    assert sun_shadow(cube, sunny, places, up).min() == 1
    assert openness(cube, sunny, places, up).min() > 0.97


def test_less_light_comes_between_things(cube, sky):
    places = np.array([[0, 0.95, 0], [3.0, 0.95, 0], [0, 0.0, 0]], np.float32).T
    up = np.zeros_like(places) + np.array([[0], [1], [0]], np.float32)
    under, beside, far_under = openness(cube, sky, places, up)
    assert under < 0.15 and beside == pytest.approx(1, abs=1e-5) and 0.8 < far_under < 1


def test_the_ground_is_darker_the_nearer_a_thing_is(sky):
    material = paint(np.random.default_rng(0))
    kept = []
    for height in (0.2, 0.5, 2.0):
        points = _points(box(np.array([0, height, 0]), np.array([0.4, 0.3, 0.4]), material))
        shade = GroundShade.of_all(points, sky)
        zero = np.zeros((1, 1), np.float32)
        kept.append(float(shade.at(zero, zero)[0, 0]))
        assert shade.at(zero + 9, zero)[0, 0] == 1
    assert kept[0] < 0.4 and kept == sorted(kept) and kept[2] > 0.9
