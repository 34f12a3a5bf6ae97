"""From lifted poses, which have no scale and no place, to people in metres: before the camera, or in the world."""

from __future__ import annotations

import numbers
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import deprecated, skeleton
from spinepose_mm.confidence import MIN_CONFIDENCE
from spinepose_mm.structures.frame import COORDINATES

from .placement import place, standing_height
from .world import WARM_UP, WorldFrame

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

HEIGHT = 1.7  # metres, about the mean of adults
_MAX_DEPTH = 200.0  # metres; a person further away is dropped


@dataclass
class Placed:
    """The people of one frame in 3D.

    Attributes:
        ids: of the persons, (P,).
        keypoints: metres, (P, 37, 3); NaN for a person with too few visible keypoints.
        coordinates: 'camera' (OpenCV's, x right, y down, z forward) or 'world' (Y up, the ground at 0).
        scale: metres per unit of the poses, (P,).
        reprojection_error: weighted mean distance of the projected points from the keypoints, pixels, (P,).
        settled: whether scales and world are final.
    """

    ids: np.ndarray
    keypoints: np.ndarray
    coordinates: str
    scale: np.ndarray
    reprojection_error: np.ndarray
    settled: bool


class Space:
    """Places people in metres before a still camera, frame by frame.

    A person's scale is the height over the median of the skeleton's standing height in the warm-up.

    Args:
        camera: Camera.
        coordinates: out of COORDINATES.
        height: of all people in metres, or {id: metres}, with HEIGHT for ids that are not in it.
        warm_up: frames of a person, or of people, that scales and world are estimated from.

    Raises:
        ValueError: an option is out of its range.
    """

    def __init__(
        self,
        camera: Camera,
        coordinates: str = 'camera',
        height: float | dict[int, float] = HEIGHT,
        warm_up: int = WARM_UP,
    ) -> None:
        if coordinates not in COORDINATES:
            raise ValueError(f'coordinates are out of {", ".join(COORDINATES)}, not {coordinates!r}')
        heights = height if isinstance(height, dict) else {0: height}
        for person, value in heights.items():
            if not isinstance(person, numbers.Integral) or not isinstance(value, numbers.Real) or not 0.3 < value < 2.8:
                raise ValueError(f'height is in metres, from .3 to 2.8, or {{track id: metres}}, not {height!r}')
        self.camera, self.coordinates, self.warm_up = camera, coordinates, warm_up
        usual: float = HEIGHT if isinstance(height, dict) else height
        self._heights = defaultdict(lambda: usual, height if isinstance(height, dict) else {})
        self._lengths: defaultdict[int, list[float]] = defaultdict(list)
        self.world, self._kept = WorldFrame(warm_up), False

    def update(
        self,
        ids: Sequence[int] | np.ndarray,
        poses: np.ndarray,
        points: np.ndarray,
        confidence: np.ndarray,
        smooth: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Placed:
        """Place the people of the next frame.

        Args:
            ids: of the persons, the same in all frames, (P,).
            poses: lifted, in any one unit, in the camera's axes, (P, 37, 3).
            points: keypoints in pixels, (P, 37, 2).
            confidence: of the keypoints, 0 to 1, (P, 37); those below MIN_CONFIDENCE count as not visible, the
                others are weighted by it.
            smooth: what is done to the points in camera space, (P, 37, 3) metres, before the world is estimated.

        Returns:
            Placed: in the order of the arguments.
        """
        poses = np.asarray(poses, float).reshape(-1, skeleton.NUM_KEYPOINTS, 3)
        weights = np.where(np.asarray(confidence) >= MIN_CONFIDENCE, confidence, 0).reshape(poses.shape[:2])
        scale = np.array([self._scale(person, length) for person, length in zip(ids, standing_height(poses))])
        poses = poses * scale.reshape(-1, 1, 1)
        rays = self.camera.rays(np.asarray(points, float)).reshape(*weights.shape, 2)
        moves, errors = place(poses, rays, weights, (self.camera.K[0, 0] + self.camera.K[1, 1]) / 2)
        moves[~(moves[:, 2] < _MAX_DEPTH)] = np.nan
        points = poses + moves[:, None]
        if smooth is not None:
            points = smooth(points)
        settled = self._kept or all(len(self._lengths[person]) == self.warm_up for person in ids)
        if self.coordinates == 'world':
            valid = np.isfinite(points).all((1, 2))
            if not self._kept:
                self.world.update(np.asarray(ids)[valid], points[valid], skeleton.ROOT, weights[valid])
            points = self.world.to_world(points) if self.world.R is not None else np.full_like(points, np.nan)
            settled &= self._kept or self.world.settled
        return Placed(np.asarray(ids), points, self.coordinates, scale, errors, settled)

    def settle(self) -> None:
        """Keep scales and world as they are from now on, however few frames they were estimated from."""
        self._kept = True

    def heights(self, ids: Iterable[int]) -> np.ndarray:
        """Return how tall persons are in metres, (P,)."""
        return np.array([self._heights[person] for person in ids], float)

    def _scale(self, person: int, length: float) -> float:
        """Return metres per unit of a person's pose, which is `length` units tall."""
        lengths = self._lengths[person]
        if not self._kept and len(lengths) < self.warm_up and np.isfinite(length) and length > 0:
            lengths.append(length)
        return self._heights[person] / float(np.median(lengths)) if lengths else np.nan


__getattr__ = deprecated.getter(__name__)
