"""What all writers of results share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.confidence import MIN_CONFIDENCE
from spinepose_mm.io.atomic import replacing  # noqa: F401  (release 0.1 has it here)
from spinepose_mm.io.paths import StrPath
from spinepose_mm.structures.frame import COORDINATES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from spinepose_mm.structures.frame import Frame

SCORE_PLACES = 4  # decimals of scores


class Writer:
    """Base class of writers: results are written frame by frame, in constant memory.

    `write` takes each Frame in turn. `close` puts what was written in its place, whole, after an interruption too;
    until then it is beside it, named `.part`. `discard` drops it.

    Args:
        path: of the file.
        frame_rate: frames a second; None for images.
        spine_only: whether only the keypoints of the spine are written.
        min_confidence: threshold under which a keypoint counts as not visible, in formats without scores.
        coordinates: of the people's points, 'camera' (OpenCV's axes) or 'world' (Y up); None for 2D.
        measures: {name: unit} of those to be written.
        about: {title: text} of the models and assumptions behind the results, for formats that people read.

    Raises:
        OSError: nothing can be written there.
        ValueError: there are no such coordinates.
    """

    def __init__(
        self,
        path: StrPath,
        frame_rate: float | None,
        spine_only: bool = False,
        min_confidence: float = MIN_CONFIDENCE,
        coordinates: str | None = None,
        measures: Mapping[str, str] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> None:
        if coordinates not in (None, *COORDINATES):
            raise ValueError(f'coordinates are {" or ".join(map(repr, COORDINATES))}, or None, not {coordinates!r}')
        self.path, self.frame_rate, self.min_confidence = Path(path), frame_rate, min_confidence
        self.keypoints = skeleton.SUBSETS['spine' if spine_only else 'all']
        self.coordinates, self.measures, self.about = coordinates, measures or {}, about or {}
        self.ending = ExitStack()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path.parent):
                pass
        except OSError as error:
            raise OSError(f'{path} cannot be written: {error}') from error

    def write(self, frame: Frame) -> None:
        """Write the people of a frame."""
        raise NotImplementedError

    @property
    def files(self) -> list[Path]:
        """Paths of what was written, once it is closed."""
        return [self.path]

    def close(self) -> None:
        """Finish the file, and put it in its place.

        Raises:
            OSError: it could not be written; nothing of it is left.
        """
        self.ending.close()

    def discard(self) -> None:
        """Leave what was in the file's place before; nothing of what was written is kept."""
        with suppress(_Discarded, OSError), self.ending:
            raise _Discarded

    def at_end(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function when the file is finished, but not when it is discarded."""

        @self.ending.push
        def call(kind: type[BaseException] | None, *_: object) -> None:
            if kind is None:
                function(*args)


class _Discarded(Exception):
    pass


@contextmanager
def part_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder beside a place; at the end it is removed, if it has not taken the place."""
    part = path.with_name(f'{path.name}.part')
    remove_folder(part)
    part.mkdir()
    try:
        yield part
    finally:
        remove_folder(part)


def remove_folder(path: Path) -> None:
    """Remove a folder of files, if it is there, some at a time, so that memory stays constant."""
    while path.exists():
        with os.scandir(path) as entries:
            some = list(islice(entries, 1000))
        for entry in some:
            os.unlink(entry)
        if not some:
            path.rmdir()


def rounded(values: ArrayLike, places: int) -> np.ndarray:
    """Return an array of values with so many decimals, and no -0."""
    return np.round(np.asarray(values, float), places) + 0.0


def flattened(points: np.ndarray, scores: np.ndarray, chosen: Sequence[int], places: int) -> list[list[float]]:
    """Return each person's keypoints as a flat list [x, y, score, ...], or [x, y, z, score, ...], of all 37.

    Keypoints that are missing or not among the chosen ones are zeros, as in OpenPose and COCO.

    Args:
        points: (P, 37, 2) or (P, 37, 3).
        scores: (P, 37).
        chosen: numbers of keypoints.
        places: decimals of the points.
    """
    values = np.concatenate([rounded(points, places), rounded(scores, SCORE_PLACES)[..., None]], axis=-1)
    valid = np.isfinite(values).all(-1) & np.isin(np.arange(values.shape[1]), chosen)
    _, count, size = values.shape
    return np.where(valid[..., None], values, 0).reshape(-1, count * size).tolist()
