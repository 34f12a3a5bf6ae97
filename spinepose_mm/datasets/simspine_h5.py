"""SIMSPINE's raw `simspine.h5` to annotation files, of any size in little memory.

The file has `/metadata/{kinematic_axes (A,), markers_names (K,)}`, and for each subject
`/S*/calibration/{names (C,), size (C, 2), R (C, 3, 3), t (C, 3), K (C, 3, 3), dist (C, D)}` and a group for each
sequence with `kinematics (T, A)` and `markers (T, K, 3)`.

Two things are not written in it. Markers have OpenSim's axes, Y up, and the cameras Human3.6M's, Z up: how the one become
the other is taken to be AXES, unless a file that has the same frames' pixels shows another way. And lengths are taken
for millimetres where people or cameras would otherwise be of no human size.
"""
import itertools
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from spinepose_mm import skeleton
from spinepose_mm.lifting.camera import Camera

from .simspine import SUBJECTS, is_seen, joint_keypoints, parse_names, read_npz

SPLITS = {'train': ('S1', 'S5', 'S6', 'S7', 'S8'), 'test': ('S9', 'S11')}
#: Human3.6M's axes out of OpenSim's: x, -z, y.
AXES = np.array([[1., 0, 0], [0, 0, -1], [0, 1, 0]])
_MOST_OFF = 10.  # pixels by which a marker may be off the same one of a reference
_LEAST_INSIDE = .5  # of the markers that are in the pictures
_CALIBRATION = dict(names=1, size=2, R=3, t=2, K=3, dist=2)


@dataclass
class Sequence:
    """A sequence of the file.

    Attributes:
        subject, name: such as 'S1' and 'Directions_1'.
        group: the HDF5 group.
        frames: T.
        cameras: list of Camera, in metres.
    """
    subject: str
    name: str
    group: object
    frames: int
    cameras: list


