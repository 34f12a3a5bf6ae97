"""Tracking: the ids of people from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinepose_mm import skeleton
from spinepose_mm.confidence import MIN_CONFIDENCE

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import People

MEMORY = 3.0  # seconds
#: Standard deviations, in parts of a person's size, which is the diagonal of the box: of the person's place, how it
#: grows in a second without a detection, and its largest value; of keypoints and of the box's corners on the person,
#: and how these grow, since limbs move.
_PLACE, _DRIFT, _MAX_DRIFT = 0.03, 0.5, 1.0
_POINTS = np.array([*(0.7 * sigma for sigma in skeleton.SIGMAS), 0.1, 0.1])
_LIMBS, _MAX_LIMBS = 0.5, 0.12
_TURN = 1.0  # seconds over which a velocity loses its weight, as people turn
_VELOCITY_TIME, _SIZE_TIME = 0.05, 1.5  # seconds over which these are averaged, of a person who is fully visible
_CORNER_WEIGHT = 0.05  # where a keypoint's is its score squared, for people without a visible keypoint
_POSE, _MAX_OFF = 2.0, 4.0  # weight of the pose against the place, and the largest misfit of a keypoint
_NEW = 10.0  # misfit from which a detection is a new person


@dataclass
class _Track:
    """A track: keypoints and corners of the box, (39, 2), as last visible or moved along with the person."""

    id: int
    points: np.ndarray
    weights: np.ndarray  # (39,), 0 for what was never visible
    size: float
    time: float  # of the last detection, in seconds
    times: int = 1
    velocity: np.ndarray | float = 0.0  # pixels a second


class PoseTracker:
    """Assigns track ids to the people of a video: from 0, never given twice, and kept while a person is lost.

    People are matched with tracks by their place, against the place that the velocity predicts, and by their poses; of
    all assignments, the one that fits best is taken (Hungarian method). The misfit of two is a negative log-likelihood:
    Gaussian, with outliers among the keypoints, and wider the longer a person was lost. Trackers that compare
    boxes alone exchange ids where people cross: see the tool `benchmark tracking`.

    Args:
        frame_rate: frames a second.
        memory: seconds for which a person who is not detected keeps the id.

    Raises:
        ValueError: these are not over 0.
    """

    def __init__(self, frame_rate: float, memory: float = MEMORY) -> None:
        if not (frame_rate > 0 and memory > 0):
            raise ValueError(f'frame_rate and memory are over 0, not {frame_rate} and {memory}')
        self._frame_rate, self._memory = frame_rate, memory
        self._tracks: list[_Track] = []
        self._time, self._next = 0.0, 0

    def update(self, people: People, time: float | None = None) -> People:
        """Return the People of the next frame with their ids, in the order of these.

        Args:
            people: People.
            time: seconds, later than before; a frame later where it is not given.
        """
        self._time = self._time + 1 / self._frame_rate if time is None else time
        self._tracks = [track for track in self._tracks if self._gone(track) <= self._memory + 1e-6]
        weights = np.where(people.confidence >= MIN_CONFIDENCE, people.scores, 0) ** 2
        weights = np.concatenate([weights, np.full((len(people), 2), _CORNER_WEIGHT)], axis=1)
        points = np.concatenate([people.keypoints, people.boxes.reshape(-1, 2, 2)], axis=1)
        sizes = people.sizes.clip(1)
        misfits, moves, shares = self._compare(points, weights)
        count, ids = len(self._tracks), np.empty(len(people), int)
        for i, j in zip(*linear_sum_assignment(np.hstack([misfits, np.full((len(people), len(people)), _NEW)]))):
            if j < count:
                track = self._tracks[j]
                self._follow(track, points[i], weights[i], sizes[i], moves[i, j], shares[i, j])
            else:
                track = _Track(self._next, points[i], weights[i], sizes[i], self._time)
                self._tracks.append(track)
                self._next += 1
            ids[i] = track.id
        order = ids.argsort()
        return replace(people[order], ids=ids[order])

    def _gone(self, track: _Track) -> float:
        """Return for how many seconds a track has had no detection."""
        return self._time - track.time

    def _compare(self, points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Compare P people with the M tracks.

        Returns:
            tuple: misfits (P, M), how far each of the people is from each of the tracks in pixels (P, M, 2), and the
            part of the keypoints that were compared (P, M).
        """
        if not self._tracks:
            return np.zeros((len(points), 0)), np.zeros((len(points), 0, 2)), np.zeros((len(points), 0))
        size = np.array([track.size for track in self._tracks])
        gone = np.array([self._gone(track) for track in self._tracks])
        expected = np.array([np.broadcast_to(track.velocity, 2) for track in self._tracks])
        expected = expected * _TURN * (1 - np.exp(-gone / _TURN))[:, None]
        apart = points[:, None] - np.array([track.points for track in self._tracks])
        weights = weights[:, None] * (np.array([track.weights for track in self._tracks]) > 0)
        move = _weighted_median(apart, weights)
        place = ((move - expected) ** 2).sum(-1) / size**2
        width = _variance(_PLACE, _DRIFT, _MAX_DRIFT, gone)
        pose = ((apart - move[..., None, :]) ** 2).sum(-1) / size[:, None] ** 2
        pose_width = _variance(_POINTS, _LIMBS, _MAX_LIMBS, gone[:, None])
        pose = (weights * np.minimum(pose / pose_width / 2, _MAX_OFF)).sum(-1) / weights.sum(-1)
        least = _variance(_PLACE, _DRIFT, _MAX_DRIFT, 1 / self._frame_rate)
        misfit = place / width / 2 + np.log(width / least) + _POSE * pose
        return misfit, move, weights.sum(-1) / len(skeleton.NAMES)

    def _follow(
        self, track: _Track, points: np.ndarray, weights: np.ndarray, size: float, move: np.ndarray, share: float
    ) -> None:
        """Update a track with its detection. `share` is the part of the keypoints that were compared."""
        gone = self._gone(track)
        # The first velocities are averaged as they come.
        keep = min(np.exp(-gone * share / _VELOCITY_TIME), 1 - 1 / track.times)
        track.velocity = keep * track.velocity + (1 - keep) * move / gone
        track.size += (1 - np.exp(-gone * share / _SIZE_TIME)) * (size - track.size)
        track.points = np.where(weights[:, None] > 0, points, track.points + move)
        track.weights = np.maximum(track.weights, weights)
        track.time, track.times = self._time, track.times + 1


def _variance(least: np.ndarray | float, drift: float, most: float, seconds: np.ndarray | float) -> np.ndarray:
    """Return the variance of what drifts, in squared parts of a person's size."""
    return least**2 + np.minimum(drift * seconds, most) ** 2


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the medians of values (..., K, 2) by weights (..., K), (..., 2)."""
    order = values.argsort(axis=-2)
    below = np.take_along_axis(np.broadcast_to(weights[..., None], values.shape), order, axis=-2).cumsum(-2)
    middle = (below < below[..., -1:, :] / 2).sum(-2, keepdims=True)
    return np.take_along_axis(values, np.take_along_axis(order, middle, axis=-2), axis=-2)[..., 0, :]
