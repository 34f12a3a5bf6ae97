"""The network's predictions, frame by frame on disk: an interrupted run is resumed from them.

The stages after the network (tracking, smoothing, lifting, measures, files) cost little and are repeated from the
beginning, so that a resumed run gives the same files as one that was not interrupted.
"""

import json
import os

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.structures.frame import People

_MARK = b'spinepose_mm '
_PLACES = dict(keypoints=3, scores=5, boxes=3, box_scores=5, confidence=5)  # decimals that are kept
_SHAPES = dict(
    keypoints=(skeleton.NUM_KEYPOINTS, 2),
    scores=(skeleton.NUM_KEYPOINTS,),
    boxes=(4,),
    box_scores=(),
    confidence=(skeleton.NUM_KEYPOINTS,),
)


class EstimateCache:
    """The people of each frame, predicted once and cached on disk.

    Args:
        path: of the file, JSON lines: the settings, then one line for each frame.
        asked: settings as a dict for JSON: input, model and options. A file with other settings is begun anew.

    Attributes:
        found: number of frames that an earlier run has cached.
        done: whether the file has served its purpose.

    Raises:
        OSError: the file cannot be written.
        ValueError: there is another file of that name.
    """

    def __init__(self, path, asked):
        self._path, self.done, header = path, False, _MARK + _line(dict(asked, kept=list(_PLACES)))
        self._file = open(path, 'a+b')  # what is written goes to the end, wherever it is read
        self._file.seek(0)
        first = self._file.readline()
        if first != header:
            if first and not first.startswith(_MARK):
                raise ValueError(f'{path} is in the way of the progress of this run, which would be written there')
            self._file.truncate(0)
            self._file.write(header)
            self._file.flush()
        self._first = len(header)
        self.rewind()
        self.found = sum(line.endswith(b'\n') for line in self._file)
        self.rewind()

    def rewind(self):
        """Begin with the first frame again."""
        self._file.seek(self._first)

    def find(self, frame, compute):
        """Return the People of the next Frame from the file, or from `compute(frame)` where the file has none."""
        start = self._file.tell()
        line = self._file.readline()
        try:
            entry = json.loads(line)
            if entry['frame'] == frame.index:
                return _people(entry)
        except (KeyError, TypeError, ValueError):  # half a line, where a run was killed, or what was damaged since
            pass
        self._file.truncate(start)
        people = compute(frame)
        entry = dict(
            frame=frame.index,
            **{
                name: np.round(np.asarray(getattr(people, name), float), places).tolist()
                for name, places in _PLACES.items()
            },
        )
        self._file.write(_line(entry))
        self._file.flush()
        return _people(entry)

    def close(self):
        """Close the file, and remove it where all is `done`, or nothing is in it."""
        is_empty = self._file.seek(0, os.SEEK_END) == self._first
        self._file.close()
        if self.done or is_empty:
            os.remove(self._path)


def _line(content):
    return json.dumps(content, sort_keys=True, separators=(',', ':')).encode() + b'\n'


def _people(entry):
    return People(**{name: np.array(entry[name], float).reshape(-1, *shape) for name, shape in _SHAPES.items()})
