"""SIMSPINE's raw `simspine.h5` to annotation files with cameras, of any size in little memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm.io.reading import reading
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, LAYOUT

from .checks import check_labels, check_reference
from .h5 import Sequence, read_layout, read_numbers
from .npz import joint_keypoints
from .writing import SPLITS, Reader, split_files, write_splits

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera


def convert(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    reference: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> list[Path]:
    """Write `simspine_train.npz` and `simspine_test.npz`, whole or not at all.

    They are as the released files, with the cameras beside them and `S` in camera space.

    Args:
        path: `simspine.h5`.
        out: folder to write them to.
        reference: an annotation file with some of the same frames that the labels have to agree with, or None.
        progress: whether to show a progress bar.

    Returns:
        list: the files.

    Raises:
        ImportError: h5py is not installed.
        FileExistsError: one of the files is there already.
        FileNotFoundError: there is no such file.
        ValueError: it is truncated or of another layout, has an unknown subject, or its labels fail validation or
            differ from those of the reference.
        OSError: a file cannot be written.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError('reading simspine.h5 needs h5py: pip install "spinepose_mm[simspine]"') from error
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    files = split_files(out)
    try:
        opened = h5py.File(path)
    except OSError as error:
        raise ValueError(f'{path} is truncated, or no HDF5 file: {error}') from error
    with opened as file:
        with reading(path, 'is not laid out as simspine.h5'):
            info, sequences = read_layout(path, file)
        keypoints = joint_keypoints(path, info['joint_names'])
        check_labels(path, sequences, keypoints)
        if reference:
            check_reference(path, sequences, keypoints, reference)
        contents = {}
        for split, subjects in SPLITS.items():
            own = [sequence for sequence in sequences if sequence.subject in subjects]
            parts = [(one.frames, _reader(one, camera)) for one in own for camera in one.cameras]
            if parts:
                contents[split] = ((*LAYOUT, *CAMERA_LAYOUT), parts, info)
        return write_splits(files, contents, progress)


def _reader(sequence: Sequence, camera: Camera) -> Reader:
    """Return the function from a field's name to its values in all frames of a sequence before a camera."""

    def read(field: str) -> np.ndarray | list[str]:
        if field == 'imgname':
            return [sequence.image_name(camera, frame) for frame in range(sequence.frames)]
        if field == 'angles':
            return read_numbers(sequence.group['kinematics'])
        if field in CAMERA_LAYOUT:
            value = getattr(camera, field)
            return np.broadcast_to(value, (sequence.frames, *value.shape))
        return _labels(sequence, camera)[field]

    return read


def _labels(sequence: Sequence, camera: Camera) -> dict[str, np.ndarray]:
    """Return boxes and points of a sequence before one camera, {field: (T, ...)}."""
    world = sequence.world(np.arange(sequence.frames))
    place = camera.to_camera(world)
    good = np.isfinite(world).all(-1) & (place[..., 2] > 0)
    world, place = (np.where(good[..., None], points, 0) for points in (world, place))
    pixels = np.where(good[..., None], camera.project(world), 0)
    inside = good & (pixels >= 0).all(-1) & (pixels < camera.size).all(-1)
    # The authors' box, 1.2 times the markers' extent; the whole image where there are none.
    low = np.where(good[..., None], pixels, np.inf).min(1)
    high = np.where(good[..., None], pixels, -np.inf).max(1)
    some = good.any(1)
    low, high = np.where(some[:, None], low, 0), np.where(some[:, None], high, camera.size)
    return dict(
        center=(low + high) / 2,
        scale=1.2 * (high - low).max(1) / 200,
        part=np.concatenate([pixels, inside[..., None]], -1),
        S=np.concatenate([place, inside[..., None]], -1),
        S_world=np.concatenate([world, good[..., None]], -1),
    )
