"""Metrics of tracking and smoothing in a video with ground truth.

In the shapes, T is the number of frames, P that of persons in the ground truth and K = 37 that of keypoints.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinepose_mm import deprecated


def identity_scores(owners: Sequence[np.ndarray], ids: Sequence[np.ndarray]) -> dict[str, float]:
    """Compare track ids with the persons that they were given to.

    Args:
        owners: of each frame, the person of each detection, -1 for none, (number of detections,).
        ids: of each frame, the track id of each detection, -1 for none, (number of detections,).

    Returns:
        dict: `switches`, how often a person's id is another than the last time; `takeovers`, how often an id is another
        person's than the last time; and `IDF1` of Ristani et al. (2016), equation 11, over all detections.
    """
    pairs = np.array([(owner, one) for frame in zip(owners, ids) for owner, one in zip(*frame)], int).reshape(-1, 2)
    matched = pairs[(pairs >= 0).all(1)]
    counts = np.zeros(matched.max(0, initial=0) + 1, int)
    np.add.at(counts, tuple(matched.T), 1)
    right = counts[linear_sum_assignment(counts, maximize=True)].sum()
    number = (pairs >= 0).sum()
    return dict(
        switches=_changes(matched), takeovers=_changes(matched[:, ::-1]), IDF1=2 * right / number if number else 1.0
    )


def _changes(pairs: np.ndarray) -> int:
    """Return how often the second of a pair is another than the last time that the first was there, pairs in order."""
    last: dict[int, int] = {}
    changes = 0
    for first, second in pairs.tolist():
        changes += last.get(first, second) != second
        last[first] = second
    return changes


@deprecated.arguments(found='predicted', true='ground_truth')
def motion_scores(
    predicted: np.ndarray, ground_truth: np.ndarray, scale: np.ndarray, frame_rate: float
) -> dict[str, float]:
    """Compare trajectories of keypoints with the ground truth.

    Args:
        predicted: points, (T, P, K, D), NaN where they do not count.
        ground_truth: the same, (T, P, K, D).
        scale: size of each person in the unit of the points, (T, P).
        frame_rate: frames a second.

    Returns:
        dict: `error`, mean distance in the unit of the points; `relative`, that in parts of the person's size;
        `jitter`, root mean square of the error's second derivative, sizes a second squared; `lag`, by how many seconds
        the points are late: the shift in time that explains most of the errors, for small shifts.
    """
    scale = scale[..., None, None]
    error = predicted - ground_truth
    relative = error / scale
    speed = np.gradient(ground_truth, 1 / frame_rate, axis=0) / scale
    valid = np.isfinite(relative) & np.isfinite(speed)
    return dict(
        error=np.nanmean(np.linalg.norm(error, axis=-1)),
        relative=np.nanmean(np.linalg.norm(relative, axis=-1)),
        jitter=np.sqrt(np.nanmean((np.diff(relative, 2, axis=0) * frame_rate**2) ** 2)),
        lag=-(relative * speed)[valid].sum() / (speed**2)[valid].sum(),
    )
