"""How severities become pixels."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

#: Severities of a corruption beside 0, which leaves the image as it is.
SEVERITIES = (1, 2, 3, 4, 5)
#: Pixels of the images for which ImageNet-C's constants are.
REFERENCE = 224

_T = TypeVar('_T')


def scale_of(box: Sequence[float] | np.ndarray) -> float:
    """Return the pixels of an image to one of ImageNet-C's, for a person's box (x1, y1, x2, y2): longer side / 224."""
    x1, y1, x2, y2 = map(float, box)
    return max(x2 - x1, y2 - y1, 1.0) / REFERENCE


def choose(values: Sequence[_T], severity: int) -> _T:
    """Return the value of a severity from 1 to 5.

    Raises:
        ValueError: it is another number.
    """
    if severity not in SEVERITIES:
        raise ValueError(f'the severity of a corruption is a whole number from 0 to 5, but {severity!r} was given')
    return values[severity - 1]


def as_bytes(values: np.ndarray) -> np.ndarray:
    """Return an image whose values are 0 to 1 as uint8."""
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
