"""Inputs: files, folders, patterns, videos, cameras, streams and arrays, one frame at a time."""

import glob
import logging
import mimetypes
import os
import re
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from mmengine.logging import print_log

from spinepose_mm import deprecated
from spinepose_mm.io.image import MAX_MEGAPIXELS, examine, read_image
from spinepose_mm.io.paths import check_regular, is_utf8, legible
from spinepose_mm.structures.frame import Frame

from .identity import described
from .prefetch import prefetch

ORDERS = ('bgr', 'rgb')
_GUESSED_RATE = 30.0  # frames a second, of cameras and files that do not state one
_PATIENCE = 250  # broken frames in a row after which a video is at its end


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

    length = identity = frame_rate = None
    is_video, skipped, prefetches = False, 0, True
    is_film = deprecated.attribute('is_film', 'is_video')
    reads_ahead = deprecated.attribute('reads_ahead', 'prefetches')

    def __init__(self, path, name):
        # Results are named after it, by programs too that take no other names than UTF-8.
        self.path, self.name = path, name if is_utf8(name) else legible(name).replace('\\', '_')

    def __iter__(self):
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

    def __len__(self):
        return self.length or 0


class Video(Source):
    """A video file, or a stream by its address ('rtsp://…') or a camera by its number ('webcam:0').

    Args:
        path: of the file, address or number.
        frame_rate: frames a second at which it was taken, where that is another than it is played at (slow motion).
        max_megapixels: of a frame, in millions of pixels.
    """

    is_video = True

    def __init__(self, path, frame_rate=None, max_megapixels=MAX_MEGAPIXELS):
        live = _live(path)
        super().__init__(path, Path(path).stem if live is None else re.sub(r'\W+', '_', path))
        self.prefetches = live is None  # a camera sets the pace, and its newest frame is wanted
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
            if live is None:
                count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
                self.length = count if count > 0 else None
                self.identity = described(path)

    @contextmanager
    def _opened(self):
        live = _live(self.path)
        with TemporaryDirectory() if live is None and not is_utf8(self.path) else nullcontext() as folder:
            path = self.path
            if folder:
                path = os.path.join(folder, legible(Path(path).name))
                os.symlink(os.path.abspath(self.path), path)
            capture = cv2.VideoCapture(path if live is None else live)
            try:
                if not capture.isOpened():
                    raise ValueError(f'{legible(self.path)} cannot be opened as a video')
                yield capture
            finally:
                capture.release()

    def _read(self):
        with self._opened() as capture:
            rate = self._played_at
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
                    yield Frame(index, time * rate / self.frame_rate, self.path, image)
                self.skipped += not decoded
                index += 1
            if self.length and index < self.length:  # it is broken there, or was cut and its header not updated
                print_log(
                    f'{legible(self.path)}: {self.length} frames are said to be in it, and {index} are',
                    'current',
                    logging.WARNING,
                )


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
    def __init__(self, images, frame_rate=None, channel_order='bgr', path='images', max_megapixels=MAX_MEGAPIXELS):
        whole = Path(path).absolute()
        super().__init__(path, whole.stem if whole.is_file() else whole.name)
        if channel_order not in ORDERS:
            raise ValueError(f"channel_order is 'bgr' or 'rgb', not {channel_order!r}")
        self.images, self.frame_rate, self._order = images, frame_rate, channel_order
        self._max_megapixels = max_megapixels
        self.is_video = frame_rate is not None
        self.length = len(images) if hasattr(images, '__len__') else None
        are_files = bool(self.length) and all(isinstance(image, (str, os.PathLike)) for image in images)
        # Arrays need no reading, and what makes them may have to be in the thread of the caller.
        self.prefetches = are_files and self.length > 1
        if are_files:
            self.identity = described(images)

    def _read(self):
        for index, given in enumerate(self.images):
            is_array = isinstance(given, np.ndarray)
            path = f'{index:08d}.jpg' if is_array else os.fspath(given)
            try:
                image = self._to_bgr(given, index) if is_array else read_image(path, self._max_megapixels)
            except (OSError, ValueError) as error:
                if is_array:
                    raise
                print_log(legible(str(error)), 'current', logging.WARNING)
                self.skipped += 1
            else:
                yield Frame(index, index / self.frame_rate if self.is_video else np.nan, path, image)

    def _to_bgr(self, image, index):
        channels = 1 if image.ndim == 2 else image.shape[2] if image.ndim == 3 else None
        if channels not in (1, 3, 4) or image.dtype != np.uint8 or not image.size:
            raise ValueError(
                f'image {index} is {image.dtype} of shape {image.shape}, where uint8 of shape '
                '(H, W), (H, W, 3) or (H, W, 4) is expected'
            )
        if channels == 1:
            return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        return np.ascontiguousarray(image[..., 2::-1] if self._order == 'rgb' else image[..., :3])


def open_source(inputs, frame_rate=None, channel_order='bgr', max_megapixels=MAX_MEGAPIXELS):
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
    if _live(path) is not None:
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


def _images(folder, paths, frame_rate, max_megapixels, problem):
    if not paths:
        raise ValueError(problem)
    by_number = sorted(
        paths, key=lambda path: [int(part) if part.isdecimal() else part for part in re.split(r'(\d+)', path)]
    )
    return Images(by_number, frame_rate, path=folder, max_megapixels=max_megapixels)


def _kind(path):
    """Return 'image', 'video' or another kind of file, by its ending."""
    if path.lower().endswith('.webp'):  # which not every machine's table has
        return 'image'
    return (mimetypes.guess_type(path)[0] or '').split('/')[0]


def _live(path):
    """Return a camera's number or a stream's address; None for a file."""
    camera = re.fullmatch(r'webcam(?::(\d+))?', path, re.IGNORECASE)
    if camera:
        return int(camera[1] or 0)
    return path if re.match(r'(?!file:)[a-z]+://', path, re.IGNORECASE) else None


def _check_image(path, max_megapixels):
    """Raise ValueError where a file is no image; a JPEG or PNG is not decoded for that, since it takes long."""
    data = Path(path).read_bytes()
    try:
        truncated, shape = examine(data, max_megapixels)
    except ValueError as error:
        raise ValueError(f'{path} {error}') from error
    if not (shape or data.startswith(b'\x89PNG') and not truncated):
        read_image(path, max_megapixels)
