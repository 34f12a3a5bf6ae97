"""Images that were tried."""

import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

import builders
from bad_inputs.cases import Case
from spinepose_mm.io.sources import open_source

PIXELS = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def read(name, write):
    """Return what reads a file that `write(path)` makes, or of its bytes: the shapes of its frames."""

    def run(place):
        path = place.folder / name
        if isinstance(write, bytes):
            path.write_bytes(write)
        else:
            write(path)
        return [frame.image.shape for frame in open_source(path)]

    return run


def refused(name, write, message='is not an image|cannot be read|holds nothing that can be read'):
    return Case(read(name, write), error=f'{name}.*({message})')


def fine(name, write, shape=(48, 64, 3)):
    return Case(read(name, write), result=lambda shapes: shapes == [shape])


def coded(ending, *options):
    return cv2.imencode(f'.{ending}', PIXELS, *options)[1].tobytes()


def pillow(mode, **options):
    return lambda path: Image.fromarray(PIXELS).convert(mode).save(path, **options)


def png(width, height):
    """Return a PNG that says to be of a size, and holds a few rows."""

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
        + chunk(b'IDAT', zlib.compress(bytes(1000)))
        + chunk(b'IEND', b'')
    )


def jpeg(width, height, content=None):
    """Return a JPEG whose header says another size than its data has."""
    data = content or coded('jpg')
    at = data.index(b'\xff\xc0') + 5
    return data[:at] + struct.pack('>HH', height, width) + data[at + 4 :]


def damaged(data):
    middle = len(data) // 2
    return data[:middle] + bytes(200) + data[middle + 200 :]


def animated(path):
    frames = [Image.fromarray(np.roll(PIXELS, i)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def folder(path):
    path.mkdir()
    (path / 'a.jpg').write_bytes(b'broken')
    builders.write_image(path / 'b.jpg')


WIDE = np.zeros((1, 3000, 3), np.uint8)
CASES = {
    'bmp': fine('a.bmp', coded('bmp')),
    'webp': fine('a.webp', coded('webp')),
    'CMYK': fine('a.jpg', pillow('CMYK')),
    'grey': fine('a.jpg', pillow('L')),
    'palette': fine('a.png', pillow('P')),
    'progressive': fine('a.jpg', coded('jpg', [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])),
    'sixteen bits': fine('a.png', lambda path: cv2.imwrite(str(path), PIXELS.astype(np.uint16) * 256)),
    'sixteen bits in TIFF': fine('a.tif', lambda path: cv2.imwrite(str(path), PIXELS.astype(np.uint16) * 256)),
    'one pixel': fine('a.png', cv2.imencode('.png', PIXELS[:1, :1])[1].tobytes(), (1, 1, 3)),
    'wide': fine('a.png', cv2.imencode('.png', WIDE)[1].tobytes(), WIDE.shape),
    'wide JPEG': fine('a.jpg', cv2.imencode('.jpg', WIDE)[1].tobytes(), WIDE.shape),
    'trailing bytes': fine('a.jpg', coded('jpg') + b'hello' * 100),
    'damaged in the middle': fine('a.jpg', damaged(coded('jpg'))),
    'half': refused('a.jpg', coded('jpg')[:900]),
    'half a PNG': refused('a.png', coded('png')[:2000]),
    'floats in TIFF': refused('a.tif', lambda path: cv2.imwrite(str(path), PIXELS.astype(np.float32))),
    'too wide for OpenCV': refused(
        'a.png', cv2.imencode('.png', np.zeros((1, 33000, 3), np.uint8))[1].tobytes(), 'has 33000x1 pixels'
    ),
    'a folder with a broken one': Case(
        read('a', folder),
        warning='1 images could not be read and were left out',
        result=lambda shapes: shapes == [(100, 120, 3)],
    ),
    'empty': refused('a.jpg', b''),
    'text': refused('a.jpg', b'hello'),
    'svg': refused('a.svg', b'<svg></svg>'),
    'heic': refused('a.heic', b'\0\0\0\x18ftypheic' + bytes(100)),
    'head alone': refused('a.jpg', coded('jpg')[:20]),
    'zeros': refused('a.png', bytes(1000)),
    'zero height': refused('a.jpg', jpeg(64, 0)),
    'animated': Case(read('a.gif', animated), result=lambda shapes: set(shapes) == {(48, 64, 3)}),
    'bomb': refused('a.jpg', jpeg(60000, 16000), 'pixels'),
    'bomb of a PNG': refused('a.png', png(30000, 20000), 'pixels'),
    'too large for OpenCV': refused('a.png', png(60000, 60000), 'pixels'),
    'FIFO': refused('a.jpg', os.mkfifo, 'is a pipe'),
}
