import numpy as np
import pytest
from mmpose.evaluation.functional import oks_nms, soft_oks_nms

from spinepose_mm import skeleton
from spinepose_mm.evaluation import batched_cocoeval, suppression
from spinepose_mm.evaluation.suppression import suppress

SIGMAS = np.array(skeleton.SIGMAS)


def people(seed, dtype):
    """Return sizes of images with 1 to 25 people, many of them alike, keypoints, their scores, scores and areas."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 2, 3, 6, 25], 40, p=[0.3, 0.2, 0.2, 0.2, 0.1])
    count = sizes.sum()
    keypoints = rng.uniform(0, 20, (count, 37, 2)) + rng.integers(0, 3, (count, 1, 1)) * 50
    for i in np.flatnonzero(rng.random(count) < 0.4)[1:]:
        keypoints[i] = keypoints[i - 1] + rng.choice([0, 0.5, 1.5, 4])
    scores = rng.choice([0.1, 0.5, 0.7, 0.8], count)
    return sizes, *(
        values.astype(dtype)
        for values in (
            keypoints,
            rng.random((count, 37)),
            scores,
            rng.choice([0, 400.0, 900], count, p=[0.1, 0.5, 0.4]),
        )
    )


def expected(function, threshold, sizes, keypoints, keypoint_scores, scores, areas):
    """Return the people that MMPose's function keeps of each image."""
    kept = []
    for start, size in zip(sizes.cumsum() - sizes, sizes):
        instances = [
            dict(
                score=scores[i], area=areas[i], keypoints=np.concatenate([keypoints[i], keypoint_scores[i, :, None]], 1)
            )
            for i in range(start, start + size)
        ]
        kept.append((start + function(instances, threshold, sigmas=SIGMAS)).tolist())
    return kept


@pytest.mark.parametrize('pairs', [2**13, 9])
@pytest.mark.parametrize('threshold', [0.3, 0.9, 1.0])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('mode, function', [('oks_nms', oks_nms), ('soft_oks_nms', soft_oks_nms)])
def test_keeps_the_people_that_mmpose_keeps_in_its_order(mode, function, dtype, threshold, pairs, monkeypatch):
    monkeypatch.setattr(batched_cocoeval, '_PAIRS', pairs)
    sizes, *columns = people(0, dtype)
    starts = sizes.cumsum() - sizes
    with np.errstate(over='ignore', divide='raise', invalid='raise'):
        rows = suppress(mode, threshold, starts, sizes, *columns, SIGMAS)
        kept = expected(function, threshold, sizes, *columns)
    owner = np.searchsorted(starts, rows, side='right') - 1
    assert [rows[owner == i].tolist() for i in range(len(sizes))] == kept
    if mode == 'oks_nms' and threshold < 1:
        assert len(sizes) < len(rows) < sizes.sum()


def test_asks_mmpose_only_where_people_are_alike(monkeypatch):
    asked = []
    monkeypatch.setitem(
        suppression._FUNCTIONS,
        'oks_nms',
        lambda people, *args, **kwargs: asked.append(len(people)) or oks_nms(people, *args, **kwargs),
    )
    sizes = np.array([3, 2, 1])
    keypoints = np.arange(6)[:, None, None] * 100.0 + np.zeros((6, 37, 2))
    keypoints[4] = keypoints[3]
    rows = suppress(
        'oks_nms',
        0.9,
        np.array([0, 3, 5]),
        sizes,
        keypoints,
        np.ones((6, 37)),
        np.arange(6.0),
        np.full(6, 400.0),
        SIGMAS,
    )
    assert asked == [2] and sorted(rows) == [0, 1, 2, 4, 5]


def test_none_keeps_all():
    assert suppress(
        'none', 0.9, np.array([0]), np.array([2]), *[np.zeros((2, 37, 2))] * 2, np.zeros(2), np.zeros(2), SIGMAS
    ).tolist() == [0, 1]
