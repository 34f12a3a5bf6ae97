from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from spinepose_mm import skeleton


@TRANSFORMS.register_module()
class DropKeypoints(BaseTransform):
    """Remove keypoints from the input of a lifter: some at random, those of legs that the image cuts off, and all
    but those of a subset.

    A removed keypoint is zero and not visible, like one that was not detected. The target stays.

    Required keys: `keypoints` (T, K, 2), `keypoints_visible` (T, K). Both are changed.

    Args:
        prob: probability that a keypoint is removed, in all frames of a window.
        cut: probability that the image ends at a random height between S1 and the lowest keypoint.
        keep: name out of `skeleton.SUBSETS`; keypoints outside it are always removed.

    Raises:
        ValueError: there is no subset of that name.
    """

    def __init__(self, prob: float = 0.0, cut: float = 0.0, keep: str = 'all') -> None:
        if keep not in skeleton.SUBSETS:
            raise ValueError(f'DropKeypoints: keep is out of {", ".join(skeleton.SUBSETS)}, but {keep} was given')
        self.prob, self.cut = prob, cut
        self.kept = np.zeros(skeleton.NUM_KEYPOINTS, bool)
        self.kept[list(skeleton.SUBSETS[keep])] = True

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        dropped = ~self.kept | (np.random.rand(len(self.kept)) < self.prob)
        if np.random.rand() < self.cut:
            middle = len(results['keypoints']) // 2
            height, visible = results['keypoints'][middle, :, 1], results['keypoints_visible'][middle] > 0
            if visible[skeleton.ROOT]:
                dropped |= height > np.random.uniform(height[skeleton.ROOT], height[visible].max())
        results['keypoints'][:, dropped] = 0
        results['keypoints_visible'][:, dropped] = 0
        return results
