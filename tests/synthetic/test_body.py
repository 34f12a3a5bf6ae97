import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinepose_mm import skeleton
from spinepose_mm.synthetic import anatomy
from spinepose_mm.synthetic.body import AXES, SIDES, Body, cobb, forward, keypoints, rest, spine_angles


def posed(**axes):
    """Return (parts, {keypoint: position}) of an average body in one pose that differs from standing in `axes`."""
    body, pose = Body(), rest()
    assert axes.keys() <= pose.keys()
    pose.update({axis: np.full(1, float(value)) for axis, value in axes.items()})
    parts = forward(body, pose)
    return parts, dict(zip(skeleton.NAMES, keypoints(body, parts)[0]))


@pytest.fixture
def bodies():
    rng = np.random.default_rng(0)
    return [Body.sample(rng) for _ in range(50)]


def test_lordosis_and_kyphosis_spread_as_those_of_adults():
    """Means and standard deviations of the cited studies; a Cobb angle is read from the vertebrae's frames."""
    rng = np.random.default_rng(0)
    people = [Body.sample(rng) for _ in range(1000)]
    curves = np.array([(body.lordosis, body.kyphosis) for body in people])
    np.testing.assert_allclose(curves.mean(0), [49.8, 38], atol=1)
    np.testing.assert_allclose(curves.std(0), [11.2, 10], rtol=0.06)
    assert abs(np.corrcoef(curves.T)[0, 1]) < 0.1
    for body in people[:50]:
        parts = forward(body, rest())
        for upper in ('T12', 'L1'):
            assert -cobb(parts, upper, 'S1')[0] == pytest.approx(body.lordosis)
        assert cobb(parts, 'T4', 'T12')[0] == pytest.approx(body.kyphosis)


def test_the_neck_is_as_long_as_radiographs_say():
    """Seven vertebrae of 12.5 cm in all at 1.70 m have six distances between their centres."""
    parts = forward(Body(1.7), rest())
    centers = np.array([parts[f'C{i}'][0][0] for i in range(1, 8)])
    assert np.linalg.norm(np.diff(centers, axis=0), axis=1).sum() == pytest.approx(0.125 * 6 / 7, abs=0.003)


def test_the_skull_nods_on_c1():
    """White and Panjabi: 25 degrees of flexion and extension, 5 of bending and of rotation to a side."""

    def on_c1(**axes):
        parts, _ = posed(**axes)
        return Rotation.from_matrix(parts['C1'][1][0].T @ parts['head'][1][0])

    still = on_c1()
    nod = on_c1(cervical_flexion=1) * on_c1(cervical_flexion=-1).inv()
    np.testing.assert_allclose(nod.as_rotvec(degrees=True), [0, 0, -25], atol=1e-9)
    for axis in ('bending', 'rotation'):
        turn = still.inv() * on_c1(**{f'cervical_{axis}': 1})
        assert turn.magnitude() == pytest.approx(np.radians(5))


def test_curves_bend_the_way_that_a_spine_does():
    parts, points = posed()
    spine = np.array([points[skeleton.LEVELS[level]][0] for level in ('S1', 'L5', 'L3', 'L1', 'T8', 'T3', 'C7')])
    line = np.linspace(spine[0], spine[-1], len(spine))
    assert spine[4] < line[4] - 0.02  # the thoracic spine stands behind the line from S1 to C7
    assert points['spine_02'][0] - points['spine_03'][0] > 0  # and L3 in front of L1


def test_stands_upright_and_as_high_as_it_is(bodies):
    for body in bodies:
        parts = forward(body, rest())
        points = keypoints(body, parts)[0]
        s1, c7, top = (points[skeleton.index(name)] for name in ('S1', 'C7', 'head'))
        assert abs(c7[0] - s1[0]) < 0.02 and c7[2] == pytest.approx(0)
        assert top[1] - points[:, 1].min() == pytest.approx(body.height, rel=0.06)
        np.testing.assert_allclose(parts['head'][1][0], np.eye(3), atol=1e-9)  # level, facing forward
    average = keypoints(Body(), forward(Body(), rest()))[0]
    assert average[skeleton.index('head'), 1] - average[:, 1].min() == pytest.approx(1.75, rel=0.02)


