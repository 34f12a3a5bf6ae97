"""Video files from images: H.264 where it can be written, which browsers play."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING

import cv2
from mmengine.logging import print_log

from .encoder import Encoder

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from spinepose_mm.io.paths import StrPath

#: OpenCV's codecs of each ending, of which the first is taken that it can write; from pip, it can write no H.264.
CODECS = {'.mp4': ('avc1', 'mp4v'), '.mov': ('avc1', 'mp4v'), '.avi': ('MJPG',), '.webm': ('VP80',)}
# Options of FFmpeg's libx264. The result depends on the number of threads, which would be that of the machine, and with
# mbtree it changed from run to run where AVX-512 was used and the width was no multiple of 16. Colours are as OpenCV
# converts them, by BT.601; players take videos from 720p on for BT.709 where nothing is said.
_X264 = {
    'preset': 'veryfast',
    'crf': '20',
    'threads': '4',
    'x264-params': 'mbtree=0:colorprim=bt709:transfer=bt709:colormatrix=bt470bg:range=tv',
}
_TICKS = 100  # of the clock in a frame's time: frames need not follow each other at one rate
_UID = re.compile(rb'(?<=\x73\xc5\x88).{8}', re.DOTALL)  # a Matroska track's, after the element's identity and length


def encoder_for(path: StrPath) -> type[Encoder]:
    """Return the class that writes a video.

    For .mp4 and .mov it is the first of PyAV, ffmpeg and OpenCV that has H.264, else OpenCV with MPEG-4 part 2, which
    browsers do not play, and a warning. It is OpenCV for .webm (VP8) and .avi (Motion JPEG).

    Args:
        path: of the video.

    Raises:
        ValueError: it ends otherwise.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending not in CODECS:
        raise ValueError(f"{path}: a video's file ends in {', '.join(CODECS)}")
    if ending not in ('.mp4', '.mov'):
        return OpenCvEncoder
    encoder = _h264_encoder()
    if encoder is None:
        print_log(
            f'{path}: no H.264 can be written here, so that this is MPEG-4 part 2, which browsers do not play; '
            'pip install av, install ffmpeg, or name the file .webm',
            'current',
            logging.WARNING,
        )
    return encoder or OpenCvEncoder


def usual_ending() -> str:
    """Return '.mp4' where H.264 can be written, else '.webm', which browsers play too."""
    return '.mp4' if _h264_encoder() else '.webm'


def _h264_encoder() -> type[Encoder] | None:
    return next((each for each in (PyAvEncoder, FfmpegEncoder, OpenCvEncoder) if each.has_h264()), None)


class PyAvEncoder(Encoder):
    """H.264 by PyAV (https://pyav.org), whose wheels bring x264 along."""

    @staticmethod
    def has_h264() -> bool:
        """Return whether PyAV is installed, new enough (15.1), and can write it."""
        try:
            import av

            return hasattr(av.VideoFrame, 'duration') and av.Codec('libx264', 'w').is_encoder
        except (ImportError, ValueError):
            return False

    def _open(self) -> None:
        import av

        rate = _fraction(self.rate)
        self._time_base, self._last = 1 / (rate * _TICKS), -_TICKS
        self._start: float | None = None
        with _reason():
            self._container = av.open(str(self._part), 'w', self.path.suffix[1:].lower(), {'movflags': '+faststart'})
            self._stream = self._container.add_stream('libx264', rate, _X264)
            context = self._stream.codec_context
            (context.width, context.height), context.pix_fmt = self.size, 'yuv420p'
            context.time_base = self._time_base
            context.open()

    def _add(self, image: np.ndarray, time: float | None) -> None:
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(_to_i420(image), 'yuv420p')
        following = self._last + _TICKS
        if time is not None:
            self._start = time if self._start is None else self._start
            following = max(round((time - self._start) / self._time_base), self._last + 1)
        frame.pts, frame.time_base, frame.duration = following, self._time_base, _TICKS
        self._last = following
        with _reason():
            self._container.mux(self._stream.encode(frame))

    def _finish(self) -> None:
        with _reason():
            try:
                self._container.mux(self._stream.encode())
            finally:
                self._container.close()


