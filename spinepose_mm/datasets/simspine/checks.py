"""Validate the labels that follow from SIMSPINE's raw file.

The checks are whether people are upright, in the world and before each camera, as Human3.6M's mostly are; whether their
spines are of a human length; whether they are in the images, and no other heading of the world has more of them there.
They detect axes that are tilted or upside down, other units, and cameras of another world.

They detect a turn about the vertical where people walk about, and not where they stay in the middle of the room:
nothing in the raw file says which way people face. Nor do they detect a mirrored world. A comparison with labels of
the same frames from elsewhere detects both: `check_reference`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import skeleton

from .frames import groups, parse_names
from .h5 import Sequence
from .npz import is_valid, joint_keypoints, read_npz, spine_lengths

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

_LEAST_UPRIGHT = 0.5  # of the frames
_LEAST_INSIDE = 0.5  # of the markers before each camera
_MOST_BEHIND = 0.02  # of the markers, against another heading
_MOST_OFF = dict(part=10.0, S_world=0.02)  # pixels and metres, in the median of a view
_FRAMES = 20  # of each sequence that are checked
_FEET = [
    skeleton.index(side + name) for side in ('left_', 'right_') for name in ('ankle', 'big_toe', 'small_toe', 'heel')
]


def check_labels(path: str | os.PathLike[str], sequences: list[Sequence], keypoints: np.ndarray) -> None:
    """Raise ValueError where the people of a raw file cannot be as they would be labelled.

    Args:
        path: of the file.
        sequences: list of Sequence.
        keypoints: number of the keypoint that each marker is, (K,).
    """
    for subject in dict.fromkeys(sequence.subject for sequence in sequences):
        own = [sequence for sequence in sequences if sequence.subject == subject]
        world = np.concatenate([sequence.world(_some(sequence.frames)) for sequence in own])
        points = np.full((len(world), skeleton.NUM_KEYPOINTS, 3), np.nan)
        points[:, keypoints] = world
        valid = np.isfinite(points).all(-1)
        spine_lengths(path, f'/{subject}', np.where(valid[..., None], points, 0), valid)
        up = _upright(points, np.array([0, 0, 1.0]))
        if not up >= _LEAST_UPRIGHT:
            raise ValueError(
                f'{path}: /{subject} is upright in {100 * up:.0f}% of the frames: the axes of its markers '
                "are not OpenSim's, y up"
            )
        _check_cameras(path, subject, own[0].cameras, points)


def _check_cameras(path: str | os.PathLike[str], subject: str, cameras: list[Camera], points: np.ndarray) -> None:
    """Raise ValueError unless each camera has a subject upright and in its images, and more than at another heading."""
    turns = [np.linalg.matrix_power(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), turn) for turn in range(4)]
    inside = np.array([[_inside(camera, points @ turn.T) for camera in cameras] for turn in turns])
    for camera, share in zip(cameras, inside[0]):
        if not share >= _LEAST_INSIDE:
            raise ValueError(
                f'{path}: {100 * share:.0f}% of the markers of /{subject} are in the images of camera '
                f'{camera.name}: the axes or units of its calibration are not the expected ones'
            )
        up = _upright(camera.to_camera(points), np.array([0, -1.0, 0]))
        if not up >= _LEAST_UPRIGHT:
            raise ValueError(
                f'{path}: /{subject} is upright in {100 * up:.0f}% of the images of camera {camera.name}: '
                'its world has not z up'
            )
    shares = inside.mean(1)
    if shares[0] < shares.max() - _MOST_BEHIND:
        raise ValueError(
            f'{path}: {100 * shares[0]:.0f}% of the markers of /{subject} are in the images, and '
            f'{100 * shares.max():.0f}% where the world is turned by {90 * shares.argmax()} degrees about '
            'the vertical: the axes are not the expected ones'
        )


def _some(frames: int) -> np.ndarray:
    return np.linspace(0, frames - 1, min(frames, _FRAMES)).astype(int)


def _upright(points: np.ndarray, up: np.ndarray) -> float:
    """Return the share of frames in which the head is above S1 and the feet, within 60 degrees; 1 where they lack.

    Args:
        points: (T, 37, 3), NaN where they are missing.
        up: unit vector.
    """
    head, low = points[:, skeleton.index('head')], points[:, [skeleton.ROOT, *_FEET]]
    bodies = head[:, None] - low
    valid = np.isfinite(bodies).all(-1)
    return np.mean((bodies @ up > 0.5 * np.linalg.norm(bodies, axis=-1))[valid]) if valid.any() else 1.0


def _inside(camera: Camera, points: np.ndarray) -> float:
    """Return the share of the valid points that are in the images."""
    points = points[np.isfinite(points).all(-1)]
    pixels = camera.project(points)
    inside = (camera.to_camera(points)[:, 2] > 0) & (pixels >= 0).all(-1) & (pixels < camera.size).all(-1)
    return float(np.mean(inside))


def check_reference(
    path: str | os.PathLike[str], sequences: list[Sequence], keypoints: np.ndarray, reference: str | os.PathLike[str]
) -> None:
    """Raise ValueError unless a raw file's labels are those of an annotation file in the frames that both have.

    Args:
        path: of the raw file.
        sequences: list of Sequence.
        keypoints: number of the keypoint that each marker is, (K,).
        reference: path of the annotation file, with `part`, and with `S_world` where it has that.
    """
    arrays, info = read_npz(reference, ('imgname', 'part'), optional=('S_world',))
    titles, frames = parse_names(reference, arrays.pop('imgname').astype(str))
    rows_of = dict(groups(titles))
    theirs = joint_keypoints(reference, info['joint_names']).tolist()
    ours = [i for i, keypoint in enumerate(keypoints) if keypoint in theirs]
    theirs = [theirs.index(keypoints[i]) for i in ours]
    compared = False
    for sequence in sequences:
        for camera in sequence.cameras:
            rows = rows_of.get(sequence.folder(camera), np.zeros(0, int))
            rows = rows[frames[rows] < sequence.frames]
            rows = rows[_some(len(rows))] if len(rows) else rows
            world = sequence.world(frames[rows])[:, ours]
            for field, points in (('part', camera.project(world)), ('S_world', world)):
                if field not in arrays:
                    continue
                labels = arrays[field][rows][:, theirs]
                off = np.linalg.norm(points - labels[..., :-1], axis=-1)[is_valid(labels)]
                off = off[np.isfinite(off)]
                compared |= len(off) > 0
                if len(off) and np.median(off) > _MOST_OFF[field]:
                    raise ValueError(
                        f'{path}: {sequence.folder(camera)}: markers are {np.median(off):.3g} '
                        f'{"pixels" if field == "part" else "m"} from {field} of {reference}'
                    )
    if not compared:
        raise ValueError(f'{reference}: imgname has none of the frames of {path}')
