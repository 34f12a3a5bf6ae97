from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from spinepose_mm.io.image import decode

_WHOLE, _BACKWARDS = slice(None), slice(None, None, -1)
_LEAST_PIXELS, _MOST_BITS = 1 << 20, 2  # of an image that may be halved: its size, and bits a pixel of its file


class CodedImage:
    """A JPEG that is decoded when a crop is cut from it, since only then the size that suffices is clear.

    In `results['img']` it stands for the array of its pixels from LoadSpineImage to SpineTopdownAffine. All that it
    can do until then is to be flipped, by `numpy.flip`, which MMPose's RandomFlip uses. What was decoded is kept, for
    other people of the same image.

    Args:
        data: bytes of the file.
        shape: (h, w), as `spinepose_mm.io.image.read_header` returns it.
        refuse: called without arguments if the data cannot be decoded; it raises an error or returns None.

    Attributes:
        shape: (h, w, 3).
        flipped: whether it is upside down, and whether it is mirrored left to right.
    """

    ndim = 3

    def __init__(self, data: bytes, shape: tuple[int, int], refuse: Callable[[], Any]) -> None:
        self.data = data
        self.shape = (*shape, 3)
        self.flipped = (False, False)
        self._refuse = refuse
        self._decoded: dict[int, np.ndarray] = {}

    def can_be_halved(self, scale: float) -> bool:
        """Return whether decoding at half the width and height suffices for a crop.

        Each pixel of the crop must be at least 2 x 2 of the image's, and the image one of over a megapixel and
        without much grain: bilinear sampling skips pixels, where halving takes means, so that crops of small sharp
        images differ by 2 to 8 grey levels, those of a camera's large ones by 1 in the mean.

        Args:
            scale: pixels of the image to one of the crop, in width and height.
        """
        area = self.shape[0] * self.shape[1]
        return scale >= 2 and area >= _LEAST_PIXELS and 8 * len(self.data) <= _MOST_BITS * area

    def pixels(self, factor: int) -> np.ndarray | None:
        """Return the pixels as they are without flips, or None if `refuse` does; see `spinepose_mm.io.image.decode`.

        They are not to be written to.
        """
        if factor not in self._decoded:
            pixels = decode(self.data, self.shape[:2], factor)
            if pixels is None:
                return self._refuse()
            self._decoded[factor] = pixels
        return self._decoded[factor]

    def __getitem__(self, index: Any) -> CodedImage:
        if not (
            isinstance(index, tuple)
            and all(isinstance(part, slice) for part in index)
            and index[2:] == (_WHOLE,)
            and all(part in (_WHOLE, _BACKWARDS) for part in index)
        ):
            raise TypeError(_explain('this index'))
        flipped = copy.copy(self)
        flipped.flipped = tuple(before ^ (part == _BACKWARDS) for before, part in zip(self.flipped, index))
        return flipped

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError(_explain('array'))

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(_explain(name))


def _explain(wanted: str) -> str:
    return (
        f'the image has no {wanted} yet: it is decoded in SpineTopdownAffine; a pipeline that wants its pixels '
        'before, or crops otherwise, takes LoadSpineImage with lazy=False'
    )
