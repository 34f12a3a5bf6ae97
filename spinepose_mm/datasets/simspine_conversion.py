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
from .simspine_h5 import read_layout, read_numbers

SPLITS = {'train': ('S1', 'S5', 'S6', 'S7', 'S8'), 'test': ('S9', 'S11')}
#: Human3.6M's axes out of OpenSim's: x, -z, y.
AXES = np.array([[1., 0, 0], [0, 0, -1], [0, 1, 0]])
_MOST_OFF = 10.  # pixels by which a marker may be off the same one of a reference
_LEAST_INSIDE = .5  # of the markers that are in the pictures
_REACH = 1.25  # how far the feet are from S1, against the top of the head, with a margin


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
        OSError: a file cannot be written.
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
        opened = h5py.File(path)
    except OSError as error:
        raise ValueError(f'{path} is truncated, or no HDF5 file: {error}') from error
    with opened as file:
        info, sequences = read_layout(path, file)
        axes = _find_axes(path, sequences, info, reference) if reference else AXES
        views = {split: [(sequence, camera) for sequence in sequences if sequence.subject in subjects
                         for camera in sequence.cameras] for split, subjects in SPLITS.items()}
        views = {split: chosen for split, chosen in views.items() if chosen}
        for chosen in views.values():
            _check_axes(path, chosen, info, axes)
        out.mkdir(parents=True, exist_ok=True)
        partial = {split: files[split].with_name(files[split].name + '.part') for split in views}
        try:
            for split, chosen in views.items():
                _write(partial[split], files[split].name, chosen, info, axes, progress)
            for split, written in partial.items():
                os.replace(written, files[split])
        finally:
            for written in partial.values():
                written.unlink(missing_ok=True)
    return [files[split] for split in views]


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
            rows = rows[(1 <= frames[rows]) & (frames[rows] <= sequence.frames)]
            if not len(rows) or not common:
                continue
            markers = sequence.markers(frames[rows] - 1)[:, [i for i, _ in common]]
            seen = arrays['part'][rows][:, [j for _, j in common]]
            for errors, R in zip(off, rotations):
                distance = np.linalg.norm(camera.project(markers @ R.T) - seen[..., :2], axis=-1)
                errors += distance[is_seen(seen) & np.isfinite(distance)].tolist()
    if not off[0]:
        raise ValueError(f'{reference}: imgname has none of the frames of {path}')
    typical = [np.median(errors) for errors in off]
    best = int(np.argmin(typical))
    if not typical[best] <= _MOST_OFF:
        raise ValueError(f'{path}: markers are {typical[best]:.0f} pixels or more from where {reference} has them, '
                         'however their axes are turned')
    return rotations[best]


def _check_axes(path, views, info, axes):
    """Raise ValueError unless the markers of some views are in the pictures."""
    inside = np.mean([_labels(*view, info, axes)['part'][..., 2].mean() for view in views[::max(1, len(views) // 8)]])
    if not inside >= _LEAST_INSIDE:
        raise ValueError(f'{path}: {100 * inside:.0f}% of the markers are in the pictures: their axes or units are not '
                         'the expected ones; an annotation file of the same frames tells them (--reference)')


def _labels(sequence, camera, info, axes):
    """Return all fields of a sequence before one camera, {field: (T, ...)}."""
    frames = np.arange(sequence.frames)
    world = sequence.markers(frames) @ axes.T
    place = camera.to_camera(world)
    good = np.isfinite(world).all(-1) & (place[..., 2] > 0)
    world, place = (np.where(good[..., None], points, 0) for points in (world, place))
    pixels = np.where(good[..., None], camera.project(world), 0)
    inside = good & (pixels >= 0).all(-1) & (pixels < camera.size).all(-1)
    center, side = _boxes(place, pixels, good, camera, info)

    def repeated(value):
        return np.broadcast_to(value, (len(frames), *np.shape(value)))

    return dict(
        imgname=np.array([sequence.image_name(camera, frame) for frame in frames]),
        center=center, scale=1.2 * side / 200, part=np.concatenate([pixels, inside[..., None]], -1),
        S=np.concatenate([place, inside[..., None]], -1), S_world=np.concatenate([world, good[..., None]], -1),
        angles=read_numbers(sequence.group['kinematics']),
        K=repeated(camera.K), dist=repeated(camera.dist), R=repeated(camera.R), t=repeated(camera.t))


def _boxes(place, pixels, good, camera, info):
    """Return the center (T, 2) and the side (T,) of a square around each person, in pixels.

    Markers end at the hips, so that the square is around the root and has room for the legs: _REACH times as far as the
    markers reach from it in this sequence. Where the root is not known, it is the whole picture.
    """
    root = info['root_index']
    known = good[:, root]
    reach = np.linalg.norm(place - place[:, [root]], axis=-1)
    reach = np.median(np.where(good, reach, 0).max(1)[known]) if known.any() else 1.
    depth = np.where(known, place[:, root, 2], 1)
    side = np.where(known, 2 * _REACH * reach * (camera.K[0, 0] + camera.K[1, 1]) / 2 / depth, max(camera.size))
    return np.where(known[:, None], pixels[:, root], np.array(camera.size) / 2), side


def _write(partial, name, views, info, axes, progress):
    """Write an annotation file field by field, with one sequence before one camera in memory at a time."""
    count = sum(sequence.frames for sequence, _ in views)
    width = max(len(sequence.image_name(camera, 0)) for sequence, camera in views)
    example = _labels(*views[0], info, axes)
    with zipfile.ZipFile(partial, 'w') as archive, tqdm(
            total=count * len(example), disable=not progress, desc=name, unit='label') as bar:
        for field, value in example.items():
            dtype = np.dtype(f'<U{width}') if field == 'imgname' else np.dtype(np.float32)
            # Names repeat themselves; numbers would hardly get smaller.
            entry = zipfile.ZipInfo(f'{field}.npy')
            entry.compress_type = zipfile.ZIP_DEFLATED if field == 'imgname' else zipfile.ZIP_STORED
            with archive.open(entry, 'w', force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(file, dict(
                    descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False, shape=(count, *value.shape[1:])))
                for view in views:
                    rows = _labels(*view, info, axes)[field].astype(dtype)
                    file.write(np.ascontiguousarray(rows).tobytes())
                    bar.update(len(rows))
        with archive.open('metadata.npy', 'w') as file:
            np.lib.format.write_array(file, np.array(info, dtype=object), allow_pickle=True)
