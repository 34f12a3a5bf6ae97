"""SIMSPINE's annotation files, and MMPose's of Human3.6M, which have the same form.

In the shapes, N is the number of frames, K that of joints and A that of kinematic axes.
"""

import logging
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from spinepose_mm import deprecated, skeleton
from spinepose_mm.io.npz import read_array, read_dict
from spinepose_mm.io.reading import reading
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, LAYOUT, NAMES


def read_npz(
    path: str | os.PathLike[str], fields: Iterable[str], metadata: bool = True, optional: Iterable[str] = ()
) -> tuple[dict[str, np.ndarray], Any]:
    """Read fields of an annotation file.

    Args:
        path: the `.npz`.
        fields: names out of LAYOUT and CAMERA_LAYOUT.
        metadata: whether the file has SIMSPINE's metadata; Human3.6M's has none.
        optional: more names, of fields that are read where the file has them.

    Returns:
        tuple: {field: array}, and the metadata, a dict with `joint_names` and `param_names`, or None.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is truncated or no such file, a field is missing or of another shape than the others, or the
            metadata holds code.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    with reading(path, 'is truncated, or no such file'), zipfile.ZipFile(path) as archive:
        present = {name.removesuffix('.npy') for name in archive.namelist()}
        missing = {*fields, *(['metadata'] if metadata else [])} - present
        if missing:
            raise ValueError(f'{path} has no field {min(missing)!r}')
        arrays = {field: read_array(path, archive, field) for field in (*fields, *(present & set(optional)))}
        info = read_dict(path, archive, 'metadata') if metadata else None
    check_shapes(path, arrays, info)
    return arrays, info


def check_shapes(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], info: Mapping[str, Any] | None) -> None:
    """Raise ValueError unless the dimensions of all fields agree with each other and with the metadata."""
    sizes: dict[str, tuple[int, str]] = {}
    for dimension, title in NAMES.items():
        if info:
            names = info.get(title)
            if not isinstance(names, (list, tuple, np.ndarray)) or getattr(names, 'ndim', 1) != 1:
                raise ValueError(f'{path}: metadata has no list {title!r}')
            if not all(isinstance(name, str) for name in names):
                raise ValueError(f'{path}: metadata[{title!r}] does not hold names alone')
            sizes[dimension] = len(names), f'metadata[{title!r}]'
    for field, array in arrays.items():
        if array.size == 0:
            raise ValueError(f'{path}: {field} has no frames')
        expected = {**LAYOUT, **CAMERA_LAYOUT}[field]
        if array.ndim != len(expected):
            raise ValueError(f'{path}: {field} has the shape {array.shape}, where {expected} is expected')
        for letter, size in zip(expected, array.shape):  # or a number
            wanted, where = sizes.setdefault(letter, (size, field)) if isinstance(letter, str) else (letter, '')
            if size != wanted:
                raise ValueError(
                    f'{path}: {field} has the shape {array.shape}, where {expected} is expected'
                    + (f' with {letter} = {wanted}, as {where} has' if where else '')
                )
        if array.dtype.kind not in ('US' if field == 'imgname' else 'iuf'):
            raise ValueError(f'{path}: {field} does not hold {"names" if field == "imgname" else "numbers"}')


def joint_keypoints(path: str | os.PathLike[str], names: Sequence[str]) -> np.ndarray:
    """Return the numbers of the keypoints that a file's joints are, int (K,).

    Args:
        path: of the file, for the error.
        names: Pose2Sim's, as SIMSPINE's 15 and 37 markers have them, or SpineTrack's.

    Raises:
        ValueError: a name is of neither, or two are of the same keypoint.
    """
    markers = dict(zip(skeleton.POSE2SIM, skeleton.NAMES))
    keypoints = [markers.get(name, name) for name in map(str, names)]
    for place, name in enumerate(keypoints):
        if name not in skeleton.NAMES:
            raise ValueError(f"{path}: metadata['joint_names'] has {name!r}, which is no keypoint of SIMSPINE")
        if name in keypoints[:place]:
            raise ValueError(f"{path}: metadata['joint_names'] has {names[place]!r} twice")
    return np.array([skeleton.index(name) for name in keypoints])


def make_metadata(
    path: str | os.PathLike[str], joint_names: Sequence[str], param_names: Sequence[str]
) -> dict[str, Any]:
    """Return the metadata of an annotation file, a dict, as SIMSPINE's have it.

    Raises:
        ValueError: as for `joint_keypoints`.
    """
    columns = joint_keypoints(path, joint_names).tolist()
    root = columns.index(skeleton.ROOT) if skeleton.ROOT in columns else 0
    parents = [
        columns.index(skeleton.PARENTS[keypoint]) if skeleton.PARENTS[keypoint] in columns else -1
        for keypoint in columns
    ]
    return dict(
        root_name=joint_names[root],
        root_index=root,
        joint_names=list(joint_names),
        param_names=list(param_names),
        parent_ids=parents,
    )


def is_valid(points: np.ndarray) -> np.ndarray:
    """Return the mask of valid points of a file: their last number is over 0, and all are finite."""
    return (points[..., -1] > 0) & np.isfinite(points).all(-1)


@deprecated.arguments(seen='visible')
def spine_lengths(path: str | os.PathLike[str], field: str, points: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Return the length of each person's spine, (N,); NaN where it is not labelled whole.

    Args:
        path, field: where the points are from, for the error.
        points: metres, (N, 37, 3).
        visible: mask of labelled points, (N, 37).

    Raises:
        ValueError: they are typically of no human length in metres.
    """
    chain = list(skeleton.SUBSETS['spine'])
    lengths = np.linalg.norm(np.diff(points[:, chain], axis=1), axis=-1).sum(1)
    lengths = np.where(visible[:, chain].all(1) & (lengths > 0), lengths, np.nan)
    valid = lengths[np.isfinite(lengths)]
    if len(valid) and not 0.2 < np.median(valid) < 1.2:
        raise ValueError(f'{path}: {field} has spines of {np.median(valid):.3g}, where metres are expected')
    return lengths


