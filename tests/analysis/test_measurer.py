import numpy as np
import pytest

from figures import UP
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, Measurer, measure_errors, measure_image, measure_space, view
from spinepose_mm.structures.frame import People, no_people
from spinepose_mm.synthetic.around import perform, photograph
from spinepose_mm.synthetic.body import Body, forward, keypoints, rest


def people(pixels, points=None, ids=None, scores=1.0):
    count = len(pixels)
    return People(
        pixels, np.full((count, skeleton.NUM_KEYPOINTS), scores), np.zeros((count, 4)), np.ones(count), ids, points
    )


def turned(angles):
    """Return a person who is turned forward by each of some angles, (T, 37, 3), and that from the left, (T, 37, 2)."""
    body, pose = Body(), rest(len(angles))
    pose['pelvis_tilt'] = np.asarray(angles, float)
    points = keypoints(body, forward(body, pose))
    return points, photograph(points, 90)


def test_all_people_are_measured_where_they_are_known():
    points, _ = perform(np.random.default_rng(0), ['stand', 'deadlift'], people=1)
    pixels = photograph(points, np.arange(len(points)) * 90)
    before = people(pixels, points)
    flat, spatial = Measurer().update(before), Measurer().update(before, up=UP)
    assert before.measures == {} and before.views is None and flat.points is points
    assert list(flat.measures) == list(spatial.measures) == list(MEASURES)
    assert flat.views.tolist() == spatial.views.tolist() == view(pixels).tolist()
    assert {'front', 'left side'} <= set(flat.views)
    for found, expected in ((flat, measure_image(pixels, flat.views)), (spatial, measure_space(points, UP))):
        for name in MEASURES:
            np.testing.assert_array_equal(found.measures[name], expected[name])
    assert flat[[1]].measures['spine_length'].shape == (1,)


def test_people_without_points_are_measured_in_the_image():
    points, pixels = turned([20])
    assert Measurer().update(people(pixels), up=UP).measures['trunk_inclination'] == pytest.approx([20], abs=0.5)
    lost = Measurer().update(people(pixels, np.full_like(points, np.nan)), up=UP)
    assert all(np.isnan(values).all() for values in lost.measures.values()) and lost.views == ['left side']


def test_keypoints_of_low_confidence_are_not_visible():
    points, pixels = turned([20, 20])
    uncertain = people(pixels, points)
    uncertain.confidence[0, skeleton.index('C1')] = 0.49
    uncertain.confidence[1, skeleton.index('left_hip')] = 0.51
    for up in (None, UP):
        assert np.isnan(Measurer().update(uncertain, up).measures['neck_inclination']).tolist() == [True, False]
        strict = Measurer(min_confidence=0.6).update(uncertain, up)
        assert np.isnan(strict.measures['trunk_inclination']).tolist() == [False, True]
    assert strict.views.tolist() == ['left side', 'unknown']


def test_lifted_people_whose_errors_are_known_have_intervals():
    points, pixels = turned([20, 20])
    lifted = people(pixels, points)
    assert Measurer().update(lifted, UP).measure_errors == {}
    lifted.point_errors = np.full((2, skeleton.NUM_KEYPOINTS), 0.03)
    lifted.confidence[1, skeleton.index('C7')] = 0.1
    found = Measurer().update(lifted, UP)
    np.testing.assert_array_equal(
        found.measure_errors['trunk_inclination'],
        measure_errors(points, lifted.point_errors, UP)['trunk_inclination'] * [1, np.nan],
    )
    assert found[[0]].measure_errors['kyphosis'].shape == (1,) and Measurer().update(lifted).measure_errors == {}


@pytest.mark.parametrize('up', [None, UP])
def test_a_somersault_goes_on_beyond_a_half_turn(up):
    angles = np.arange(0, 380, 15)
    points, pixels = turned(angles)
    found = {}
    for unwrap in (True, False):
        measurer = Measurer(unwrap=unwrap)
        found[unwrap] = np.array(
            [
                measurer.update(people(pixels[[i, 0]], points[[i, 0]], np.array([4, 8])), up).measures[
                    'trunk_inclination'
                ]
                for i in range(len(angles))
            ]
        )
        np.testing.assert_allclose(found[unwrap][:, 1], 0, atol=1)
    np.testing.assert_allclose(found[True][:, 0], angles, atol=1)
    np.testing.assert_allclose(found[False][:, 0], (angles + 179.99) % 360 - 179.99, atol=1)


def test_people_without_ids_are_not_unwrapped():
    points, pixels = turned([170, 190])
    measurer = Measurer()
    found = [measurer.update(people(pixels[[i]], points[[i]]), UP).measures['trunk_inclination'][0] for i in (0, 1)]
    assert found == pytest.approx([170, -170], abs=1e-6)


def test_no_people():
    for up in (None, UP):
        found = Measurer().update(no_people(), up)
        assert list(found.measures) == list(MEASURES) and len(found.views) == len(found) == 0
        assert all(values.shape == (0,) for values in found.measures.values())
