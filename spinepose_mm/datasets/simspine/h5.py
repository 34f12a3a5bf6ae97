"""SIMSPINE's raw `simspine.h5`.

It has `/metadata/{kinematic_axes (A,), markers_names (K,)}`, and for each subject
`/S*/calibration/{names (C,), size (C, 2), R (C, 3, 3), t (C, 3), K (C, 3, 3), dist (C, D)}` and a group for each
sequence with `kinematics (T, A)` and `markers (T, K, 3)`, whose axes are OpenSim's, Y up. The world of the cameras,
with Z up and x_c = R x_w + t, has a marker's third, first and second axis, as the authors make their own files. Lengths
are in metres, or in millimetres where people or cameras would otherwise have implausible sizes.
"""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm.io.reading import reading
from spinepose_mm.structures.camera import Camera, check_camera
from spinepose_mm.structures.simspine_layout import SUBJECTS

from .frames import parse_names
from .npz import make_metadata

if TYPE_CHECKING:
    import h5py

#: Which of a marker's axes the world's x, y and z are.
AXES = (2, 0, 1)
_CALIBRATION = dict(names=1, size=2, R=3, t=2, K=3, dist=2)


def read_numbers(dataset: h5py.Dataset, rows: Any = slice(None)) -> np.ndarray:
    """Return rows of an HDF5 dataset as numbers.

    Raises:
        ValueError: it cannot be read, as in a file that is cut.
    """
    try:
        return np.asarray(dataset[rows], float)
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(f'{dataset.file.filename}: {dataset.name} cannot be read: {error}') from error


@dataclass
class Sequence:
    """A sequence of the file.

    Attributes:
        subject, name: such as 'S1' and 'Directions_1'.
        group: the HDF5 group.
        frames: T.
        scale: metres per unit of the markers.
        cameras: list of Camera, in metres.
    """

    subject: str
    name: str
    group: h5py.Group
    frames: int
    scale: float
    cameras: list[Camera]

    def world(self, rows: np.ndarray | range) -> np.ndarray:
        """Return the markers of frames in the cameras' world, metres, (len(rows), K, 3)."""
        distinct, order = np.unique(rows, return_inverse=True)  # as HDF5 wants them
        return read_numbers(self.group['markers'], distinct)[order][..., AXES] * self.scale

    def folder(self, camera: Camera) -> str:
        """Return the folder of its images, as SIMSPINE names them."""
        return f'{self.subject}/{self.subject}_{self.name}.{camera.name}'

    def image_name(self, camera: Camera, frame: int) -> str:
        """Return the name of an image, given the frame's number from 0 on."""
        folder = self.folder(camera)
        return f'{folder}/{folder.rpartition("/")[2]}_{frame:06d}.jpg'


