"""Stage of inference in 3D: people who were estimated in images are lifted and placed in metres."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from mmpose.models import PoseLifter

from spinepose_mm import skeleton
from spinepose_mm.io.cameras import read_cameras
from spinepose_mm.io.reading import reading
from spinepose_mm.io.sources import Source
from spinepose_mm.lifting.space import Space
from spinepose_mm.structures.camera import Camera
from spinepose_mm.structures.frame import Frame, People
from spinepose_mm.tracking.one_euro import Smoother

from .options import LiftingOptions

_MIN_VISIBLE = 6  # keypoints of a person who is lifted


class Lifter:
    """The lifting network with what prepares its input.

    Args:
        model: of MMPose's `PoseLifter`.
        pipeline: the transforms before it.
        collate: function that makes a batch of their outputs.
        seq_len: number of frames of its window.
        min_score: score under which a keypoint is left out of its input.
    """

    def __init__(
        self,
        model: PoseLifter,
        pipeline: Callable[[dict[str, Any]], dict[str, Any]],
        collate: Callable[[Sequence[Any]], Any],
        seq_len: int,
        min_score: float,
    ) -> None:
        self.model, self.pipeline, self.collate = model, pipeline, collate
        self.seq_len, self.min_score = seq_len, min_score

    @torch.no_grad()
    def lift(self, frames: Sequence[Frame], middle: int, space: Space, smoother: Smoother | None = None) -> None:
        """Lift the people of one of some Frames into a Space: their `points` and what belongs to these.

        Args:
            frames: the frames of the network's window, as far as there are such.
            middle: number of the one among them.
            space: Space.
            smoother: of the points over time, or None.
        """
        frame = frames[middle]
        people = frame.people
        assert people.ids is not None  # they are tracked
        poses, errors = self._poses(frames, middle, space.camera)
        smooth = None
        if smoother is not None:
            smooth = partial(_smoothed, smoother, people.ids, space.heights(people.ids), frame.time)
        placed = space.update(people.ids, poses, people.keypoints, people.confidence, smooth)
        people.points, people.reprojection_errors = placed.keypoints, placed.reprojection_error
        people.point_errors = None if errors is None else errors * placed.scale[:, None]
        frame.coordinates, frame.settled = space.coordinates, placed.settled

    def _poses(self, frames: Sequence[Frame], middle: int, camera: Camera) -> tuple[np.ndarray, np.ndarray | None]:
        """Return poses (P, 37, 3) and expected errors (P, 37) or None, in the network's unit; NaN if not lifted."""
        people = frames[middle].people
        assert people.ids is not None  # they are tracked
        is_lifted = (people.scores >= self.min_score).sum(-1) >= _MIN_VISIBLE
        poses = np.full((len(people), skeleton.NUM_KEYPOINTS, 3), np.nan)
        if not is_lifted.any():
            return poses, None
        data = [self._window(frames, middle, person, camera) for person in people.ids[is_lifted]]
        lifted = [sample.pred_instances for sample in self.model.test_step(self.collate(data))]
        poses[is_lifted] = np.concatenate([np.asarray(one.keypoints).reshape(1, -1, 3) for one in lifted])
        if 'keypoint_errors' not in lifted[0]:
            return poses, None
        errors = np.full(poses.shape[:2], np.nan)
        errors[is_lifted] = np.concatenate([np.asarray(one.keypoint_errors) for one in lifted])
        return poses, errors

    def _window(self, frames: Sequence[Frame], middle: int, person: int, camera: Camera) -> dict[str, Any]:
        """Return the network's input of a person for one of some frames.

        Where a person is not in all frames of the window, the nearest frames with that person are repeated.
        """
        half, rays = self.seq_len // 2, {}
        for i, frame in enumerate(frames):
            for number in np.flatnonzero(frame.people.ids == person):
                rays[i] = _network_input(frame.people, number, camera, self.min_score)
        window = [
            rays[min(rays, key=lambda i: (abs(i - wanted), abs(i - middle)))]
            for wanted in range(middle - half, middle + half + 1)
        ]
        points, visible = (np.stack(values) for values in zip(*window))
        return self.pipeline(
            dict(
                keypoints=points,
                keypoints_visible=visible,
                unit=1.0,
                flip_indices=skeleton.FLIP_INDICES,
                lifting_target=np.zeros((1, skeleton.NUM_KEYPOINTS, 3), np.float32),
                lifting_target_visible=np.ones((1, skeleton.NUM_KEYPOINTS), np.float32),
            )
        )


