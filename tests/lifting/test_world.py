import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.lifting.world import WorldFrame, world_axes
from spinepose_mm.synthetic.poses import stage

HIP = skeleton.index('S1')


def test_axes_by_hand():
    """A camera that looks level, 1.5 m above the ground, at a person 4 m away."""
    R, t = world_axes(np.array([0.0, -1, 0]), np.array([0.5, 1.5, 4]))
    np.testing.assert_allclose(R, [[1, 0, 0], [0, -1, 0], [0, 0, -1]])
    np.testing.assert_allclose(R @ np.zeros(3) + t, [-0.5, 1.5, 4])  # the camera
    assert np.linalg.det(R) == pytest.approx(1)


def test_is_fixed_after_the_warm_up():
    points, _, camera = stage(np.random.default_rng(0), 'walk', 2)
    points_in_camera = camera.to_camera(points)
    world, weights = WorldFrame(warm_up=10), np.ones(points_in_camera.shape[1:3])
    assert world.R is None
    for frame in range(10):
        assert not world.settled
        world.update([0, 1], points_in_camera[frame], HIP, weights)
    assert world.settled
    settled = world.R.copy(), world.t.copy()
    for frame in range(10, 60):
        world.update([0, 1], points_in_camera[frame] + 1, HIP, weights)
    np.testing.assert_array_equal(world.R, settled[0])
    np.testing.assert_array_equal(world.t, settled[1])
    hip = world.to_world(points_in_camera[0, 0, HIP])
    np.testing.assert_allclose(hip[[0, 2]], 0, atol=1e-9)  # the first person's is above the origin
    assert 0.8 < hip[1] < 1.2


def test_frames_without_people_do_not_count():
    world = WorldFrame(warm_up=1)
    world.update([], np.zeros((0, 37, 3)), HIP, np.zeros((0, 37)))
    assert world.R is None and not world.settled
    with pytest.raises(ValueError, match='warm_up is 1 frame or more, not 0'):
        WorldFrame(0)


@pytest.mark.parametrize('part', [0.02, 0.05])
def test_poses_that_jump_along_their_rays_do_not_tilt_the_world(part):
    """A lifter's sizes differ from frame to frame, so that its poses come nearer and go away."""
    off = []
    for seed in range(5):
        points, _, camera = stage(np.random.default_rng([seed, 1]), 'walk', 1)
        jumping = camera.to_camera(points) * np.random.default_rng(seed).normal(1, part, (60, 1, 1, 1))
        world = WorldFrame()
        for pose in jumping:
            world.update([0], pose, HIP, np.ones((1, 37)))
        off.append(np.degrees(np.arccos(world.R[1] @ camera.R[:, 1])))
    assert np.median(off) < 2.5 and max(off) < 6
