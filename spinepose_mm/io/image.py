"""The header and the pixels of an image file; JPEGs are decoded as OpenCV decodes them, in less time."""

import io
import re
from contextlib import suppress
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from PIL import Image

from spinepose_mm.io.paths import StrPath, check_regular

#: Megapixels from which Pillow takes an image for an attack: a file of some kilobytes may claim any size.
MAX_MEGAPIXELS = 178
MAX_SIDE = 32766  # pixels; OpenCV's warps number them with 16 bits

_PNG = b'\x89PNG\r\n\x1a\n'
_EXIF, _FRAMES = 0xE1, (0xC0, 0xC1, 0xC2)  # markers: APP1; the frame of a baseline, extended or progressive JPEG
_NO_FRAMES = (0xC4, 0xC8, 0xCC)  # among 0xc0 to 0xcf, which otherwise begin a frame
_ALONE = (0x00, 0x01, *range(0xD0, 0xD8))  # markers without a segment, and a stuffed zero
_ORIENTATION = 0x0112


def read_image(path: StrPath, max_megapixels: float = MAX_MEGAPIXELS) -> np.ndarray:
    """Return the pixels of an image file the right way up, (H, W, 3), uint8, BGR.

    Args:
        path: of any name; OpenCV itself ends the process at one that is not UTF-8.
        max_megapixels: of an image that is read, in millions of pixels.

    Raises:
        OSError: there is no such file.
        ValueError: it is no image, no regular file, or too large.
    """
    check_regular(path)
    data = Path(path).read_bytes()
    try:
        image = decode(data, read_header(data, max_megapixels)[1])
    except ValueError as error:
        raise ValueError(f'{path} {error}') from error
    if image is None:
        raise ValueError(f'{path} is not an image')
    return image


def read_header(data: bytes, max_megapixels: float = MAX_MEGAPIXELS) -> tuple[bool, tuple[int, int] | None]:
    """Return whether an image file is truncated, and the size of the image if `decode` takes it.

    Only the header is decoded.

    Args:
        data: bytes of the file.
        max_megapixels: of an image that may be decoded, in millions of pixels.

    Returns:
        tuple: whether it is truncated, always False for other formats than JPEG and PNG; and the shape (h, w), or
        None if it is no JPEG, or one that OpenCV rotates by its EXIF tag, or one whose colours are not 8 bits of grey
        or of three channels.

    Raises:
        ValueError: it is too large to be decoded, or no image; the text goes on from the file's name.
    """
    if not data.startswith(b'\xff\xd8'):
        is_png = data.startswith(_PNG)
        if is_png:
            width, height = (int.from_bytes(data[i : i + 4], 'big') for i in (16, 20))
            _check_size(width, height, max_megapixels)
        else:
            _check_by_pillow(data, max_megapixels)
        return is_png and data.rfind(b'IEND') < 0, None
    at, shape, is_simple, is_upright = _walk(data)
    if shape is None and at >= len(data):
        return True, None
    _check_size(*(shape or (0, 0))[::-1], max_megapixels)
    return data.rfind(b'\xff\xd9', at) < 0, shape if is_simple and is_upright else None


def _walk(data: bytes) -> tuple[int, tuple[int, int] | None, bool, bool]:
    """Return where a JPEG's first scan begins, the image's (h, w) or None, whether `decode` takes its kind, and whether
    it is upright.

    Headers may hold a whole thumbnail, so that they are walked over; within scans 0xFF is stuffed, so that an end
    marker (FF D9) after the first can only be the image's own. What is no marker is skipped as libjpeg does, or else a
    file could claim one size here and another one there.
    """
    at, shape, is_simple, is_upright = 2, None, False, True
    while 0 <= (at := data.find(b'\xff', at)) and data[at + 1 : at + 2] != b'\xda':
        if len(data) < at + 4:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # markers may be preceded by any number of fill bytes
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], 'big')
        segment = data[at + 4 : at + 2 + length]
        if marker == _EXIF:
            is_upright &= _orientation(segment[6:]) == 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            shape = int.from_bytes(segment[1:3], 'big'), int.from_bytes(segment[3:5], 'big')
            is_simple = marker in _FRAMES and segment[:1] == b'\x08' and segment[5:6] in (b'\x01', b'\x03')
        at += 2 + length
    return (len(data) if at < 0 or len(data) < at + 4 else at), shape, is_simple, is_upright


def _check_by_pillow(data: bytes, max_megapixels: float) -> None:
    """Raise ValueError as `read_header` does of a file that is neither a JPEG nor a PNG."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
    except Image.DecompressionBombError as error:  # which states the number of pixels only in its text
        return _check_pixels(int(re.findall(r'\d+', str(error))[0]), max_megapixels)
    except Exception:  # parsers raise nearly anything on broken bytes
        size = 0, 0
    _check_size(*size, max_megapixels)


def _check_size(width: int, height: int, max_megapixels: float) -> None:
    if not width or not height:
        raise ValueError('is not an image')
    if max(width, height) > MAX_SIDE:
        raise ValueError(f'has {width}x{height} pixels, and OpenCV works on {MAX_SIDE} a side at most')
    _check_pixels(width * height, max_megapixels)


def _check_pixels(pixels: int, max_megapixels: float) -> None:
    if pixels > max_megapixels * 1e6:
        raise ValueError(
            f'has {pixels / 1e6:.4g} megapixels, and at most {max_megapixels:g} are decoded, unless '
            'max_megapixels is set higher'
        )


def _orientation(tiff: bytes) -> int:
    """Return the orientation that the first directory of EXIF's TIFF structure states, 1 (upright) if none."""
    order: Literal['little', 'big'] = 'little' if tiff.startswith(b'II') else 'big'
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(tiff)), 12):
        if int.from_bytes(tiff[entry : entry + 2], order) == _ORIENTATION:
            return int.from_bytes(tiff[entry + 8 : entry + 10], order)
    return 1


def decode(data: bytes, shape: tuple[int, int] | None = None, factor: int = 1) -> np.ndarray | None:
    """Return the pixels of an image, BGR and uint8, or None if it is damaged beyond what OpenCV can show.

    Args:
        data: bytes of the file.
        shape: (h, w) as `read_header` returns it, of a JPEG that is decoded in less time; None for any other image.
        factor: 1 for all pixels, in shape (h, w, 3); 2 for half as many in width and height, rounded up, each the
            mean of four as the JPEG's lower frequencies give it.
    """
    if shape is not None:
        h, w = (-(-length // factor) for length in shape)
        # libjpeg-turbo writes rows that lie on 32 bytes past the caches, out of which a crop is read next.
        buffer = np.empty(3 * h * w + 1, np.uint8)[1:]
        with suppress(ValueError):  # damaged data
            return simplejpeg.decode_jpeg(data, 'BGR', min_height=h, min_width=w, min_factor=factor, buffer=buffer)
    with suppress(cv2.error):  # no data, or a size beyond reason
        return cv2.imdecode(np.frombuffer(data, np.uint8), {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2}[factor])
    return None
