"""The entries of `.npz` files, read without running anything, and only where they are as long as their headers say."""

import math
import pickle
from typing import IO, Any
from zipfile import ZipFile

import numpy as np

from .paths import StrPath
from .plain_pickle import plain_array, read_plain

#: Booleans, numbers, bytes and text.
_PLAIN = set('biufcSU')
#: Bytes of metadata, hundreds of times those of SIMSPINE's.
_MAX_BYTES = 1 << 20


def read_array(path: StrPath, archive: ZipFile, field: str) -> np.ndarray:
    """Return an array of booleans, numbers or text.

    Args:
        path: of the file, for the error.
        archive: the ZipFile.
        field: name of the entry, without `.npy`.

    Raises:
        ValueError: its header is broken, it is of another type, or not as long as its header says.
    """
    info = archive.getinfo(field + '.npy')
    with archive.open(info) as file:
        shape, dtype = _read_header(path, file, field)
        length, expected = info.file_size - file.tell(), dtype.itemsize * math.prod(shape)
    if dtype.kind not in _PLAIN:
        raise ValueError(f'{path}: {field} cannot be read: it is of the type {dtype}')
    if length != expected:
        raise ValueError(f'{path}: {field} cannot be read: its header says {expected} bytes, and it has {length}')
    try:
        with archive.open(info) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        raise ValueError(f'{path}: {field} cannot be read: {error}') from error


def read_dict(path: StrPath, archive: ZipFile, field: str) -> dict[str, Any]:
    """Return the dict that is pickled in an array of one object; the arrays in it are as `plain_array` gives them.

    Args:
        path, archive, field: as for `read_array`.

    Raises:
        ValueError: it is no dict, of more than a megabyte, broken, or holds something else than plain values.
    """
    info = archive.getinfo(field + '.npy')
    if info.file_size > _MAX_BYTES:
        raise ValueError(
            f'{path}: {field} cannot be read: it has {info.file_size} bytes, where at most {_MAX_BYTES} are expected'
        )
    with archive.open(info) as file:
        shape, dtype = _read_header(path, file, field)
        data = file.read()
    try:
        value = plain_array(read_plain(data)) if dtype.kind == 'O' and shape in ((), (1,)) else None
    except pickle.UnpicklingError as error:
        raise ValueError(f'{path}: {field} was refused: {error}') from error
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(value, dict):
        raise ValueError(f'{path}: {field} is not a dict')
    return {name: plain_array(entry) for name, entry in value.items()}


def _read_header(path: StrPath, file: IO[bytes], field: str) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and the dtype that the head of an entry says."""
    readers = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    try:
        shape, _, dtype = readers[np.lib.format.read_magic(file)[0]](file)
    except (ValueError, LookupError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f'{path}: {field} cannot be read: {error}') from error
    if min(shape, default=0) < 0:
        raise ValueError(f'{path}: {field} cannot be read: its header says the shape {shape}')
    return shape, dtype
