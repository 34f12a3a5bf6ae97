"""Box propagation: bounding boxes for the frames between those on which the detector runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from mmpose.evaluation.functional import oks_nms

from spinepose_mm import skeleton
from spinepose_mm.confidence import MIN_CONFIDENCE

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import People

#: How far a box is around the keypoints, in parts of the diagonal of these: what fits best to the boxes of rendered
#: people and of people in photographs, with an IoU of .9 in the median.
_MARGIN = 0.03
_MIN_VISIBLE = 0.25  # part of the keypoints of a person who is still there; head and shoulders are 14 of the 37
_ONE = 0.7  # OKS from which two predictions are of the same person
_MIN_SIZE = 2.0  # pixels, of the part of a person that is in the image


def propagate_boxes(people: People, size: tuple[int, int]) -> np.ndarray:
    """Return the bounding boxes of people for the next frame, x1, y1, x2, y2 and score, (Q, 5), Q <= P.

    A box is around the visible keypoints, within the image. A person with too few visible keypoints has none. Of two
    predictions that are of the same person by object keypoint similarity, the one with the higher confidence has one.

    Args:
        people: People of the frame before.
        size: (width, height) of the image in pixels.
    """
    confidence = people.confidence
    visible = confidence >= MIN_CONFIDENCE
    low = np.where(visible[..., None], people.keypoints, np.inf).min(1).clip(0, size)
    high = np.where(visible[..., None], people.keypoints, -np.inf).max(1).clip(0, size)
    margin = _MARGIN * np.linalg.norm(high - low, axis=1, keepdims=True)
    boxes = np.concatenate([(low - margin).clip(0, size), (high + margin).clip(0, size), people.box_scores[:, None]], 1)
    there = np.flatnonzero((visible.mean(1) >= _MIN_VISIBLE) & (high - low >= _MIN_SIZE).all(1))
    kept = oks_nms(
        [
            dict(
                keypoints=np.column_stack([people.keypoints[i], confidence[i]]).ravel(),
                score=confidence[i].mean(),
                area=np.prod(boxes[i, 2:4] - boxes[i, :2]),
            )
            for i in there
        ],
        _ONE,
        np.array(skeleton.SIGMAS),
        MIN_CONFIDENCE,
    )
    return boxes[there[np.sort(kept).astype(int)]]
