import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.registry import METRICS

from spinepose_mm import skeleton


@METRICS.register_module()
class SpineMPJPE(BaseMetric):
    """MPJPE and P-MPJPE of lifted keypoints in millimetres, on subsets of SpineTrack's keypoints.

    Both poses are placed at the true root. P-MPJPE is after the best rotation, translation and scale of the subset's
    seen points. Values are MMPose's `keypoint_mpjpe`; they are named `{subset}_MPJPE` and `{subset}_P-MPJPE`.

    Samples have `pred_instances.keypoints` (1, 37, 3) and `gt_instances.lifting_target` (1, 37, 3) in units of
    `unit` metres, and `lifting_target_visible` (1, 37).

    Args:
        subsets: names out of `skeleton.SUBSETS`.

    Raises:
        ValueError: a subset of another name.
    """
    default_prefix = 'lifting'

    def __init__(self, subsets=('spine', 'body', 'all'), collect_device='cpu', prefix=None):
        unknown = set(subsets) - set(skeleton.SUBSETS)
        if unknown or not subsets:
            raise ValueError(f'SpineMPJPE: subsets are out of {", ".join(skeleton.SUBSETS)}, but '
                             f'{", ".join(sorted(unknown)) or "none"} was given')
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.subsets = tuple(subsets)

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            truth, millimetres = sample['gt_instances'], 1000 * sample['unit']
            self.results.append((
                np.asarray(sample['pred_instances']['keypoints']).reshape(-1, 3) * millimetres,
                np.asarray(truth['lifting_target']).reshape(-1, 3) * millimetres,
                np.asarray(truth['lifting_target_visible']).reshape(-1) > 0))

    def compute_metrics(self, results):
        pred, true, seen = map(np.stack, zip(*results))
        values = {}
        for subset in self.subsets:
            ids = list(skeleton.SUBSETS[subset])
            for name, alignment in (('MPJPE', 'none'), ('P-MPJPE', 'procrustes')):
                values[f'{subset}_{name}'] = mean_error(pred[:, ids], true[:, ids], seen[:, ids], alignment)
        return values


def mean_error(pred, true, seen, alignment):
    """Return MMPose's error over all seen points, -1 where there are none.

    MMPose aligns with all points, seen or not, so that people are grouped by what is seen of them.
    """
    total = count = 0
    patterns, which = np.unique(seen, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind='stable')
    groups = np.split(order, np.cumsum(np.bincount(which.ravel(), minlength=len(patterns)))[:-1])
    for pattern, who in zip(patterns, groups):
        if pattern.sum() < (3 if alignment == 'procrustes' else 1):
            continue
        mask = np.ones((len(who), pattern.sum()), bool)
        total += keypoint_mpjpe(pred[who][:, pattern], true[who][:, pattern], mask, alignment) * mask.size
        count += mask.size
    return float(total / count) if count else -1.
