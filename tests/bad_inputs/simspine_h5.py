"""SIMSPINE's raw files that were tried."""

import h5py
import numpy as np

import simspine_release
from bad_inputs.cases import Case
from spinepose_mm.datasets.simspine.conversion import convert


def converted(change=None, content=None):
    """Return what converts a small release after a change of its file, or other bytes."""

    def run(place):
        path = place.folder / 'simspine.h5'
        if content is None:
            simspine_release.write_raw(path, simspine_release.make(('S1',), ('Walking',), frames=3))
        else:
            path.write_bytes(content)
        if change:
            with h5py.File(path, 'a') as file:
                change(file)
        try:
            return convert(path, place.folder / 'out')
        finally:
            if change or content is not None:
                assert not list((place.folder / 'out').glob('*'))

    return run


def refused(message, change=None, content=None):
    return Case(converted(change, content), error=r'simspine\.h5.*' + message)


def replaced(name, value):
    def change(file):
        if name in file:
            del file[name]
        file[name] = value

    return change


def truncated(place):
    path = simspine_release.write_raw(place.folder / 'simspine.h5', simspine_release.make(('S1',), ('Walking',), 3))
    path.write_bytes(path.read_bytes()[:4000])
    return convert(path, place.folder / 'out')


MARKERS = 'S1/Walking/markers'
CASES = {
    'sound': Case(converted(), result=lambda files: [file.name for file in files] == ['simspine_train.npz']),
    'a link in a circle': refused(
        f'/{MARKERS} cannot be read: .*too many links', replaced(MARKERS, h5py.SoftLink(f'/{MARKERS}'))
    ),
    'a link to another file': refused(
        f'has no field /{MARKERS}', replaced(MARKERS, h5py.ExternalLink('elsewhere.h5', '/a'))
    ),
    'a sequence in a circle': refused(
        '/S1/Loop/markers cannot be read: .*too many links', replaced('S1/Loop', h5py.SoftLink('/S1/Loop'))
    ),
    'a subject in a circle': refused(
        '/S5/calibration/names cannot be read: .*too many links', replaced('S5', h5py.SoftLink('/S5'))
    ),
    'empty': refused('is truncated, or no HDF5 file', content=b''),
    'markers of text': refused(f'/{MARKERS}', replaced(MARKERS, np.full((3, 15, 3), b'a'))),
    'names of numbers': refused('metadata', replaced('metadata/markers_names', np.arange(15))),
    'no metadata': refused('has no field /metadata/markers_names', lambda file: file.pop('metadata')),
    'size of NaN': refused('are not finite', replaced('S1/calibration/size', np.full((4, 2), np.nan))),
    'text': refused('is truncated, or no HDF5 file', content=b'hello'),
    'truncated': Case(truncated, error=r'simspine\.h5 is truncated, or no HDF5 file'),
    'unknown subject': refused('/S4 is none of the subjects', replaced('S4/a', 1)),
    'wild distortion': refused(
        'distortions are of no lens', replaced('S1/calibration/dist', np.tile([1e9, 0, 0, 0, 0], (4, 1)))
    ),
}
