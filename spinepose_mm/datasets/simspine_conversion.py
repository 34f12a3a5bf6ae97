"""SIMSPINE's raw `simspine.h5` to annotation files, of any size in little memory.

How OpenSim's axes, Y up, become those of Human3.6M's cameras, Z up, is not written in the file. It is taken to be AXES,
unless a file that has the same frames' pixels shows another way.
"""
import itertools
import os
import zipfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .simspine import is_seen, joint_keypoints, parse_names, read_npz
from .simspine_h5 import read_layout

SPLITS = {'train': ('S1', 'S5', 'S6', 'S7', 'S8'), 'test': ('S9', 'S11')}
#: Human3.6M's axes out of OpenSim's: x, -z, y.
AXES = np.array([[1., 0, 0], [0, 0, -1], [0, 1, 0]])
_MOST_OFF = 10.  # pixels by which a marker may be off the same one of a reference
_LEAST_INSIDE = .5  # of the markers that are in the pictures


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
            info, sequences = read_layout(path, file)
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
    turns = (np.eye(3)[list(order)] * signs for order in itertools.permutations(range(3))
             for signs in itertools.product((1., -1.), repeat=3))
    rotations = [R for R in turns if np.linalg.det(R) > 0]
    off = [[] for _ in rotations]
    for sequence in sequences:
        for camera in sequence.cameras:
            rows = np.flatnonzero(titles == sequence.folder(camera))[:20]
            rows = rows[frames[rows] <= sequence.frames]
            if not len(rows) or not common:
                continue
            markers = sequence.markers(frames[rows] - 1)[:, [i for i, _ in common]]
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


def _labels(sequence, camera, axes):
    """Return all fields of a sequence before one camera, {field: (T, ...)}."""
    frames = np.arange(sequence.frames)
    world = sequence.markers(frames) @ axes.T
    place = camera.to_camera(world)
    good = np.isfinite(world).all(-1) & (place[..., 2] > 0)
    pixels = np.where(good[..., None], camera.project(np.where(good[..., None], world, 0)), 0)
    inside = good & (pixels >= 0).all(-1) & (pixels < camera.size).all(-1)
    low = np.where(inside[..., None], pixels, np.inf).min(1)
    high = np.where(inside[..., None], pixels, -np.inf).max(1)
    somebody = inside.any(1)
    low, high = (np.where(somebody[:, None], corner, default) for corner, default in ((low, 0.), (high, 1.)))
    def repeated(value):
        return np.broadcast_to(value, (len(frames), *np.shape(value)))

    return dict(
        imgname=np.array([sequence.image_name(camera, frame) for frame in frames]),
        center=(low + high) / 2, scale=1.2 * (high - low).max(1) / 200,
        part=np.concatenate([pixels, inside[..., None]], -1),
        S=np.concatenate([np.where(good[..., None], place, 0), inside[..., None]], -1),
        S_world=np.concatenate([np.where(good[..., None], world, 0), inside[..., None]], -1),
        angles=np.asarray(sequence.group['kinematics'], float),
        K=repeated(camera.K), dist=repeated(camera.dist), R=repeated(camera.R), t=repeated(camera.t))


def _write(path, out, sequences, info, axes, progress):
    """Write an annotation file field by field, with one sequence before one camera in memory at a time."""
    views = [(sequence, camera) for sequence in sequences for camera in sequence.cameras]
    inside = np.mean([_labels(*view, axes)['part'][..., 2].mean() for view in views[::max(1, len(views) // 8)]])
    if inside < _LEAST_INSIDE:
        raise ValueError(f'{path}: {100 * inside:.0f}% of the markers are in the pictures: their axes or units are not '
                         'the expected ones; an annotation file of the same frames tells them (--reference)')
    count = sum(sequence.frames for sequence, _ in views)
    width = max(len(sequence.image_name(camera, 0)) for sequence, camera in views)
    partial = out.with_name(out.name + '.part')
    example = _labels(*views[0], axes)
    try:
        with zipfile.ZipFile(partial, 'w') as archive, tqdm(
                total=count * len(example), disable=not progress, desc=out.name, unit='label') as bar:
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
                        bar.update(len(rows))
            with archive.open('metadata.npy', 'w') as file:
                np.lib.format.write_array(file, np.array(info, dtype=object), allow_pickle=True)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
