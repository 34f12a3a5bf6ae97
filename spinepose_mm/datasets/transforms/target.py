from typing import Any

import numpy as np
from mmpose.codecs import SimCCLabel
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.datasets.transforms import GenerateTarget
from mmpose.registry import TRANSFORMS
from numpy.lib.stride_tricks import sliding_window_view


@TRANSFORMS.register_module()
class SpineTarget(GenerateTarget):
    """MMPose's `GenerateTarget`, which cuts the labels of a `SimCCLabel` from a table; they are the same, bit for bit.

    Other codecs are unchanged. The arguments are the same.
    """

    encoder: BaseKeypointCodec | list[BaseKeypointCodec]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if type(self.encoder) is SimCCLabel:
            self.encoder = _TabledLabel(**{key: value for key, value in self.encoder_cfg.items() if key != 'type'})


class _TabledLabel(SimCCLabel):
    """A SimCCLabel that computes one Gaussian for each axis, of which all labels are parts: centres are whole bins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bins = np.around(np.array(self.input_size) * self.simcc_split_ratio).astype(int)
        # A Gaussian whose centre is 3 sigma outside the image still counts.
        self._centers = self._bins + np.ceil(3 * self.sigma).astype(int) + 1
        self._gaussians = [self._gaussian(*axis) for axis in zip(self._centers, self.sigma)]

    def _gaussian(self, center: int, sigma: float) -> np.ndarray:
        """Return a Gaussian around the bin `center`, as wide to both sides."""
        x = np.arange(2 * center + 1, dtype=np.float32)
        gaussian = np.exp(-((x - center) ** 2) / (2 * sigma**2)).astype(np.float32)
        if self.normalize:
            gaussian /= sigma * np.sqrt(np.pi * 2)
        return gaussian

    def _generate_gaussian(self, keypoints: np.ndarray, keypoints_visible: np.ndarray) -> tuple[np.ndarray, ...]:
        centers, weights = self._map_coordinates(keypoints, keypoints_visible)
        labelled = keypoints_visible >= 0.5
        reaches = ((centers - 3 * self.sigma < self._bins) & (centers + 3 * self.sigma + 1 >= 0)).all(-1)
        weights[labelled & ~reaches] = 0
        drawn = labelled & reaches
        targets = [np.zeros((*drawn.shape, bins), np.float32) for bins in self._bins]
        for axis, (target, gaussian) in enumerate(zip(targets, self._gaussians)):
            target[drawn] = sliding_window_view(gaussian, self._bins[axis])[self._centers[axis] - centers[drawn, axis]]
        return *targets, weights
