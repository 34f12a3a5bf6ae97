import io
import pickle
import subprocess
import sys

import numpy as np
import torch

import hostile_pickles
from spinepose_mm.io.plain_pickle import plain_array, read_plain

VALUES = [
    np.arange(3.0),
    np.array([True, False]),
    np.array(['x', 'yz']),
    np.array([b'abc']),
    np.zeros((0, 3)),
    np.array(5),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.array([1, 2], '>i4'),
    np.float32(2),
    np.int64(-3),
    np.bool_(True),
    np.str_('ab'),
    np.str_(''),
    np.complex64(1j),
    np.longdouble(3),
]


def test_what_numpy_writes_comes_out_of_a_checkpoint_and_goes_into_one():
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save(VALUES, file, _use_new_zipfile_serialization=zipped)
        file.seek(0)
        for written, found in zip(VALUES, torch.load(file), strict=True):
            same(written, found)
            # Written again, it is NumPy's for those who read it without this package.
            assert type(pickle.loads(pickle.dumps(found))) is type(written)
            if written.dtype.isnative:
                assert pickle.dumps(found) == pickle.dumps(written)


def test_what_numpy_writes_comes_out_of_metadata():
    for protocol in (2, 3, 4, 5):
        values = VALUES if 2 < protocol < 5 else [None, True, 3, -1 << 40, 2.5, 'text', [1, (2,)], {'a': ()}]
        for written in values:
            found = plain_array(read_plain(pickle.dumps(written, protocol)))
            same(written, found) if isinstance(written, np.generic | np.ndarray) else None
            assert type(found) is type(written) and (values is VALUES or found == written)
    twice = ['a' * 300]
    found = read_plain(pickle.dumps([twice, twice, np.array(twice, object)], 4))
    assert found[0] is found[1] and found[0] == twice and plain_array(found[2]) == twice


def same(written, found):
    np.testing.assert_array_equal(written, found)
    assert written.dtype.newbyteorder('=') == found.dtype and written.shape == found.shape


def test_hostile_pickles_are_refused_in_metadata_and_checkpoints(tmp_path):
    """In a process of its own, which crashes where one of them is taken."""
    (tmp_path / 'files').mkdir()
    files = hostile_pickles.write_all(tmp_path / 'files')
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', hostile_pickles.__file__, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(files) == 20
    for file, line in zip(files, lines):
        if file.name == 'widened.pth':  # the array keeps the type that it was made of
            assert "Array([b'AAAAAAAA'], dtype='|S8')" in line
        else:
            assert line.startswith(f'{file.name} refused: {file}'), line
            assert 'it holds a forged' in line or file.stem in ('unlisted', 'widened'), line
