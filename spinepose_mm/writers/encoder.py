"""Base class of video encoders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    import numpy as np

    from spinepose_mm.io.paths import StrPath


class Encoder:
    """A video that is written image by image, in the calls of OpenCV's writer: `_open`, `_add` and `_finish` do it.

    Until `release` it is beside its place, named `.part`. Images of odd sizes get one more row or column, a copy of the
    last, since colour is stored at half the resolution.

    Args:
        path: of the video.
        rate: frames a second, over 0.
        size: (width, height) of the images in pixels.

    Raises:
        OSError: it cannot be opened for writing.
    """

    def __init__(self, path: StrPath, rate: float, size: tuple[int, int]) -> None:
        width, height = size
        self.path, self.rate, self.size = Path(path), rate, (width + width % 2, height + height % 2)
        # FFmpeg goes by the ending, and takes what is before a colon for a protocol.
        self._part = self.path.with_name(f'{self.path.stem}.part{self.path.suffix}').absolute()
        self._count, self._is_open = 0, True
        with self._naming(f' in {width}x{height} at {rate:g} frames a second'):
            self._open()

    def write(self, image: np.ndarray, time: float | None = None) -> None:
        """Add an image.

        Args:
            image: (height, width, 3), uint8, BGR.
            time: seconds, later than that of the image before; at the frame rate after it by default. PyAV alone keeps
                it: the others show all images for the same time.

        Raises:
            OSError: it cannot be written.
        """
        height, width = image.shape[:2]
        with self._naming():
            self._add(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), time)
        self._count += 1

    def release(self) -> None:
        """Put the video in its place; where it is there, or discarded, do nothing.

        Raises:
            OSError: it could not be written whole; nothing of it is left.
        """
        if not self._is_open:
            return
        with self._naming():
            self._finish()
            video = cv2.VideoCapture(str(self._part))
            count = video.get(cv2.CAP_PROP_FRAME_COUNT)  # of .webm, its length times the rate
            video.release()
            if abs(count - self._count) > 1 + 0.01 * self._count:  # OpenCV raises no error when the disk is full
                raise OSError(f'of {self._count} frames {count:.0f} are in it; is the disk full?')
            os.replace(self._part, self.path)
        self._is_open = False

    def discard(self) -> None:
        """Remove what was written, unless it is released; what was in the video's place before stays."""
        if self._is_open:
            self._is_open = False
            with suppress(Exception):  # of what is thrown away
                self._finish()
            self._part.unlink(missing_ok=True)

    def _open(self) -> None:
        raise NotImplementedError

    def _add(self, image: np.ndarray, time: float | None) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError

    @contextmanager
    def _naming(self, how: str = '') -> Iterator[None]:
        """Turn any error into an OSError that names the video, and remove what was written."""
        try:
            yield
        except (OSError, OverflowError, RuntimeError, ValueError) as error:
            self.discard()
            raise OSError(f'{self.path} cannot be written{how}: {error}') from error