class Lifting:
    """Stage 5: the people of an input in 3D. Each image that is no part of a video is a world of its own.

    Args:
        lifter: Lifter.
        source: Source.
        options: LiftingOptions.
        space: Space, where an earlier pass over the video has estimated scales and world.
    """

    def __init__(self, lifter: Lifter, source: Source, options: LiftingOptions, space: Space | None = None) -> None:
        self._lifter, self._is_video, self._options, self._space = lifter, source.is_video, options, space
        self._smoother = Smoother() if options.smooth and source.is_video else None
        self._size: tuple[int, int] | None = None  # of the images

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield Frames with their people lifted, half of the network's window later than they come."""
        half = (self._lifter.seq_len - 1) // 2 if self._is_video else 0
        window: deque[Frame] = deque(maxlen=2 * half + 1)
        for count, frame in enumerate(frames, 1):
            window.append(frame)
            if count > half:
                yield self._lifted(window, len(window) - 1 - half)
        for middle in range(max(0, len(window) - half), len(window)):
            yield self._lifted(window, middle)

    def _lifted(self, window: Sequence[Frame], middle: int) -> Frame:
        frame, before = window[middle], self._size
        self._size = size = frame.image.shape[1::-1]
        if before not in (None, size) and self._is_video:
            raise ValueError(
                f'{frame.path}: frame {frame.index} has {size[0]}x{size[1]} pixels, where those '
                f'before have {before[0]}x{before[1]}; one camera takes images of one size'
            )
        if self._space is None or not self._is_video:
            self._space = make_space(size, self._options, None if self._is_video else 1)
        self._lifter.lift(window, middle, self._space, self._smoother)
        return frame


def _smoothed(smoother: Smoother, ids: np.ndarray, heights: np.ndarray, time: float, points: np.ndarray) -> np.ndarray:
    """Return points in space, (P, 37, 3), smoothed over time; those who have no place in it are NaN."""
    return smoother.update(ids, points, np.isfinite(points).all(-1).astype(float), heights, time)


def make_space(size: tuple[int, int], options: LiftingOptions, warm_up: int | None = None) -> Space:
    """Return the Space before a camera that takes images of `size`, (width, height) in pixels.

    Args:
        size: (width, height) in pixels.
        options: LiftingOptions.
        warm_up: in place of that of the options.

    Raises:
        FileNotFoundError: there is no such calibration file.
        ValueError: the camera is one of images of another shape.
    """
    warm_up, given, camera = warm_up or options.warm_up, options.camera, _camera(options.camera)
    if camera is None:
        camera = Camera.from_field_of_view(size, options.field_of_view)
    else:
        with reading('camera' if given is None or isinstance(given, Camera) else given, 'does not fit'):
            camera = camera.for_size(size)
    return Space(camera, options.coordinates, options.height, warm_up)


def _camera(given: Camera | str | os.PathLike | None) -> Camera | None:
    """Return the given Camera, that of a file, or None.

    Raises:
        FileNotFoundError, ValueError: it is a file that is not there, or not of one camera.
    """
    if given is None or isinstance(given, Camera):
        return given
    cameras = read_cameras(given)
    if len(cameras) > 1:
        raise ValueError(
            f'{given} is of {len(cameras)} cameras; pass one of them as '
            f'camera=read_cameras(path)[i]: {", ".join(camera.name for camera in cameras)}'
        )
    return cameras[0]


def _network_input(people: People, number: int, camera: Camera, min_score: float) -> tuple[np.ndarray, np.ndarray]:
    """Return one of the People's keypoints in normalised camera space, zero where not visible, and the mask."""
    visible = people.scores[number] >= min_score
    rays = np.where(visible[:, None], camera.rays(people.keypoints[number]), 0)
    return rays.astype(np.float32), visible.astype(np.float32)
