import cv2
import numpy as np
import pytest

from spinepose_mm.synthetic import surface
from spinepose_mm.synthetic.scene import Camera, Renderer


@pytest.fixture(scope='module')
def renderer():
    renderer = Renderer((160, 120))
    yield renderer
    renderer.close()


@pytest.fixture
def camera():
    return Camera.looking([2., 1.5, .7], [.1, .9, 0], 40, (160, 120), roll=5)


def test_projects_as_opencv_does(camera):
    points = np.random.default_rng(0).normal(0, .4, (20, 3)) + [0, 1, 0]
    expected, _ = cv2.projectPoints(points, cv2.Rodrigues(camera.R)[0], camera.t, camera.K, None)
    np.testing.assert_allclose(camera.project(points), expected[:, 0], atol=1e-6)
    assert np.linalg.det(camera.R) == pytest.approx(1)


def test_looks_at_its_target_with_the_world_upright():
    camera = Camera.looking([3., 1, 0], [0, 1, 0], 40, (160, 120))
    np.testing.assert_allclose(camera.project(np.array([0, 1., 0])), [80, 60])
    assert camera.project(np.array([0, 1.2, 0]))[1] < 60  # up in the world is up in the picture
    assert camera.project(np.array([0, 1., -.2]))[0] > 80  # looking along -x, -z is to the right


def test_rendered_where_it_is_projected(renderer, camera):
    for center in ([.1, .9, 0.], [.3, 1.3, .3], [-.2, .7, -.4]):
        ball = surface.ellipsoid(np.array(center), np.eye(3), np.full(3, .05), np.array([255, 0, 0.]))
        picture, depth = renderer.render(ball, camera, [((1, 1, 1), 1.)])
        rows, columns = np.nonzero(np.isfinite(depth))
        # Pixel i covers [i, i + 1).
        np.testing.assert_allclose([columns.mean() + .5, rows.mean() + .5], camera.project(np.array(center)), atol=.3)
        assert depth.min() == pytest.approx(camera.to_camera(np.array(center))[2] - .05, abs=.004)
        assert picture[rows, columns, 0].mean() > 60 and picture[rows, columns, 1:].max() < 30


def test_what_is_behind_the_camera_is_not_seen(renderer, camera):
    ball = surface.ellipsoid(np.array([5., 2, 1]), np.eye(3), np.full(3, .1), np.zeros(3))
    assert np.isinf(renderer.render(ball, camera, [((1, 1, 1), 1.)])[1]).all()
