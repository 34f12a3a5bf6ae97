"""Stages of inference in images, called one after the other on each frame: detect, estimate, track, smooth.

Each object is of one input and one call. Measuring is `spinepose_mm.analysis.Measurer`'s, lifting in `lifter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

import numpy as np
import torch

from spinepose_mm.io.prefetch import prefetch
from spinepose_mm.io.sources import Source
from spinepose_mm.structures.frame import Frame, People, no_people
from spinepose_mm.tracking.one_euro import Smoother
from spinepose_mm.tracking.propagation import propagate_boxes
from spinepose_mm.tracking.subject import Subject
from spinepose_mm.tracking.tracker import PoseTracker

from .boxes import Boxes
from .errors import naming


@dataclass
class Candidate:
    """A frame whose people are to be estimated.

    Attributes:
        frame: Frame.
        is_due: whether the detector is to run on it; otherwise boxes are propagated.
        boxes: of the people, (P, 4 or 5), where they were detected in parallel with the frame before.
    """

    frame: Frame
    is_due: bool
    boxes: np.ndarray | None = None


class Detection:
    """Stage 1: the bounding boxes of people, given by the user, detected, or propagated from the frame before.

    Args:
        source: Source.
        detect: function of an image (H, W, 3) that returns boxes x1, y1, x2, y2 and score, (P, 5).
        boxes: the user's, in place of a detector's, or None.
        every: the detector runs on one of so many frames.
        overlaps: whether it runs on the next frame in a thread, while this one's keypoints are predicted.

    Attributes:
        estimated: the People of the frame before.
    """

    def __init__(
        self,
        source: Source,
        detect: Callable[[np.ndarray], np.ndarray],
        boxes: Boxes | None = None,
        every: int = 1,
        overlaps: bool = False,
    ) -> None:
        self.estimated = no_people()
        self._source, self._detect, self._boxes, self._every = source, detect, boxes, every
        self._overlaps = overlaps
        # Boxes are asked for from the first frame on whose people are not in a cache.
        self._is_asked = Event()

    def frames(self) -> Iterator[Candidate]:
        """Yield the frames of the source."""
        return prefetch(self._frames(), 1) if self._overlaps else self._frames()

    def _frames(self) -> Iterator[Candidate]:
        torch.get_num_threads()  # a thread keeps for good what torch has when it first asks, see one_torch_thread
        for count, frame in enumerate(self._source):
            is_due = count % self._every == 0
            in_parallel = self._overlaps and is_due and self._is_asked.is_set()
            if self._boxes is not None:
                self._boxes.meet(frame)
            yield Candidate(frame, is_due, self._of(frame) if in_parallel else None)
        if self._boxes is not None:
            self._boxes.tell_unused(self._source.path)

    def boxes(self, candidate: Candidate) -> np.ndarray:
        """Return the boxes of the people in a frame, (P, 4 or 5)."""
        self._is_asked.set()
        if not candidate.is_due:
            return propagate_boxes(self.estimated, candidate.frame.image.shape[1::-1])
        return self._of(candidate.frame) if candidate.boxes is None else candidate.boxes

    def _of(self, frame: Frame) -> np.ndarray:
        with naming(*frame.place):
            return self._detect(frame.image) if self._boxes is None else self._boxes.of(frame)


class Cache(Protocol):
    """What keeps the estimates of an input, such as `spinepose_mm.inference.cache.EstimateCache`."""

    def read(self, frame: Frame) -> People | None:
        """Return the people of the next frame, None where they are to be estimated."""

    def add(self, frame: Frame, people: People) -> People:
        """Keep the people of that frame, and return them as they will be read."""


class Estimation:
    """Stage 2: the people in the boxes of a frame, from the cache where it has them; then no boxes are needed.

    Args:
        predict: function of an image (H, W, 3) and boxes (P, 4 or 5) that returns People.
        detection: Detection, asked for the boxes.
        cache: Cache, or None.
    """

    def __init__(
        self, predict: Callable[[np.ndarray, np.ndarray], People], detection: Detection, cache: Cache | None = None
    ) -> None:
        self._predict, self._detection, self._cache = predict, detection, cache

    def people(self, candidate: Candidate) -> People:
        """Return the People of a frame, who have no ids yet."""
        frame = candidate.frame
        people = None if self._cache is None else self._cache.read(frame)
        if people is None:
            boxes = self._detection.boxes(candidate)
            with naming(*frame.place):
                people = self._predict(frame.image, boxes)
            if self._cache is not None:
                people = self._cache.add(frame, people)
        return people


class Tracking:
    """Stage 3: track ids, and the choice of the subject. Each image that is no part of a video has its own.

    Args:
        source: Source.
        subject: see `spinepose_mm.tracking.subject.Subject`.
    """

    def __init__(self, source: Source, subject: str | int | Sequence[float]) -> None:
        self._is_video, self._rate, self._choice = source.is_video, source.frame_rate or 1.0, subject
        self._begin()

    def _begin(self) -> None:
        self._tracker, self._subject = PoseTracker(self._rate), Subject(self._choice, self._rate)

    def people(self, frame: Frame, people: People) -> People:
        """Return the chosen ones of a frame's People, with ids."""
        if not self._is_video:
            self._begin()
        people = self._tracker.update(people, frame.time if self._is_video else None)
        return self._subject.update(people, frame.image.shape[1::-1])


class Smoothing:
    """Stage 4: keypoints that are smoothed over time, in the unit of the image."""

    def __init__(self) -> None:
        self._smoother = Smoother()

    def people(self, frame: Frame, people: People) -> People:
        """Return the People of a frame with smoothed keypoints."""
        assert people.ids is not None  # they are tracked
        points = self._smoother.update(
            people.ids, people.keypoints, people.confidence, people.sizes.clip(1), frame.time
        )
        return replace(people, keypoints=points)
