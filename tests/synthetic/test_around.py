import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.synthetic.around import perform, photograph
from spinepose_mm.synthetic.body import Body, cobb, forward, keypoints, rest


@pytest.fixture
def standing():
    points = keypoints(Body(), forward(Body(), rest()))
    return points - [0, points[..., 1].min(), 0]


def test_people_perform_each_motion():
    points, parts = perform(np.random.default_rng(0), ['walk', 'lie'], people=2, frames=5)
    assert points.shape == (20, 37, 3) and len(parts) == 20
    for person, placed in zip(points, parts):
        np.testing.assert_array_equal(placed['C7'][0][0], person[skeleton.index('C7')])
        assert cobb(placed, 'T4', 'T12').shape == (1,)
    assert np.ptp(points[:10, :, 1], axis=1).min() > 1.2 > 0.8 > np.ptp(points[10:, :, 1], axis=1).max()


@pytest.mark.parametrize(
    'azimuth, near, far, right, left',
    [
        (0, 'left_big_toe', 'left_heel', 'left_hip', 'right_hip'),
        (90, 'left_hip', 'right_hip', 'left_heel', 'left_big_toe'),
        (180, 'left_heel', 'left_big_toe', 'right_hip', 'left_hip'),
        (270, 'right_hip', 'left_hip', 'left_big_toe', 'left_heel'),
    ],
)
def test_what_faces_the_camera_and_what_is_to_the_right(standing, azimuth, near, far, right, left):
    """All that is below the camera; the nearer of two is lower in the image."""
    x, y = photograph(standing, azimuth, heights=1.5)[0].T
    near, far, right, left = map(skeleton.index, (near, far, right, left))
    assert y[near] > y[far] + 1 and x[right] > x[left] + 9


def test_the_camera_is_level_and_people_are_500_pixels_tall(standing):
    """288 pixels a metre, from the middle of the image as from the camera's height."""
    pixels = photograph(np.repeat(standing, 2, axis=0), 40, distances=50, heights=[1, 2])
    np.testing.assert_allclose(360 - pixels[..., 1], 288 * (standing[..., 1] - [[1], [2]]), atol=4)
    near = photograph(standing, 0, distances=2.5, heights=1)[0, :, 1]
    assert np.ptp(near) > 288 * np.ptp(standing[0, :, 1]) > 480
