import numpy as np
import pytest

from spinepose_mm.structures.camera import Camera
from spinepose_mm.synthetic.light import Light
from spinepose_mm.synthetic.mesh import UNOWNED, Plain, Surface, join
from spinepose_mm.synthetic.outdoors import Outdoors
from spinepose_mm.synthetic.photo import Photographer
from spinepose_mm.synthetic.raster import sample
from spinepose_mm.synthetic.shading import shade
from spinepose_mm.synthetic.things import ball, box

SIZE = (96, 72)
GREY = Plain(np.array([0.4, 0.2, 0.1]), roughness=1.0)


class Even:
    """The same light from everywhere."""

    def __init__(self, value):
        self.light = Light.of(np.full((16, 32, 3), value))

    def background(self, place, rays):
        return np.full(rays.shape, 0.25, np.float32)


@pytest.fixture(scope='module')
def photographer():
    photographer = Photographer(SIZE)
    yield photographer
    photographer.close()


@pytest.fixture
def camera():
    return Camera.looking((0, 1.5, 4), (0, 1.5, 0), 30, SIZE)


def _owned(surface, owner):
    surface.owner = owner
    return surface


def _samples(photographer, surfaces, camera):
    mesh = join(surfaces)
    triangles = photographer.raster.triangles(mesh.vertices, mesh.faces, camera)
    return mesh, sample(triangles, mesh, camera, photographer.raster.samples)


def test_depth_is_the_geometry_of_the_camera(photographer):
    camera = Camera.looking((1.5, 2.2, 3), (0, 1.2, 0), 30, SIZE, roll=20)
    wall = box(np.array([0, 1.2, 0]), np.array([3.0, 3.0, 0.2]), GREY)
    _, owner, depth = photographer.render([_owned(wall, 4)], camera, Even(1.0), np.random.default_rng(0))
    front = np.isfinite(depth)
    assert front.mean() > 0.9 and set(np.unique(owner)) <= {UNOWNED, 4} and ((owner == 4) == front).all()
    eye = -camera.R.T @ camera.t
    for row, column in ((36, 48), (10, 20), (60, 70), (30, 80)):
        ray = np.linalg.solve(camera.K @ camera.R, [column + 0.5, row + 0.5, 1])
        assert depth[row, column] == pytest.approx((0.1 - eye[2]) / ray[2], rel=1e-4)


def test_a_ball_in_front_hides_a_wall(photographer, camera):
    wall = _owned(box(np.array([0, 1.5, -1]), np.array([9.0, 9.0, 0.1]), GREY), 0)
    near = ball(np.array([0, 1.5, 1]), 0.3, GREY)
    _, owner, depth = photographer.render([wall, near], camera, Even(1.0), np.random.default_rng(0))
    assert owner[36, 48] == UNOWNED and depth[36, 48] == pytest.approx(2.7, abs=0.01)
    radius = 0.3 / 3 * camera.K[1, 1]
    assert (owner == UNOWNED).sum() == pytest.approx(np.pi * radius**2, rel=0.04)
    assert owner[5, 5] == 0 and depth[5, 5] == pytest.approx(4.95, abs=0.01)


def test_a_linear_function_is_interpolated_without_an_error(photographer):
    camera = Camera.looking((2, 2, 2), (0, 1, 0), 35, SIZE)
    mesh, seen = _samples(photographer, [box(np.array([0, 1, 0]), np.array([1.0, 2, 0.5]), GREY, turn=0.4)], camera)
    corners = mesh.vertices[mesh.faces[seen.face]]
    at = np.einsum('si,sij->sj', seen.corners, corners)
    inside = seen.weight == 1
    expected = -camera.R.T @ camera.t + seen.ray * seen.depth[:, None]
    np.testing.assert_allclose(at[inside], expected[inside], atol=1e-5)
    np.testing.assert_allclose(seen.corners.sum(axis=1), 1, rtol=1e-5)


