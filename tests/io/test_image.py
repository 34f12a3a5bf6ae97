"""Checks of an image before it is decoded."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

import builders
from spinepose_mm.io.image import MAX_SIDE, decode, read_header, read_image


def jpeg(width, height, frame=b'\xff\xc0'):
    """A JPEG of 8 x 8 pixels whose header claims others."""
    data = bytearray(cv2.imencode('.jpg', np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    at = data.index(b'\xff\xc0')
    data[at : at + 2] = frame
    data[at + 5 : at + 9] = struct.pack('>HH', height, width)
    return bytes(data)


def png(width, height):
    """A PNG of black rows that is all there, of a thousandth of the size of its pixels."""

    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))

    rows = zlib.compressobj()
    packed = b''.join(rows.compress(bytes(1 + width)) for _ in range(height)) + rows.flush()
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0))
        + chunk(b'IDAT', packed)
        + chunk(b'IEND', b'')
    )


def gif(width, height):
    file = io.BytesIO()
    Image.new('P', (8, 8)).save(file, 'GIF')
    return file.getvalue()[:6] + struct.pack('<HH', width, height) + file.getvalue()[10:]


@pytest.mark.parametrize(
    'data, problem',
    [
        (jpeg(20000, 10000), 'has 200 megapixels, and at most 178 are decoded'),
        (jpeg(20000, 10000, b'\xff\xc3'), 'has 200 megapixels'),
        (jpeg(60000, 16000), 'has 60000x16000 pixels'),
        (png(14000, 13000), 'has 182 megapixels'),
        (gif(20000, 20000), 'has 400 megapixels'),
        (png(32767, 1), 'has 32767x1 pixels'),
        (jpeg(20000, 10000).replace(b'\xff\xc0', b'junk\xff\x00\xff\xd0\xff\xff\xc0', 1), 'has 200 megapixels'),
        (jpeg(0, 16), 'is not an image'),
        (b'no image', 'is not an image'),
        (b'', 'is not an image'),
    ],
)
def test_what_is_not_decoded(data, problem, tmp_path, monkeypatch):
    (tmp_path / 'a.jpg').write_bytes(data)
    monkeypatch.setattr(cv2, 'imdecode', lambda *args: pytest.fail('it was decoded'))
    with pytest.raises(ValueError, match=f'a.jpg {problem}'):
        read_image(tmp_path / 'a.jpg')


def test_the_limit_can_be_moved(tmp_path):
    for ending in ('jpg', 'png', 'webp', 'gif', 'bmp', 'tif', 'ppm'):
        path = tmp_path / f'a.{ending}'
        builders.write_image(path)  # 100 x 120 pixels
        for limit in (178, 0.012):
            assert read_image(path, limit).shape == (100, 120, 3)
        with pytest.raises(ValueError, match='has 0.012 megapixels, and at most 0.0119 are decoded'):
            read_image(path, 0.0119)
    assert read_header(jpeg(20000, 10000), 200) == (False, (10000, 20000))
    assert read_header(png(MAX_SIDE, 1)) == read_header(gif(20000, 20000), 400) == (False, None)


def test_what_libjpeg_skips_between_headers_is_skipped(tmp_path):
    data = builders.write_image(tmp_path / 'a.jpg').read_bytes()
    (tmp_path / 'b.jpg').write_bytes(data.replace(b'\xff\xc0', b'junk\xff\x00\xff\xd0\xff\xff\xc0', 1))
    np.testing.assert_array_equal(read_image(tmp_path / 'b.jpg'), cv2.imread(str(tmp_path / 'b.jpg')))
    assert read_image(tmp_path / 'b.jpg').shape == (100, 120, 3)


def test_what_cannot_be_read(tmp_path):
    os.mkfifo(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match='a.jpg is a pipe'):
        read_image(tmp_path / 'a.jpg')
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / 'none.jpg')
    path = tmp_path / os.fsdecode(b'\xff.png')
    path.write_bytes(builders.write_image(tmp_path / 'b.png').read_bytes())
    assert read_image(path).shape == (100, 120, 3)


def test_bytes_of_any_format_are_decoded_as_opencv_does():
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    for ending in ('.png', '.jpg', '.bmp'):
        data = cv2.imencode(ending, image)[1]
        np.testing.assert_array_equal(decode(data.tobytes()), cv2.imdecode(data, cv2.IMREAD_COLOR))
    assert decode(b'') is None and decode(b'none') is None
