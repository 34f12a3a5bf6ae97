"""Measure spines in space, or in an image that shows them from the side, from the front or from the back.

P is the number of people, and a spine's 9 keypoints run from C1 to S1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import deprecated, skeleton

from .measures import LINES, MEASURES, SEGMENTS
from .plausibility import without_implausible

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SPINE = list(skeleton.SUBSETS['spine'])
_LEVELS = [skeleton.KEYPOINTS[i].level for i in _SPINE]
#: Length that the projection of a unit vector must keep for its direction to be reliable: an axis of the body within 30
#: degrees of the vertical has no reliable horizontal direction.
_MIN_LEFT = 0.5
#: How many vertebrae a level is above S1.
ABOVE_S1 = dict(S1=0, L5=1, L3=3, L1=5, T12=6, T8=10, T4=14, T3=15, C7=18)
_CURVE = [level for level in ABOVE_S1 if level in _LEVELS]  # the keypoints of the curve
_DEGREE = 4  # the least that a curve needs to bend back in the lumbar spine and forward in the thoracic one


def measure_space(points: ArrayLike, up: ArrayLike) -> dict[str, np.ndarray]:
    """Measure people in space.

    A person's left is halfway between the directions from right to left of hips and of shoulders; the front is at right
    angles to it and to the line from S1 to C7. Inclinations are in the vertical plane at right angles to the left, and
    leans in the one at right angles to the front; there are none where that axis is within 30 degrees of the vertical.
    Flexions, curves and the lateral deviation are in the person's own sagittal and frontal planes, however they lie.

    Args:
        points: metres, NaN for what is not known, (P, 37, 3).
        up: direction of up in their axes, (3,).

    Returns:
        dict: {name: (P,)} for all of MEASURES, in their order, NaN where one cannot be computed.

    Raises:
        ValueError: the points are of another shape, or `up` is no direction.
    """
    people, vertical = check_people(points, 3), np.asarray(up, float)
    if vertical.shape != (3,) or not np.isfinite(vertical).all() or not vertical.any():
        raise ValueError(f'up is a direction (3,), not {vertical.tolist()}')
    vertical = vertical / np.linalg.norm(vertical)
    hips, shoulders = (_unit(vector(people, f'right_{name}', f'left_{name}')) for name in ('hip', 'shoulder'))
    left = _unit(hips + shoulders, _MIN_LEFT)
    along = _unit(_level(_unit(vector(people, 'S1', 'C7')), left), _MIN_LEFT)
    front = np.cross(left, along)
    forward = np.cross(_unit(_level(left, vertical), _MIN_LEFT), vertical)
    aside = np.cross(vertical, _unit(_level(front, vertical), _MIN_LEFT))
    spine, vertical = people[:, _SPINE], np.broadcast_to(vertical, left.shape)
    upright, sagittal, facing, frontal = (
        np.einsum('pkc,pac->pka', spine, np.stack(axes, axis=1))
        for axes in ((forward, vertical), (front, along), (aside, vertical), (left, along))
    )
    return _values(upright, sagittal, facing, frontal, 1000 * spine)


def measure_image(keypoints: ArrayLike, views: ArrayLike) -> dict[str, np.ndarray]:
    """Measure people in the image of a level camera, in the plane that it shows; its y axis is the vertical.

    Args:
        keypoints: pixels, NaN for what is not visible, (P, 37, 2).
        views: the view of each person, out of `spinepose_mm.analysis.VIEWS`, (P,).

    Returns:
        dict: {name: (P,)} for all of MEASURES, in their order, NaN where one cannot be computed.

    Raises:
        ValueError: the keypoints are of another shape.
    """
    spine, views = check_people(keypoints, 2)[:, _SPINE], np.asarray(views)
    # Seen from the right side, the front is to the right in the image; seen from the front, the left is.
    forward = np.select([views == 'right side', views == 'left side'], [1.0, -1.0], np.nan)
    aside = np.select([views == 'front', views == 'back'], [1.0, -1.0], np.nan)
    sagittal, frontal = (
        np.stack([spine[..., 0] * right[:, None], -spine[..., 1]], axis=-1) for right in (forward, aside)
    )
    return _values(sagittal, sagittal, frontal, frontal, spine)


def check_people(points: ArrayLike, axes: int) -> np.ndarray:
    """Return the points of people as an array of floats, (P, 37, `axes`).

    Raises:
        ValueError: they are of another shape.
    """
    points = np.asarray(points, float)
    if points.ndim != 3 or points.shape[1:] != (skeleton.NUM_KEYPOINTS, axes):
        raise ValueError(f"people's points are (P, {skeleton.NUM_KEYPOINTS}, {axes}), not {points.shape}")
    return points


def vector(points: np.ndarray, first: str, second: str) -> np.ndarray:
    """Return the way from one keypoint to another, given their names, (P, 2 or 3)."""
    return points[:, skeleton.index(second)] - points[:, skeleton.index(first)]


def tangent(spines: np.ndarray, level: str) -> np.ndarray:
    """Return the direction, upwards, of the curve from S1 to C7 at a level.

    Each coordinate is a polynomial of the number of vertebrae above S1, the least squares of the keypoints.

    Args:
        spines: keypoints from C1 to S1, (P, 9, C).
        level: out of ABOVE_S1.

    Returns:
        ndarray: of any length, (P, C).
    """
    fit = np.linalg.pinv(np.vander([ABOVE_S1[each] for each in _CURVE], _DEGREE + 1, increasing=True))
    powers = np.arange(1, _DEGREE + 1)
    slope = powers * float(ABOVE_S1[level]) ** (powers - 1) @ fit[1:]
    return np.einsum('k,pkc->pc', slope, spines[:, [_LEVELS.index(each) for each in _CURVE]])


def _values(
    upright: np.ndarray, sagittal: np.ndarray, facing: np.ndarray, frontal: np.ndarray, spine: np.ndarray
) -> dict[str, np.ndarray]:
    """Return all measures.

    Args:
        upright, facing: spines in the vertical planes of inclinations and of leans, as (forward, up) and (to the left,
            up), (P, 9, 2).
        sagittal, frontal: spines in the people's own planes, likewise.
        spine: spines in the unit of lengths, (P, 9, 2 or 3).
    """
    vertical_planes = {'sagittal': upright, 'frontal': facing}
    angles = {
        name: _angle(_line(vertical_planes[measure.plane], *measure.levels))
        for name, measure in MEASURES.items()
        if measure.turns
    }
    neck, thoracic, lumbar = (_angle(_line(sagittal, *LINES[name])) for name in ('neck', 'thoracic', 'lumbar'))
    s1, l1, t12, t4 = (_angle(tangent(sagittal, level)) for level in ('S1', 'L1', 'T12', 'T4'))
    angles.update(
        neck_flexion=neck - thoracic, thoracolumbar_flexion=thoracic - lumbar, kyphosis=t4 - t12, lordosis=s1 - l1
    )
    lengths = np.linalg.norm(np.diff(spine, axis=1), axis=-1)
    angles = {**{name: _wrap(angle) for name, angle in angles.items()}, 'lateral_deviation': _deviation(frontal)}
    values = {**without_implausible(angles, spine), 'spine_length': lengths.sum(1)}
    values.update({f'{upper}_{lower}': length for (upper, lower), length in zip(SEGMENTS, lengths.T)})
    return {name: values[name] for name in MEASURES}


def _deviation(frontal: np.ndarray) -> np.ndarray:
    """Return the lateral deviation of spines, (P, 9, 2), (P,); NaN beyond the range, where the line is too short."""
    line = _line(frontal, 'S1', 'C7')[:, None]
    inner = frontal[:, _LEVELS.index('C7') + 1 : -1] - frontal[:, -1:]
    with np.errstate(divide='ignore', invalid='ignore'):
        off = 100 * (inner[..., 0] * line[..., 1] - inner[..., 1] * line[..., 0]) / (line**2).sum(-1)
    furthest = np.abs(off).argmax(1)  # the first NaN, where there is one
    off = off[np.arange(len(off)), furthest]
    return np.where(np.abs(off) <= MEASURES['lateral_deviation'].high, off, np.nan)


def _line(spines: np.ndarray, lower: str, upper: str) -> np.ndarray:
    return spines[:, _LEVELS.index(upper)] - spines[:, _LEVELS.index(lower)]


def _angle(directions: np.ndarray) -> np.ndarray:
    """Return how far directions, (P, 2), are turned from the second axis towards the first, degrees, (P,)."""
    angles = np.degrees(np.arctan2(directions[:, 0], directions[:, 1]))
    return np.where(directions.any(1), angles, np.nan)


def _wrap(angles: np.ndarray) -> np.ndarray:
    """Return angles within (-180, 180]."""
    wrapped = 180 - (180 - angles) % 360
    return np.where(wrapped > -180, wrapped, wrapped + 360)


def _level(vectors: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return vectors, (P, 3), without their part along unit vectors."""
    return vectors - (vectors * axis).sum(-1, keepdims=True) * axis


def _unit(vectors: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return vectors at length 1; NaN where they are no longer than `least`."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > least, lengths, np.nan)


__getattr__ = deprecated.getter(__name__)
