"""The side of a person that faces the camera, from the keypoints in an image.

A person's lateral axis (to the left) has three parts in a camera's axes: two in the image, from the breadth of
shoulders and hips, and one towards the camera, from how far the front of head, chest, pelvis and feet is beside their
back. The latter is a triple product, so that it is the same for all parts of a body that bends in its sagittal plane,
upright, lying or upside down. All lengths are parts of the stature, which is not known in an image, but shows in the
limbs and the spine: those that are not foreshortened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import skeleton

from .spine import check_people, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Which side of a person faces the camera; 'oblique' is any other, and 'unknown' where too few keypoints are visible.
VIEWS = ('front', 'back', 'left side', 'right side', 'oblique', 'unknown')
#: Views that show a plane; lengths are of 'any'.
SHOWN_FROM = {'sagittal': ('left side', 'right side'), 'frontal': ('front', 'back'), 'any': VIEWS}

#: Chains of keypoints and their lengths; of a limb, the side that looks longer counts. Here and below, lengths are
#: parts of the stature, and means over 400 of `spinepose_mm.synthetic`'s bodies when standing.
_LENGTHS = {
    ('C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1'): 0.260,
    ('hip', 'knee'): 0.244,
    ('knee', 'ankle'): 0.245,
    ('shoulder', 'elbow'): 0.186,
    ('elbow', 'wrist'): 0.145,
}
_BREADTH = 0.323  # of shoulders and hips together
_TRUNK = 0.252  # from S1 to C7
#: Lower and upper end of a line up the body, then a point at its back and one at its front; and the area that the two
#: span in the sagittal plane, a part of the squared stature. Of two sides, the mean counts.
_FRONTS = {
    ('C7', 'C1', 'ear', 'nose'): 0.0045,
    ('T8', 'C7', 'T3', 'clavicle'): 0.0032,
    ('S1', 'L1', 'S1', 'hip'): 0.0023,
    ('ankle', 'knee', 'heel', 'big_toe'): 0.0367,
}
_MIN_VALID = 2  # of the lengths, and of the fronts; one alone may be wrong
_MIN_AXIS = 0.5  # of the lateral axis' three parts together, which are about 1

#: The axis's largest slope away from where it points in an exact view: from the side, and from front or back.
_SIDE, _FRONT = np.tan(np.radians(20)), np.tan(np.radians(15))
_TILTED = np.tan(np.radians(30))  # the same from the side, where the axis points up or down as well
_MIN_TRUNK = 0.75  # of its length; a shorter one, from front or back, leans towards the camera or away from it


def view(keypoints: ArrayLike) -> np.ndarray:
    """Return the view of each person.

    Args:
        keypoints: pixels, NaN for what is not visible, (P, 37, 2).

    Returns:
        ndarray: out of VIEWS, (P,).

    Raises:
        ValueError: the keypoints are of another shape.
    """
    keypoints = check_people(keypoints, 2) * [1, -1]  # up is positive
    stature = _stature(keypoints)
    across = sum(vector(keypoints, f'right_{name}', f'left_{name}') for name in ('hip', 'shoulder'))
    across = across / (_BREADTH * stature)[:, None]
    trunk = vector(keypoints, 'S1', 'C7') / (_TRUNK * stature)[:, None]
    towards = _towards(keypoints, stature)
    breadth, depth = np.linalg.norm(across, axis=-1), np.abs(towards)
    side = (np.abs(across[:, 0]) <= _SIDE * depth) & (breadth <= _TILTED * depth)
    front = (depth <= _FRONT * breadth) & (np.linalg.norm(trunk, axis=-1) >= _MIN_TRUNK)
    valid = np.isfinite(trunk).all(1) & (np.hypot(breadth, depth) > _MIN_AXIS)
    return np.select(
        [~valid, side & (towards > 0), side, front & (_cross(across, trunk) > 0), front],
        ['unknown', 'left side', 'right side', 'front', 'back'],
        'oblique',
    )


def shows(views: ArrayLike, plane: str) -> np.ndarray:
    """Return whether views, (P,), show a plane: 'sagittal', 'frontal' or 'any'."""
    return np.isin(views, SHOWN_FROM[plane])


def _stature(keypoints: np.ndarray) -> np.ndarray:
    """Return how tall people would stand in the image, pixels, (P,): the second largest of what their lengths say."""
    statures = []
    for chain, part in _LENGTHS.items():
        lengths = [np.linalg.norm(np.diff(keypoints[:, side], axis=1), axis=-1).sum(1) for side in _sides(chain)]
        statures.append(np.fmax(*lengths) / part)
    second = np.sort(np.nan_to_num(statures), axis=0)[-_MIN_VALID]
    return np.where(second > 0, second, np.nan)


def _towards(keypoints: np.ndarray, stature: np.ndarray) -> np.ndarray:
    """Return the part of the lateral axis towards the camera, about -1 to 1, (P,): the median of what fronts say."""
    parts = []
    for names, area in _FRONTS.items():
        spanned = [
            _cross(keypoints[:, back] - keypoints[:, front], keypoints[:, upper] - keypoints[:, lower])
            for lower, upper, back, front in _sides(names)
        ]
        parts.append(np.ma.masked_invalid(spanned).mean(0) / (area * stature**2))
    parts = np.ma.stack(parts)
    return np.where(parts.count(0) >= _MIN_VALID, np.ma.median(parts, axis=0).filled(np.nan), np.nan)


def _sides(names: Iterable[str]) -> list[list[int]]:
    """Return the numbers of keypoints of the left side, and of the right; those in the middle are of both."""
    return [
        [skeleton.index(f'{side}_{name}' if f'{side}_{name}' in skeleton.NAMES else name) for name in names]
        for side in ('left', 'right')
    ]


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
