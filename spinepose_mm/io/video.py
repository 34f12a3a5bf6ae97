"""Videos, cameras and streams, one frame at a time."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from mmengine.logging import print_log

from spinepose_mm.io.image import MAX_MEGAPIXELS
from spinepose_mm.io.paths import is_utf8, legible
from spinepose_mm.structures.frame import Frame

from .base import Source
from .identity import described

_GUESSED_RATE = 30.0  # frames a second, of cameras and files that do not state one
_PATIENCE = 250  # broken frames in a row after which a video is at its end


class Video(Source):
    """A video file, or a stream by its address ('rtsp://…') or a camera by its number ('webcam:0').

    Args:
        path: of the file, address or number.
        frame_rate: frames a second at which it was taken, where that is another than it is played at (slow motion).
        max_megapixels: of a frame, in millions of pixels.
    """

    is_video = True

    def __init__(self, path: str, frame_rate: float | None = None, max_megapixels: float = MAX_MEGAPIXELS) -> None:
        address = live(path)
        super().__init__(path, Path(path).stem if address is None else re.sub(r'\W+', '_', path))
        self.prefetches = address is None  # a camera sets the pace, and its newest frame is wanted
        with self._opened() as capture:
            size = [capture.get(side) / 1e3 for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
            if np.prod(size) > max_megapixels:
                raise ValueError(
                    f'{path} has frames of {np.prod(size):.4g} megapixels, and at most {max_megapixels:g} '
                    'are decoded, unless max_megapixels is set higher'
                )
            rate = capture.get(cv2.CAP_PROP_FPS)
            self._played_at = rate if 0 < rate < 1000 else _GUESSED_RATE
            self.frame_rate = frame_rate or self._played_at
            if address is None:
                count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
                self.length = count if count > 0 else None
                self.identity = described(path)

    @contextmanager
    def _opened(self) -> Iterator[cv2.VideoCapture]:
        address = live(self.path)
        with TemporaryDirectory() if address is None and not is_utf8(self.path) else nullcontext() as folder:
            path = self.path
            if folder:
                path = os.path.join(folder, legible(Path(path).name))
                os.symlink(os.path.abspath(self.path), path)
            capture = cv2.VideoCapture(path if address is None else address)
            try:
                if not capture.isOpened():
                    raise ValueError(f'{legible(self.path)} cannot be opened as a video')
                yield capture
            finally:
                capture.release()

    def _read(self) -> Iterator[Frame]:
        with self._opened() as capture:
            rate = self._played_at
            taken_at = self.frame_rate or rate
            index, time, failed = 0, -1 / rate, 0
            while True:
                if not capture.grab():
                    # A broken frame does not end the video: more may follow, up to the length that the file states.
                    failed += 1
                    if self.length is None or index >= self.length or failed > _PATIENCE:
                        break
                    continue
                now = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                # Cameras and some files state no times.
                step = now - time if now > time else 1 / rate
                if failed:
                    lost = max(1, round(step * rate) - 1)
                    self.skipped, index, failed = self.skipped + lost, index + lost, 0
                time += step
                decoded, image = capture.retrieve()
                if decoded:
                    yield Frame(index, time * rate / taken_at, self.path, image)
                self.skipped += not decoded
                index += 1
            if self.length and index < self.length:  # it is broken there, or was cut and its header not updated
                print_log(
                    f'{legible(self.path)}: {self.length} frames are said to be in it, and {index} are',
                    'current',
                    logging.WARNING,
                )


def live(path: str) -> int | str | None:
    """Return a camera's number or a stream's address; None for a file."""
    camera = re.fullmatch(r'webcam(?::(\d+))?', path, re.IGNORECASE)
    if camera:
        return int(camera[1] or 0)
    return path if re.match(r'(?!file:)[a-z]+://', path, re.IGNORECASE) else None
