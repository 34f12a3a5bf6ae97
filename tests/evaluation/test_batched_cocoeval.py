import itertools

import numpy as np
import pytest
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from spinepose_mm import skeleton
from spinepose_mm.evaluation import batched_cocoeval
from spinepose_mm.evaluation.batched_cocoeval import BatchedCOCOeval, Labels, Predictions, match, oks

SIGMAS = np.array(skeleton.SIGMAS)


def people(seed, images=20):
    """Return random Labels and Predictions in images of 0 to 5 people, and xtcocotools' objects of the same."""
    rng = np.random.default_rng(seed)
    owners = [np.repeat(np.arange(images), rng.integers(0, 6, images)) for _ in range(2)]
    n, m = map(len, owners)
    keypoints = np.concatenate([rng.integers(0, 40, (n, 37, 2)), rng.choice([0, 1, 2], (n, 37, 1))], -1).astype(float)
    keypoints[::7, :, 2] = 0
    crowds = rng.random(n) < 0.2
    labels = Labels(
        owners[0],
        keypoints,
        rng.uniform(5, 40, (n, 4)),
        rng.choice([900.0, 5000, 20000], n),
        crowds,
        crowds | (keypoints[..., 2] == 0).all(1),
    )
    points = rng.integers(0, 40, (m, 37, 2)).astype(float)
    found = Predictions(owners[1], points, rng.choice([0.2, 0.5, 0.9], m), np.ptp(points, axis=1).prod(1))
    truth, results = COCO(), COCO()
    count, categories = [dict(id=i) for i in range(images)], [dict(id=1)]
    truth.dataset = dict(
        images=count,
        categories=categories,
        annotations=[
            dict(
                id=i + 1,
                image_id=int(owners[0][i]),
                category_id=1,
                iscrowd=int(crowds[i]),
                area=labels.areas[i],
                bbox=labels.boxes[i].tolist(),
                keypoints=keypoints[i].ravel().tolist(),
            )
            for i in range(n)
        ],
    )
    results.dataset = dict(
        images=count,
        categories=categories,
        annotations=[
            dict(
                id=i + 1,
                image_id=int(owners[1][i]),
                category_id=1,
                score=found.scores[i],
                area=found.areas[i],
                keypoints=np.column_stack([points[i], np.ones(37)]).ravel().tolist(),
            )
            for i in range(m)
        ],
    )
    truth.createIndex()
    results.createIndex()
    return labels, found, truth, results


def run(evaluator):
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator


@pytest.mark.parametrize('pairs', [2**13, 5])
@pytest.mark.parametrize('seed', range(3))
def test_is_exactly_cocoeval(seed, pairs, monkeypatch):
    monkeypatch.setattr(batched_cocoeval, '_PAIRS', pairs)
    labels, found, truth, results = people(seed)
    expected = run(COCOeval(truth, results, 'keypoints', SIGMAS))
    numbers = {(image, 1): image for image in range(20)}
    evaluator = run(BatchedCOCOeval(truth, numbers, labels, found, SIGMAS))
    assert evaluator.params.imgIds == expected.params.imgIds
    for mine, theirs in itertools.zip_longest(evaluator.evalImgs, expected.evalImgs):
        assert (mine is None) == (theirs is None)
        if mine:
            np.testing.assert_array_equal(mine['dtScores'], theirs['dtScores'])
            np.testing.assert_array_equal(mine['dtMatches'] >= 0, theirs['dtMatches'] >= 0)
            np.testing.assert_array_equal(mine['dtIgnore'], theirs['dtIgnore'])
            assert sorted(mine['gtIgnore']) == sorted(theirs['gtIgnore'])  # theirs has the ignored last
    for name in ('precision', 'recall', 'scores'):
        np.testing.assert_array_equal(evaluator.eval[name], expected.eval[name])
    assert 0 < evaluator.eval['recall'].max() <= 1


