"""The frames of SIMSPINE and of Human3.6M: their names, their numbers, and their images on disk.

SIMSPINE's frames count from 0. MMPose's extraction of Human3.6M counts from 1 and keeps every fifth frame by default.
So frames are matched by their number in the sequence, relative to the first number of each source.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spinepose_mm.structures.simspine_layout import SUBJECTS

_FRAME = re.compile(r'(?P<subject>S\d+)/(?P=subject)_.+\.\d+/(?P=subject)_.+_(?P<frame>\d+)\.\w+')
_NUMBER = re.compile(r'_(\d+)\.\w+$')


def of_simspine(imgname: Iterable[str]) -> bool:
    """Return whether all names are of SIMSPINE's form: subject, sequence, camera and number."""
    return all(map(_FRAME.fullmatch, imgname))


def parse_names(
    path: str | os.PathLike[str], imgname: Sequence[str] | np.ndarray, subjects: Sequence[str] | None = SUBJECTS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sequence with its camera, and the frame's number, of each image.

    Args:
        path: of the file that they are from.
        imgname: such as 'S1/S1_Directions_1.54138969/S1_Directions_1.54138969_000000.jpg', (N,).
        subjects: allowed subjects; None to take any names. Where these are not of SIMSPINE's form, the folder is the
            sequence and the order the frame.

    Returns:
        tuple: sequences, str (N,), and frames, int (N,).

    Raises:
        ValueError: a name is of another form or of another subject.
    """
    if subjects is None and not of_simspine(imgname):
        return np.array([name.rpartition('/')[0] for name in imgname]), np.arange(len(imgname))
    sequences, frames = [], []
    for name in np.asarray(imgname).tolist():  # Python's own strings are quicker than NumPy's
        match = _FRAME.fullmatch(name)
        if match is None:
            raise ValueError(
                f'{path}: imgname has {name!r}, where '
                "'S1/S1_Directions_1.54138969/S1_Directions_1.54138969_000000.jpg' is the form"
            )
        if subjects is not None and match['subject'] not in subjects:
            raise ValueError(
                f'{path}: imgname has {name!r} of {match["subject"]}, which is none of {", ".join(subjects)}'
            )
        sequences.append(name.rpartition('/')[0])
        frames.append(int(match['frame']))
    return np.array(sequences), np.array(frames)


def groups(values: np.ndarray) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield each distinct value with the rows that have it, int, in order."""
    distinct, which = np.unique(values, return_inverse=True)
    rows = np.argsort(which, kind='stable')
    yield from zip(distinct, np.split(rows, np.cumsum(np.bincount(which))[:-1]))


def spread(
    sequences: np.ndarray, frames: np.ndarray, fraction: float, available: np.ndarray | None = None
) -> np.ndarray:
    """Return the rows of a part of the frames, in order, spread evenly over the sequences and within each.

    Args:
        sequences: of each frame, (N,).
        frames: number of each frame in its sequence, (N,).
        fraction: how much of all of them, over 0 and up to 1.
        available: which may be taken, bool (N,), or None for all.

    Returns:
        ndarray: int, (round(N * fraction),), or as many as are available, one at least. The same arguments give the
        same rows.
    """
    order = np.lexsort((frames, sequences))
    count = max(1, round(len(order) * fraction))
    if available is not None:
        order = order[available[order]]
        count = min(count, len(order))
    return np.sort(order[((np.arange(count) + 0.5) * len(order) / count).astype(int)])


def counts_from(sequences: np.ndarray, frames: np.ndarray, usual: int) -> int:
    """Return what the frames of a source count from: 0 or 1 where most of its sequences begin so, or else `usual`.

    Args:
        sequences: of each frame, (N,).
        frames: number of each frame, (N,).
        usual: what it counts from by its convention.
    """
    first = Counter(int(frames[rows].min()) for _, rows in groups(sequences))
    number, count = first.most_common(1)[0] if first else (usual, 0)
    return number if number in (0, 1) and 2 * count > first.total() else usual


def renumbered(name: str, offset: int) -> str:
    """Return an image's name with another number, 'a_000004.jpg' for 'a_000003.jpg' and 1."""
    stem, _, tail = name.rpartition('_')
    number, dot, ending = tail.partition('.')
    return f'{stem}_{int(number) + offset:0{len(number)}d}{dot}{ending}'


def find_images(
    folder: str, names: np.ndarray, sequences: np.ndarray, start: int | None = None
) -> tuple[np.ndarray, int | None]:
    """Return which frames' images exist. Each folder is listed once, and no file is opened.

    Args:
        folder: that the names are below; where it is no local one, all of them are taken to be there.
        names: of the frames, (N,).
        sequences: folder of each frame, (N,).
        start: what the names count from, where the images may count from something else; None where they are named
            as the frames are.

    Returns:
        tuple: which images are there, bool (N,), and what they count from, or None. They have the frames' names,
        `renumbered` by the difference.
    """
    if '://' in folder:
        return np.ones(len(names), bool), start
    listed = {sequence: _list(os.path.join(folder, sequence)) for sequence in np.unique(sequences).tolist()}
    begin = start
    if start is not None:
        first = _first_numbers(listed)
        if first:
            begin = counts_from(np.array(list(first)), np.array(list(first.values())), usual=start)
            if begin != start:
                listed = {
                    sequence: {renumbered(file, start - begin) for file in files if _NUMBER.search(file)}
                    for sequence, files in listed.items()
                }
    there = [
        name[len(sequence) :].lstrip('/') in listed[sequence]
        for name, sequence in zip(names.tolist(), sequences.tolist())
    ]
    return np.array(there), begin


def _first_numbers(listed: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Return the lowest number of the images of each folder that has numbered ones."""
    first = {}
    for sequence, files in listed.items():
        numbers = [int(number[1]) for number in map(_NUMBER.search, files) if number]
        if numbers:
            first[sequence] = min(numbers)
    return first


def _list(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()
