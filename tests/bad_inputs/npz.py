"""SIMSPINE's annotation files that were tried."""

import os
import zipfile

import numpy as np

import builders
from bad_inputs.cases import Case
from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine.npz import joint_keypoints, read_npz
from spinepose_mm.structures.simspine_layout import LAYOUT


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def read(content=None, **fields):
    """Return a function that reads a file with other fields or bytes, or one changed by a function."""

    def run(place):
        place.monkeypatch.chdir(place.folder)
        path = builders.write_simspine(place.folder / 's.npz', **fields)
        if callable(content):
            content(path)
        elif content is not None:
            path.write_bytes(content)
        try:
            arrays, info = read_npz(path, tuple(LAYOUT))
            return arrays, joint_keypoints(path, info['joint_names'])
        finally:
            assert not (place.folder / 'RUN').exists()

    return run


def refused(message, content=None, **fields):
    return Case(read(content, **fields), error=r's\.npz.*' + message)


def header(text, field='scale', data=b''):
    """Return what replaces a field of a file by a header and some data."""
    return entry(field, b'\x93NUMPY\x01\x00' + len(text).to_bytes(2, 'little') + text.encode() + data)


def entry(field, data):
    def change(path):
        with zipfile.ZipFile(path) as archive:
            kept = {name: archive.read(name) for name in archive.namelist() if name != f'{field}.npy'}
        with zipfile.ZipFile(path, 'w') as archive:
            for name, content in {**kept, f'{field}.npy': data}.items():
                archive.writestr(name, content)

    return change


def pickled(data):
    """Return what replaces the metadata by raw bytes of a pickle."""
    return header("{'descr': '|O', 'fortran_order': False, 'shape': (), }", 'metadata', data)


def info(**fields):
    """Return metadata of as many joints and axes as a sound file has, with other fields."""
    sound = dict(joint_names=list(skeleton.SIMSPINE), param_names=['axis'] * 62)
    return np.array(dict(sound, **fields), dtype=object)


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


#: Of protocol 4: numpy.ndarray by STACK_GLOBAL, called with an address in the place of an array's memory.
_ARRAY_BY_NAME = b'\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93K\x01\x85\x8c\x01O\x87R.'
_NAN = np.full((32, 15, 3), np.nan)
CASES = {
    'sound': Case(read(), result=lambda found: len(found[1]) == 15),
    'a joint twice': refused("has 'Hip' twice", metadata=info(joint_names=['Hip'] * 15)),
    'complex': refused('scale does not hold numbers', scale=np.ones(32, complex)),
    'directories': refused('has no field', lambda path: zipfile.ZipFile(path, 'w').close()),
    'empty': refused('truncated, or no such file', b''),
    'header of a call': refused('scale cannot be read', header("__import__('os').system('touch RUN')")),
    'header of a huge size': refused(
        'scale cannot be read', header("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000000,), }")
    ),
    'header of a negative size': refused('scale', header("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }")),
    'header of deep lists': refused('scale cannot be read', header('[' * 500 + ']' * 500)),
    'header of too many numbers': refused(
        'scale cannot be read', header("{'descr': '<f8', 'fortran_order': False, 'shape': (32,), }", data=bytes(8))
    ),
    'joint names of a number': refused("metadata has no list 'joint_names'", metadata=info(joint_names=5)),
    'joint names of lists': refused(
        "'joint_names'.*(no keypoint|not hold names)", metadata=info(joint_names=[[1], [2, 3]] * 7 + [[1]])
    ),
    'joint names of a dict': refused("metadata has no list 'joint_names'", metadata=info(joint_names=dict(a=1))),
    'metadata of a call': refused('metadata was refused', metadata=info(a=Call(os.system, 'touch RUN'))),
    'metadata of a call within': refused(
        'metadata was refused', metadata=np.array(Call(os.system, 'touch RUN'), dtype=object)
    ),
    'metadata of a list': refused('metadata is not a dict', metadata=np.array([[1], [2, 3]], dtype=object)),
    'metadata of broken bytes': refused('metadata', entry('metadata', b'text')),
    'metadata that names ndarray': refused('metadata', pickled(_ARRAY_BY_NAME)),
    'names of numbers': refused('imgname does not hold names', imgname=np.arange(32)),
    'NaN': Case(read(part=_NAN), result=lambda found: np.isnan(found[0]['part']).all()),
    'no frames': refused('has no frames', scale=np.zeros(0)),
    'no metadata': refused("has no field 'metadata'", metadata=None),
    'no field': refused("has no field 'part'", part=None),
    'objects': refused('S_world cannot be read', S_world=np.array([None] * 32)),
    'other joints': refused('part .* with K = 15', part=np.ones((32, 36, 3))),
    'other shape': refused('center has the shape', center=np.ones((32, 3))),
    'text': refused('truncated, or no such file', b'hello'),
    'text for numbers': refused('center does not hold numbers', center=np.full((32, 2), 'a')),
    'too few dimensions': refused('part has the shape', part=np.ones(32)),
    'truncated': refused('truncated, or no such file', half),
    'unknown joint': refused("has 'Tail', which is no keypoint", metadata=info(joint_names=['Tail'] * 15)),
    'zeros': refused('truncated, or no such file', bytes(1000)),
}
