"""Annotated images and annotated videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spinepose_mm.io.atomic import replacing
from spinepose_mm.io.paths import is_utf8
from spinepose_mm.visualization.drawing import draw_people, draw_views

from .base import Writer
from .encoding import encoder_for

if TYPE_CHECKING:
    from spinepose_mm.io.paths import StrPath
    from spinepose_mm.structures.frame import Frame

    from .encoder import Encoder

_QUALITY = 92  # of JPEG


class _Painter(Writer):
    """A writer of frames with their people drawn in."""

    def __init__(self, path: StrPath, frame_rate: float | None, spine_only: bool = False, **kwargs: Any) -> None:
        super().__init__(path, frame_rate, spine_only, **kwargs)
        self._spine_only = spine_only

    def _draw(self, frame: Frame) -> np.ndarray:
        """Return a frame with its people; with 3D poses, views from the side and the front are beside it."""
        if self.coordinates:
            return draw_views(frame.image, frame.people, self.coordinates, self.min_confidence, self._spine_only)
        return draw_people(frame.image, frame.people, self.min_confidence, self._spine_only)


class ImagesWriter(_Painter):
    """Writes images with their people to a folder, under the names of the inputs.

    A video's are named by its name and the frame's number. PNG stays PNG, all else becomes JPEG. `path` is the folder.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names: set[str] = set()

    def write(self, frame: Frame) -> None:
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
                raise ValueError(f'{source}: {path} was written for another image of that name')
            self._names.add(path.name)
        else:
            path = self.path / f'{source.stem}_{frame.index:06d}{ending}'
        done, data = cv2.imencode(ending, self._draw(frame), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            raise OSError(f'{path}: OpenCV cannot encode the image')
        self.path.mkdir(parents=True, exist_ok=True)
        with replacing(path, 'wb') as file:
            file.write(data)


class VideoWriter(_Painter):
    """Writes a video with its people: .mp4 or .mov (H.264 where it can be written), .avi (Motion JPEG) or .webm (VP8).

    The same frames give the same bytes. All frames get the size of the first; others are fitted into it. Each is shown
    at its own time where PyAV writes them. Without a frame there is no file.

    Raises:
        ValueError: the file has another ending, or there is no frame rate.
    """

    def __init__(self, path: StrPath, frame_rate: float | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(path, frame_rate, *args, **kwargs)
        self._encoder = encoder_for(path)
        if not frame_rate or frame_rate <= 0:
            raise ValueError(f'{path}: a video has a frame rate over 0, not {frame_rate}')
        if self.path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, where a file is to be written')
        if not is_utf8(path):
            raise ValueError(f'{path}: videos are written under names in UTF-8 only')
        self._rate = frame_rate
        self._video: Encoder | None = None
        self.ending.callback(self._discard_video)
        self.at_end(self._release_video)

    def write(self, frame: Frame) -> None:
        """Add a frame.

        Raises:
            ValueError: the input is the file that is written.
            OSError: the file cannot be opened for writing.
        """
        if self._video is None and Path(frame.path).resolve() == self.path.resolve():
            raise ValueError(f'{self.path} is the input itself: choose another name for the result')
        drawn = self._draw(frame)
        if self._video is None:
            self._size = drawn.shape[1], drawn.shape[0]
            self._video = self._encoder(self.path, self._rate, self._size)
        self._video.write(_fit(drawn, self._size), frame.time)

    def _release_video(self) -> None:
        if self._video is not None:
            self._video.release()

    def _discard_video(self) -> None:
        if self._video is not None:
            self._video.discard()


def _fit(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an image fitted into (width, height), with black beside where it has another shape."""
    if image.shape[1::-1] == size:
        return image
    scale = min(np.divide(size, image.shape[1::-1]))
    w, h = np.maximum(1, np.round(np.multiply(image.shape[1::-1], scale))).astype(int).tolist()
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - w) // 2, (size[1] - h) // 2
    canvas[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    return canvas
