import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.lifting.placement import place, standing_height
from spinepose_mm.synthetic.body import Body, forward, keypoints
from spinepose_mm.synthetic.motion import MOTIONS, sequence


def test_standing_height_by_hand():
    """A straight figure: 0.1 from head to C1, 8 x 0.1 of spine, no sacrum, 0.9 of leg, 0.1 to the heel."""
    pose = np.zeros((2, 37, 3))
    for i, point in enumerate(skeleton.SUBSETS['spine']):
        pose[:, point, 1] = -0.1 * i
    pose[:, skeleton.index('head'), 1] = 0.1
    for side in ('left', 'right'):
        for name, y in (('hip', -0.8), ('knee', -1.3), ('ankle', -1.7), ('heel', -1.8)):
            pose[:, skeleton.index(f'{side}_{name}'), 1] = y
    pose[1] *= 2  # twice as large
    np.testing.assert_allclose(standing_height(pose), 0.9616 * np.array([1.9, 3.8]))


def test_standing_height_is_the_stature_in_every_posture():
    """Its error is one of the person, whose standing curves are unknown, and hardly of the posture."""
    rng = np.random.default_rng(5)
    bodies = [Body.sample(rng) for _ in range(40)]
    off = np.array(
        [
            [
                np.mean(
                    standing_height(keypoints(body, forward(body, sequence(motion, body, rng, 2, 5)))) / body.stature()
                    - 1
                )
                for motion in MOTIONS
            ]
            for body in bodies
        ]
    )
    assert abs(off.mean()) < 0.002 and off.std() < 0.007
    assert np.abs(off - off.mean(1, keepdims=True)).max() < 0.004


@pytest.fixture
def scene():
    """Three poses (3, 37, 3), where they are (3, 3), their rays (3, 37, 2), and weights of one (3, 37)."""
    rng = np.random.default_rng(0)
    poses = rng.normal(0, 0.4, (3, 37, 3))
    moves = np.array([[0, 0, 3], [1, -0.5, 6], [-0.3, 0.2, 2.5]])
    placed = poses + moves[:, None]
    return poses, moves, placed[..., :2] / placed[..., 2:], np.ones((3, 37))


def test_exact_rays_give_the_exact_place(scene):
    poses, moves, rays, weights = scene
    places, errors = place(poses, rays, weights, 1000.0)
    np.testing.assert_allclose(places, moves, atol=1e-9)
    np.testing.assert_allclose(errors, 0, atol=1e-6)


def test_what_is_not_visible_or_wrong_does_not_count(scene):
    poses, moves, rays, weights = scene
    rays[0, :9] += 0.3  # wrong
    rays[1, 9:20], weights[1, 9:20] = np.nan, 1  # not a number
    poses[1, 22] = np.nan, np.inf, 0
    rays[2, 20:30], weights[2, 20:30] = 9, 0  # not visible
    places, errors = place(poses, rays, weights, 1000.0)
    np.testing.assert_allclose(places, moves, atol=1e-3)
    assert 1000 * 0.3 * np.sqrt(2) * 9 / 37 == pytest.approx(errors[0], rel=0.01) and errors[1:].max() < 1e-3


def test_noise_is_averaged(scene):
    poses, moves, rays, weights = scene
    noise = np.random.default_rng(1).normal(0, 2 / 1000, rays.shape)
    places, errors = place(poses, rays + noise, weights, 1000.0)
    assert np.abs(places - moves)[:, :2].max() < 0.01 and np.abs(places - moves)[:, 2].max() < 0.05
    assert 2 < errors.mean() < 3  # the mean length of such noise is 2.5 pixels


def test_too_few_visible_keypoints(scene):
    poses, moves, rays, weights = scene
    weights[0, 2:], weights[1, 3:] = 0, 0
    places, errors = place(poses, rays, weights, 1000.0)
    assert np.isnan(places[0]).all() and np.isnan(errors[0])
    np.testing.assert_allclose(places[1:], moves[1:], atol=1e-6)
    assert place(poses[:0], rays[:0], weights[:0], 1000.0)[0].shape == (0, 3)


def test_shapes_that_do_not_fit(scene):
    with pytest.raises(ValueError, match=r'not \(3, 37, 3\), \(3, 37, 2\) and \(3, 36\)'):
        place(*scene[:1], scene[2], scene[3][:, 1:], 1000.0)
