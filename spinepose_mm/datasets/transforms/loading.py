import logging
import os
import warnings
from functools import partial
from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine import fileio
from mmengine.logging import print_log
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS

from spinepose_mm.io.image import MAX_MEGAPIXELS, decode, read_header
from spinepose_mm.io.paths import check_regular

from .coded_image import CodedImage


@TRANSFORMS.register_module()
class LoadSpineImage(LoadImage):
    """MMPose's `LoadImage`, which is faster with JPEGs and passes on no image that is truncated or none at all.

    The pixels are those of `LoadImage`. OpenCV fills the missing part of a truncated file with grey and says nothing,
    and gives None for what is no image at all.

    Args:
        skip_broken: for training: log a warning that counts, and return None, so that the data set takes another
            sample. Otherwise a broken file is an error.
        lazy: leave a JPEG coded, as a CodedImage, for a SpineTopdownAffine to decode. No step in
            between may need pixels; MMPose's flips and transforms of boxes do not. What is no JPEG, or is to be
            read otherwise than by default, is decoded at once.
        max_megapixels: of an image that is decoded, in millions of pixels; a larger one is a broken one.
        **kwargs: those of MMPose's `LoadImage`.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is empty, truncated, too large, a pipe, or not an image.
    """

    def __init__(
        self, skip_broken: bool = False, lazy: bool = False, max_megapixels: float = MAX_MEGAPIXELS, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.skip_broken = skip_broken
        self.lazy = lazy
        self.max_megapixels = max_megapixels
        self._broken: set[str] = set()
        self._last: CodedImage | None = None

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        if 'img' in results:
            return super().transform(results)
        path = results['img_path']
        try:
            image = self._read(path)
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return None
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _read(self, path: str) -> np.ndarray | CodedImage:
        if os.path.exists(path):
            check_regular(path)
        try:
            data = bytes(fileio.get(path, backend_args=self.backend_args))
        except FileNotFoundError:
            raise FileNotFoundError(f'image {path} does not exist') from None
        # The people of an image follow one another, unless they are shuffled. A path alone may be another image now.
        if self._last is not None and self._last.data == data:
            return self._last
        try:
            truncated, shape = read_header(data, self.max_megapixels)
        except ValueError as error:
            raise ValueError(f'image {path} {error}') from error
        if truncated:
            raise ValueError(f'image {path} is truncated')
        no_image = ValueError(f'{path} is not an image')
        is_default = self.color_type == 'color' and self.imdecode_backend == 'cv2' and not self.to_float32
        if shape and is_default and self.lazy:
            self._last = CodedImage(data, shape, partial(self._refuse, path, no_image))
            return self._last
        try:
            image = (
                decode(data, shape)
                if is_default
                else mmcv.imfrombytes(data, flag=self.color_type, backend=self.imdecode_backend)
            )
        except cv2.error:  # no data, or a size beyond reason
            image = None
        if image is None:
            raise no_image
        return image.astype('float32') if self.to_float32 else image

    def _refuse(self, path: str, error: Exception) -> None:
        """Raise the error, or log it where broken files are skipped."""
        if not self.skip_broken:
            raise error
        self._broken.add(path)
        print_log(
            f'another sample is taken in its place: {error} (broken images so far in this process: '
            f'{len(self._broken)})',
            'current',
            logging.WARNING,
        )


def is_truncated(data: bytes) -> bool:
    """Return the first value of `spinepose_mm.io.image.read_header`, which is to be called instead."""
    warnings.warn('is_truncated is now the first value of io.image.read_header', DeprecationWarning, stacklevel=2)
    return read_header(data)[0]
