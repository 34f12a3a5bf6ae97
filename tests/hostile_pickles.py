"""Pickles that corrupt memory where NumPy unpickles them, as metadata of `.npz` files and as checkpoints.

    python tests/hostile_pickles.py FILE...

reads files as this package does and uses what came out, in a process that may crash.
"""

import io
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np


class Made:
    """Unpickled, it is what a function returns, filled with a state."""

    def __init__(self, function, *args, state=None):
        self.parts = function, args, state

    def __reduce__(self):
        return self.parts


def array(dtype, shape, data):
    """Return an array as NumPy's own pickles make it, with any content."""
    return Made(np._core.multiarray._reconstruct, np.ndarray, (0,), b'b', state=(1, shape, dtype, False, data))


def forged():
    """Return {name: object}; each takes bytes for pointers, or is longer than its bytes."""
    pointers = Made(np.dtype, 'O8', False, True, state=(3, '|', None, None, None, 8, 8, 0))
    field = {'a': (Made(np.dtype, 'O8', False, True), 0)}
    fields = Made(np.dtype, 'i8', False, True, state=(3, '<', None, ('a',), field, 8, 8, 0x1B))
    structure = Made(np.dtype, 'V8', False, True, state=(3, '|', None, ('a',), field, 8, 1, 0))
    wide = Made(np.dtype, 'S8', False, True, state=(3, '|', None, None, None, 1 << 30, 1, 0))
    return {
        'pointers': array(pointers, (1,), b'A' * 8),
        'fields': array(fields, (1,), b'A' * 8),
        'structure': array(structure, (1,), b'A' * 8),
        'wide': array(wide, (1,), b'A' * 8),
        'scalar': Made(np._core.multiarray.scalar, pointers, b'A' * 8),
        'placed': Made(np.ndarray, (1,), 'O', b'A' * 8),
        'long': array(np.dtype('i8'), (1 << 40,), b'A' * 8),
        'negative': array(np.dtype('i8'), (-1,), b''),
    }


def widened(npz):
    """Return the pickle of metadata with an array whose type is made a gigabyte wide when the array is there."""

    def text(data):
        if npz:
            return b'C' + bytes([len(data)]) + data
        # torch reads protocol 2, in which bytes are encoded text.
        return b'c_codecs\nencode\nX' + struct.pack('<I', len(data)) + data + b'X\x06\0\0\0latin1\x86R'

    dtype = b'cnumpy\ndtype\nX\x02\0\0\0S8\x89\x88\x87Rq\x05a'
    start = b'cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85' + text(b'b') + b'\x87R'
    fill = b'(K\x01K\x01\x85h\x05\x89' + text(b'A' * 8) + b'tba'
    widen = b'h\x05(K\x03X\x01\0\0\0|NNNJ\0\0\0\x40K\x01K\0tba'
    names = b'X\x0b\0\0\0joint_names]' + dtype + start + fill + widen + b'sX\x0b\0\0\0param_names]s'
    return b'\x80\x02}' + names + b'.' if npz else b'\x80\x02}X\x04\0\0\0meta}' + names + b's.'


def unlisted():
    """Return the pickle of numpy.ndarray((1, ), 'O', bytes), under a name that only protocol 4 can spell."""
    name = b'ndarray\n(to be filled)'
    return (
        b'\x80\x04\x8c\x05numpy\x8c' + bytes([len(name)]) + name + b'\x93K\x01\x85\x8c\x01OC\x08' + b'A' * 8 + b'\x87R.'
    )


def write_all(folder):
    """Write every attack as an annotation file and as a checkpoint; return the paths."""
    infos = {name: dict(joint_names=value, param_names=[]) for name, value in forged().items()}
    npz = {name: pickle.dumps(np.array(info, object), 4) for name, info in infos.items()}
    npz |= {'widened': widened(npz=True), 'unlisted': unlisted()}
    pth = {name: pickle.dumps(dict(state_dict={}, meta=info), 2) for name, info in infos.items()}
    pth |= {'widened': widened(npz=False), 'unlisted': unlisted()}
    for name, pickled in npz.items():
        write_npz(folder / f'{name}.npz', pickled)
    for name, pickled in pth.items():
        write_checkpoint(folder / f'{name}.pth', pickled)
    return sorted(folder.iterdir())


def write_npz(path, pickled):
    """Write an annotation file whose metadata are a pickle's bytes."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, dict(descr='|O', fortran_order=False, shape=()))
    np.savez(path, imgname=np.array(['a']))
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('metadata.npy', head.getvalue() + pickled)


def write_checkpoint(path, pickled):
    """Write a checkpoint of torch's format around a pickle's bytes."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in (('data.pkl', pickled), ('byteorder', b'little'), ('version', b'3\n')):
            archive.writestr(f'archive/{name}', content)


def read(path):
    """Read a file and use all of it; return what it is, or why it is refused."""
    from spinepose_mm.datasets.simspine.npz import read_npz
    from spinepose_mm.zoo.checkpoints import load_from_local

    try:
        return f'taken: {read_npz(path, ["imgname"]) if path.suffix == ".npz" else load_from_local(path)}'
    except ValueError as error:
        return f'refused: {error}'


if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).parents[1]))
    for file in map(Path, sys.argv[1:]):
        print(file.name, read(file), flush=True)