def test_left_is_left():
    _, points = posed()
    for name in skeleton.NAMES:
        if name.startswith('left_'):
            left, right = points[name], points['right_' + name[5:]]
            assert left[2] < 0 < right[2]  # z points to the person's right
            np.testing.assert_allclose(left, right * [1, 1, -1], atol=1e-9)


@pytest.mark.parametrize(
    'axes, name, axis, sign',
    [
        (dict(lumbar_flexion=1), 'head', 0, 1),
        (dict(thoracic_flexion=1), 'head', 0, 1),
        (dict(cervical_flexion=1), 'nose', 1, -1),
        (dict(lumbar_bending=1), 'head', 2, 1),
        (dict(thoracic_rotation=1), 'right_shoulder', 0, 1),
        (dict(cervical_rotation=1), 'nose', 2, -1),
        (dict(pelvis_tilt=30), 'head', 0, 1),
        (dict(pelvis_rotation=30), 'nose', 2, -1),
        (dict(pelvis_list=10), 'head', 2, 1),
        (dict(hip_flexion_left=60), 'left_knee', 0, 1),
        (dict(hip_abduction_left=30), 'left_knee', 2, -1),
        (dict(hip_abduction_right=30), 'right_knee', 2, 1),
        (dict(knee_flexion_right=60), 'right_ankle', 0, -1),
        (dict(ankle_dorsiflexion_left=20), 'left_big_toe', 1, 1),
        (dict(shoulder_flexion_right=60), 'right_elbow', 0, 1),
        (dict(shoulder_abduction_left=60), 'left_elbow', 2, -1),
        (dict(elbow_flexion_left=60), 'left_wrist', 0, 1),
        (dict(hip_rotation_right=30), 'right_big_toe', 2, -1),
        (dict(pelvis_ty=1), 'head', 1, 1),
    ],
)
def test_joints_turn_the_way_that_they_are_named(axes, name, axis, sign):
    """Axis 0 is forward, 1 up, 2 to the right."""
    assert sign * (posed(**axes)[1][name] - posed()[1][name])[axis] > 0.01


def test_arms_and_legs_hang_straight_when_standing():
    _, points = posed()
    for side in SIDES:
        for upper, lower in (('shoulder', 'wrist'), ('hip', 'ankle')):
            np.testing.assert_allclose((points[f'{side}_{upper}'] - points[f'{side}_{lower}'])[[0, 2]], 0, atol=1e-9)


def test_spine_stays_within_its_ranges_and_flexes_most_at_the_bottom_of_the_lumbar_part():
    rng = np.random.default_rng(0)
    pose = {axis: rng.uniform(-3, 3, 200) for axis in AXES}
    for name, turns in spine_angles(pose).items():
        both, side, turn = anatomy.RANGES[name]
        assert np.ptp(turns[:, 0]) == pytest.approx(both) and np.abs(turns[:, 1]).max() == pytest.approx(side)
        assert np.abs(turns[:, 2]).max() == pytest.approx(turn)
    flexed = spine_angles({**rest(), 'lumbar_flexion': np.ones(1)})
    lumbar = [flexed[f'L{i}'][0, 0] for i in (1, 2, 3, 4, 5)]
    assert lumbar == sorted(lumbar) and lumbar[-1] > lumbar[0] > 0
    assert 40 < sum(lumbar) < 65  # degrees, as of healthy adults


def test_cobb_by_hand():
    """Two frames, the upper one turned by 20 degrees about the axis that points right: extension, a lordosis."""
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    parts = {'S1': (None, np.eye(3)[None]), 'L1': (None, turn[None])}
    assert cobb(parts, 'L1', 'S1')[0] == pytest.approx(-20)


def test_stature_is_from_the_soles_to_the_top_of_the_head():
    assert Body(1.8).stature() == pytest.approx(1.8, rel=0.03)
    longer = Body(1.8, lengths={'thigh': 1.05})
    assert longer.stature() - Body(1.8).stature() == pytest.approx(0.05 * 0.245 * 1.8, rel=1e-6)
