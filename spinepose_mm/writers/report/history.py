"""The people of a video, frame by frame: measures on disk, and images of them spread evenly over the video."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spinepose_mm import deprecated, skeleton
from spinepose_mm.analysis import MEASURES, VIEWS, shows
from spinepose_mm.io.image import decode

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import Frame

SHOTS = 8  # images of each person that are shown
_WINDOW, _MARGIN = 2.0, 0.1  # height of what is kept around a person, and what of it is below, in the person's sizes
_KEPT_PIXELS = 560  # of that height
_SHAPE = 3 / 4  # width over height of the images
_BEYOND = (236, 236, 236)  # where an image goes beyond the frame
_QUALITY_OF_KEPT = 95


class Spread:
    """Keeps items of a stream evenly spread over it, without knowing how long it is: from `most` / 2 to `most`."""

    def __init__(self, most: int) -> None:
        self.items: list[Any] = []
        self._most, self._every, self._count = most, 1, 0

    def offer(self, make: Callable[[], Any]) -> None:
        """Keep what `make` returns, if it is this item's turn."""
        if self._count % self._every == 0:
            self.items.append(make())
            if len(self.items) > self._most:
                self.items = self.items[::2]
                self._every *= 2
        self._count += 1

    def pick(self, count: int) -> list[Any]:
        """Return up to `count` of the items, evenly spread."""
        picked = np.linspace(0, len(self.items) - 1, min(count, len(self.items))).round().astype(int)
        return [self.items[i] for i in picked]


