"""People that the image's border cuts off."""

import numpy as np

from .scale import choose

_CUT = (0.1, 0.2, 0.3, 0.4, 0.5)  # part of the box's width or height


def truncate(
    image: np.ndarray, box: np.ndarray, severity: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a tenth to a half of a person's box off, and what is beyond of the image, from one of the four sides.

    Pixels beyond the cut are black, as MMPose's crops are beyond the image; the image keeps its size.

    Args:
        image: (H, W, 3).
        box: of the person, (x1, y1, x2, y2) in pixels.

    Returns:
        tuple: the image, and the box that is left, (4,). A keypoint outside that on the cut's side is no longer in the
        image; see `beyond`.
    """
    part, side = choose(_CUT, severity), int(rng.integers(4))
    axis, image, left = side % 2, image.copy(), np.array(box, float)
    low, high = left[axis], left[axis + 2]
    if side < 2:  # from the left, or from the top
        left[axis] = low + part * (high - low)
        gone = slice(0, int(np.clip(np.ceil(left[axis]), 0, None)))
    else:
        left[axis + 2] = high - part * (high - low)
        gone = slice(int(np.clip(np.floor(left[axis + 2]) + 1, 0, None)), None)
    image[(slice(None), gone) if axis == 0 else (gone, slice(None))] = 0
    return image, left


def beyond(points: np.ndarray, box: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return which points (..., 2) a cut from `box` to `left`, (x1, y1, x2, y2) each, has taken off, (...)."""
    low = np.where(left[:2] > box[:2], left[:2], -np.inf)
    high = np.where(left[2:] < box[2:], left[2:], np.inf)
    return np.asarray(np.any((points < low) | (points > high), axis=-1))
