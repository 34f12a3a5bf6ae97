from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmpose.datasets.transforms import TopdownAffine
from mmpose.registry import TRANSFORMS
from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

from .coded_image import CodedImage

# OpenCV rounds the places that it reads to 1/1024, then to 1/32 of a pixel, halves upwards. In a mirrored image
# these are halves downwards, unless all are moved by the first unit.
_UNIT = 1 / 1024


@TRANSFORMS.register_module()
class SpineTopdownAffine(TopdownAffine):
    """MMPose's `TopdownAffine`, which also crops images that are not decoded yet and does not copy flipped ones.

    MMPose's RandomFlip leaves a view with negative strides, which OpenCV copies before it warps; here the crop is
    mirrored instead, and has the same pixels but for a few in a hundred thousand.

    `TopdownAffine` itself can stand in its place, with a loader without lazy=True.

    Args:
        halve: of images that LoadSpineImage with lazy=True left coded, decode half the width and height where that
            suffices (see `CodedImage.can_be_halved`), which makes slightly other crops sooner.
        *args, **kwargs: those of MMPose's `TopdownAffine`.
    """

    def __init__(self, *args: Any, halve: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.halve = halve

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        image, factor = results['img'], 1
        if isinstance(image, list):
            return super().transform(results)
        if isinstance(image, CodedImage):
            scale = self._fix_aspect_ratio(results['bbox_scale'], self.input_size[0] / self.input_size[1])
            if self.halve and image.can_be_halved(scale[0, 0] / self.input_size[0]):
                factor = 2
            flipped, pixels = image.flipped, image.pixels(factor)
            if pixels is None:
                return None  # the loader has warned of a damaged image, and the data set takes another sample
        else:
            flipped = tuple(stride < 0 for stride in image.strides[:2])
            pixels = image[tuple(slice(None, None, -1 if back else 1) for back in flipped)]
        if factor == 1 and not any(flipped):
            results['img'] = pixels
            return super().transform(results)
        results['img'] = []
        super().transform(results)  # all but the image
        matrix = self._matrix(results) @ _place(image.shape, flipped, factor)
        results['img'] = cv2.warpAffine(pixels, matrix, tuple(self.input_size), flags=cv2.INTER_LINEAR)
        return results

    def _matrix(self, results: dict[str, Any]) -> np.ndarray:
        """Return the matrix (2, 3) from pixels of the image to those of the crop that `transform` took."""
        get_matrix = get_udp_warp_matrix if self.use_udp else get_warp_matrix
        rotation = results['bbox_rotation'][0] if 'bbox_rotation' in results else 0.0
        return get_matrix(results['input_center'], results['input_scale'], rotation, output_size=self.input_size)


def _place(shape: Sequence[int], flipped: Sequence[bool], factor: int) -> np.ndarray:
    """Return the matrix (3, 3) from the centres of stored pixels to those of an image (h, w, ...)."""
    place, offset = np.eye(3), (factor - 1) / 2
    for axis, length, back in zip((1, 0), shape, flipped):
        place[axis, axis] = -factor if back else factor
        place[axis, 2] = length - 1 - offset - _UNIT if back else offset
    return place
