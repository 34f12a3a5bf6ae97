"""Annotated pictures and annotated films."""
import os
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from spinepose_mm.inference.drawing import draw_people, draw_views
from spinepose_mm.paths import is_utf8

from .base import Writer

#: Codecs of a film's file, of which the first is taken that OpenCV can write; from pip, it can write no H.264.
CODECS = {'.mp4': ('avc1', 'mp4v'), '.mov': ('avc1', 'mp4v'), '.avi': ('MJPG', ), '.webm': ('VP80', )}
_QUALITY = 92  # of JPEG


class _Painter(Writer):
    """A writer of frames with their people drawn in."""

    def __init__(self, path, frame_rate, spine_only=False, **kwargs):
        super().__init__(path, frame_rate, spine_only, **kwargs)
        self._spine_only = spine_only

    def _draw(self, frame):
        """Return a frame with its people, and, where they are lifted, from the side and the front beside."""
        options = dict(least_score=self.least_score, spine_only=self._spine_only)
        if self.coordinates:
            return draw_views(frame.image, frame.people, self.coordinates, **options)
        return draw_people(frame.image, frame.people, **options)


class PicturesWriter(_Painter):
    """Writes pictures with their people to a folder, under the names of the inputs.

    A film's are named by its name and the frame's number. PNG stays PNG, all else becomes JPEG. `path` is the folder.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._names = set()

    def write(self, frame):
        """Draw a frame.

        Raises:
            ValueError: an input would be overwritten, or there was another of that name.
            OSError: it cannot be written.
        """
        source = Path(frame.path)
        ending = '.png' if source.suffix.lower() == '.png' else '.jpg'
        if self.frame_rate is None:
            path = self.path / (source.stem + ending)
            if source.exists() and source.resolve().parent == self.path.resolve():
                raise ValueError(f'{self.path} is the folder of {source.name} itself: choose another for the results')
            if path.name in self._names:
                raise ValueError(f'{source}: {path} was written for another picture of that name')
            self._names.add(path.name)
        else:
            path = self.path / f'{source.stem}_{frame.index:06d}{ending}'
        done, data = cv2.imencode(ending, self._draw(frame), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            raise OSError(f'{path}: OpenCV cannot encode the picture')
        self.path.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + '.part')
        try:
            part.write_bytes(data)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


class VideoWriter(_Painter):
    """Writes a film with its people: .mp4 or .mov (H.264, or MPEG-4 part 2), .avi (Motion JPEG) or .webm (VP8).

    Browsers and some phones play no MPEG-4 part 2, which is what .mp4 holds where OpenCV has no H.264; they play .webm.
    The same frames give the same bytes but for .webm, which FFmpeg gives a random identity. All frames get the size of
    the first; others are fitted into it. Without a frame there is no file.

    Raises:
        ValueError: the file has another ending, or there is no frame rate.
    """

    def __init__(self, path, frame_rate, *args, **kwargs):
        super().__init__(path, frame_rate, *args, **kwargs)
        if self.path.suffix.lower() not in CODECS:
            raise ValueError(f'{path}: a film\'s file ends in {", ".join(CODECS)}')
        if not frame_rate or frame_rate <= 0:
            raise ValueError(f'{path}: a film has a frame rate over 0, not {frame_rate}')
        if self.path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, where a file is to be written')
        if not is_utf8(path):
            raise ValueError(f'{path}: OpenCV writes videos under names in UTF-8 only')
        self.ending.callback(self._clean_up)
        self.at_end(self._finish)
        self._part = self.path.with_name(f'{self.path.stem}.part{self.path.suffix}')  # FFmpeg goes by the ending
        self._writer = self._size = None
        self._count = 0

    def write(self, frame):
        """Add a frame.

        Raises:
            ValueError: it comes from the very file that is written.
            OSError: the file cannot be opened for writing.
        """
        if self._writer is None and Path(frame.path).resolve() == self.path.resolve():
            raise ValueError(f'{self.path} is the input itself: choose another name for the result')
        drawn = self._draw(frame)
        if self._writer is None:
            self._size = drawn.shape[1::-1]
            self._writer = self._open()
        self._writer.write(_fit(drawn, self._size))
        self._count += 1

    def _open(self):
        # MPEG-4 has a time base of 16 bits, which OpenCV fills with the rate in thousandths where it needs to.
        rate = round(self.frame_rate, 3 if self.frame_rate < 65 else 2)
        for codec in CODECS[self.path.suffix.lower()]:
            with _quiet():  # FFmpeg tells of each codec that it lacks
                writer = cv2.VideoWriter(str(self._part), cv2.VideoWriter_fourcc(*codec), rate, self._size)
            if writer.isOpened():
                return writer
        self._part.unlink(missing_ok=True)
        raise OSError(f'{self.path} cannot be written: OpenCV opened it with none of '
                      f'{", ".join(CODECS[self.path.suffix.lower()])} in {self._size[0]}x{self._size[1]} at {rate} '
                      'frames a second')

    def _clean_up(self):
        if self._writer is not None:
            self._writer.release()
            self._part.unlink(missing_ok=True)

    def _finish(self):
        if self._writer is None:
            return
        self._writer.release()
        film = cv2.VideoCapture(str(self._part))
        found = film.get(cv2.CAP_PROP_FRAME_COUNT)  # of .webm, its length times the rate
        film.release()
        if abs(found - self._count) > 1 + .01 * self._count:  # OpenCV does not tell when the disk is full
            raise OSError(f'{self.path} could not be written whole; is the disk full?')
        os.replace(self._part, self.path)


def _fit(image, size):
    """Return an image fitted into (width, height), with black beside where it has another shape."""
    if image.shape[1::-1] == size:
        return image
    scale = min(np.divide(size, image.shape[1::-1]))
    w, h = np.maximum(1, np.round(np.multiply(image.shape[1::-1], scale))).astype(int).tolist()
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - w) // 2, (size[1] - h) // 2
    canvas[y:y + h, x:x + w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    return canvas


@contextmanager
def _quiet():
    """Send what native code writes to the error stream nowhere."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
