from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinepose_mm import skeleton
from spinepose_mm.synthetic import anatomy
from spinepose_mm.synthetic.binding import PARTS, bone_part, spine_curve
from spinepose_mm.synthetic.body import cobb, forward, keypoints, rest
from spinepose_mm.synthetic.flesh import Person
from spinepose_mm.synthetic.motion import sequence
from spinepose_mm.synthetic.motion_poses import MOTIONS
from spinepose_mm.synthetic.posture import Posture, Scoliosis
from spinepose_mm.synthetic.shapes import KINDS, Shape, topology

FACE = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'head')
FEET = tuple(name for name in skeleton.NAMES if name.endswith(('toe', 'heel')))


@cache
def person(kind='adult', seed=0):
    rng = np.random.default_rng(seed)
    return Person(Shape.sample(rng, kind), Posture(), rng)


def posed(who, **axes):
    """Return (parts, vertices, {keypoint: position}) in a pose that differs from standing in `axes`."""
    pose = rest()
    assert axes.keys() <= pose.keys()
    pose.update({axis: np.full(1, float(value)) for axis, value in axes.items()})
    parts = forward(who, pose)
    return parts, who.vertices(parts), dict(zip(skeleton.NAMES, keypoints(who, parts)[0]))


def winding(vertices, points):
    """Return how many times the mesh encloses each point: how often a ray from it leaves the mesh, less enters it."""
    askew = Rotation.random(random_state=0).as_matrix()  # the ray passes no edge of the midline
    corners = (vertices @ askew)[topology().faces]
    a, b, c = (corners[None, :, i] - (points @ askew)[:, None] for i in range(3))

    def cross(p, q):
        return p[..., 1] * q[..., 2] - p[..., 2] * q[..., 1]

    ab, bc, ca = cross(a, b), cross(b, c), cross(c, a)
    area = ab + bc + ca
    hit = ((ab > 0) == (bc > 0)) & ((bc > 0) == (ca > 0)) & (area != 0)
    ahead = bc * a[..., 0] + ca * b[..., 0] + ab * c[..., 0]
    return np.where(hit & (ahead * area > 0), np.sign(area), 0).sum(1)


@pytest.mark.parametrize('kind, motion', list(zip(KINDS, ('stand', 'squat', 'deadlift', 'sit', 'stretch', 'twist'))))
def test_joints_lie_inside_and_face_and_feet_on_the_skin(kind, motion):
    who, rng = person(kind), np.random.default_rng(1)
    for pose in (rest(), sequence(motion, who, rng, seconds=0.05)):
        parts = forward(who, pose)
        vertices = who.vertices(parts)
        points = dict(zip(skeleton.NAMES, keypoints(who, parts)[0].astype(np.float32)))
        inner = [name for name in points if name not in FACE + FEET]
        count = winding(vertices, np.array([points[name] for name in inner]))
        assert [name for name, number in zip(inner, count) if number < 0.5] == []
        for name in FACE + FEET:
            assert np.linalg.norm(vertices - points[name], axis=1).min() < 0.003


def test_vertebral_bodies_lie_as_deep_as_in_adults():
    """Depth under the midline's skin in the mesh's own stance: the sums of `binding`, for average adults."""
    depths = []
    for seed in range(30):
        shape = Shape.sample(np.random.default_rng(seed), 'adult')
        line = shape.vertices[np.abs(shape.vertices[:, 2]) < 0.014 * shape.stature]
        places = spine_curve(shape)
        depths.append(
            [
                places[level][0] - line[np.abs(line[:, 1] - places[level][1]) < 0.02, 0].min()
                for level in skeleton.LEVELS
            ]
        )
    found = dict(zip(skeleton.LEVELS, np.mean(depths, axis=0) * 1000))
    assert found['C7'] == pytest.approx(53 + 16 + 9, abs=12)  # skin to epidural space, canal, half the body
    assert found['T3'] == pytest.approx(47 + 16 + 10, abs=12)
    assert found['L3'] == pytest.approx(57 + 16 + 17, abs=14)
    assert found['L1'] == pytest.approx(45 + 8 + 17, abs=14)  # transverse processes, half the canal, half the body
    assert 50 < found['C4'] < 80 and 55 < found['T8'] < 85 and 45 < found['S1'] < 75


def test_bones_keep_their_lengths():
    who, rng = person(), np.random.default_rng(2)
    lengths = []
    for motion in MOTIONS:
        parts = forward(who, sequence(motion, who, rng, seconds=0.1))
        points = dict(zip(skeleton.NAMES, keypoints(who, parts).swapaxes(0, 1)))
        spine = [parts[name][0] for name in ('S1', *anatomy.VERTEBRAE)]
        bones = list(zip(spine, spine[1:]))
        for side in ('left', 'right'):
            limbs = ('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle', 'heel')
            bones += [(points[f'{side}_{a}'], points[f'{side}_{b}']) for limb in limbs for a, b in zip(limb, limb[1:])]
        lengths.append(np.array([np.linalg.norm(a - b, axis=-1) for a, b in bones]).T)
    assert np.ptp(np.concatenate(lengths), axis=0).max() < 1e-9


def test_left_is_left():
    _, vertices, points = posed(person())
    for name in skeleton.NAMES:
        if name.startswith('left_'):
            assert points[name][2] < 0 < points['right_' + name[5:]][2]  # z points to the person's right
    hands = [vertices[np.argmax(person().weights[:, PARTS.index(f'hand_{side}')]), 2] for side in ('left', 'right')]
    assert hands[0] < 0 < hands[1]


