import numpy as np
import pytest

from spinepose_mm.lifting.ground import body_up, fit_ground
from spinepose_mm.synthetic.poses import stage


def scene(motion, people=1, seed=0):
    """Return poses in camera space (M, 37, 3), weights of one, and the ground truth: up and the camera's height."""
    points, _, camera = stage(np.random.default_rng([seed, people]), motion, people)
    points = camera.to_camera(points).reshape(-1, 37, 3)
    return points, np.ones(points.shape[:2]), camera.R[:, 1], -(camera.R.T @ camera.t)[1]


def degrees(up, expected):
    return np.degrees(np.arccos(np.clip(up @ expected, -1, 1)))


@pytest.mark.parametrize(
    'motion, people', [('walk', 1), ('walk', 4), ('stand', 4), ('sit', 1), ('squat', 4), ('jump', 4)]
)
def test_exact_poses_give_the_ground(motion, people):
    for seed in range(3):
        points, weights, expected, height = scene(motion, people, seed)
        up, found = fit_ground(points, weights)
        assert degrees(up, expected) < 1 and found == pytest.approx(height, abs=0.1)
        assert np.linalg.norm(up) == pytest.approx(1)


@pytest.mark.parametrize('motion', ['stand', 'squat', 'deadlift'])
def test_one_person_on_one_spot(motion):
    """Two feet span so little that a raised heel tilts the ground."""
    off = [degrees(fit_ground(*scene(motion, 1, seed)[:2])[0], scene(motion, 1, seed)[2]) for seed in range(3)]
    assert np.median(off) < 1.5 and max(off) < 3


def test_people_who_lie():
    points, weights, expected, height = scene('lie', 4)
    up, found = fit_ground(points, weights)
    assert degrees(up, expected) < 2 and found == pytest.approx(height, abs=0.15)


def test_people_in_the_air_do_not_lift_the_ground():
    points, weights, expected, height = scene('stand', 2)
    points[::3] += 0.4 * expected
    up, found = fit_ground(points, weights)
    assert degrees(up, expected) < 1.5 and found == pytest.approx(height, abs=0.05)


def test_feet_out_of_sight_leave_it_to_the_bodies():
    """Where feet are not visible, predicted ones in the air do not tilt the ground far."""
    from spinepose_mm import skeleton

    points, weights, expected, _ = scene('stand', 1)
    feet = [i for i, name in enumerate(skeleton.NAMES) if name.endswith(('toe', 'heel', 'ankle'))]
    weights[:, feet] = 0
    assert degrees(fit_ground(points, weights)[0], expected) < 5


def test_bodies_tell_up():
    for motion, most in (('stand', 4), ('walk', 4), ('handstand', 12)):
        points, weights, expected, _ = scene(motion)
        up, spread = body_up(points, weights)
        assert degrees(up, expected) < most and 3 <= np.degrees(spread) <= 20
    points, weights, expected, _ = scene('lie')
    assert np.degrees(body_up(points, weights)[1]) > 15  # no person is upright
    up, _ = body_up(points, np.zeros_like(weights))
    np.testing.assert_allclose(up, [0, -1, 0])  # nothing is visible: the camera's own


def test_no_pose():
    with pytest.raises(ValueError, match='with M over 0, not'):
        fit_ground(np.zeros((0, 37, 3)), np.zeros((0, 37)))
    flat = np.zeros((1, 37, 3)) + [0, 0, 3]  # all points in one place
    assert np.isfinite(fit_ground(flat, np.ones((1, 37)))[0]).all()
