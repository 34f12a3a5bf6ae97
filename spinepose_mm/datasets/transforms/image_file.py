"""What an image file says of itself, and the pixels of a JPEG: those of OpenCV, in less time."""
import cv2
import numpy as np
import simplejpeg

_EXIF, _FRAMES = 0xe1, (0xc0, 0xc1, 0xc2)  # markers: APP1; the frame of a baseline, extended or progressive JPEG
_ORIENTATION = 0x0112
_MOST_PIXELS = 1 << 30  # OpenCV takes no larger picture


def examine(data):
    """Say whether an image file ends before its image does, and how large the image is if `decode` takes it.

    Args:
        data: bytes of the file.

    Returns:
        tuple: whether it is truncated, always False for other formats than JPEG and PNG; and the shape (h, w), or
        None if it is no JPEG, or one that OpenCV turns by its EXIF tag, that has other colours than 8 bits of grey or
        of three channels, or that is too large for OpenCV.
    """
    if data.startswith(b'\x89PNG\r\n\x1a\n'):
        return data.rfind(b'IEND') < 0, None
    if not data.startswith(b'\xff\xd8'):
        return False, None
    # Walk over the headers, since they may hold a whole thumbnail, to the first scan; within scans 0xFF is stuffed,
    # so that an end marker (FF D9) after it can only be the image's own.
    at, shape, is_upright = 2, None, True
    while data[at:at + 1] == b'\xff' and data[at:at + 2] != b'\xff\xda':
        if len(data) < at + 4:
            return True, None
        marker = data[at + 1]
        if marker == 0xff:  # markers may be preceded by any number of fill bytes
            at += 1
            continue
        length = int.from_bytes(data[at + 2:at + 4], 'big')
        segment = data[at + 4:at + 2 + length]
        if marker == _EXIF:
            is_upright &= _orientation(segment[6:]) == 1
        elif marker in _FRAMES and segment[:1] == b'\x08' and segment[5:6] in (b'\x01', b'\x03'):
            shape = int.from_bytes(segment[1:3], 'big'), int.from_bytes(segment[3:5], 'big')
        at += 2 + length
    is_simple = is_upright and shape is not None and 0 < shape[0] * shape[1] <= _MOST_PIXELS
    return data.rfind(b'\xff\xd9', at) < 0, shape if is_simple else None


def _orientation(tiff):
    """Return the orientation that the first directory of EXIF's TIFF structure tells, 1 (upright) if none."""
    order = 'little' if tiff.startswith(b'II') else 'big'
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start:start + 2], order)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(tiff)), 12):
        if int.from_bytes(tiff[entry:entry + 2], order) == _ORIENTATION:
            return int.from_bytes(tiff[entry + 8:entry + 10], order)
    return 1


def decode(data, shape, factor=1):
    """Return the pixels of a JPEG, BGR and uint8, or None if it is damaged beyond what OpenCV can show.

    Args:
        data: bytes of the file.
        shape: (h, w) as `examine` returns it.
        factor: 1 for all pixels, in shape (h, w, 3); 2 for half as many in width and height, rounded up, each the
            mean of four as the JPEG's lower frequencies give it.
    """
    h, w = (-(-length // factor) for length in shape)
    # libjpeg-turbo writes rows that lie on 32 bytes past the caches, out of which a crop is read next.
    buffer = np.empty(3 * h * w + 1, np.uint8)[1:]
    try:
        return simplejpeg.decode_jpeg(data, 'BGR', min_height=h, min_width=w, min_factor=factor, buffer=buffer)
    except ValueError:  # damaged data
        return cv2.imdecode(np.frombuffer(data, np.uint8), {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2}[factor])
