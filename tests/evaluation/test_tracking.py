import numpy as np
import pytest

from spinepose_mm.evaluation.tracking import identity_scores, motion_scores


def test_ids_that_are_right():
    scores = identity_scores(
        [np.array([2, 0]), np.array([], int), np.array([0, 2])], [np.array([5, 1]), np.array([], int), np.array([1, 5])]
    )
    assert scores == dict(switches=0, takeovers=0, IDF1=1)


def test_ids_by_hand():
    """Person 0 has the ids 0 0 1 1, person 1 the ids 1 1 (none) 2; a false detection has 7 and 1."""
    owners = [[0, 1], [0, 1, -1], [1, 0], [0, 1, -1]]
    ids = [[0, 1], [0, 1, 7], [-1, 1], [1, 2, 1]]
    scores = identity_scores([np.array(one) for one in owners], [np.array(one) for one in ids])
    # Person 0 changes once and person 1 once; id 1 passes from 1 to 0.
    assert (scores['switches'], scores['takeovers']) == (2, 1)
    # The best match is 0 with 0 (twice) and 1 with 1 (twice); 8 persons and 9 ids were there.
    assert scores['IDF1'] == pytest.approx(2 * 4 / (8 + 9))


def test_no_people():
    assert identity_scores([np.array([], int)], [np.array([], int)]) == dict(switches=0, takeovers=0, IDF1=1)


def course(times):
    """Return a person's ground truth, (T, 1, 2, 2): one goes to the right at 30 px a second, one stands still."""
    points = np.zeros((len(times), 1, 2, 2))
    points[:, 0, 0, 0] = 30 * times
    return points


def test_what_is_late():
    times = np.arange(20) / 10
    scores = motion_scores(course(times - 0.05), course(times), np.full((20, 1), 100.0), 10)
    assert scores['lag'] == pytest.approx(0.05) and scores['jitter'] == pytest.approx(0, abs=1e-9)
    # 1.5 px and nothing.
    assert scores['error'] == pytest.approx(0.75) and scores['relative'] == pytest.approx(0.0075)


def test_what_jitters():
    true = course(np.arange(20) / 10)
    found = true + np.where(np.arange(20) % 2, 1, -1)[:, None, None, None] * [3.0, 4]  # 5 px off, to and fro
    found[7, 0, 1] = np.nan
    scores = motion_scores(found, true, np.full((20, 1), 100.0), 10)
    assert scores['error'] == pytest.approx(5) and scores['relative'] == pytest.approx(0.05)
    # The second difference is 4 times the error, 12 and 16 px, 14.142 in the root mean square; steps are .1 s.
    assert scores['jitter'] == pytest.approx(14.142135 * 100 / 100)
    assert abs(scores['lag']) < 0.02
