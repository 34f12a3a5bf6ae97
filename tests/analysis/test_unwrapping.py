import numpy as np
import pytest

from spinepose_mm.analysis import Unwrapper


def follow(frames, ids=(0,)):
    """Return what an Unwrapper makes of frames of angles, (T, P)."""
    unwrapper = Unwrapper()
    return np.stack([unwrapper.update(ids, np.reshape(angles, (len(ids), 1)))[:, 0] for angles in frames])


def wrap(angles):
    return (np.asarray(angles) + 180) % 360 - 180


def test_equals_numpy_with_all_frames_at_hand():
    angles = wrap(np.cumsum(np.random.default_rng(0).uniform(-175, 175, (300, 5)), axis=0))
    unwrapped = np.unwrap(angles, axis=0, period=360)
    assert np.abs(unwrapped).max() > 700
    np.testing.assert_allclose(follow(angles, ids=range(5)), unwrapped, atol=1e-9)


def test_a_somersault_and_the_way_back():
    turn = np.concatenate([np.arange(0, 400, 20), np.arange(400, -400, -20)])
    np.testing.assert_allclose(follow(wrap(turn)[:, None])[:, 0], turn)


def test_goes_on_after_gaps():
    nan = np.nan
    found = follow([[170], [nan], [nan], [-150], [nan], [-90]])[:, 0]
    np.testing.assert_allclose(found, [170, nan, nan, 210, nan, 270])


def test_begins_anew_where_the_direction_is_unknown():
    nan = np.nan
    found = follow([[170], [-170], [-100], [nan], [60], [80]])[:, 0]
    np.testing.assert_allclose(found, [170, 190, 260, nan, 60, 80])  # 420 is further than a quarter turn away
    np.testing.assert_allclose(follow([[170], [-170], [-100], [60]])[:, 0], [170, 190, 260, 420])  # without a gap


def test_first_angles_may_be_unknown():
    np.testing.assert_allclose(follow([[np.nan], [-179], [179]])[:, 0], [np.nan, -179, -181])


def test_people_are_identified_by_their_ids():
    unwrapper = Unwrapper()
    assert unwrapper.update([7, 3], [[170.0], [-170]]).ravel().tolist() == [170, -170]
    assert unwrapper.update([3, 7], [[170.0], [-170]]).ravel().tolist() == [-190, 190]
    assert unwrapper.update([3], [[150.0]]).ravel().tolist() == [-210]
    assert unwrapper.update([], np.zeros((0, 1))).shape == (0, 1)
    assert unwrapper.update([9, 7], [[-170.0], [-150]]).ravel().tolist() == [-170, 210]  # new, and back again


def test_angles_of_a_person_are_continued_one_by_one():
    unwrapper = Unwrapper()
    unwrapper.update([0], [[170.0, -10]])
    unwrapper.update([0], [[np.nan, -20]])
    np.testing.assert_allclose(unwrapper.update([0], [[-170.0, -30]]), [[190, -30]])


@pytest.mark.parametrize('others, expected', [(900, 190), (1000, -170)])
def test_the_thousand_last_people_are_remembered(others, expected):
    unwrapper = Unwrapper()
    unwrapper.update(['first'], [[170.0]])
    for person in range(others):
        unwrapper.update([person], [[0.0]])
    assert unwrapper.update(['first'], [[-170.0]]).item() == expected


def test_a_crowd_is_remembered_whole():
    unwrapper, crowd = Unwrapper(), range(1500)
    unwrapper.update(crowd, np.full((1500, 1), 170.0))
    assert (unwrapper.update(crowd, np.full((1500, 1), -170.0)) == 190).all()
