from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class JitterKeypoints(BaseTransform):
    """Add noise to the visible keypoints of a lifter's input, like the errors of a detector.

    Required keys: `keypoints` (T, K, 2), `keypoints_visible` (T, K). The first is changed.

    Args:
        std: standard deviation, as a part of the larger extent of the person's keypoints; how much of it applies is
            drawn for each sample, from none to all.
    """

    def __init__(self, std: float = 0.01) -> None:
        self.std = std

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        keypoints, visible = results['keypoints'], results['keypoints_visible'] > 0
        if visible.any():
            extent = np.ptp(keypoints[visible], axis=0).max()
            noise = np.random.normal(0, self.std * np.random.rand() * extent, keypoints.shape)
            results['keypoints'] = np.where(visible[..., None], keypoints + noise, keypoints).astype(keypoints.dtype)
        return results
