"""One world for all people before a still camera: metres, on the ground, Y up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from .ground import fit_ground

WARM_UP = 60  # frames: two seconds of most videos
_GROWTH = 1.3  # the ground is estimated again when there are so many times more frames


class WorldFrame:
    """The world that people stand in, estimated from them in the first frames of a video, and fixed from then on.

    Y is up. The origin is on the ground under the hip (S1) of the first person in the first frame that has people. X is
    the camera's right along the ground, and Z comes towards the camera. The camera has to stand still.

    Args:
        warm_up: frames with people that the world is estimated from; until then, from the frames so far.

    Attributes:
        R, t: camera to world, x_w = R x_c + t, in shapes (3, 3) and (3,), metres; None before the first person.
        settled: whether the warm-up is over.

    Raises:
        ValueError: the warm-up is not 1 or more.
    """

    def __init__(self, warm_up: int = WARM_UP) -> None:
        if warm_up < 1:
            raise ValueError(f'warm_up is 1 frame or more, not {warm_up}')
        self.warm_up = warm_up
        self.R: np.ndarray | None = None
        self.t: np.ndarray | None = None
        self.settled = False
        self._poses: list[np.ndarray] = []
        self._weights: list[np.ndarray] = []
        self._distances: defaultdict[int, list[float]] = defaultdict(list)
        self._frames, self._next = 0, 1.0

    def update(self, ids: Iterable[int], points: np.ndarray, root: int, weights: np.ndarray) -> None:
        """Take the people of a frame into account.

        Args:
            ids: of the persons, the same in all frames, (P,).
            points: in camera space, metres, (P, 37, 3).
            root: number of the keypoint that the origin is under.
            weights: confidence of each keypoint, such as its score, (P, 37).
        """
        if self.settled or not len(points):
            return
        self._poses.append(points)
        self._weights.append(weights)
        for person, place in zip(ids, points[:, root]):
            self._distances[person].append(float(np.linalg.norm(place)))
        self._frames += 1
        self.settled = self._frames == self.warm_up
        if self.settled or self._frames >= self._next:
            self._next = self._frames * _GROWTH
            up, height = fit_ground(
                np.concatenate(self._poses), np.concatenate(self._weights), _jitter(self._distances.values())
            )
            hip = self._poses[0][0, root]
            self.R, self.t = world_axes(up, hip - up * (hip @ up + height))
        if self.settled:
            self._poses.clear()
            self._weights.clear()
            self._distances.clear()

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Return points of camera space, (..., 3), in the world.

        Raises:
            ValueError: no person was there yet.
        """
        if self.R is None or self.t is None:
            raise ValueError('there is no world before the first person')
        return points @ self.R.T + self.t


def _jitter(distances: Iterable[Sequence[float]]) -> float:
    """Return by how much distances jump from frame to frame, as a part of them, other than by walking.

    Args:
        distances: a list for each person, one distance for each frame.
    """
    jumps = [np.abs(np.diff(person, 2)) / np.mean(person) for person in distances if len(person) > 2]
    # Of normal noise, the second difference's deviation is the root of 6 times as large, and the median .6745 of it.
    return np.median(np.concatenate(jumps)) / 0.6745 / np.sqrt(6) if jumps else 0.0


def world_axes(up: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return R (3, 3) and t (3,) of x_w = R x_c + t: Y along `up`, X along the camera's right at right angles to it.

    Args:
        up: unit vector in camera space, (3,).
        origin: of the world, in camera space, (3,).
    """
    right = np.array([1.0, 0, 0]) - up[0] * up
    right /= np.linalg.norm(right)
    R = np.stack([right, up, np.cross(right, up)])
    return R, -R @ origin