@pytest.mark.parametrize('region, level', [('lumbar', 'L3'), ('thoracic', 'T8')])
def test_the_skin_follows_the_spine(region, level):
    """A region's turn moves the skin behind and above it; the pelvis's and the legs' skin stays where it is."""
    who = person()
    still, before, _ = posed(who)
    parts, after, _ = posed(who, **{f'{region}_rotation': 1})
    moved = np.linalg.norm(after - before, axis=1)
    below = before[:, 1] < still['S1'][0][0, 1] - 0.1
    hands = who.weights[
        :, [PARTS.index(f'{part}_{side}') for part in ('hand', 'forearm_far') for side in ('left', 'right')]
    ]
    assert moved[below & (hands.sum(1) == 0)].max() < 1e-4
    # The skin beside the vertebra turns with it.
    center, turn = still[level][0][0], parts[level][1][0] @ still[level][1][0].T
    back = np.flatnonzero(
        (np.abs(before[:, 1] - center[1]) < 0.02) & (before[:, 0] < center[0] - 0.03) & (np.abs(before[:, 2]) < 0.05)
    )
    expected = (before[back] - center) @ turn.T + parts[level][0][0]
    assert len(back) > 5
    np.testing.assert_allclose(after[back], expected, atol=0.006)
    assert np.linalg.norm(expected - before[back], axis=1).max() > 0.004


def test_the_heads_skin_nods_with_the_skull():
    who = person()
    _, _, still = posed(who)
    parts, vertices, points = posed(who, cervical_flexion=1)
    assert points['nose'][1] < still['nose'][1] - 0.03
    assert np.linalg.norm(vertices - points['nose'], axis=1).min() < 1e-3


def test_stands_on_the_persons_own_curves_whatever_the_shape():
    shape = person().shape
    for posture in (Posture(20, 12), Posture(60, 70)):
        who = Person(shape, posture)
        parts, vertices, points = posed(who)
        # The head is as high above C1 as in the mesh.
        top = shape.vertices[:, 1].max() - who.places['C1'][0][1]
        assert points['head'][1] - parts['C1'][0][0, 1] == pytest.approx(top, abs=2e-3)
        assert vertices[:, 1].max() - parts['C1'][0][0, 1] == pytest.approx(top, abs=2e-3)
        assert cobb(parts, 'T4', 'T12')[0] == pytest.approx(posture.kyphosis)
        assert -cobb(parts, 'T12', 'S1')[0] == pytest.approx(posture.lordosis)
        assert abs(parts['C7'][0][0, 0] - parts['S1'][0][0, 0]) < 0.02
        np.testing.assert_allclose(parts['head'][1][0], np.eye(3), atol=1e-9)


def test_scoliosis_makes_a_rib_hump_on_its_convex_side():
    parts, vertices, _ = posed(Person(person().shape, Posture(scoliosis=Scoliosis('thoracic', 40.0, 1))))
    near = vertices[np.abs(vertices[:, 1] - parts['T8'][0][0, 1]) < 0.02]
    right, left = (near[np.abs(near[:, 2] - side * 0.07) < 0.03, 0].min() for side in (1, -1))
    assert right < left - 0.015  # x points forward
    np.testing.assert_allclose(parts['head'][1][0], np.eye(3), atol=1e-9)
    assert abs(parts['C7'][0][0, 2] - parts['S1'][0][0, 2]) < 0.005


def test_collarbones_follow_a_raised_arm():
    who = person()
    rise = {angle: posed(who, shoulder_abduction_right=angle)[2]['right_shoulder'][1] for angle in (15, 30, 90, 170)}
    assert rise[15] == pytest.approx(rise[30], abs=2e-3)  # nothing up to 30 degrees but what clears the hip
    assert rise[30] + 0.02 < rise[90] < rise[170] < rise[30] + 0.13
    _, _, points = posed(who, shoulder_abduction_right=170)
    assert points['left_shoulder'][1] == pytest.approx(rise[15], abs=2e-3)


@pytest.mark.parametrize('motion', ['walk', 'squat', 'lie', 'handstand'])
def test_stands_and_lies_on_the_ground_by_its_skin(motion):
    who = person('heavy')
    pose = sequence(motion, who, np.random.default_rng(0), seconds=0.1)
    parts = forward(who, pose)
    heights = [who.vertices(parts, frame)[:, 1].min() for frame in range(len(pose['pelvis_ty']))]
    np.testing.assert_allclose(heights, 0, atol=0.006)


def test_same_seed_same_arrays():
    first, second = (Person.sample(np.random.default_rng(5)) for _ in range(2))
    pose = sequence('walk', first, np.random.default_rng(0), seconds=0.05)
    np.testing.assert_array_equal(first.vertices(forward(first, pose)), second.vertices(forward(second, pose)))


def test_every_bone_of_the_mesh_has_a_part():
    parts = {bone_part(name) for name in topology().names}
    assert parts <= {*PARTS, 'spine'}
    assert bone_part('finger3-2.L') == 'hand_left' and bone_part('toe5-1.R') == 'foot_right'
    np.testing.assert_allclose(person().weights.sum(1), 1, atol=1e-5)
