"""The network's predictions, frame by frame on disk: an interrupted run is resumed from them.

The stages after the network (tracking, smoothing, lifting, measures, files) cost little and are repeated from the
beginning, so that a resumed run gives the same files as one that was not interrupted.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from spinepose_mm import deprecated, skeleton
from spinepose_mm.structures.frame import Frame, People

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
    """The people of each frame, estimated once and kept on disk.

    Args:
        path: of the file, JSON lines: the settings, then one line for each frame.
        asked: settings as a dict for JSON: input, model and options. A file with other settings is begun anew.
        equivalent: settings that earlier versions wrote for the same.

    Attributes:
        cached: number of frames that an earlier run has cached.
        done: whether the file has served its purpose.

    Raises:
        OSError: the file cannot be written.
        ValueError: there is another file of that name.
    """

    found = deprecated.attribute('found', 'cached')

    def __init__(
        self, path: str | os.PathLike, asked: dict[str, Any], equivalent: Iterable[dict[str, Any]] = ()
    ) -> None:
        self._path, self.done = path, False
        header, *others = map(_header, (asked, *equivalent))
        self._file = open(path, 'a+b')  # what is written goes to the end, wherever it is read
        self._file.seek(0)
        first = self._file.readline()
        if first not in (header, *others):
            if first and not first.startswith(_MARK):
                raise ValueError(f'{path} is in the way of the progress of this run, which would be written there')
            self._file.truncate(0)
            self._file.write(header)
            self._file.flush()
            first = header
        self._first = self._next = len(first)
        self.rewind()
        self.cached = sum(line.endswith(b'\n') for line in self._file)
        self.rewind()

    def rewind(self) -> None:
        """Begin with the first frame again."""
        self._next = self._first
        self._file.seek(self._first)

    def read(self, frame: Frame) -> People | None:
        """Return the People of the next Frame, None where the file has none of it: then they are to be added."""
        self._next = self._file.tell()
        try:
            entry = json.loads(self._file.readline())
            if entry['frame'] == frame.index:
                return _people(entry)
        except (KeyError, TypeError, ValueError):  # half a line, where a run was killed, or what was damaged since
            pass
        return None

    def add(self, frame: Frame, people: People) -> People:
        """Write the People of the Frame that was asked for last, and return them as they will be read."""
        self._file.truncate(self._next)
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

    def find(self, frame: Frame, compute: Callable[[Frame], People]) -> People:
        """Return the People of the next Frame, of the file or of `compute(frame)`: a method of release 0.1."""
        warnings.warn('EstimateCache.find is now EstimateCache.read and .add', DeprecationWarning, stacklevel=2)
        people = self.read(frame)
        return self.add(frame, compute(frame)) if people is None else people

    def close(self) -> None:
        """Close the file, and remove it where all is `done`, or nothing is in it."""
        is_empty = self._file.seek(0, os.SEEK_END) == self._first
        self._file.close()
        if self.done or is_empty:
            os.remove(self._path)


def _header(asked: dict[str, Any]) -> bytes:
    return _MARK + _line(dict(asked, kept=list(_PLACES)))


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(',', ':')).encode() + b'\n'


def _people(entry: dict[str, Any]) -> People:
    arrays: dict[str, Any] = {name: np.array(entry[name], float).reshape(-1, *shape) for name, shape in _SHAPES.items()}
    return People(**arrays)