def convert(path, out, reference=None, progress=False):
    """Write `simspine_train.npz` and `simspine_test.npz`, with the cameras, whole or not at all.

    Args:
        path: `simspine.h5`.
        out: folder to write them to.
        reference: an annotation file with some of the same frames, to find the axes by, or None.
        progress: whether to show a progress bar.

    Returns:
        list: the files.

    Raises:
        ImportError: h5py is not installed.
        FileExistsError: one of the files is there already.
        FileNotFoundError: there is no such file.
        ValueError: it is truncated or of another layout, has an unknown subject, or its markers are not in the
            pictures with these axes, or not where the reference has them.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError('reading simspine.h5 needs h5py: pip install "spinepose_mm[simspine]"') from error
    path, out = Path(path), Path(out)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    files = {split: out / f'simspine_{split}.npz' for split in SPLITS}
    for file in files.values():
        if file.exists():
            raise FileExistsError(f'{file} is there already')
    try:
        with h5py.File(path) as file:
            info, sequences = _read_layout(path, file)
            axes = _find_axes(path, sequences, info, reference) if reference else AXES
            made = []
            for split, subjects in SPLITS.items():
                chosen = [sequence for sequence in sequences if sequence.subject in subjects]
                if chosen:
                    out.mkdir(parents=True, exist_ok=True)
                    _write(path, files[split], chosen, info, axes, progress)
                    made.append(files[split])
            return made
    except OSError as error:
        if error.filename is not None:  # of the output
            raise
        raise ValueError(f'{path} is truncated, or no HDF5 file: {error}') from error


def _read_layout(path, file):
    """Return the metadata, and the Sequences in the order of subjects and names."""
    names, axes = (_text(path, _dataset(path, file, f'metadata/{field}', 1)) for field in
                   ('markers_names', 'kinematic_axes'))
    columns = joint_keypoints(path, names)
    parents = [next((i for i, column in enumerate(columns) if column == skeleton.PARENTS[keypoint]), -1)
               for keypoint in columns]
    root = columns.tolist().index(skeleton.PARENTS.index(-1)) if skeleton.PARENTS.index(-1) in columns else 0
    info = dict(root_name=names[root], root_index=root, joint_names=names, param_names=axes, parent_ids=parents)
    sequences = []
    for subject in sorted((name for name in file if name != 'metadata'), key=lambda name: (len(name), name)):
        if subject not in SUBJECTS:
            raise ValueError(f'{path}: /{subject} is none of the subjects {", ".join(SUBJECTS)}')
        cameras = _read_cameras(path, file, subject)
        for name in sorted(set(file[subject]) - {'calibration'}):
            where = f'{subject}/{name}'
            markers, kinematics = (_dataset(path, file, f'{where}/{field}', dims) for field, dims in
                                   (('markers', 3), ('kinematics', 2)))
            if markers.shape[1:] != (len(names), 3):
                raise ValueError(f'{path}: /{where}/markers has the shape {markers.shape}, where (T, {len(names)}, 3) is '
                                 'expected')
            if kinematics.shape != (len(markers), len(axes)):
                raise ValueError(f'{path}: /{where}/kinematics has the shape {kinematics.shape}, where '
                                 f'({len(markers)}, {len(axes)}) is expected')
            title = re.sub(rf'^{subject}_', '', name.replace(' ', '_'))
            sequences.append(Sequence(subject, title, file[where], len(markers), cameras))
    if not sequences:
        raise ValueError(f'{path} has no sequence of any subject')
    return info, sequences


def _read_cameras(path, file, subject):
    fields = {name: _dataset(path, file, f'{subject}/calibration/{name}', dims)
              for name, dims in _CALIBRATION.items()}
    names = _text(path, fields.pop('names'))
    shapes = dict(size=(2, ), R=(3, 3), t=(3, ), K=(3, 3))
    values = {}
    for name, dataset in fields.items():
        shape = (len(names), *shapes.get(name, dataset.shape[1:]))
        if dataset.shape != shape and dataset.shape != (*shape, 1):
            raise ValueError(f'{path}: /{subject}/calibration/{name} has the shape {dataset.shape}, where {shape} is '
                             'expected')
        values[name] = np.asarray(dataset, float).reshape(shape)
    scale = _metres(np.linalg.norm(values['t'], axis=-1).mean(), 100.)  # a room is smaller
    return [Camera(values['K'][i], values['R'][i], values['t'][i] * scale, tuple(values['size'][i].astype(int)),
                   values['dist'][i], name) for i, name in enumerate(names)]


def _dataset(path, file, name, dims):
    """Return a dataset of the file with so many dimensions, t's and dist's single ones not counted."""
    try:
        found = file[name]
    except KeyError:
        raise ValueError(f'{path} has no field /{name}') from None
    if not hasattr(found, 'shape') or found.ndim not in (dims, dims + (name.rpartition('/')[2] == 't')):
        raise ValueError(f'{path}: /{name} is no array of {dims} dimensions')
    return found


def _text(path, dataset):
    try:
        return [value.decode() if isinstance(value, bytes) else str(value) for value in dataset[()]]
    except (UnicodeDecodeError, TypeError) as error:
        raise ValueError(f'{path}: {dataset.name} is no list of names: {error}') from error


def _metres(length, most):
    """Return the factor to metres of a length that is up to `most` metres, or else in millimetres."""
    return 1. if length <= most else 1e-3


def _find_axes(path, sequences, info, reference):
    """Return the rotation under which the markers are seen where a reference file has them.

    Raises:
        ValueError: under no rotation they are, or the reference has none of the frames.
    """
    arrays, known = read_npz(reference, ('imgname', 'part'))
    names = arrays['imgname'].astype(str)
    order = {keypoint: i for i, keypoint in enumerate(joint_keypoints(reference, known['joint_names']))}
    common = [(i, order[keypoint]) for i, keypoint in enumerate(joint_keypoints(path, info['joint_names']))
              if keypoint in order]
    titles, frames = parse_names(reference, names)
    rotations = [R for R in (np.eye(3)[list(p)] * s for p in itertools.permutations(range(3)) for s in
                             itertools.product((1., -1.), repeat=3)) if np.linalg.det(R) > 0]
    off = [[] for _ in rotations]
    for sequence in sequences:
        for camera in sequence.cameras:
            rows = np.flatnonzero(titles == _title(sequence, camera))[:20]
            rows = rows[frames[rows] <= sequence.frames]
            if not len(rows) or not common:
                continue
            markers = _markers(sequence, frames[rows] - 1)[:, [i for i, _ in common]]
            seen = arrays['part'][rows][:, [j for _, j in common]]
            for errors, R in zip(off, rotations):
                distance = np.linalg.norm(camera.project(markers @ R.T) - seen[..., :2], axis=-1)
                errors += distance[is_seen(seen)].tolist()
    if not off[0]:
        raise ValueError(f'{reference}: imgname has none of the frames of {path}')
    typical = [np.median(errors) for errors in off]
    best = int(np.argmin(typical))
    if not typical[best] <= _MOST_OFF:
        raise ValueError(f'{path}: markers are {typical[best]:.0f} pixels or more from where {reference} has them, however '
                         'their axes are turned')
    return rotations[best]


def _markers(sequence, rows):
    """Return markers of frames in metres and OpenSim's axes, (T, K, 3)."""
    found = np.asarray(sequence.group['markers'][np.unique(rows)], float)[np.unique(rows, return_inverse=True)[1]]
    extent = np.nanmax(np.ptp(found[:1], axis=1)) if len(found) else 0
    return found * _metres(extent, 10.)


