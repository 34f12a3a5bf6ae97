"""Base class of inputs, which are read one frame at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmengine.logging import print_log

from spinepose_mm import deprecated
from spinepose_mm.io.paths import is_utf8, legible

from .prefetch import prefetch

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import Frame


class Source:
    """An input, frame by frame.

    Attributes:
        path: as it was given.
        name: of the file, folder or stream, to name results after.
        is_video: whether frames follow each other in time; otherwise each image stands for itself.
        frame_rate: frames a second; None unless it is a video.
        length: number of frames, None where it is not known; a video's own figure, which may be wrong.
        identity: what distinguishes this input from another one, a list of what JSON takes; None for what cannot be
            read again.
        skipped: number of frames, or of images, that could not be read so far.
        prefetches: whether the next frames are read while one is processed.
    """

    length: int | None = None
    identity: list[Any] | None = None
    frame_rate: float | None = None
    is_video, skipped, prefetches = False, 0, True
    is_film = deprecated.attribute('is_film', 'is_video')
    reads_ahead = deprecated.attribute('reads_ahead', 'prefetches')

    def __init__(self, path: str, name: str) -> None:
        # Results are named after it, by programs too that take no other names than UTF-8.
        self.path, self.name = path, name if is_utf8(name) else legible(name).replace('\\', '_')

    def _read(self) -> Iterator[Frame]:
        """Yield each Frame that can be read, and count the others in `skipped`."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Frame]:
        """Yield each Frame. Those that cannot be read are left out, and counted.

        Raises:
            ValueError: nothing at all could be read.
        """
        count = self.skipped = 0
        for frame in prefetch(self._read()) if self.prefetches else self._read():
            count += 1
            yield frame
        if not count:
            raise ValueError(f'{legible(self.path)} holds nothing that can be read')
        if self.skipped:
            kind = 'frames' if self.is_video else 'images'
            print_log(
                f'{legible(self.path)}: {self.skipped} {kind} could not be read and were left out',
                'current',
                logging.WARNING,
            )

    def __len__(self) -> int:
        return self.length or 0
