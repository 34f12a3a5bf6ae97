import numpy as np
import pytest

from spinepose_mm.confidence import MIN_SCORE
from spinepose_mm.synthetic.tracking_scenes import crossing


@pytest.fixture(scope='module')
def video():
    return crossing(0, people=5, seconds=12)


def test_ground_truth(video):
    assert len(video.ground_truth) == len(video.predictions) == len(video.owners) == 360
    for people in video.ground_truth:
        assert (np.diff(people.ids) > 0).all() and set(np.unique(people.scores)) <= {0, 1}
        inside = ((people.keypoints >= 0) & (people.keypoints < video.size)).all(-1)
        assert (inside.sum(1) >= 6).all() and not people.scores[~inside].any()
    there = np.array([[person in people.ids for person in range(5)] for people in video.ground_truth])
    comings = (np.diff(there.astype(int), axis=0) > 0).sum()
    assert there.sum(1).min() < 5 and comings >= 1  # they leave and return


def test_people_occlude_each_other(video):
    """A person who is wholly in the image is occluded only by a person whose box is there, too."""
    occluded = 0
    for people in video.ground_truth:
        low, high = people.boxes[:, :2], people.boxes[:, 2:]
        whole = ((people.keypoints >= 0) & (people.keypoints < video.size)).all((1, 2))
        for i in np.flatnonzero(whole & (people.scores.mean(1) < 1)):
            assert ((np.minimum(high, high[i]) - np.maximum(low, low[i])) > 0).all(1).sum() > 1
            occluded += people.scores[i].mean() < 0.5
    assert occluded > 20


def test_predictions(video):
    lost = sum(map(len, video.ground_truth)) - sum((owners >= 0).sum() for owners in video.owners)
    assert 0 < lost < 0.2 * sum(map(len, video.ground_truth)) and any((owners < 0).any() for owners in video.owners)
    for one, predicted, owners in zip(video.ground_truth, video.predictions, video.owners):
        assert len(predicted) == len(owners) and predicted.ids is None
        matched = owners[owners >= 0]
        assert len(set(matched)) == len(matched) and set(matched) <= set(one.ids)
    assert len({tuple(owners) for owners in video.owners if len(owners) == 3}) > 2  # in any order


def test_errors_are_as_stated(video):
    predicted, expected, sizes = video.courses([people.keypoints for people in video.predictions])
    assert predicted.shape == expected.shape == (360, 5, 37, 2) and sizes.shape == (360, 5)
    error = (predicted - expected) / sizes[..., None, None]
    valid = np.isfinite(error)
    # Per axis .011, and 1% six times as far off: the median of absolute values is .67 of that, less for the spread.
    assert 0.005 < np.median(np.abs(error[valid])) < 0.008
    assert np.median(np.abs(np.diff(error, axis=0)[np.isfinite(np.diff(error, axis=0))])) < 0.006  # it drifts
    scores = [
        (predictions.scores[n], people.scores[list(people.ids).index(owner)])
        for people, predictions, owners in zip(video.ground_truth, video.predictions, video.owners)
        for n, owner in enumerate(owners)
        if owner >= 0
    ]
    score, visible = (np.concatenate(values) for values in zip(*scores))
    assert score[visible > 0].mean() > 0.8 > 0.4 > score[visible == 0].mean()
    assert (score[visible == 0] >= MIN_SCORE).mean() > 0.1  # as a network's, some are too sure


def test_same_seed_same_video(video):
    again, other = crossing(0, people=5, seconds=12), crossing(1, people=5, seconds=12)
    for one, two in zip(video.predictions, again.predictions):
        np.testing.assert_array_equal(one.keypoints, two.keypoints)
        np.testing.assert_array_equal(one.boxes, two.boxes)
    assert (
        len(video.predictions[0]) != len(other.predictions[0])
        or np.abs(video.predictions[0].keypoints - other.predictions[0].keypoints).max() > 1
    )


@pytest.mark.parametrize('people, frame_rate, size', [(1, 1, (1280, 720)), (2, 120, (64, 36)), (6, 5, (3840, 2160))])
def test_any_size_and_frame_rate(people, frame_rate, size):
    video = crossing(3, people, seconds=2, frame_rate=frame_rate, size=size)
    assert len(video.predictions) == 2 * frame_rate
    for predicted in video.predictions:
        for corners in (predicted.boxes[:, :2], predicted.boxes[:, 2:]):
            assert (corners >= 0).all() and (corners <= size).all() or not len(predicted)