def _title(sequence, camera):
    folder = f'{sequence.subject}_{sequence.name}.{camera.name}'
    return f'{sequence.subject}/{folder}'


def _labels(sequence, camera, axes):
    """Return all fields of a sequence before one camera, {field: (T, ...)}."""
    frames = np.arange(sequence.frames)
    world = _markers(sequence, frames) @ axes.T
    place = camera.to_camera(world)
    good = np.isfinite(world).all(-1) & (place[..., 2] > 0)
    pixels = np.where(good[..., None], camera.project(np.where(good[..., None], world, 0)), 0)
    inside = good & (pixels >= 0).all(-1) & (pixels < camera.size).all(-1)
    low = np.where(inside[..., None], pixels, np.inf).min(1)
    high = np.where(inside[..., None], pixels, -np.inf).max(1)
    somebody = inside.any(1)
    low, high = (np.where(somebody[:, None], corner, default) for corner, default in ((low, 0.), (high, 1.)))
    folder = _title(sequence, camera)
    name = f'{folder}/{folder.rpartition("/")[2]}'

    def repeated(value):
        return np.broadcast_to(value, (len(frames), *np.shape(value)))

    return dict(
        imgname=np.array([f'{name}_{frame + 1:06d}.jpg' for frame in frames]),
        center=(low + high) / 2, scale=1.2 * (high - low).max(1) / 200,
        part=np.concatenate([pixels, inside[..., None]], -1),
        S=np.concatenate([np.where(good[..., None], place, 0), inside[..., None]], -1),
        S_world=np.concatenate([np.where(good[..., None], world, 0), inside[..., None]], -1),
        angles=np.asarray(sequence.group['kinematics'], float),
        K=repeated(camera.K), dist=repeated(camera.dist), R=repeated(camera.R), t=repeated(camera.t))


def _write(path, out, sequences, info, axes, progress):
    """Write an annotation file field by field, with one sequence before one camera in memory at a time."""
    views = [(sequence, camera) for sequence in sequences for camera in sequence.cameras]
    inside = [_labels(sequence, camera, axes)['part'][..., 2].mean() for sequence, camera in views[::max(1, len(views) // 8)]]
    if np.mean(inside) < _LEAST_INSIDE:
        raise ValueError(f'{path}: {100 * np.mean(inside):.0f}% of the markers are in the pictures: their axes or units are '
                         'others than Human3.6M\'s x, -z, y in metres or millimetres; an annotation file of the same frames '
                         'tells which (--reference)')
    count = sum(sequence.frames for sequence, _ in views)
    width = max(len(f'{_title(*view)}/{_title(*view).rpartition("/")[2]}_000000.jpg') for view in views)
    partial = out.with_name(out.name + '.part')
    example = _labels(*views[0], axes)
    try:
        with zipfile.ZipFile(partial, 'w') as archive, tqdm(
                total=count * len(example), disable=not progress, desc=out.name, unit='frame') as bar:
            for field, value in example.items():
                dtype = np.dtype(f'<U{width}') if field == 'imgname' else np.dtype(np.float32)
                # Names repeat themselves; numbers would hardly get smaller.
                entry = zipfile.ZipInfo(f'{field}.npy')
                entry.compress_type = zipfile.ZIP_DEFLATED if field == 'imgname' else zipfile.ZIP_STORED
                with archive.open(entry, 'w', force_zip64=True) as file:
                    np.lib.format.write_array_header_1_0(file, dict(
                        descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False,
                        shape=(count, *value.shape[1:])))
                    for view in views:
                        rows = _labels(*view, axes)[field].astype(dtype)
                        file.write(np.ascontiguousarray(rows).tobytes())
                        bar.update(len(rows) )
            with archive.open('metadata.npy', 'w') as file:
                np.lib.format.write_array(file, np.array(info, dtype=object), allow_pickle=True)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
