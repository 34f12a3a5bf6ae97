"""Videos that were tried."""

import os
import struct
import wave

import cv2
import numpy as np

from bad_inputs.cases import Case
from bad_inputs.images import animated
from spinepose_mm.io.sources import open_source

SIZE = 64, 48


def write(path, frames=30, fourcc='mp4v', rate=15.0, color=True, size=SIZE):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), rate, size, color)
    for i in range(frames):
        image = np.random.default_rng(i).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        writer.write(image if color else image[..., 0])
    writer.release()
    return path


def read(name, make):
    """Return what reads a file that `make(path)` makes, or of its bytes: the number of its frames."""

    def run(place):
        path = place.folder / name
        if isinstance(make, bytes):
            path.write_bytes(make)
        else:
            make(path)
        return len(list(open_source(path)))

    return run


def refused(name, make, message='cannot be opened as a video|holds nothing that can be read'):
    return Case(read(name, make), error=rf'{name}.*({message})')


def counted(name, make, count):
    return Case(read(name, make), result=lambda found: found == count)


def cut(part):
    def make(path):
        content = write(path, fourcc='MJPG' if path.suffix == '.avi' else 'mp4v').read_bytes()
        path.write_bytes(content[: int(part * len(content))])

    return make


def damaged(path):
    content = bytearray(write(path, 60).read_bytes())
    middle = len(content) // 2
    content[middle - 300 : middle + 300] = bytes(600)
    path.write_bytes(content)


def twice(path):
    content = write(path, 10, 'MJPG').read_bytes()
    path.write_bytes(content * 2)


def turned(path):
    content = write(path, 3).read_bytes()
    identity = struct.pack('>9i', 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    quarter = struct.pack('>9i', 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    at = content.index(identity, content.index(b'tkhd'))
    path.write_bytes(content[:at] + quarter + content[at + 36 :])


def shapes(place):
    turned(place.folder / 'a.mp4')
    return {frame.image.shape for frame in open_source(place.folder / 'a.mp4')}


def sound(path):
    with wave.open(str(path), 'wb') as file:
        file.setparams((1, 2, 8000, 4000, 'NONE', ''))
        file.writeframes(bytes(8000))


def linked(target):
    return lambda path: path.symlink_to(target)


CASES = {
    'sound': counted('a.mp4', write, 30),
    'one frame': counted('a.mp4', lambda path: write(path, 1), 1),
    'grey': counted('a.avi', lambda path: write(path, 5, 'MJPG', color=False), 5),
    'slow': counted('a.avi', lambda path: write(path, 3, 'MJPG', 0.5), 3),
    'odd size': counted('a.avi', lambda path: write(path, 3, 'MJPG', size=(63, 47)), 3),
    'tiny': counted('a.avi', lambda path: write(path, 3, 'MJPG', size=(2, 2)), 3),
    'sound alone': refused('a.mp4', sound),
    'two in one': Case(read('a.avi', twice), result=lambda found: found in (10, 20)),
    'phone': Case(shapes, result=lambda found: found == {(64, 48, 3)}),
    'animated image': Case(read('a.gif', animated), result=lambda found: found >= 1),
    'damaged': Case(
        read('a.mp4', damaged),
        warning=r'a\.mp4: \d+ frames could not be read and were left out',
        result=lambda found: 40 < found < 60,
    ),
    'cut': Case(
        read('a.avi', cut(0.5)),
        warning=r'a\.avi: 30 frames are said to be in it, and \d+ are',
        result=lambda found: 8 < found < 25,
    ),
    'cut before its index': refused('a.mp4', cut(0.5)),
    'empty': refused('a.mp4', b''),
    'text': refused('a.mp4', b'hello'),
    'zeros': refused('a.mp4', bytes(5000)),
    'header alone': refused('a.avi', cut(0.001)),
    'playlist of a file elsewhere': refused('a.m3u8', b'#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n'),
    'FIFO': refused('a.mp4', os.mkfifo, 'is a pipe'),
    'device': refused('a.mp4', linked('/dev/zero'), 'is a device'),
}
