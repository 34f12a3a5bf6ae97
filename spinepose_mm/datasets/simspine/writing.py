"""Annotation files of SIMSPINE's layout, written whole or not at all, of any size in little memory."""

import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from spinepose_mm.io.atomic import locked, replacing_path

#: The function from a field's name to its values in some frames.
Reader = Callable[[str], np.ndarray | list[str]]
#: Names of the fields, the number of frames and the Reader of each part, and the metadata.
Content = tuple[Sequence[str], Sequence[tuple[int, Reader]], dict[str, Any]]

SPLITS = {'train': ('S1', 'S5', 'S6', 'S7', 'S8'), 'test': ('S9', 'S11')}


def split_files(out: str | os.PathLike[str]) -> dict[str, Path]:
    """Return {split: path of its file in a folder}.

    Raises:
        FileExistsError: one of the files is there already.
    """
    files = {split: Path(out) / f'simspine_{split}.npz' for split in SPLITS}
    for file in files.values():
        if file.exists():
            raise FileExistsError(f'{file} is there already')
    return files


def write_splits(files: Mapping[str, Path], contents: Mapping[str, Content], progress: bool = False) -> list[Path]:
    """Write annotation files, all of them or none.

    Args:
        files: {split: path}.
        contents: {split: (fields, parts, info)} of the splits to write: names of the fields, a list of (number of
            frames, function from a field's name to its values in these frames), and the metadata.
        progress: whether to show a progress bar.

    Returns:
        list: the files that were written.

    Raises:
        BlockingIOError: another run writes them.
        OSError: they cannot be written.
    """
    next(iter(files.values())).parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        for split in contents:
            ending.enter_context(locked(files[split]))
        parts = {split: ending.enter_context(replacing_path(files[split])) for split in contents}
        for split, content in contents.items():
            _write(parts[split], files[split].name, *content, progress)
    return [files[split] for split in contents]


def _write(
    partial: str | os.PathLike[str],
    name: str,
    fields: Sequence[str],
    parts: Sequence[tuple[int, Reader]],
    info: dict[str, Any],
    progress: bool,
) -> None:
    """Write a file field by field, with one part of the frames in memory at a time."""
    count = sum(frames for frames, _ in parts)
    with (
        zipfile.ZipFile(partial, 'w') as archive,
        tqdm(total=count * len(fields), disable=not progress, desc=name, unit='label') as bar,
    ):
        for field in fields:
            shape, dtype = np.shape(parts[0][1](field))[1:], np.dtype(np.float32)
            if field == 'imgname':
                dtype = np.dtype(f'<U{max(len(image) for _, read in parts for image in read(field))}')
            # Names repeat themselves; numbers would hardly get smaller.
            entry = zipfile.ZipInfo(f'{field}.npy')
            entry.compress_type = zipfile.ZIP_DEFLATED if field == 'imgname' else zipfile.ZIP_STORED
            with archive.open(entry, 'w', force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(
                    file, dict(descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False, shape=(count, *shape))
                )
                for frames, read in parts:
                    values = np.ascontiguousarray(read(field), dtype)
                    if values.shape != (frames, *shape):
                        raise ValueError(
                            f'{name}: {field} has the shape {values.shape}, where {(frames, *shape)} is expected'
                        )
                    file.write(values.tobytes())
                    bar.update(frames)
        with archive.open('metadata.npy', 'w') as file:
            np.lib.format.write_array(file, np.array(info, dtype=object), allow_pickle=True)