def test_oks_is_exactly_that_of_cocoeval():
    """To the last bit, for all numbers of labelled keypoints, and for people without any or without an area."""
    rng = np.random.default_rng(0)
    for seen, area in zip(range(38), itertools.cycle([4e3, 1e-16, 0])):
        keypoints = rng.uniform(0, 50, (1, 2, 37, 3))
        keypoints[..., 2] = rng.permuted(np.arange(37) < [[seen], [37 - seen]], axis=1)
        found, boxes, areas = rng.uniform(0, 50, (1, 3, 37, 2)), rng.uniform(1, 9, (1, 2, 4)), np.array([[area, 3e4]])
        found[0, 0] = keypoints[0, 0, :, :2]
        evaluator = COCOeval(None, None, 'keypoints', SIGMAS)
        evaluator._gts[0, 1] = [
            dict(keypoints=keypoints[0, i].ravel(), bbox=boxes[0, i], area=areas[0, i]) for i in range(2)
        ]
        evaluator._dts[0, 1] = [
            dict(keypoints=np.column_stack([one, np.ones(37)]).ravel(), score=1.0) for one in found[0]
        ]
        np.testing.assert_array_equal(
            oks(found, keypoints, boxes, areas, (SIGMAS * 2) ** 2)[0], evaluator.computeOks(0, 1)
        )


def test_oks_by_hand():
    keypoints = np.array([[[[0, 0, 2], [9, 9, 0]], [[0, 0, 0], [0, 0, 0]]]], float)  # the second has no labels
    found = np.array([[[[3, 4], [50, 50]]]], float)
    boxes = np.array([[[0, 0, 1, 1], [10, 10, 10, 10]]], float)  # three times as large: from 0 to 30
    values = oks(found, keypoints, boxes, np.array([[50.0, 50]]), np.array([0.25, 1]))
    assert values.shape == (1, 1, 2)
    np.testing.assert_allclose(values[0, 0], [np.exp(-25 / 0.25 / 50 / 2), (1 + np.exp(-800 / 50 / 2)) / 2])


def found_by(values, ignored=(0, 0, 0), crowds=(0, 0, 0), threshold=0.5):
    """Return which of two predictions have a match, and whether that is ignored."""
    matched, passed = match(
        np.array([values], float), np.array([[ignored]], bool), np.array([crowds], bool), np.array([threshold])
    )
    return matched[0, 0, 0].tolist(), passed[0, 0, 0].tolist()


def test_matches_by_hand():
    assert found_by([[0.6, 0.8, 0], [0.6, 0.9, 0]]) == ([True, True], [False, False])
    assert found_by([[0, 0.8, 0], [0.3, 0.9, 0.4]]) == ([True, False], [False, False])  # the better one comes too late
    # A person that counts goes before one that is ignored and more similar.
    assert found_by([[0.9, 0.6, 0], [0.9, 0, 0]], ignored=(1, 0, 0)) == ([True, True], [False, True])
    # A crowd is matched again and again, another ignored person once.
    assert found_by([[0.9, 0, 0], [0.9, 0, 0]], ignored=(1, 0, 0), crowds=(1, 0, 0)) == ([True, True], [True, True])
    assert found_by([[0.9, 0, 0], [0.9, 0, 0]], ignored=(1, 0, 0)) == ([True, False], [True, False])
    # Of equals the last is taken, so that the first is left for the second.
    assert found_by([[0.7, 0.7, 0], [0.7, 0, 0]]) == ([True, True], [False, False])
    assert found_by([[0.7, 0.7, 0], [0, 0.7, 0]]) == ([True, False], [False, False])
    # An OKS as high as the threshold is enough, and 1 is where 1 is asked for but for rounding.
    assert found_by([[0.5, 0, 0], [0, 1 - 1e-11, 0]])[0] == [True, True]
    assert found_by([[0.5, 0, 0], [0, 1 - 1e-11, 0]], threshold=1)[0] == [False, True]


def test_the_best_20_of_an_image_count():
    labels, found, truth, _ = people(0, images=1)
    count = 25
    found = Predictions(np.zeros(count, int), np.zeros((count, 37, 2)), np.arange(count) / count, np.full(count, 5e3))
    evaluator = run(BatchedCOCOeval(truth, {(0, 1): 0}, labels, found, SIGMAS))
    np.testing.assert_array_equal(evaluator.evalImgs[0]['dtScores'], np.arange(24, 4, -1) / count)
