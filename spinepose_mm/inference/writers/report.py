"""A report to read and to print: one HTML file that needs nothing else."""
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import cv2
import matplotlib
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.inference.drawing import draw_bones, draw_people

from . import report_figures as figures
from . import report_page as page
from .base import Writer, replacing
from .recording import Recording
from .report_style import clock, to_svg

MOST_PEOPLE, LEAST_FRAMES = 6, 10  # people of a film that are shown, and frames that they are in
MOST_PICTURES = 24
_TILE, _PICTURE = 280, 800  # pixels: height of a person's pictures, and the longer side of a whole one
_ROOM = 1.15  # height of a person's pictures in the person's sizes


class ReportWriter(Writer):
    """A report of a film or of pictures for people who read no tables: what was seen, curves, shapes and numbers.

    Of a film, the people who are there most are shown, each with pictures, measures over time, the shape of the spine,
    how long the trunk was how far inclined, and a table. Of pictures, each is shown with a table. What is held in
    memory does not grow with the frames: measures and cut-out pictures wait in temporary files, and at the end one
    measure of one person is read at a time. The same frames give the same bytes. Without a frame there is no file.

    Raises:
        IsADirectoryError: the file's place is taken by a folder.
        ValueError: people of a film have no ids.
    """

    def __init__(self, path, frame_rate, spine_only=False, **kwargs):
        super().__init__(path, frame_rate, spine_only, **kwargs)
        if self.path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, where a file is to be written')
        self.spine_only, self._name = spine_only, None
        self.shown = {name: unit for name, unit in self.measures.items() if unit != 'px'}  # which tell a reader nothing
        self._content = _Pictures(self) if frame_rate is None else _Film(self)
        self.ending.callback(self._content.close)
        self.at_end(self._finish)

    def write(self, frame):
        """Take a frame in."""
        self._content.add(frame)
        self._name = self._name or Path(frame.path).name

    def _finish(self):
        if self._name is not None:
            with replacing(self.path) as file:
                self._content.write(file, self._name)


class _Pictures:
    """Pictures that have nothing to do with each other; their part of the page waits in a file."""

    def __init__(self, options):
        self._options, self._count, self._people = options, 0, 0
        self._file = TemporaryFile('w+', encoding='utf-8', errors='backslashreplace', newline='\n')
        self.close = self._file.close

    def add(self, frame):
        options = self._options
        self._count += 1
        self._people += len(frame.people)
        if self._count > MOST_PICTURES:
            return
        if frame.people.ids is None:
            frame = replace(frame, people=replace(frame.people, ids=np.arange(len(frame.people))))
        drawn = draw_people(frame.image, frame.people, options.least_score, options.spine_only)
        scale = min(1, _PICTURE / max(drawn.shape[:2]))
        size = [max(1, round(scale * side)) for side in drawn.shape[1::-1]]
        drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
        self._file.write(page.picture(frame, drawn, options.shown, MOST_PEOPLE))

    def write(self, file, name):
        title = name if self._count == 1 else f'{self._count} pictures'
        left_out = [f'the first {MOST_PICTURES} are shown'] if self._count > MOST_PICTURES else []
        file.write(page.begin(title, [page.counted(self._people), *left_out]))
        self._file.seek(0)
        shutil.copyfileobj(self._file, file)
        file.write(page.end(self._options.shown, False))


class _Film:
    """A film, whose people are followed."""

    def __init__(self, options):
        self._options, self._has_ranges = options, False
        self._film = Recording(options.shown, options.least_score)
        self.close = self._film.close

    def add(self, frame):
        if frame.people.ids is None and len(frame.people):
            raise ValueError(f'{self._options.path}: a report follows people through a film, and these have no ids')
        self._film.add(frame)

    def write(self, file, name):
        film, rate = self._film, self._options.frame_rate
        often = sorted(film.people, key=lambda person: (-film.people[person].frames, person))
        least = min(LEAST_FRAMES, film.people[often[0]].frames) if often else 0
        shown = [person for person in often if film.people[person].frames >= least][:MOST_PEOPLE]
        count = '1 frame' if film.frames == 1 else f'{film.frames} frames'
        file.write(page.begin(name, [
            clock(film.last - film.first + 1 / rate), count, f'{rate:.5g} frames a second', page.counted(len(often)),
            'measured in 3D' if self._options.coordinates else 'measured in the picture']))
        if len(often) > len(shown):
            file.write(f'<p>The {len(shown)} people who are in the most frames are shown; {len(often) - len(shown)} '
                       'others are left out.</p>\n')
        for person in shown:
            file.writelines(self._person(person))
        file.write(page.end(self._options.shown if shown else (), self._has_ranges))

    def _person(self, person):
        """Yield a person's part of the page."""
        options, film = self._options, self._film
        track, seen, shots = film.track(person), film.people[person], film.shots(person)
        colors = [matplotlib.colors.to_hex(color) for color in
                  matplotlib.colormaps['viridis'](np.linspace(0, .88, len(shots)))]
        share = 100 * seen.frames / film.frames
        yield (f'<section class="person" id="person-{person}">\n<h2>Person {person}</h2>\n<p class="facts">'
               f'In {seen.frames} of {film.frames} frames ({share:.0f} %), '
               f'from {clock(track.times[0])} to {clock(track.times[-1])}</p>\n')
        yield page.strip([self._tile(shot, shots) for shot in shots], shots, colors)
        yield page.views(track)
        drawn = [figures.shapes(shots, colors, options.coordinates)]
        if 'trunk_inclination' in options.shown:
            drawn.append(figures.ranges(track.values('trunk_inclination'), 1 / options.frame_rate))
            self._has_ranges |= drawn[-1] is not None
        drawn += [figures.curves(title, note, track, [name for name in names if name in options.shown],
                                 (film.first, film.last, film.frames)) for title, note, names in figures.PANELS]
        yield '<div class="figures">\n' + ''.join(
            to_svg(figure, f'{figure.texts[0].get_text()} of person {person}')
            for figure in drawn if figure) + '</div>\n'
        yield page.numbers(track, options.shown, not options.coordinates)
        yield page.unseen(seen, options.keypoints) + '</section>\n'

    def _tile(self, shot, shots):
        """Return a shot with the spine drawn, in the scale of all of them."""
        size = _ROOM * max(other.size / other.scale for other in shots) * shot.scale
        tile, points = shot.cut(max(size, _ROOM * shot.size), _TILE)
        spine = np.isin(np.arange(skeleton.NUM_KEYPOINTS), skeleton.SUBSETS['spine'])
        draw_bones(tile, points, shot.seen & spine, 2.5, 1)
        return tile
