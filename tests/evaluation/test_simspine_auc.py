"""SIMSPINE's AUC, as the v2 recipes have it."""

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.evaluation.functional import keypoint_auc
from mmpose.registry import METRICS

import builders


def test_agrees_with_mmposes_function_on_what_is_labelled():
    rng = np.random.default_rng(0)
    metric = METRICS.build(Config.fromfile(builders.config('spinepose_v2_small')).val_evaluator.metrics[1])
    true = rng.uniform(0, 500, (20, 37, 2))
    pred = true + rng.normal(0, 12, true.shape)
    seen = np.zeros((20, 37))
    seen[:, :15] = rng.random((20, 15)) < 0.8
    metric.process(
        None,
        [
            dict(
                pred_instances=dict(keypoints=p[None]), gt_instances=dict(keypoints=t[None], keypoints_visible=s[None])
            )
            for p, t, s in zip(pred, true, seen)
        ],
    )
    found = metric.evaluate(20)
    assert list(found) == ['simspine/AUC']
    known = keypoint_auc(pred, true, seen > 0, 30.0)
    assert found['simspine/AUC'] == pytest.approx(known) and 0.3 < known < 0.7
    assert known != pytest.approx(keypoint_auc(pred, true, seen >= 0, 30.0), abs=1e-4)
