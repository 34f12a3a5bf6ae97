from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.registry import METRICS

from spinepose_mm import deprecated, skeleton
from spinepose_mm.lifting.placement import standing_height


@METRICS.register_module()
class SpineMPJPE(BaseMetric):
    """Errors of lifted keypoints in millimetres, on subsets of SpineTrack's keypoints, by the prediction's scale.

    Predictions are placed at the ground truth's S1, since one image has no depth. Of each subset there are

    - `{subset}_MPJPE`: in the unit that a lifter of this package learns, the ground truth's spine length in this frame;
    - `{subset}_MPJPE_height`: by the prediction's own proportions, from a stated height: it is as tall
      (`standing_height`) as the ground truth. Only of frames in which all keypoints that make up a height are labelled;
    - `{subset}_N-MPJPE`: free of scale, with the scale that fits the subset best;
    - `{subset}_P-MPJPE`: after the best rotation, translation and scale of the subset.

    Only the first depends on the unit of a prediction. Errors and fits are those of MMPose's `keypoint_mpjpe` over the
    labelled points, and -1 where there are none.

    Samples have `pred_instances.keypoints` (1, 37, 3) and `gt_instances.lifting_target` (1, 37, 3) in units of
    `unit` metres, and `lifting_target_visible` (1, 37).

    Args:
        subsets: names out of `skeleton.SUBSETS`.

    Raises:
        ValueError: a subset of another name.
    """

    default_prefix = 'lifting'

    def __init__(
        self, subsets: Sequence[str] = ('spine', 'body', 'all'), collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        unknown = set(subsets) - set(skeleton.SUBSETS)
        if unknown or not subsets:
            raise ValueError(
                f'SpineMPJPE: subsets are out of {", ".join(skeleton.SUBSETS)}, but '
                f'{", ".join(sorted(unknown)) or "none"} was given'
            )
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.subsets = tuple(subsets)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        for sample in data_samples:
            labels, millimetres = sample['gt_instances'], 1000 * sample['unit']
            pred = np.asarray(sample['pred_instances']['keypoints']).reshape(-1, 3)
            target = np.asarray(labels['lifting_target']).reshape(-1, 3)
            root = target[skeleton.ROOT]
            self.results.append(
                (
                    (pred - root) * millimetres,
                    (target - root) * millimetres,
                    np.asarray(labels['lifting_target_visible']).reshape(-1) > 0,
                )
            )

    def compute_metrics(self, results: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
        pred, target, visible = map(np.stack, zip(*results))
        scale = standing_height(np.where(visible[..., None], target, np.nan)) / standing_height(pred)
        has_height = np.isfinite(scale)[:, None]
        as_tall = np.where(has_height, scale[:, None], 0)[..., None] * pred
        values = {}
        for subset in self.subsets:
            ids = list(skeleton.SUBSETS[subset])
            for name, poses, counted, alignment in (
                ('MPJPE', pred, visible, 'none'),
                ('MPJPE_height', as_tall, visible & has_height, 'none'),
                ('N-MPJPE', pred, visible, 'scale'),
                ('P-MPJPE', pred, visible, 'procrustes'),
            ):
                values[f'{subset}_{name}'] = mean_error(poses[:, ids], target[:, ids], counted[:, ids], alignment)
        return values


#: How many points can be off once they are aligned so.
_LEAST_POINTS = {'none': 1, 'scale': 2, 'procrustes': 3}


@deprecated.arguments(true='target', seen='valid')
def mean_error(pred: np.ndarray, target: np.ndarray, valid: np.ndarray, alignment: str) -> float:
    """Return MMPose's error over all valid points, -1 where there are none.

    MMPose aligns with all points, valid or not, so that people are grouped by their valid points.

    Args:
        pred, target: predicted points and ground truth, (N, K, 3), in one unit.
        valid: mask of the points that count, (N, K).
        alignment: as for MMPose's `keypoint_mpjpe`, 'none', 'scale' or 'procrustes'.
    """
    total = count = 0
    patterns, which = np.unique(valid, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind='stable')
    groups = np.split(order, np.cumsum(np.bincount(which.ravel(), minlength=len(patterns)))[:-1])
    for pattern, rows in zip(patterns, groups):
        if pattern.sum() < _LEAST_POINTS[alignment]:
            continue
        mask = np.ones((len(rows), pattern.sum()), bool)
        total += keypoint_mpjpe(pred[rows][:, pattern], target[rows][:, pattern], mask, alignment) * mask.size
        count += mask.size
    return float(total / count) if count else -1.0
