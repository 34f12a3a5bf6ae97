"""The baseline of a trained model: every person in the mean pose of the training people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, EVALUATORS, TRANSFORMS

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.dataset import BaseDataset


def mean_pose(dataset: BaseDataset) -> np.ndarray:
    """Return the mean keypoints of a data set's people, in shape (K, 2), as parts of the box's width and height.

    Args:
        dataset: top-down data set whose items have `bbox` (1, 4), x1 y1 x2 y2, `keypoints` (1, K, 2) and
            `keypoints_visible` (1, K) or (1, K, 2). A keypoint without any label is put in the box's centre.
    """
    total, count = 0.0, 0.0
    for i in range(len(dataset)):
        person = dataset[i]
        visible = person['keypoints_visible'].reshape(person['keypoints'].shape[1], -1)[:, :1] > 0
        total = total + visible * (person['keypoints'][0] - person['bbox'][0, :2]) / _extent(person)
        count = count + visible
    return np.where(count > 0, total / np.maximum(count, 1), 0.5)


def evaluate_mean_pose(cfg: Config) -> dict[str, float]:
    """Return the metrics that predicting the training people's mean pose in every test person's box gets.

    Args:
        cfg: a config; its training and test data and its test evaluator are used.
    """
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    train = DATASETS.build({**cfg.train_dataloader.dataset, 'pipeline': []})
    test = DATASETS.build({**cfg.test_dataloader.dataset, 'pipeline': []})
    pose = mean_pose(train)
    evaluator = cfg.test_evaluator
    evaluator = EVALUATORS.build(evaluator) if evaluator.get('type') in EVALUATORS else Evaluator(evaluator)
    evaluator.dataset_meta = test.metainfo
    scale = TRANSFORMS.build(dict(type='GetBBoxCenterScale'))
    for i in range(len(test)):
        person = scale(test[i])
        keypoints = person['bbox'][:, None, :2] + pose * _extent(person)
        sample = {
            key: person[key] for key in ('id', 'img_id', 'category_id', 'raw_ann_info', 'dataset_name') if key in person
        }
        sample['pred_instances'] = dict(keypoints=keypoints, keypoint_scores=np.ones(keypoints.shape[:2]))
        sample['gt_instances'] = dict(
            bbox_scores=person['bbox_score'],
            bbox_scales=person['bbox_scale'],
            keypoints=person['keypoints'],
            keypoints_visible=person['keypoints_visible'],
        )
        evaluator.process([sample], dict(inputs=[None], data_samples=[sample]))
    return evaluator.evaluate(len(test))


def _extent(person: dict[str, Any]) -> np.ndarray:
    """Return (width, height) of a person's box."""
    return person['bbox'][0, 2:] - person['bbox'][0, :2]