def read_detections(
    path: str | os.PathLike[str], names: np.ndarray, ann_file: str | os.PathLike[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Read the detected keypoints of frames, as `KeypointFile` writes them.

    Frames without detections, such as those without an image, are left out, with one warning that counts them.

    Args:
        path: `.npz` with `imgname` (M,) and `part` (M, 37, 3), x and y in pixels and a score.
        names: of the requested frames, (N,).
        ann_file: where the names are from, for the messages.

    Returns:
        tuple: the rows of the frames that have detections, int (L,) in their order, and `part` of these, (L, 37, 3).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is of another form, has a frame twice, or has none of the frames.
    """
    arrays, _ = read_npz(path, ('imgname', 'part'), metadata=False)
    if arrays['part'].shape[1] != skeleton.NUM_KEYPOINTS:
        raise ValueError(
            f'{path}: part has {arrays["part"].shape[1]} keypoints, where {skeleton.NUM_KEYPOINTS} are expected'
        )
    detected = arrays['imgname'].astype(str)
    for where, rows in ((path, detected), (ann_file, names)):
        if len(np.unique(rows)) < len(rows):
            raise ValueError(f'{where}: imgname has an image twice: its detections cannot be matched')
    row_of = {name: row for row, name in enumerate(detected)}
    rows = np.array([row for row, name in enumerate(names) if name in row_of], int)
    if not len(rows):
        raise ValueError(f'{path}: imgname has none of the frames of {ann_file}, such as {names[0]}')
    if len(rows) < len(names):
        missing = next(name for name in names if name not in row_of)
        print_log(
            f'{path} lacks {len(names) - len(rows)} of {len(names)} frames of {ann_file}, among them {missing}: '
            'they are left out',
            'current',
            logging.WARNING,
        )
    return rows, arrays['part'][[row_of[names[row]] for row in rows]]
