"""A hook that keeps the predictions of a test, for metrics that are computed beside it."""

import numpy as np
from mmengine.hooks import Hook
from mmpose.registry import HOOKS


def arrays(samples):
    """Return `img_id` (N,), `dataset` (N,) and `keypoints` (N, 37, 2) in pixels of predicted data samples."""
    return dict(
        img_id=np.array([str(sample.img_id) for sample in samples]),
        dataset=np.array([sample.dataset_name for sample in samples]),
        keypoints=np.array([sample.pred_instances.keypoints[0] for sample in samples]),
    )


@HOOKS.register_module()
class PredictionDump(Hook):
    """Write them to an `.npz`."""

    def __init__(self, out):
        self.out, self.samples = out, []

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.samples += outputs

    def after_test_epoch(self, runner, metrics=None):
        np.savez(self.out, **arrays(self.samples))
