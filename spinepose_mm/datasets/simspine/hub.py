"""SIMSPINE out of Hugging Face `datasets` to annotation files.

The names of its columns are not documented: they are taken to be those of the fields of the `.npz` files.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, LAYOUT

from .npz import check_shapes, make_metadata
from .writing import SPLITS, Content, Reader, split_files, write_splits

_NEEDED = tuple(field for field in LAYOUT if field != 'angles')
_FRAMES = 10_000  # in memory at a time


def convert_hub(source: str, out: str | os.PathLike[str], progress: bool = False) -> list[Path]:
    """Write `simspine_train.npz` and `simspine_test.npz`, whole or not at all.

    Fifteen joints are SIMSPINE's markers in their order; others need a column `joint_names`.

    Args:
        source: name on the hub, such as 'dfki-av/simspine', or a folder that `datasets` saved, or one of Parquet files.
        out: folder to write them to.
        progress: whether to show a progress bar.

    Returns:
        list: the files.

    Raises:
        ImportError: `datasets` is not installed.
        FileExistsError: one of the files is there already.
        OSError: there is no such data set, or it cannot be fetched or written.
        ValueError: it has none of the splits, or lacks a column.
    """
    try:
        from datasets import exceptions, load_dataset, load_from_disk  # which a folder named datasets has not
    except ImportError as error:
        raise ImportError(f'reading {source} needs Hugging Face datasets: pip install datasets') from error
    files = split_files(out)
    try:
        saved = Path(source, 'dataset_dict.json').is_file()
        loaded = load_from_disk(str(source)) if saved else load_dataset(str(source))
    except exceptions.DatasetsError as error:
        raise OSError(f'{source} cannot be loaded: {error}') from error
    contents = {split: _contents(f'{source} ({split})', loaded[split]) for split in SPLITS if split in loaded}
    if not contents:
        raise ValueError(f'{source} has the splits {", ".join(loaded)}, where {" and ".join(SPLITS)} are expected')
    return write_splits(files, contents, progress)


def _contents(where: str, data: Any) -> Content:
    """Return the fields, the parts and the metadata of a split, as `write_splits` takes them."""
    columns = data.column_names
    missing = [field for field in _NEEDED if field not in columns]
    if missing or not len(data):
        raise ValueError(
            f'{where} has {len(data)} frames and the columns {", ".join(columns)}, where '
            f'{", ".join(missing or _NEEDED)} is expected'
        )
    fields = [field for field in (*LAYOUT, *CAMERA_LAYOUT) if field in columns]
    first = data[0]
    names = first.get('joint_names')
    if names is None and len(first['part']) != len(skeleton.SIMSPINE):
        raise ValueError(f'{where} has {len(first["part"])} joints, and no column joint_names that names them')
    angles = first.get('param_names') or [f'axis_{i}' for i in range(len(first.get('angles', ())))]
    info = make_metadata(where, names or list(skeleton.SIMSPINE), angles)
    check_shapes(where, {field: np.array([first[field]]) for field in fields}, info)

    def reader(start: int, stop: int) -> Reader:
        return lambda field: np.array(data.select_columns(field)[start:stop][field])

    ends = [*range(0, len(data), _FRAMES), len(data)]
    parts = [(stop - start, reader(start, stop)) for start, stop in zip(ends, ends[1:])]
    return fields, parts, info