def read_layout(path: str | os.PathLike[str], file: h5py.File) -> tuple[dict[str, Any], list[Sequence]]:
    """Return the metadata as an annotation file has it, and the Sequences in the order of subjects and names.

    Args:
        path: of the file, for the errors.
        file: an open h5py.File.

    Raises:
        ValueError: a field is missing or of another shape, or a subject or a marker is unknown.
    """
    names, axes = (
        _text(path, _dataset(path, file, f'metadata/{field}', 1)) for field in ('markers_names', 'kinematic_axes')
    )
    info = make_metadata(path, names, axes)
    sequences = []
    for subject in sorted((name for name in file if name != 'metadata'), key=lambda name: (len(name), name)):
        if subject not in SUBJECTS:
            raise ValueError(f'{path}: /{subject} is none of the subjects {", ".join(SUBJECTS)}')
        cameras = _read_cameras(path, file, subject)
        for name in sorted(set(file[subject]) - {'calibration'}):
            where = f'{subject}/{name}'
            markers, kinematics = (
                _dataset(path, file, f'{where}/{field}', dims) for field, dims in (('markers', 3), ('kinematics', 2))
            )
            if markers.shape[1:] != (len(names), 3) or not len(markers):
                raise ValueError(
                    f'{path}: /{where}/markers has the shape {markers.shape}, where (T, {len(names)}, 3) is expected'
                )
            if kinematics.shape != (len(markers), len(axes)):
                raise ValueError(
                    f'{path}: /{where}/kinematics has the shape {kinematics.shape}, where '
                    f'({len(markers)}, {len(axes)}) is expected'
                )
            title = re.sub(rf'^{subject}_', '', name.replace(' ', '_'))
            sequences.append(Sequence(subject, title, file[where], len(markers), 1.0, cameras))
    if not sequences:
        raise ValueError(f'{path} has no sequence of any subject')
    images = [sequence.image_name(camera, 0) for sequence in sequences for camera in sequence.cameras]
    parse_names(path, images)
    twice = [image for image, count in Counter(images).items() if count > 1]
    if twice:
        raise ValueError(f'{path} has two sequences or cameras whose images are {twice[0]}')
    extents = [_extents(sequence.world(range(min(100, sequence.frames)))) for sequence in sequences]
    scale = _metres(np.concatenate(extents), 10.0)
    return info, [replace(sequence, scale=scale) for sequence in sequences]


def _extents(markers: np.ndarray) -> np.ndarray:
    """Return how far each frame's valid markers are apart, (T,); NaN where none is valid."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # of frames without a number
        return (np.nanmax(markers, axis=1) - np.nanmin(markers, axis=1)).max(-1)


def _read_cameras(path: str | os.PathLike[str], file: h5py.File, subject: str) -> list[Camera]:
    fields = {name: _dataset(path, file, f'{subject}/calibration/{name}', dims) for name, dims in _CALIBRATION.items()}
    names = _text(path, fields.pop('names'))
    shapes = dict(size=(2,), R=(3, 3), t=(3,), K=(3, 3))
    values = {}
    for name, dataset in fields.items():
        shape = (len(names), *shapes.get(name, dataset.shape[1:]))
        where = f'{path}: /{subject}/calibration/{name}'
        if dataset.shape != shape and dataset.shape != (*shape, 1):
            raise ValueError(f'{where} has the shape {dataset.shape}, where {shape} is expected')
        values[name] = read_numbers(dataset).reshape(shape)
    scale = _metres(np.linalg.norm(values['t'], axis=-1), 100.0)
    return [
        check_camera(
            f'{path}: /{subject}/calibration: {name}: ',
            Camera(
                values['K'][i],
                values['R'][i],
                values['t'][i] * scale,
                tuple(values['size'][i].tolist()),
                values['dist'][i],
                name,
            ),
        )
        for i, name in enumerate(names)
    ]


def _dataset(path: str | os.PathLike[str], file: h5py.File, name: str, dims: int) -> h5py.Dataset:
    """Return a dataset of the file with so many dimensions; those of vectors may have a single one more."""
    with reading(path, 'cannot be read', f'/{name}'):
        try:
            dataset = file[name]
        except KeyError:
            raise ValueError(f'{path} has no field /{name}') from None
    if not hasattr(dataset, 'shape') or dataset.ndim not in (dims, dims + (name.rpartition('/')[2] in ('t', 'dist'))):
        raise ValueError(f'{path}: /{name} is no array of {dims} dimensions')
    return dataset


def _text(path: str | os.PathLike[str], dataset: h5py.Dataset) -> list[str]:
    try:
        return [value.decode() if isinstance(value, bytes) else str(value) for value in dataset[()]]
    except (UnicodeDecodeError, TypeError) as error:
        raise ValueError(f'{path}: {dataset.name} is no list of names: {error}') from error


def _metres(lengths: np.ndarray, most: float) -> float:
    """Return the factor to metres of lengths that are typically up to `most` metres, or else in millimetres."""
    valid = lengths[np.isfinite(lengths)]
    return 1e-3 if len(valid) and np.median(valid) > most else 1.0