class FfmpegEncoder(Encoder):
    """H.264 by the program ffmpeg (https://ffmpeg.org), which is given the images as they come."""

    @staticmethod
    def has_h264() -> bool:
        """Return whether ffmpeg is on the path and can write it."""
        if not shutil.which('ffmpeg'):
            return False
        listed = subprocess.run(['ffmpeg', '-hide_banner', '-encoders'], capture_output=True, stdin=subprocess.DEVNULL)
        return b' libx264 ' in listed.stdout

    def _open(self) -> None:
        self._errors = TemporaryFile()
        options = [word for name, value in _X264.items() for word in (f'-{name}', value)]
        self._process = subprocess.Popen(
            [
                'ffmpeg',
                '-v',
                'error',
                '-y',
                '-f',
                'rawvideo',
                '-pix_fmt',
                'yuv420p',
                '-s',
                'x'.join(map(str, self.size)),
                '-r',
                str(_fraction(self.rate)),
                '-i',
                '-',
                '-c:v',
                'libx264',
                *options,
                '-movflags',
                '+faststart',
                str(self._part),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )  # Ctrl-C is for this program, which then finishes the video
        assert self._process.stdin is not None  # it is a pipe
        self._stdin = self._process.stdin

    def _add(self, image: np.ndarray, time: float | None) -> None:
        try:
            self._stdin.write(_to_i420(image).data)
        except BrokenPipeError:
            self._finish()

    def _finish(self) -> None:
        with suppress(BrokenPipeError):
            self._stdin.close()
        code = self._process.wait()
        with self._errors:
            self._errors.seek(0)
            errors = self._errors.read().decode(errors='replace').strip().splitlines()
        if code:
            raise OSError(f'ffmpeg ended with {code}: {errors[-1] if errors else "no message"}')


class OpenCvEncoder(Encoder):
    """The codecs that OpenCV was built with."""

    @staticmethod
    def has_h264() -> bool:
        """Return whether OpenCV can write it."""
        with TemporaryDirectory() as folder:
            writer = _opened(f'{folder}/video.mp4', 'avc1', 25, (64, 64))
            opened = writer.isOpened()
            writer.release()
        return opened

    def _open(self) -> None:
        # MPEG-4 has a time base of 16 bits, which OpenCV fills with the rate in thousandths where it needs to.
        rate = round(self.rate, 3 if self.rate < 65 else 2)
        codecs = CODECS[self.path.suffix.lower()]
        for codec in codecs:
            self._writer = _opened(str(self._part), codec, rate, self.size)
            if self._writer.isOpened():
                return
        raise OSError(f'OpenCV opened it with none of {", ".join(codecs)}')

    def _add(self, image: np.ndarray, time: float | None) -> None:
        self._writer.write(image)

    def _finish(self) -> None:
        self._writer.release()
        if self.path.suffix.lower() == '.webm':
            _set_uid(self._part)


def _opened(path: str, codec: str, rate: float, size: tuple[int, int]) -> cv2.VideoWriter:
    with _quiet():  # FFmpeg reports each codec that it lacks
        return cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*codec), rate, size)


def _set_uid(path: Path) -> None:
    """Give a .webm's track the identity 1 for FFmpeg's random one, so that the same images give the same bytes."""
    with open(path, 'r+b') as file:
        head = file.read(1024)
        uid = _UID.search(head)
        if uid:
            file.seek(0)
            file.write(head.replace(uid[0], bytes(7) + b'\1'))


def _fraction(rate: float) -> Fraction:
    """Return a frame rate as a fraction of small numbers, such as 30000/1001."""
    return Fraction(rate).limit_denominator(1001) if rate >= 1 else 1 / Fraction(1 / rate).limit_denominator(1001)


def _to_i420(image: np.ndarray) -> np.ndarray:
    """Return a BGR image of even size as its planes of brightness and colour, (1.5 height, width), uint8."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)


@contextmanager
def _reason() -> Iterator[None]:
    """Turn FFmpeg's errors into OSErrors."""
    from av import FFmpegError

    try:
        yield
    except FFmpegError as error:
        raise OSError(error.strerror) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what native code writes to the error stream."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
