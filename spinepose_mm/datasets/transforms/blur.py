from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomBlur(BaseTransform):
    """Blur the image with a box filter, with a median filter, with both, or not at all.

    RTMPose's recipes take these two from albumentations, which is archived and brings a second OpenCV along.

    Args:
        box_prob: probability of the box filter.
        median_prob: probability of the median filter.
        max_size: largest kernel, an odd number of pixels; the size is drawn from 3, 5, ... up to it.

    Raises:
        ValueError: a probability outside [0, 1], or a kernel that is not odd and at least 3.
    """

    def __init__(self, box_prob: float = 0.1, median_prob: float = 0.1, max_size: int = 7) -> None:
        for name, prob in (('box_prob', box_prob), ('median_prob', median_prob)):
            if not 0 <= prob <= 1:
                raise ValueError(f'RandomBlur: {name} is a probability from 0 to 1, but {prob} was given')
        if max_size < 3 or max_size % 2 == 0:
            raise ValueError(f'RandomBlur: max_size is an odd number from 3, but {max_size} was given')
        self.box_prob = box_prob
        self.median_prob = median_prob
        self.max_size = max_size

    @cache_randomness
    def _sizes(self) -> tuple[int, ...]:
        """Draw the kernel sizes of the box and the median filter, 0 standing for none."""
        sizes = np.arange(3, self.max_size + 1, 2)
        return tuple(
            int(np.random.choice(sizes)) if np.random.rand() < prob else 0 for prob in (self.box_prob, self.median_prob)
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        box, median = self._sizes()
        if box:
            results['img'] = cv2.blur(results['img'], (box, box))
        if median:
            results['img'] = cv2.medianBlur(results['img'], median)
        return results
