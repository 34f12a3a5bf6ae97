"""The network's prediction, with settings of one call, which leaves the shared model as it is."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.models import TopdownPoseEstimator
from mmpose.structures import PoseDataSample

from spinepose_mm.deployment.runtime import is_onnx
from spinepose_mm.deployment.threads import one_torch_thread
from spinepose_mm.structures.frame import People, no_people


def predict_people(
    model: TopdownPoseEstimator,
    pipeline: Callable[[dict[str, Any]], dict[str, Any]],
    image: np.ndarray,
    boxes: np.ndarray,
    **settings: Any,
) -> People:
    """Predict the People in boxes of an image, by one run of the network.

    Args:
        model: top-down estimator of the 37 keypoints.
        pipeline: the transforms before it.
        image: (H, W, 3), uint8, BGR.
        boxes: x1, y1, x2, y2 in pixels, and optionally a score, (P, 4 or 5).
        **settings: see `predict`.
    """
    if not len(boxes):
        return no_people()
    boxes = np.asarray(boxes, np.float32)
    scores = boxes[:, 4] if boxes.shape[1] > 4 else np.ones(len(boxes), np.float32)
    # Of each person, MMPose copies what is packed several times; a list number by number.
    meta = dict(model.dataset_meta, flip_indices=np.array(model.dataset_meta['flip_indices']))
    with one_torch_thread():
        batch = pseudo_collate(
            [
                pipeline(dict(img=image, bbox=box[None, :4], bbox_score=score[None], **meta))
                for box, score in zip(boxes, scores)
            ]
        )
    predictions = [sample.pred_instances for sample in predict(model, batch, **settings)]
    people = People(
        np.concatenate([one.keypoints for one in predictions]),
        np.concatenate([one.keypoint_scores for one in predictions]),
        boxes[:, :4],
        scores,
    )
    if 'keypoint_confidence' in predictions[0]:  # only models of this package predict it
        people.confidence = np.concatenate([one.keypoint_confidence for one in predictions])
    return people


@torch.no_grad()
def predict(model: TopdownPoseEstimator, batch: dict[str, Any], **settings: Any) -> list[PoseDataSample]:
    """Return what `model.test_step(batch)` returns, with other settings than those of the model's `test_cfg`.

    MMPose's estimators read `self.test_cfg`, which all callers share; their heads are given it.

    Args:
        model: any of MMPose's top-down estimators.
        batch: collated inputs and samples, as for `test_step`.
        **settings: of `test_cfg`, such as `flip_test`, and of a SpinePoseHead `score` and `v1_postprocess`; None stands
            for the model's own.
    """
    test_cfg = {**model.test_cfg, **{name: value for name, value in settings.items() if value is not None}}
    test_cfg['output_heatmaps'] = False
    with one_torch_thread() if is_onnx(model) else nullcontext():
        data = model.data_preprocessor(batch, False)
        inputs, samples = data['inputs'], data['data_samples']
        feats = model.extract_feat(inputs)
        if test_cfg.get('flip_test', False):
            feats = [feats, model.extract_feat(inputs.flip(-1))]
        return model.add_pred_to_datasample(model.head.predict(feats, samples, test_cfg=test_cfg), None, samples)
