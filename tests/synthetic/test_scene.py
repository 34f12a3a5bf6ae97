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
    return Camera.looking([2.0, 1.5, 0.7], [0.1, 0.9, 0], 40, (160, 120), roll=5)


def test_rendered_where_it_is_projected(renderer, camera):
    for center in ([0.1, 0.9, 0.0], [0.3, 1.3, 0.3], [-0.2, 0.7, -0.4]):
        ball = surface.ellipsoid(np.array(center), np.eye(3), np.full(3, 0.05), np.array([255, 0, 0.0]))
        image, depth = renderer.render(ball, camera, [((1, 1, 1), 1.0)])
        rows, columns = np.nonzero(np.isfinite(depth))
        # Pixel i covers [i, i + 1).
        np.testing.assert_allclose(
            [columns.mean() + 0.5, rows.mean() + 0.5], camera.project(np.array(center)), atol=0.3
        )
        assert depth.min() == pytest.approx(camera.to_camera(np.array(center))[2] - 0.05, abs=0.004)
        assert image[rows, columns, 0].mean() > 60 and image[rows, columns, 1:].max() < 30


def test_what_is_behind_the_camera_is_not_visible(renderer, camera):
    ball = surface.ellipsoid(np.array([5.0, 2, 1]), np.eye(3), np.full(3, 0.1), np.zeros(3))
    assert np.isinf(renderer.render(ball, camera, [((1, 1, 1), 1.0)])[1]).all()
