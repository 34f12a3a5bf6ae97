import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.registry import METRICS

from spinepose_mm import skeleton

RNG = np.random.default_rng(0)


def scores(pred, true, seen=None, unit=1., **options):
    metric = METRICS.build(dict(type='SpineMPJPE', **options))
    seen = np.ones(true.shape[:2]) if seen is None else seen
    metric.process(None, [dict(
        unit=unit, pred_instances=dict(keypoints=p[None]),
        gt_instances=dict(lifting_target=t[None], lifting_target_visible=s[None])) for p, t, s in zip(pred, true, seen)])
    return metric.evaluate(len(true))


def test_agrees_with_mmpose_on_each_subset():
    pred, true = RNG.normal(size=(2, 20, 37, 3))
    found = scores(pred, true)
    assert found.keys() == {f'lifting/{subset}_{name}' for subset in ('spine', 'body', 'all') for name in (
        'MPJPE', 'P-MPJPE')}
    for subset in ('spine', 'body', 'all'):
        ids = list(skeleton.SUBSETS[subset])
        for name, alignment in (('MPJPE', 'none'), ('P-MPJPE', 'procrustes')):
            known = keypoint_mpjpe(1000 * pred[:, ids], 1000 * true[:, ids], np.ones((20, len(ids)), bool), alignment)
            assert found[f'lifting/{subset}_{name}'] == pytest.approx(known)


def test_millimetres_by_hand():
    """3 and 4 centimetres off in a spine of half a metre; a turned and doubled pose is the same after alignment."""
    true = RNG.normal(size=(2, 37, 3))
    found = scores(true + np.array([.06, .08, 0]), true, unit=.5)
    assert found['lifting/spine_MPJPE'] == pytest.approx(50)
    assert found['lifting/spine_P-MPJPE'] == pytest.approx(0, abs=1e-6)
    turned = 2 * true[..., [1, 2, 0]]
    assert scores(turned, true)['lifting/all_P-MPJPE'] == pytest.approx(0, abs=1e-6)
    assert scores(turned, true)['lifting/all_MPJPE'] > 100


def test_points_that_are_not_seen_do_not_count():
    pred, true = RNG.normal(size=(2, 4, 37, 3))
    seen = np.ones((4, 37))
    seen[1, 3] = seen[2, list(skeleton.SUBSETS['spine'])] = 0
    wild = pred.copy()
    wild[seen == 0] = 1e6
    assert scores(wild, true, seen) == pytest.approx(scores(pred, true, seen))
    errors = np.linalg.norm(pred - true, axis=-1)[seen > 0]
    assert scores(pred, true, seen)['lifting/all_MPJPE'] == pytest.approx(1000 * errors.mean())
    assert scores(pred, true, 0 * seen)['lifting/body_MPJPE'] == -1


def test_unknown_subset():
    with pytest.raises(ValueError, match='subsets are out of body, feet, spine, all'):
        METRICS.build(dict(type='SpineMPJPE', subsets=['tail']))
