import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.datasets.validation import checks
from spinepose_mm.synthetic.body import Body, forward, keypoints, rest


@pytest.fixture
def people():
    """Four standing people, seen from the front, at sizes of their own, (4, 37, 2) in pixels; and all labelled."""
    body = Body()
    side = keypoints(body, forward(body, rest()))[0]
    ahead = side[skeleton.index('nose')] - side[skeleton.index('C1')]
    axis = int(np.abs(ahead[[0, 2]]).argmax()) * 2
    across = np.sign(side[skeleton.index('left_hip')] - side[skeleton.index('right_hip')])
    x = side[:, 2 - axis] * across[2 - axis]  # their left is on the right of the image
    points = np.stack([x, -side[:, 1]], -1)
    sizes = np.array([100, 200, 300, 50])[:, None, None]
    return points * sizes + 500, np.ones((4, 37), bool)


def exchange(points, person, *names):
    """Return the points with some pairs of one person swapped."""
    points = points.copy()
    for name in names:
        left, right = skeleton.index('left_' + name), skeleton.index('right_' + name)
        points[person, [left, right]] = points[person, [right, left]]
    return points


def test_bones_are_as_long_as_those_of_the_mean_body():
    body = Body()
    points = keypoints(body, forward(body, rest()))[0]
    ends, lengths = checks.bone_lengths()
    assert [tuple(skeleton.NAMES[i] for i in bone) for bone in ends] == list(skeleton.BONES)
    np.testing.assert_allclose(lengths, np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1), atol=6e-5)


def test_outside():
    points = np.array([[[1.0, 1.0], [5.0, 1.0], [-3.0, 2.0]]])
    found = checks.outside(points, np.array([[True, True, False]]), np.zeros((1, 2)), np.full((1, 2), 4.0))
    assert found.tolist() == [[False, True, False]]


def test_swapped_ends_are_reported_on_the_right_person(people):
    points, labelled = people
    assert not any(mask.any() for _, mask in checks.swapped_sides(points, labelled))
    found = dict(checks.swapped_sides(exchange(points, 2, 'ankle'), labelled))
    assert found['left_heel', 'right_heel'].tolist() == [False, False, True, False]
    labelled[2, skeleton.index('left_ankle')] = False
    assert not any(mask.any() for _, mask in checks.swapped_sides(exchange(points, 2, 'ankle'), labelled))


def test_mirrored_faces(people):
    points, visible = people
    mirrored, seen = checks.mirrored_faces(exchange(points, 1, 'eye'), visible)
    assert mirrored.tolist() == [False, True, False, False] and seen.all()
    turned = np.stack([-points[..., 1], points[..., 0]], -1)  # lying people are no mirrored ones
    assert not checks.mirrored_faces(turned, visible)[0].any()
    visible[1, skeleton.index('nose')] = False
    mirrored, seen = checks.mirrored_faces(exchange(points, 1, 'eye'), visible)
    assert not mirrored.any() and seen.tolist() == [True, False, True, True]


def test_stretched_bones(people):
    points, labelled = people
    bones, factor = checks.stretched(points, labelled)
    assert factor.shape == (4, len(bones)) and bones == list(skeleton.BONES) and factor.max() < 1.3
    wrong = points.copy()
    wrong[3, [skeleton.index('L5'), skeleton.index('T3')]] = wrong[3, [skeleton.index('T3'), skeleton.index('L5')]]
    assert (checks.stretched(wrong, labelled)[1] > 3).any(1).tolist() == [False, False, False, True]
    labelled[0] = False
    labelled[1, skeleton.index('S1')] = False
    bones, factor = checks.stretched(points, labelled)
    assert np.isnan(factor[0]).all() and np.isnan(factor[1, bones.index(('spine_01', 'hip'))])
    assert len(checks.stretched(points[:, :17], labelled[:, :17])[0]) == 15


def test_doubles(people):
    points, labelled = people
    points[1] = points[0] + 1
    points[3] = points[0] + 1
    images, scale = np.array([7, 7, 7, 8]), np.full(4, 100.0)
    assert checks.doubles(images, points, labelled, scale).tolist() == [False, True, False, False]
    labelled[1, :9] = False
    assert checks.doubles(images, points, labelled, scale).tolist() == [False, True, False, False]
    assert not checks.doubles(images, points, labelled, scale / 2).any()
