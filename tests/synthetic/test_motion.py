import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.synthetic import MOTIONS, Body, anatomy, forward, keypoints, sequence
from spinepose_mm.synthetic.body import AXES, SIDES
from spinepose_mm.synthetic.motion import clip, mirrored


@pytest.fixture(params=MOTIONS)
def moved(request):
    """(body, pose, parts, keypoints (T, 37, 3)) of four seconds of a motion."""
    rng = np.random.default_rng(list(MOTIONS).index(request.param))
    body = Body.sample(rng)
    pose = sequence(request.param, body, rng, seconds=4)
    parts = forward(body, pose)
    return body, pose, parts, keypoints(body, parts)


def test_bones_do_not_change_their_length(moved):
    _, _, parts, points = moved
    pairs = [
        ('knee', 'hip'),
        ('ankle', 'knee'),
        ('elbow', 'shoulder'),
        ('wrist', 'elbow'),
        ('heel', 'ankle'),
        ('big_toe', 'ankle'),
    ]
    for side in SIDES:
        for a, b in pairs:
            ends = points[:, [skeleton.index(f'{side}_{a}'), skeleton.index(f'{side}_{b}')]]
            length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1)
            assert np.ptp(length) < 1e-9 and length[0] > 0.02
    names = ('S1', *anatomy.VERTEBRAE)
    for below, above in zip(names, names[1:]):
        assert np.ptp(np.linalg.norm(parts[above][0] - parts[below][0], axis=-1)) < 1e-9


def test_joints_stay_in_their_ranges(moved):
    _, pose, _, _ = moved
    assert pose.keys() == set(AXES)
    for joint, (low, high) in anatomy.LIMB_RANGES.items():
        for side in SIDES:
            assert low <= pose[f'{joint}_{side}'].min() and pose[f'{joint}_{side}'].max() <= high
    for region in anatomy.REGIONS.values():
        assert max(np.abs(pose[f'{region}_{axis}']).max() for axis in ('flexion', 'bending', 'rotation')) <= 1


def test_moves_smoothly_at_the_frame_rate(moved):
    _, _, _, points = moved
    assert len(points) == 120
    speed = np.linalg.norm(np.diff(points, axis=0), axis=-1) * 30
    assert 0.01 < speed.max() < 12  # metres a second; a foot in running does 8
    jerk = np.linalg.norm(np.diff(points, 2, axis=0), axis=-1)
    assert jerk.max() < 0.12  # metres a frame and frame


def test_nothing_is_below_the_ground_and_something_touches_it(moved):
    _, _, _, points = moved
    assert points[..., 1].min() > -1e-9
    assert points[..., 1].min(axis=1).min() < 0.16  # the least of what touches may be the back's skin


def test_same_seed_same_motion_and_others_differ():
    def first(seed):
        rng = np.random.default_rng(seed)
        return sequence('walk', Body(), rng)['hip_flexion_left']

    np.testing.assert_array_equal(first(1), first(1))
    assert len(first(1)) != len(first(2)) or not np.allclose(first(1), first(2))


def test_mirrored_pose_gives_the_mirrored_body():
    rng = np.random.default_rng(0)
    body, pose = (
        Body(),
        {axis: rng.normal(0, 0.3 if axis.startswith(('lumbar', 'thoracic', 'cervical')) else 20, 3) for axis in AXES},
    )
    own = keypoints(body, forward(body, pose))
    other = keypoints(body, forward(body, mirrored(pose)))
    np.testing.assert_allclose(other[:, list(skeleton.FLIP_INDICES)], own * [1, 1, -1], atol=1e-9)


def test_unknown_motion():
    with pytest.raises(ValueError, match="no motion 'fly'; there are stand, walk"):
        sequence('fly', Body(), np.random.default_rng(0))


def test_flat_feet_are_level():
    """Those of a person who squats, where the ankles go far enough; without it, they are not."""
    body = Body()
    heights = {}
    for flat in (False, True):
        rng = np.random.default_rng(3)
        points = keypoints(body, forward(body, sequence('deadlift', body, rng, 2, 10, flat_feet=flat)))
        heel, toe = (points[:, skeleton.index(f'left_{name}'), 1] for name in ('heel', 'big_toe'))
        heights[flat] = np.abs(heel - toe).max()
    assert heights[True] < 0.03 < 0.05 < heights[False]


def test_knees_and_ankles_go_as_far_as_those_of_healthy_adults():
    """AAOS: 135 degrees of knee flexion, 20 of dorsiflexion and 50 of plantar flexion."""
    for value, knee, ankle in ((500.0, 135, 20), (-500.0, 0, -50)):
        pose = {axis: np.full(1, value) for axis in AXES}
        clip(pose)
        assert (pose['knee_flexion_left'], pose['ankle_dorsiflexion_right']) == (knee, ankle)
