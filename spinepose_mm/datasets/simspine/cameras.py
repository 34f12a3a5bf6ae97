"""The cameras of SIMSPINE's annotation files, and labels in camera space.

The released files have no cameras, and their `S` is R (X - t), where `part` is the projection of R X + t: that is
camera space only where t is the camera's position. So cameras are fitted to `S_world` and `part`, which agree with each
other, and an `S` that is not camera space is replaced by `S_world` in their axes.

In the shapes, N is the number of frames and K that of joints.
"""

import logging
import os
from collections.abc import Iterator

import numpy as np
from mmengine.logging import print_log

from spinepose_mm.lifting.resection import fit_camera
from spinepose_mm.structures.camera import Camera, check_camera
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT

from .frames import groups
from .npz import is_valid

_MOST_OFF = 0.1  # of the distance to the camera: a fit to few frames may be off by some of that


def add_cameras(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray], sequences: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the fields with each frame's camera, `K`, `dist`, `R` and `t`, of x_c = R x_w + t.

    They are the file's own, where it has them. Else they are fitted to `S_world` and `part`: one for all frames of a
    subject before one camera, since SIMSPINE has one calibration for these, or, where no single camera sees them all as
    they are, one for each sequence.

    Args:
        path: of the annotation file, for the errors.
        arrays: its fields, with `part` and `S_world` where it has no cameras.
        sequences: of each frame, before one camera, (N,).

    Raises:
        ValueError: numbers of the file's cameras are not finite, or no camera can be fitted to the labels.
    """
    if {'K', 'R', 't'} <= arrays.keys():
        arrays = {**arrays, 'dist': arrays.get('dist', np.zeros((len(sequences), 5)))}
        for name in CAMERA_LAYOUT:
            if not np.isfinite(arrays[name]).all():
                raise ValueError(f'{path}: {name} has numbers that are not finite')
        return arrays
    cameras = {
        'K': np.zeros((len(sequences), 3, 3)),
        'dist': np.zeros((len(sequences), 5)),
        'R': np.zeros((len(sequences), 3, 3)),
        't': np.zeros((len(sequences), 3)),
    }
    for rows, camera in _fitted(path, arrays, sequences):
        for name, values in cameras.items():
            values[rows] = getattr(camera, name)
    return {**arrays, **cameras}


def _fitted(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray], sequences: np.ndarray
) -> Iterator[tuple[np.ndarray, Camera]]:
    """Yield rows and the Camera of these frames."""
    calibrations = np.array([f'{name.partition("/")[0]} {name.rpartition(".")[2]}' for name in sequences])
    for _, rows in groups(calibrations):
        try:
            yield rows, _fit(arrays, rows)
        except ValueError:
            for sequence, part in groups(sequences[rows]):
                try:
                    yield rows[part], _fit(arrays, rows[part])
                except ValueError as error:
                    raise ValueError(
                        f'{path}: the camera of {sequence} does not follow from S_world and part: {error}'
                    ) from error


def _fit(arrays: dict[str, np.ndarray], rows: np.ndarray) -> Camera:
    world, pixels = arrays['S_world'][rows], arrays['part'][rows]
    both = is_valid(world) & is_valid(pixels)
    return fit_camera(world[both][:, :3], pixels[both][:, :2])


def camera_space(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], sequences: np.ndarray) -> np.ndarray:
    """Return `S` in camera space, metres and visibility, (N, K, 4), with one warning where the file's is not that.

    Args:
        path: of the annotation file, for the warning.
        arrays: its fields, with `S`, `S_world` and the cameras.
        sequences: of each frame, before one camera, (N,).
    """
    S, world = arrays['S'], arrays['S_world']
    places = np.einsum('nij,nkj->nki', arrays['R'], world[..., :3]) + arrays['t'][:, None]
    both = is_valid(S) & is_valid(world)
    off = np.linalg.norm(S[..., :3] - places, axis=-1)
    wrong = {
        sequence: rows
        for sequence, rows in groups(sequences)
        if both[rows].any()
        and not np.median(off[rows][both[rows]]) <= _MOST_OFF * np.median(np.abs(places[rows][both[rows]][:, 2]))
    }
    if not wrong:
        return S
    rows = np.concatenate(list(wrong.values()))
    print_log(
        f'{path}: S is not camera space in {len(wrong)} of {len(np.unique(sequences))} sequences, by a median of '
        f"{np.median(off[rows][both[rows]]):.2f} m; there, it is replaced by S_world in the cameras' axes",
        'current',
        logging.WARNING,
    )
    S = S.copy()
    S[rows] = np.concatenate([places[rows], both[rows][..., None]], axis=-1)
    return S


def camera_rays(part: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return pixels in normalised camera space, (N, K, 2).

    Args:
        part: x and y in pixels, and what else, (N, K, 2 or more).
        arrays: fields of the annotation file with the cameras.
    """
    if not np.any(arrays['dist']):
        focal, center = arrays['K'][:, [0, 1], [0, 1]], arrays['K'][:, :2, 2]
        return (part[..., :2] - center[:, None]) / focal[:, None]
    rays = np.empty((*part.shape[:2], 2), np.float32)
    lenses = np.column_stack([arrays['K'].reshape(len(part), 9), arrays['dist']])
    _, which = np.unique(lenses, axis=0, return_inverse=True)
    for _, rows in groups(which.ravel()):
        rays[rows] = frame_camera('', arrays, rows[0]).rays(part[rows][..., :2])
    return rays


def frame_camera(where: str, arrays: dict[str, np.ndarray], row: int) -> Camera:
    """Return the Camera of a frame.

    Args:
        where: of which frame or sequence, for the error.
        arrays: fields of the annotation file with the cameras.
        row: of the frame.

    Raises:
        ValueError: its numbers are of no camera.
    """
    K, dist, R, t = (np.asarray(arrays[name][row], float) for name in ('K', 'dist', 'R', 't'))
    return check_camera(where, Camera(K, R, t, (1, 1), dist))  # the size is not in the file, and nothing asks for it
