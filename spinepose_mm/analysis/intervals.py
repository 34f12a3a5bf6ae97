"""Expected errors of the measures of lifted people, from the errors that the lifter expects of their points.

First-order propagation of errors (JCGM 100:2008, GUM, equation 13): the variance of a measure is J S J', with J its
derivatives by the points, here by finite differences, and S the covariance of the points' errors. A lifter states one
expected distance for each point, so that the rest of S is an assumption, which was fitted to the shipped lifter's
errors on synthetic people: how they divide among the axes, and how far those of the spine go together.
P is the number of people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import skeleton

from .measures import MEASURES
from .spine import ABOVE_S1, measure_space

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Half of an interval, in standard deviations: measured to hold 95 to 100% of the errors from exact keypoints, and 77
#: to 100% from `spinepose-tiny`'s, where the camera shows the plane (docs/measures.md).
COVERAGE = 4.0
#: Shares of an error's variance along x, y and z, which is the depth in both coordinates.
_SHARES = np.array([0.15, 0.15, 0.70])
_REACH = 12.0  # vertebrae over which errors of the spine go together: their correlation is exp(-(distance / 12)^2)
_STEP = 1e-3  # metres
_HEIGHTS = {'C1': 24, 'C4': 21, **{level: height for level, height in ABOVE_S1.items() if level in skeleton.LEVELS}}
_MOVED = [skeleton.index(level) for level in _HEIGHTS if level != 'S1'] + [
    skeleton.index(f'{side}_{name}') for name in ('hip', 'shoulder') for side in ('left', 'right')
]


def _correlation() -> np.ndarray:
    """Return how errors of the moved points go together, those of hips and shoulders alone, (M, M)."""
    heights = np.array([height for level, height in _HEIGHTS.items() if level != 'S1'])
    correlation = np.eye(len(_MOVED))
    correlation[: len(heights), : len(heights)] = np.exp(-(((heights[:, None] - heights) / _REACH) ** 2))
    return correlation


_CORRELATION = _correlation()


def measure_errors(points: ArrayLike, errors: ArrayLike, up: ArrayLike) -> dict[str, np.ndarray]:
    """Return half of the interval that most errors of a measure are expected to lie within.

    Args:
        points: metres, in a camera's axes or in the world's, so that z is the depth, NaN where not known, (P, 37, 3).
        errors: how far off each point is expected to be against S1, metres, (P, 37).
        up: direction of up in their axes, (3,).

    Returns:
        dict: {name: (P,)} for all of MEASURES, in their units, NaN where a measure is NaN or an error is not known.
    """
    points, errors = np.asarray(points, float), np.asarray(errors, float)
    people, moved = len(points), len(_MOVED)
    shifted = np.repeat(points[None], 1 + 3 * moved, axis=0)
    for i, point in enumerate(_MOVED):
        for axis in range(3):
            shifted[1 + 3 * i + axis, :, point, axis] += _STEP
    measures = measure_space(shifted.reshape(-1, *points.shape[1:]), up)
    spread = np.sqrt(_SHARES)[:, None] * errors[:, _MOVED].T[:, None]  # (M, 3, P)
    intervals = {}
    for name, measure in MEASURES.items():
        values = measures[name].reshape(1 + 3 * moved, people)
        change = values[1:] - values[0]
        if measure.unit == 'deg':
            change = (change + 180) % 360 - 180
        by_point = (change / _STEP).reshape(moved, 3, people)
        effects = np.where(by_point == 0, 0, by_point * spread)  # an unknown error of a point that does not matter
        variance = np.einsum('map,mn,nap->p', effects, _CORRELATION, effects)
        intervals[name] = COVERAGE * np.sqrt(np.maximum(variance, 0))
    return intervals
