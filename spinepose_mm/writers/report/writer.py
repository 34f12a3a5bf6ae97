"""A report to read and to print: one HTML file that needs nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import cv2
import matplotlib
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.analysis.coverage import Coverage
from spinepose_mm.io.atomic import replacing
from spinepose_mm.visualization.drawing import draw_bones, draw_people
from spinepose_mm.wording import counted
from spinepose_mm.writers.base import Writer

from . import figures as figures
from . import page as page
from .history import Recording
from .missing import BIASED, missing
from .shapes import shapes
from .style import clock, to_svg
from .table import numbers

if TYPE_CHECKING:
    from spinepose_mm.io.paths import StrPath
    from spinepose_mm.structures.frame import Frame

    from .history import Shot, Track
    from .missing import Missing

MOST_PEOPLE, LEAST_FRAMES = 6, 10  # people of a video that are shown, and frames that they are in
MOST_IMAGES = 24
_TILE, _IMAGE = 280, 800  # pixels: height of a person's images, and the longer side of a whole one
_ROOM = 1.15  # height of a person's images in the person's sizes


class ReportWriter(Writer):
    """A report of a video or of images: images with keypoints, curves, shapes of the spine and tables of numbers.

    A video's report shows the people who are in the most frames, each with images, measures over time, the shape of
    the spine, the time in each range of trunk inclination, and a table. A report of images shows each with a table.
    Memory is constant: measures and cut-out images wait in temporary files, and at the end one measure of one person
    is read at a time. The same frames give the same bytes. Without a frame there is no file.

    Raises:
        IsADirectoryError: the file's place is taken by a folder.
        ValueError: people of a video have no track ids.
    """

    def __init__(self, path: StrPath, frame_rate: float | None, spine_only: bool = False, **kwargs: Any) -> None:
        super().__init__(path, frame_rate, spine_only, **kwargs)
        if self.path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, where a file is to be written')
        self.spine_only = spine_only
        self._name: str | None = None
        # Pixels mean nothing to a reader.
        self.shown = {name: unit for name, unit in self.measures.items() if unit != 'px'}
        self.coverage = Coverage(measures=bool(self.shown))
        self._content = _Images(self) if frame_rate is None else _Video(self, frame_rate)
        self.ending.callback(self._content.close)
        self.at_end(self._finish)

    def write(self, frame: Frame) -> None:
        """Take a frame in."""
        self._content.add(frame)
        self.coverage.add(frame.people)
        self._name = self._name or Path(frame.path).name

    def _finish(self) -> None:
        if self._name is not None:
            with replacing(self.path) as file:
                self._content.write(file, self._name)


class _Images:
    """Independent images; their part of the page waits in a file."""

    def __init__(self, options: ReportWriter) -> None:
        self._options, self._count, self._people = options, 0, 0
        self._file = TemporaryFile('w+', encoding='utf-8', errors='backslashreplace', newline='\n')
        self.close = self._file.close

    def add(self, frame: Frame) -> None:
        options = self._options
        self._count += 1
        self._people += len(frame.people)
        if self._count > MOST_IMAGES:
            return
        if frame.people.ids is None:
            frame = replace(frame, people=replace(frame.people, ids=np.arange(len(frame.people))))
        drawn = draw_people(frame.image, frame.people, options.min_confidence, options.spine_only)
        scale = min(1, _IMAGE / max(drawn.shape[:2]))
        size = [max(1, round(scale * side)) for side in drawn.shape[1::-1]]
        drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
        self._file.write(page.image_section(frame, drawn, options.shown, MOST_PEOPLE))

    def write(self, file: IO[str], name: str) -> None:
        title, coverage = name if self._count == 1 else f'{self._count} images', self._options.coverage
        facts = [
            page.detected(self._people),
            f'the first {MOST_IMAGES} are shown' * (self._count > MOST_IMAGES),
            page.nothing_measured(coverage, 'images'),
        ]
        file.write(page.begin(title, filter(None, facts), self._options.about, coverage.warning))
        self._file.seek(0)
        shutil.copyfileobj(self._file, file)
        file.write(page.end(self._options.shown, False))


class _Video:
    """A video with tracked people."""

    def __init__(self, options: ReportWriter, frame_rate: float) -> None:
        self._options, self._rate, self._has_ranges = options, frame_rate, False
        self._video = Recording(options.shown, options.min_confidence)
        self.close = self._video.close

    def add(self, frame: Frame) -> None:
        if frame.people.ids is None and len(frame.people):
            raise ValueError(f'{self._options.path}: a report follows people through a video, and these have no ids')
        self._video.add(frame)

    def write(self, file: IO[str], name: str) -> None:
        video, rate = self._video, self._rate
        often = sorted(video.people, key=lambda person: (-video.people[person].frames, person))
        least = min(LEAST_FRAMES, video.people[often[0]].frames) if often else 0
        shown = [person for person in often if video.people[person].frames >= least][:MOST_PEOPLE]
        facts = [
            clock(video.last - video.first + 1 / rate),
            counted(video.frames, 'frame'),
            f'{rate:.5g} frames a second',
            page.detected(len(often)),
            'measured in 3D' if self._options.coordinates else 'measured in the image',
            page.nothing_measured(self._options.coverage),
        ]
        file.write(page.begin(name, filter(None, facts), self._options.about, self._options.coverage.warning))
        others = len(often) - len(shown)
        if others:
            file.write(
                f'<p>The {len(shown)} people who are in the most frames are shown; '
                f'{counted(others, "other is", "others are")} left out.</p>\n'
            )
        for person in shown:
            file.writelines(self._person(person))
        file.write(page.end(self._options.shown if shown else (), self._has_ranges))

    def _person(self, person: int) -> Iterator[str]:
        """Yield a person's part of the page."""
        options, video = self._options, self._video
        track, counts, shots = video.track(person), video.people[person], video.shots(person)
        colors = [
            matplotlib.colors.to_hex(color)
            for color in matplotlib.colormaps['viridis'](np.linspace(0, 0.88, len(shots)))
        ]
        share = 100 * counts.frames / video.frames
        yield (
            f'<section class="person" id="person-{person}">\n<div class="keep"><h2>Person {person}</h2>\n'
            f'<p class="facts">In {counts.frames} of {counted(video.frames, "frame")} ({share:.0f} %), '
            f'from {clock(track.times[0])} to {clock(track.times[-1])}</p>\n'
        )
        yield page.strip([self._tile(shot, shots) for shot in shots], shots, colors) + '</div>\n'
        yield page.views(track)
        find_missing = cache(lambda name: missing(track, name, video))
        yield '<div class="figures">\n' + ''.join(self._charts(person, track, shots, colors, find_missing)) + '</div>\n'
        yield page.apart(list(self._curves(person, track, lambda name: None, hidden=True)))
        yield numbers(track, options.shown, find_missing)
        yield page.rarely_visible(counts, options.keypoints) + '</section>\n'

    def _charts(
        self,
        person: int,
        track: Track,
        shots: Sequence[Shot],
        colors: Sequence[str],
        find_missing: Callable[[str], Missing],
    ) -> Iterator[str]:
        """Yield the reliable charts of a person: shapes of the spine, ranges of the trunk, curves."""
        options = self._options
        figure = shapes(shots, colors, options.coordinates)
        if figure:
            unit = 'cm' if options.coordinates else 'pixels'
            yield page.chart(
                'Shape of the spine',
                f'from S1 upward, {unit}',
                to_svg(figure, f'Shape of the spine of person {person}'),
            )
        if 'trunk_inclination' in options.shown:
            gaps = find_missing('trunk_inclination')
            figure = figures.ranges(track.values('trunk_inclination'), 1 / self._rate, gaps)
            if figure:
                self._has_ranges = True
                biased = f' {BIASED} Lines show what each share may be of all frames.'
                yield page.chart(
                    'Trunk inclination',
                    figures.RANGES_NOTE,
                    to_svg(figure, f'Trunk inclination of person {person}'),
                    gaps.sentence() and gaps.sentence() + biased,
                )
        yield from self._curves(person, track, find_missing)

    def _curves(
        self, person: int, track: Track, find_missing: Callable[[str], Missing | None], hidden: bool = False
    ) -> Iterator[str]:
        """Yield the panels of curves; `hidden` ones are of frames in which the camera does not show their plane."""
        video = self._video
        for title, note, names in figures.PANELS:
            shown = [name for name in names if name in self._options.shown]
            figure = figures.curves(track, shown, (video.first, video.last, video.frames), hidden)
            if figure:
                gaps = find_missing(shown[0])
                yield page.chart(
                    title, note, to_svg(figure, f'{title} of person {person}'), gaps.sentence() if gaps else ''
                )

    def _tile(self, shot: Shot, shots: Sequence[Shot]) -> np.ndarray:
        """Return a shot with the spine drawn, in the scale of all of them."""
        size = _ROOM * max(other.size / other.scale for other in shots) * shot.scale
        tile, points = shot.cut(max(size, _ROOM * shot.size), _TILE)
        spine = np.isin(np.arange(skeleton.NUM_KEYPOINTS), skeleton.SUBSETS['spine'])
        draw_bones(tile, points, shot.visible & spine, 2.5, 1)
        return tile
