"""Confidence: the probability that a keypoint is right, from its score.

Scores of SimCC models are the largest of the network's values, which go up to 1.7 and mean another thing in each model.
Confidence is in 0..1 and means the same in all models whose numbers were fitted: the probability that the keypoint lies
so close to its place that its object keypoint similarity (OKS) is RIGHT or more.

    >>> from spinepose_mm.confidence import Calibration, confidence
    >>> confidence([[.3]]).round(2).tolist()                     # of a model without numbers of its own
    [[0.5]]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import skeleton

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import ArrayLike

RIGHT = 0.5  # OKS from which a keypoint is right
MIN_CONFIDENCE = 0.5  # from which a keypoint counts as visible: it is more likely right than wrong
MIN_SCORE = 0.3  # raw score from which a keypoint counts, as in MMPose's and Pose2Sim's defaults


class Calibration(NamedTuple):
    """The two numbers of `confidence`, fitted for a model's weights (`spinepose_mm.evaluation.calibration`)."""

    slope: float
    offset: float


def confidence(scores: ArrayLike, calibration: Calibration | None = None) -> np.ndarray:
    """Return how likely keypoints are right, 0 to 1, in the shape of the scores.

    With the score s and OKS's constant k = 2 sigma of the keypoint, to which the distance that OKS allows is
    proportional, it is 1 / (1 + exp(-(slope log(s k) + offset))), and 0 for scores of 0 and less.

    Without a calibration it is s^2 / (s^2 + .3^2): the customary threshold of .3 becomes one of .5. This orders the
    keypoints of a model as their scores do, but is no measured probability.

    Args:
        scores: (..., K), of the first K keypoints of the skeleton.
        calibration: Calibration, or None.
    """
    scores = np.asarray(scores, float)
    if calibration is None:
        slope, offset, relative = 2.0, -2 * math.log(MIN_SCORE), scores
    else:
        (slope, offset), relative = calibration, relative_scores(scores)
    with np.errstate(divide='ignore', over='ignore'):
        return 1 / (1 + np.exp(-(slope * np.log(relative.clip(0)) + offset)))


def relative_scores(scores: ArrayLike) -> np.ndarray:
    """Return scores times OKS's constants of their keypoints, (..., K), of the first K of the skeleton."""
    return np.asarray(scores, float) * (2 * np.array(skeleton.SIGMAS[: np.shape(scores)[-1]]))


def read_calibration(given: Mapping[str, Any] | None, where: str) -> Calibration | None:
    """Return the Calibration that a config or a file states, or None.

    Args:
        given: dict of `slope` and `offset`, or None.
        where: what it belongs to, for the error message.

    Raises:
        ValueError: it is neither, or the slope is not over 0.
    """
    if given is None:
        return None
    try:
        calibration = Calibration(**{name: float(value) for name, value in given.items()})
    except (AttributeError, TypeError, ValueError):
        calibration = Calibration(math.nan, math.nan)
    if not (calibration.slope > 0 and math.isfinite(calibration.slope) and math.isfinite(calibration.offset)):
        raise ValueError(
            f'{where}: calibration is dict(slope=..., offset=...), two numbers with a slope over 0, or '
            f'None, not {given!r}'
        )
    return calibration
