from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing
from spinepose_mm.io.paths import legible

from .base import Writer, part_folder, rounded

if TYPE_CHECKING:
    from pathlib import Path

    from spinepose_mm.structures.frame import Frame

_AXES = {'camera': np.array([1, -1, -1]), 'world': np.array([1, 1, 1])}  # to Y up


class _Rows(NamedTuple):
    """What a person's file has so far: the first and the last frame, and the time of the last in seconds."""

    first: int
    last: int
    time: float

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class TrcWriter(Writer):
    """Marker files for OpenSim, of each person one: `<stem>_P<id>.trc`, in metres, Y up, 5 decimals.

    Markers are named as Pose2Sim's (`skeleton.POSE2SIM`). A file begins and ends with its person's first and last
    frame. Frames are numbered as in the video, and those between in which the person was not detected have no
    markers. Since the format has no scores, keypoints that are not visible (a confidence under `min_confidence`) are
    missing markers too. These are written as NaN: OpenSim's TimeSeriesTable takes no empty cells, and its MarkerData no
    blanks. Without detections there is no file.

    The format is in metres, so that it needs 3D poses.

    Raises:
        ValueError: the people are in 2D, or the frames are images without a frame rate.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.coordinates is None:
            raise ValueError(
                f'{self.path}: TRC files hold markers in metres, which 2D keypoints are not: lift the people to 3D'
            )
        self._axes = _AXES[self.coordinates]
        if self.frame_rate is None:
            raise ValueError(f'{self.path}: TRC files are of videos: these are images without a frame rate')
        self._people: dict[int, _Rows] = {}
        self._bodies = self.ending.enter_context(part_folder(self.path))
        self.at_end(self._finish)

    def write(self, frame: Frame) -> None:
        """Write the people of a frame.

        Raises:
            ValueError: people have no track ids.
        """
        people = frame.people
        if people.points is None or not len(people):
            return
        if people.ids is None:
            raise ValueError(f'{self.path}: TRC files are of one person each, and people have no ids')
        points = np.where((people.confidence >= self.min_confidence)[..., None], people.points, np.nan)
        points = rounded(points * self._axes, 5)[:, self.keypoints]
        for number, person in zip(people.ids.tolist(), points):
            if np.isfinite(person).all(-1).any():
                self._append(number, frame, person)

    @property
    def files(self) -> list[Path]:
        """Paths of what was written, once it is closed."""
        return [self.path.with_name(f'{self.path.stem}_P{number}.trc') for number in self._people]

    def _append(self, number: int, frame: Frame, person: np.ndarray) -> None:
        """Write a person's row, and before it those of the frames since the last one."""
        rows = self._people.get(number)
        empty = '\tNaN' * person.size
        with open(self._body(number), 'a' if rows else 'w', encoding='utf-8', newline='\n') as file:
            if rows:
                step = (frame.time - rows.time) / (frame.index - rows.last)
                for i in range(1, frame.index - rows.last):
                    file.write(f'{rows.last + i}\t{rows.time + i * step:.6f}{empty}\n')
            cells = ''.join(
                '\tNaN' * 3 if np.isnan(point).any() else ''.join(f'\t{value:.5f}' for value in point)
                for point in person
            )
            file.write(f'{frame.index}\t{frame.time:.6f}{cells}\n')
        self._people[number] = _Rows(rows.first if rows else frame.index, frame.index, frame.time)

    def _finish(self) -> None:
        for (number, rows), path in zip(self._people.items(), self.files):
            with replacing(path) as file, open(self._body(number), encoding='utf-8') as body:
                file.write(self._header(legible(path.name), rows))
                # Only counted rows: after an interruption there may be half a row more.
                file.writelines(islice(body, rows.length))

    def _header(self, name: str, rows: _Rows) -> str:
        markers = [skeleton.POSE2SIM[i] for i in self.keypoints]
        rate = f'{self.frame_rate:.8g}'
        return '\n'.join(
            [
                f'PathFileType\t4\t(X/Y/Z)\t{name}',
                'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames',
                f'{rate}\t{rate}\t{rows.length}\t{len(markers)}\tm\t{rate}\t{rows.first}\t{rows.length}',
                'Frame#\tTime\t' + '\t\t\t'.join(markers) + '\t\t',
                '\t\t' + '\t'.join(f'X{i}\tY{i}\tZ{i}' for i in range(1, len(markers) + 1)),
                '',
            ]
        )

    def _body(self, number: int) -> Path:
        return self._bodies / f'P{number}'
