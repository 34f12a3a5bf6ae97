import numpy as np
import pytest

from spinepose_mm.structures.camera import Camera
from spinepose_mm.synthetic import surface
from spinepose_mm.synthetic.scene import Renderer


@pytest.fixture(scope='module')
def renderer():
    renderer = Renderer((160, 120))
    yield renderer
    renderer.close()


@pytest.fixture
def camera():
    return Camera.looking([2., 1.5, .7], [.1, .9, 0], 40, (160, 120), roll=5)


def test_rendered_where_it_is_projected(renderer, camera):
    for center in ([.1, .9, 0.], [.3, 1.3, .3], [-.2, .7, -.4]):
        ball = surface.ellipsoid(np.array(center), np.eye(3), np.full(3, .05), np.array([255, 0, 0.]))
        image, depth = renderer.render(ball, camera, [((1, 1, 1), 1.)])
        rows, columns = np.nonzero(np.isfinite(depth))
        # Pixel i covers [i, i + 1).
        np.testing.assert_allclose([columns.mean() + .5, rows.mean() + .5], camera.project(np.array(center)), atol=.3)
        assert depth.min() == pytest.approx(camera.to_camera(np.array(center))[2] - .05, abs=.004)
        assert image[rows, columns, 0].mean() > 60 and image[rows, columns, 1:].max() < 30


def test_what_is_behind_the_camera_is_not_visible(renderer, camera):
    ball = surface.ellipsoid(np.array([5., 2, 1]), np.eye(3), np.full(3, .1), np.zeros(3))
    assert np.isinf(renderer.render(ball, camera, [((1, 1, 1), 1.)])[1]).all()