def test_edges_are_smooth(photographer):
    camera = Camera.looking((0, 0, 4), (0, 0, 0), 30, SIZE, roll=7)
    _, seen = _samples(photographer, [box(np.zeros(3), np.array([1.0, 1.0, 0.001]), GREY)], camera)
    cover = np.bincount(seen.pixel, seen.weight)
    assert cover.max() == 1 and {0.25, 0.5, 0.75} <= set(np.unique(cover))
    assert cover.sum() == pytest.approx((camera.K[1, 1] / 3.9995) ** 2, rel=0.005)


def test_even_light_shows_the_albedo(photographer, camera):
    mesh, seen = _samples(photographer, [ball(np.array([0, 1.5, 0]), 0.5, GREY)], camera)
    layers = shade(mesh, seen, camera, Even(2.0))
    inner = layers.cover == 1
    np.testing.assert_allclose(np.median(layers.front[inner], axis=0), [0.8, 0.4, 0.2], atol=0.05)  # the rest is gloss
    assert np.ptp(layers.front[inner][:, 0]) < 0.08  # nothing on a ball shades another part of it


def test_triangles_smaller_than_pixels_stay_finite(photographer, camera):
    rng = np.random.default_rng(0)
    balls = [ball(np.array([x, 1.5 + y, 0]), 0.03, GREY) for x, y in rng.uniform(-0.8, 0.8, (40, 2))]
    mesh, seen = _samples(photographer, balls, camera)
    layers = shade(mesh, seen, camera, Even(1.0))
    assert len(seen.pixel) > 100 and np.isfinite(layers.front).all() and np.isfinite(layers.flow).all()
    np.testing.assert_allclose(seen.depth, 3.97, atol=0.06)


def test_the_inner_side_of_cloth_is_lit(photographer, camera):
    shown = []
    for turn in (1, -1):
        sheet = Surface(
            np.array([[-1, 1, 0], [1, 1, 0], [1, 2, 0], [-1, 2, 0]], np.float32),
            np.array([[0, 1, 2], [0, 2, 3]], np.int32)[:, ::turn],
            np.zeros(2, np.int32),
            [GREY],
        )
        mesh, seen = _samples(photographer, [sheet], camera)
        shown.append(shade(mesh, seen, camera, Even(2.0)).front[36, 48])
    np.testing.assert_allclose(shown[0], shown[1], rtol=0.02)
    assert shown[0][0] > 0.7


def test_velocity_becomes_pixels_a_second(photographer, camera):
    square = box(np.array([0, 1.5, 0]), np.array([1.0, 1.0, 0.01]), GREY)
    square.velocity = np.tile(np.float32([0.5, 0, 0]), (len(square.vertices), 1))
    mesh, seen = _samples(photographer, [square], camera)
    flow = shade(mesh, seen, camera, Even(1.0)).flow[36, 48]
    np.testing.assert_allclose(flow, [0.5 * camera.K[0, 0] / 3.995, 0], atol=1e-3)


def test_the_same_generator_gives_the_same_bytes(photographer, camera):
    figure = _owned(ball(np.array([0, 1.0, 0]), 0.6, GREY), 0)
    images = []
    for seed in (1, 1, 2):
        rng = np.random.default_rng(seed)
        place = Outdoors(rng, np.array([[0, 1.5, 4.0], [0, 0, 0]]))
        images.append(photographer.render([figure], camera, place, rng)[0])
    assert images[0].shape == (72, 96, 3) and images[0].dtype == np.uint8
    np.testing.assert_array_equal(images[0], images[1])
    assert (images[0] != images[2]).mean() > 0.5


def test_what_cannot_be_rendered_is_refused(photographer, camera):
    rng = np.random.default_rng(0)
    other = Camera.looking((0, 1, 4), (0, 1, 0), 30, (64, 64))
    with pytest.raises(ValueError, match='96x72 .* 64x64'):
        photographer.render([ball(np.zeros(3), 1, GREY)], other, Even(1.0), rng)
    nothing = Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0, int), [GREY])
    with pytest.raises(ValueError, match='1 to .* triangles, not 0'):
        photographer.render([nothing], camera, Even(1.0), rng)
