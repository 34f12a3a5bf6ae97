"""A hook that keeps the predictions of a test, for metrics that are computed beside it."""
import numpy as np
from mmengine.hooks import Hook
from mmpose.registry import HOOKS


@HOOKS.register_module()
class PredictionDump(Hook):
    """Write `img_id`, `dataset` and `keypoints` (N, 37, 2) in pixels of all people to an `.npz`."""

    def __init__(self, out):
        self.out, self.rows = out, []

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.rows += [(str(sample.img_id), sample.dataset_name, sample.pred_instances.keypoints[0]) for sample in outputs]

    def after_test_epoch(self, runner, metrics=None):
        ids, datasets, keypoints = zip(*self.rows)
        np.savez(self.out, img_id=np.array(ids), dataset=np.array(datasets), keypoints=np.array(keypoints))
