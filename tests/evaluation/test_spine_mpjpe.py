import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.registry import METRICS

from spinepose_mm import skeleton

RNG = np.random.default_rng(0)


def scores(pred, true, seen=None, unit=1.0, **options):
    metric = METRICS.build(dict(type='SpineMPJPE', **options))
    seen = np.ones(true.shape[:2]) if seen is None else seen
    metric.process(
        None,
        [
            dict(
                unit=unit,
                pred_instances=dict(keypoints=p[None]),
                gt_instances=dict(lifting_target=t[None], lifting_target_visible=s[None]),
            )
            for p, t, s in zip(pred, true, seen)
        ],
    )
    return metric.evaluate(len(true))


def test_agrees_with_mmpose_on_each_subset():
    pred, true = RNG.normal(size=(2, 20, 37, 3))
    found = scores(pred, true)
    assert found.keys() == {
        f'lifting/{subset}_{name}'
        for subset in ('spine', 'body', 'all')
        for name in ('MPJPE', 'MPJPE_height', 'N-MPJPE', 'P-MPJPE')
    }
    pred, true = (1000 * (poses - true[:, [19]]) for poses in (pred, true))  # of the hip
    for subset in ('spine', 'body', 'all'):
        ids = list(skeleton.SUBSETS[subset])
        for name, alignment in (('MPJPE', 'none'), ('N-MPJPE', 'scale'), ('P-MPJPE', 'procrustes')):
            known = keypoint_mpjpe(pred[:, ids], true[:, ids], np.ones((20, len(ids)), bool), alignment)
            assert found[f'lifting/{subset}_{name}'] == pytest.approx(known)


def test_millimetres_by_hand():
    """3 and 4 centimetres off in a spine of half a metre; a turned and doubled pose is the same after alignment."""
    true = RNG.normal(size=(2, 37, 3))
    found = scores(true + np.array([0.06, 0.08, 0]), true, unit=0.5)
    assert found['lifting/spine_MPJPE'] == pytest.approx(50)
    assert found['lifting/spine_P-MPJPE'] == pytest.approx(0, abs=1e-6)
    turned = 2 * true[..., [1, 2, 0]]
    assert scores(turned, true)['lifting/all_P-MPJPE'] == pytest.approx(0, abs=1e-6)
    assert scores(turned, true)['lifting/all_MPJPE'] > 100


def height(pose, legs=((11, 13, 15, 24), (12, 14, 16, 25))):
    """What makes up a height, bone by bone: head, C1, C4, C7, T3, T8, L1, L3, L5, S1, and half of both legs."""
    down = (17, 36, 35, 18, 30, 29, 28, 27, 26, 19)
    bones = [(a, b, 1) for a, b in zip(down, down[1:])] + [(a, b, 0.5) for leg in legs for a, b in zip(leg, leg[1:])]
    return sum(share * np.linalg.norm(pose[a] - pose[b]) for a, b, share in bones) + np.linalg.norm(
        pose[19] - (pose[11] + pose[12]) / 2
    )


def test_by_a_stated_height():
    """Each prediction is scaled to the person's height; the unit of the predictions then has no effect."""
    pred, true = RNG.normal(size=(2, 6, 37, 3))
    pred[:, 19] = true[:, 19]
    unit = 0.45
    tall = [(p - p[19]) * height(t) / height(p) * unit for p, t in zip(pred, true)]
    errors = 1000 * np.array([np.linalg.norm(p - (t - t[19]) * unit, axis=-1) for p, t in zip(tall, true)])
    for other_unit in (1, 30):
        found = scores((pred - true[:, [19]]) * other_unit + true[:, [19]], true, unit=unit)
        for subset in ('spine', 'body', 'all'):
            expected = errors[:, list(skeleton.SUBSETS[subset])].mean()
            assert found[f'lifting/{subset}_MPJPE_height'] == pytest.approx(expected)
    assert found['lifting/spine_MPJPE'] > 10 * found['lifting/spine_N-MPJPE'] > 0


def test_without_a_labelled_height():
    """A frame without a labelled heel does not count, and what is not labelled besides does not matter."""
    pred, true = RNG.normal(size=(2, 4, 37, 3))
    seen = np.ones((4, 37))
    seen[:2, 24] = seen[:, 9] = 0  # a heel and a wrist
    found = scores(pred, true, seen)
    known = scores(pred[2:], true[2:], seen[2:])
    assert found['lifting/all_MPJPE_height'] == pytest.approx(known['lifting/all_MPJPE_height'])
    assert found['lifting/all_MPJPE'] != pytest.approx(known['lifting/all_MPJPE'])
    markers = np.isin(np.arange(37), [skeleton.index(name) for name in skeleton.SIMSPINE.values()])
    found = scores(pred, true, np.tile(markers, (4, 1)))
    assert found['lifting/spine_MPJPE_height'] == -1 and found['lifting/spine_N-MPJPE'] > 0


def test_invisible_points_do_not_count():
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
