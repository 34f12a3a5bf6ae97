"""Inputs: files, folders, patterns, videos, cameras, streams and arrays, one frame at a time."""

import glob
import logging
import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Sized
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log

from spinepose_mm import deprecated
from spinepose_mm.io.image import MAX_MEGAPIXELS, read_header, read_image
from spinepose_mm.io.paths import StrPath, check_regular, legible
from spinepose_mm.structures.frame import Frame

from .base import Source
from .identity import described
from .video import Video, live

ORDERS = ('bgr', 'rgb')


class Images(Source):
    """Images: paths, or arrays (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8.

    Args:
        images: list of them.
        frame_rate: frames a second where they follow each other in time.
        channel_order: 'bgr' or 'rgb', of arrays.
        max_megapixels: of a file that is read, in millions of pixels.
    """

    pictures = deprecated.attribute('pictures', 'images')

    @deprecated.arguments(pictures='images')
    def __init__(
        self,
        images: Iterable[StrPath | np.ndarray],
        frame_rate: float | None = None,
        channel_order: str = 'bgr',
        path: str = 'images',
        max_megapixels: float = MAX_MEGAPIXELS,
    ) -> None:
        whole = Path(path).absolute()
        super().__init__(path, whole.stem if whole.is_file() else whole.name)
        if channel_order not in ORDERS:
            raise ValueError(f"channel_order is 'bgr' or 'rgb', not {channel_order!r}")
        self.images, self.frame_rate, self._order = images, frame_rate, channel_order
        self._max_megapixels = max_megapixels
        self.is_video = frame_rate is not None
        self.length = len(images) if isinstance(images, Sized) else None
        are_files = bool(self.length) and all(isinstance(image, (str, os.PathLike)) for image in images)
        # Arrays need no reading, and what makes them may have to be in the thread of the caller.
        self.prefetches = are_files and self.length != 1
        if are_files:
            self.identity = described(images)

    def _read(self) -> Iterator[Frame]:
        for index, given in enumerate(self.images):
            time = np.nan if self.frame_rate is None else index / self.frame_rate
            if isinstance(given, np.ndarray):
                yield Frame(index, time, f'{index:08d}.jpg', self._to_bgr(given, index))
                continue
            path = os.fspath(given)
            try:
                image = read_image(path, self._max_megapixels)
            except (OSError, ValueError) as error:
                print_log(legible(str(error)), 'current', logging.WARNING)
                self.skipped += 1
            else:
                yield Frame(index, time, path, image)

    def _to_bgr(self, image: np.ndarray, index: int) -> np.ndarray:
        channels = 1 if image.ndim == 2 else image.shape[2] if image.ndim == 3 else None
        if channels not in (1, 3, 4) or image.dtype != np.uint8 or not image.size:
            raise ValueError(
                f'image {index} is {image.dtype} of shape {image.shape}, where uint8 of shape '
                '(H, W), (H, W, 3) or (H, W, 4) is expected'
            )
        if channels == 1:
            return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        return np.ascontiguousarray(image[..., 2::-1] if self._order == 'rgb' else image[..., :3])


def open_source(
    inputs: StrPath | np.ndarray | Iterable[StrPath | np.ndarray] | Source,
    frame_rate: float | None = None,
    channel_order: str = 'bgr',
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Source:
    """Return the Source of an input.

    Args:
        inputs: path of an image, of a video or of a folder of images, a pattern ('*.jpg'), 'webcam:0', the address
            of a stream, an array, a list of paths or arrays, or a Source.
        frame_rate: frames a second of images that follow each other in time, or of a video in slow motion.
        channel_order: 'bgr' (OpenCV's) or 'rgb', of arrays.
        max_megapixels: of an image or a frame of a file, in millions of pixels. Larger ones are not decoded: a small
            file may claim any size.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is neither an image nor a video, a folder without images, a pipe, or too large, or an option is
            out of its range.
    """
    if isinstance(inputs, Source):
        return inputs
    if frame_rate is not None and not 0 < frame_rate < np.inf:
        raise ValueError(f'frame_rate is in frames a second, and over 0, not {frame_rate!r}')
    if not max_megapixels > 0:
        raise ValueError(f'max_megapixels is over 0, not {max_megapixels!r}')
    if isinstance(inputs, np.ndarray):
        inputs = [inputs] if inputs.ndim < 4 else inputs
    if not isinstance(inputs, (str, os.PathLike)):
        if not isinstance(inputs, Iterable):
            raise ValueError(f'an input is a path, an array or a list of them, not {inputs!r}')
        return Images(inputs, frame_rate, channel_order, max_megapixels=max_megapixels)
    path = os.fspath(inputs)
    if live(path) is not None:
        return Video(path, frame_rate, max_megapixels)
    if os.path.isdir(path):
        paths = [entry.path for entry in os.scandir(path) if _kind(entry.path) == 'image']
        return _images(path, paths, frame_rate, max_megapixels, f'{path} has no images in it')
    if not os.path.exists(path):
        if not glob.has_magic(path):
            raise FileNotFoundError(f'{path} does not exist')
        paths = [match for match in glob.glob(path, recursive=True) if _kind(match) == 'image']
        return _images(
            os.path.dirname(path) or '.', paths, frame_rate, max_megapixels, f'no image is named like {path}'
        )
    if not os.path.realpath(path).startswith('/dev/video'):  # a camera by its device
        check_regular(path)
    if _kind(path) == 'image':
        _check_image(path, max_megapixels)
        return Images([path], frame_rate, path=path, max_megapixels=max_megapixels)
    return Video(path, frame_rate, max_megapixels)


def _images(folder: str, paths: list[str], frame_rate: float | None, max_megapixels: float, problem: str) -> Images:
    if not paths:
        raise ValueError(problem)
    by_number = sorted(
        paths, key=lambda path: [int(part) if part.isdecimal() else part for part in re.split(r'(\d+)', path)]
    )
    return Images(by_number, frame_rate, path=folder, max_megapixels=max_megapixels)


def _kind(path: str) -> str:
    """Return 'image', 'video' or another kind of file, by its ending."""
    if path.lower().endswith('.webp'):  # which not every machine's table has
        return 'image'
    return (mimetypes.guess_type(path)[0] or '').split('/')[0]


def _check_image(path: str, max_megapixels: float) -> None:
    """Raise ValueError where a file is no image; a JPEG or PNG is not decoded for that, since it takes long."""
    data = Path(path).read_bytes()
    try:
        truncated, shape = read_header(data, max_megapixels)
    except ValueError as error:
        raise ValueError(f'{path} {error}') from error
    if not (shape or data.startswith(b'\x89PNG') and not truncated):
        read_image(path, max_megapixels)