@dataclass
class Shot:
    """A person in a frame, cut out.

    Attributes:
        time: seconds.
        image: (H, W, 3), uint8, BGR.
        scale: of the frame's pixels to those of it.
        size: of the person in pixels of it: the height of the box, or four thirds of its width.
        keypoints: pixels of it, (37, 2).
        visible: which of them are visible, (37,).
        points: metres, (37, 3), NaN where there are none.
        view: view of the person, out of VIEWS, None where views are not estimated.
    """

    time: float
    image: np.ndarray
    scale: float
    size: float
    keypoints: np.ndarray
    visible: np.ndarray
    points: np.ndarray
    view: str | None = None
    seen = deprecated.attribute('seen', 'visible')

    def cut(self, size: float, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Return image and keypoints of a part of it, `size` high, scaled to a height of so many pixels."""
        h, w = self.image.shape[:2]
        size = min(size, self.size * _WINDOW)
        low = h - self.size * _MARGIN + 0.05 * size  # the box's lower edge is the same everywhere
        part, scale, shift = _cut(self.image, w / 2 - _SHAPE * size / 2, low - size, size, height)
        return part, self.keypoints * scale + shift


@dataclass
class PersonCounts:
    """What is kept of a person in memory: number of frames, of those with each keypoint, and where the shots are."""

    frames: int = 0
    keypoints: np.ndarray = field(default_factory=lambda: np.zeros(skeleton.NUM_KEYPOINTS, int))
    shots: Spread = field(default_factory=lambda: Spread(4 * SHOTS))


class Recording:
    """The people of a video, in constant memory; `close` it in the end.

    Args:
        measures: names.
        min_confidence: threshold under which a keypoint counts as not visible.
    """

    def __init__(self, measures: Iterable[str], min_confidence: float) -> None:
        self.frames, self.first, self.last = 0, np.nan, np.nan
        self.people: dict[int, PersonCounts] = {}
        self._measures, self._min_confidence = list(measures), min_confidence
        self._dtype = np.dtype(
            [
                ('id', 'i8'),
                ('frame', 'i8'),
                ('time', 'f8'),
                ('view', 'u1'),
                ('visible', '?', skeleton.NUM_KEYPOINTS),
                ('values', 'f8', (len(self._measures),)),
                ('errors', 'f4', (len(self._measures),)),
            ]
        )
        self._rows, self._shots = TemporaryFile(), TemporaryFile()

    def close(self) -> None:
        self._rows.close()
        self._shots.close()

    def add(self, frame: Frame) -> None:
        """Add a Frame, whose people have track ids."""
        self.first, self.last = (frame.time if self.frames == 0 else self.first), frame.time
        self.frames += 1  # before its people, since a run may be interrupted between the two
        if len(frame.people):
            self._add_people(frame)

    def _add_people(self, frame: Frame) -> None:
        people = frame.people
        assert people.ids is not None  # the writer refuses others
        rows = np.zeros(len(people), self._dtype)
        rows['id'], rows['frame'], rows['time'] = people.ids, self.frames - 1, frame.time
        rows['view'] = len(VIEWS) if people.views is None else [VIEWS.index(view) for view in people.views]
        for i, name in enumerate(self._measures):
            rows['values'][:, i] = people.measures.get(name, np.nan)
            rows['errors'][:, i] = people.measure_errors.get(name, np.nan)
        rows['visible'] = people.confidence >= self._min_confidence
        self._rows.write(rows.tobytes())
        for i, person in enumerate(people.ids.tolist()):
            counts = self.people.setdefault(person, PersonCounts())
            counts.frames += 1
            counts.keypoints += rows['visible'][i]
            counts.shots.offer(partial(self._keep, frame, i))

    def _keep(self, frame: Frame, i: int) -> int:
        """Write a shot of the i-th person to disk; return where it is."""
        people = frame.people
        # What is beyond the frame does not count: there may be a lot of it.
        x, y, right, low = people.boxes[i].clip(0, [*frame.image.shape[1::-1]] * 2)
        size = max(8.0, low - y, (right - x) / _SHAPE)
        height = _WINDOW * size
        image, scale, shift = _cut(
            frame.image,
            (x + right) / 2 - _SHAPE * height / 2,
            low + _MARGIN * size - height,
            height,
            min(_KEPT_PIXELS, round(height)),
        )
        data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY_OF_KEPT])[1]
        visible = people.confidence[i] >= self._min_confidence
        points = np.full((skeleton.NUM_KEYPOINTS, 3), np.nan) if people.points is None else people.points[i]
        place = self._shots.seek(0, 2)
        pickle.dump(
            Shot(
                frame.time,
                data,
                scale,
                size * scale,
                people.keypoints[i] * scale + shift,
                visible,
                points,
                None if people.views is None else str(people.views[i]),
            ),
            self._shots,
        )
        return place

    def shots(self, person: int) -> list[Shot]:
        """Return up to SHOTS Shots of a person."""
        shots = []
        for place in self.people[person].shots.pick(SHOTS):
            self._shots.seek(place)
            shots.append(pickle.load(self._shots))
            shots[-1].image = decode(shots[-1].image)
        return shots

    def track(self, person: int) -> Track:
        """Return the Track of a person."""
        self._rows.flush()
        rows = np.memmap(self._rows, self._dtype, 'r')
        return Track(rows, np.flatnonzero(rows['id'] == person), self._measures)


class Track:
    """A person's measures over a video; one of them is read from disk at a time."""

    def __init__(self, rows: np.ndarray, chosen: np.ndarray, measures: list[str]) -> None:
        self._rows, self._chosen, self._measures = rows, chosen, measures
        self.frames, self.times = rows['frame'][chosen], rows['time'][chosen]

    @property
    def views(self) -> np.ndarray:
        """The view of each frame: numbers in VIEWS, and the one after them where views are not estimated, (N,)."""
        return self._rows['view'][self._chosen]

    @property
    def visible(self) -> np.ndarray:
        """Which keypoints are visible in each frame in which the person is, (N, 37)."""
        return self._rows['visible'][self._chosen]

    def values(self, measure: str, hidden: bool = False) -> np.ndarray:
        """Return a measure in each frame in which the person is, NaN where the camera does not show its plane, (N,).

        Args:
            measure: its name.
            hidden: whether to return those where the camera does not show its plane, and NaN where it does.
        """
        values = self._rows['values'][:, self._measures.index(measure)][self._chosen]
        shown = self.shown(MEASURES[measure].plane)
        return np.where(shown != hidden, values, np.nan)

    def errors(self, measure: str) -> np.ndarray:
        """Return half of the interval of a measure in each frame, NaN where there is none, (N,)."""
        return self._rows['errors'][:, self._measures.index(measure)][self._chosen]

    def shown(self, plane: str) -> np.ndarray:
        """Return in which frames the camera shows a plane, (N,); in all where views are not estimated."""
        return np.append(shows(VIEWS, plane), True)[self.views]


def _cut(image: np.ndarray, x: float, y: float, size: float, height: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Cut a part of `size` pixels of height out of an image, which may go beyond it, and scale it to another height.

    Returns:
        tuple: the part, and scale and shift from the image's pixels to those of the part.
    """
    w, h = max(1, round(_SHAPE * size)), max(1, round(size))
    x, y = round(x), round(y)
    inner = image[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    canvas = np.full((h, w, 3), _BEYOND, np.uint8)
    top, left = max(0, -y), max(0, -x)
    canvas[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    scale = height / h
    part = cv2.resize(canvas, (max(1, round(_SHAPE * height)), height), interpolation=cv2.INTER_AREA)
    return part, scale, -scale * np.array([x, y])
