import numpy as np
import pytest
from mmpose.evaluation.functional.nms import oks_iou
from mmpose.registry import METRICS

from spinepose_mm import skeleton
from spinepose_mm.confidence import Calibration, confidence
from spinepose_mm.evaluation.calibration import (
    Keypoints,
    calibration_error,
    collect,
    fit,
    held_out,
    is_right,
    reliability,
)

QUICK = {'test_dataloader.num_workers': 0, 'test_dataloader.persistent_workers': False}


def drawn(truth, people=600, seed=0):
    """Return Keypoints that are right as often as a Calibration says."""
    rng = np.random.default_rng(seed)
    scores = rng.lognormal(-0.6, 0.8, (people, 37))
    sure = confidence(scores, truth)
    labelled = rng.random(scores.shape) < 0.8
    return Keypoints(np.arange(people) // 2, scores, sure, labelled, labelled & (rng.random(scores.shape) < sure))


def test_right_is_an_oks_of_a_half():
    """As MMPose computes it, for each keypoint on both sides of the distance where exp(-d^2 / (2 area k^2)) is .5."""
    area, true = 4000.0, np.full((37, 2), 100.0)
    limit = np.sqrt(2 * np.log(2) * area) * 2 * np.array(skeleton.SIGMAS)
    for factor, expected in ((0.99, True), (1.01, False)):
        points = true + factor * limit[:, None] * [0.6, 0.8]
        assert is_right(points, true, area).tolist() == [expected] * 37
        for i, sigma in enumerate(skeleton.SIGMAS):
            oks = oks_iou(np.r_[true[i], 2], np.r_[points[i], 2][None], area, np.array([area]), np.array([sigma]))
            assert (oks[0] >= 0.5) is np.bool_(expected)
    assert limit[skeleton.index('nose')] == pytest.approx(3.87, abs=0.01)  # pixels, by hand
    assert not is_right(points, true, 0.0).any()


def test_two_scores_get_their_shares():
    """Of S1 alone: two numbers go through two points."""
    scores = np.zeros((20000, 37))
    labelled, right = np.zeros_like(scores, bool), np.zeros_like(scores, bool)
    column = skeleton.index('S1')
    scores[:10000, column], scores[10000:, column] = 0.2, 1.0
    labelled[:, column], right[:3000, column], right[10000:18000, column] = True, True, True
    found = fit(scores, labelled, right)
    np.testing.assert_allclose(confidence(scores, found)[[0, -1], column], [0.3, 0.8], atol=2e-4)
    slope = (np.log(0.8 / 0.2) - np.log(0.3 / 0.7)) / np.log(5)
    assert found.slope == pytest.approx(slope, rel=2e-3)


def test_finds_the_numbers_that_keypoints_were_drawn_by():
    truth = Calibration(2.2, 6.0)
    found = drawn(truth)
    fitted = fit(found.scores, found.labelled, found.right)
    assert fitted.slope == pytest.approx(truth.slope, abs=0.1) and fitted.offset == pytest.approx(truth.offset, abs=0.2)
    known = found.labelled

    def error(values):
        return calibration_error(reliability(values[known], found.right[known]))

    assert error(held_out(found)) < 0.02 < 0.1 < error(confidence(found.scores, Calibration(2.2, 7.0)))
    assert error(confidence(found.scores)) > 0.04


def test_each_half_by_the_other():
    first, second = drawn(Calibration(2.2, 6.0), 200), drawn(Calibration(1.0, 1.0), 200, seed=1)
    both = Keypoints(*(np.concatenate(values) for values in zip(first, second._replace(images=second.images + 1000))))
    values = held_out(both)
    np.testing.assert_allclose(values[:200], confidence(first.scores, fit(second.scores, *second[3:])))
    np.testing.assert_allclose(values[200:], confidence(second.scores, fit(first.scores, *first[3:])))


def test_reliability_by_hand():
    bins = reliability(np.array([0, 0.04, 0.55, 0.59, 1.0]), np.array([False, True, False, False, True]))
    assert [each.size for each in bins] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 1]
    assert (
        bins[0][1:] == (pytest.approx(0.02), 0.5) and bins[5][1:] == (pytest.approx(0.57), 0) and bins[9][1:] == (1, 1)
    )
    assert np.isnan(bins[1].right)
    assert calibration_error(bins) == pytest.approx((2 * 0.48 + 2 * 0.57 + 0) / 5)
    assert calibration_error(reliability(np.zeros(0), np.zeros(0))) == 0


def test_what_cannot_be_fitted():
    scores, labelled = np.ones((3, 37)), np.ones((3, 37), bool)
    for right in (labelled, ~labelled):
        with pytest.raises(ValueError, match='of 111 labelled keypoints (111|0) are right'):
            fit(scores, labelled, right)
    scores[:2] = 0.5
    with pytest.raises(ValueError, match='higher scores are not more often right'):
        fit(scores, labelled, scores < 1)
    separate = fit(scores, labelled, scores == 1)  # no score is ever wrong: still two finite numbers
    assert np.isfinite(separate).all() and separate.slope > 0


def test_the_shipped_numbers_hold_for_rendered_people_that_it_was_not_trained_on(rendered):
    """32 of them: about 1,100 keypoints, whose errors go together within a person."""
    parts = [
        collect(
            'spinepose-tiny',
            cfg_options=QUICK
            | {
                'test_dataloader.dataset.data_root': str(rendered),
                'test_dataloader.dataset.data_prefix.img': f'images/{split}/',
                'test_dataloader.dataset.ann_file': f'annotations/person_keypoints_{split}.json',
            },
            work_dir=rendered / 'work',
        )
        for split in ('train', 'val')
    ]
    known = [part.labelled for part in parts]
    sure, right = (
        np.concatenate([getattr(part, name)[mask] for part, mask in zip(parts, known)])
        for name in ('confidence', 'right')
    )
    scores = np.concatenate([part.scores[mask] for part, mask in zip(parts, known)])
    assert len(sure) > 800 and scores.max() > 1.3
    assert abs(sure.mean() - right.mean()) < 0.06 and calibration_error(reliability(sure, right)) < 0.08
    assert calibration_error(reliability(scores.clip(0, 1), right)) > 0.1
    assert right[sure >= 0.5].mean() > 0.7 and right[sure < 0.5].mean() < 0.5


def test_data_and_models_that_it_is_not_for():
    metric = METRICS.build(dict(type='KeypointConfidence'))
    found = dict(keypoints=np.zeros((1, 37, 2)), keypoint_scores=np.ones((1, 37)))
    sample = dict(
        img_path='a.jpg',
        img_id=1,
        pred_instances=found,
        raw_ann_info=dict(area=1.0),
        gt_instances=dict(keypoints=np.zeros((1, 37, 2)), keypoints_visible=np.ones((1, 37))),
    )
    with pytest.raises(ValueError, match='gives no keypoint_confidence'):
        metric.process(None, [sample])
    found['keypoint_confidence'] = np.full((1, 37), 0.75)
    with pytest.raises(ValueError, match='the test data have no people'):
        metric.compute_metrics([])
    with pytest.raises(ValueError, match=r'a\.jpg: the test data have no `area`'):
        metric.process(None, [{**sample, 'raw_ann_info': {}}])
    metric.process(None, [sample])
    assert metric.evaluate(1) == {'confidence/ECE': pytest.approx(0.25)}
    with pytest.raises(ValueError, match='spinepose_demo.py has no weights of its own'):
        collect('spinepose_demo.py')
