from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomCoarseDropout(BaseTransform):
    """Blacken a rectangle of the image, anywhere in it with equal probability.

    It is RTMPose's coarse dropout: one hole whose sides are each 0.2 to 0.4 of the image's, so that it covers 9% of
    the image on average. RTMPose's recipes take it from albumentations, which is archived. MMDetection's `CutOut` cuts
    holes off at the right and lower border, which covers 6% and spares the middle.

    Args:
        prob: probability that there is a hole.
        size: least and greatest width and height of the hole, as parts of the image's.

    Raises:
        ValueError: a probability outside [0, 1], or sizes that are not 0 < least <= greatest <= 1.
    """

    def __init__(self, prob: float = 1.0, size: tuple[float, float] = (0.2, 0.4)) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'RandomCoarseDropout: prob is a probability from 0 to 1, but {prob} was given')
        if not 0 < size[0] <= size[1] <= 1:
            raise ValueError(f'RandomCoarseDropout: size is 0 < least <= greatest <= 1, but {tuple(size)} was given')
        self.prob = prob
        self.size = tuple(size)

    @cache_randomness
    def _hole(self, height: int, width: int) -> tuple[slice, ...] | None:
        """Draw the rows and columns of the hole, as slices, or None."""
        if np.random.rand() >= self.prob:
            return None
        sides = [max(1, int(length * np.random.uniform(self.size[0], self.size[1]))) for length in (height, width)]
        starts = [np.random.randint(length - side + 1) for length, side in zip((height, width), sides)]
        return tuple(slice(start, start + side) for start, side in zip(starts, sides))

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        hole = self._hole(*results['img'].shape[:2])
        if hole:
            results['img'] = results['img'].copy()
            results['img'][hole] = 0
        return results
