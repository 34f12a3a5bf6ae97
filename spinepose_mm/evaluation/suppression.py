"""MMPose's suppression of duplicate predictions, called only for images in which it can suppress a person."""

import numpy as np
from mmpose.evaluation.functional import oks_nms, soft_oks_nms

from .batched_cocoeval import batches

_FUNCTIONS = {'oks_nms': oks_nms, 'soft_oks_nms': soft_oks_nms}
_ROUNDING = 1e-4  # more than OKS in MMPose's order of operations and in the one here differ by


def suppress(
    mode: str,
    threshold: float,
    starts: np.ndarray,
    sizes: np.ndarray,
    keypoints: np.ndarray,
    keypoint_scores: np.ndarray,
    scores: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
) -> np.ndarray:
    """Return the rows of the people that MMPose's NMS keeps, those of an image in its order.

    Args:
        mode: 'oks_nms', 'soft_oks_nms' or 'none'.
        threshold: OKS over which people are the same.
        starts, sizes: first row of each image's people and how many they are, (N,).
        keypoints, keypoint_scores: (M, K, 2) in pixels and (M, K).
        scores, areas: of the people, (M,), areas in square pixels.
        sigmas: OKS sigmas, (K,).
    """
    if mode == 'none':
        return np.arange(len(scores))
    kept = [np.zeros(0, int)]
    for size in np.unique(sizes):
        for some in batches(starts[sizes == size], size**2):
            rows = some[:, None] + np.arange(size)
            asked = np.full(len(rows), size > 1)
            if mode == 'oks_nms':
                asked = _has_similar(threshold, keypoints[rows], areas[rows], sigmas)
            # The result of MMPose's functions where no person is suppressed.
            kept.append(np.take_along_axis(rows, scores[rows].argsort()[:, ::-1], 1)[~asked].ravel())
            for people in rows[asked]:
                instances = [
                    dict(score=scores[i], area=areas[i], keypoints=np.column_stack([keypoints[i], keypoint_scores[i]]))
                    for i in people
                ]
                kept.append(people[_FUNCTIONS[mode](instances, threshold, sigmas=sigmas)])
    return np.concatenate(kept)


def _has_similar(threshold: float, keypoints: np.ndarray, areas: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """Return in which images any two people might be the same; keypoints are (B, D, K, 2), areas (B, D)."""
    i, j = np.triu_indices(areas.shape[1], 1)
    offsets = keypoints[:, i] - keypoints[:, j]
    errors = (offsets**2).sum(-1) / (sigmas * 2) ** 2 / (areas[:, i] + areas[:, j] + 2 * np.spacing(1))[..., None]
    return ~(np.exp(-errors).mean(-1) <= threshold - _ROUNDING).all(-1)
