"""Several calibrated views' keypoints, triangulated and compared with the ground truth, as in the SIMSPINE paper."""

import os

import numpy as np
from tqdm import tqdm

from spinepose_mm import deprecated, skeleton
from spinepose_mm.datasets.simspine.cameras import add_cameras, frame_camera
from spinepose_mm.datasets.simspine.frames import parse_names
from spinepose_mm.datasets.simspine.npz import is_valid, joint_keypoints, read_detections, read_npz, spine_lengths
from spinepose_mm.lifting.triangulation import triangulate
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT

from .spine_mpjpe import mean_error

SUBSETS = ('spine', 'body', 'all')


@deprecated.arguments(least_score='min_score')
def evaluate_views(
    ann_file: str | os.PathLike[str],
    detections: str | os.PathLike[str],
    min_score: float = 0.3,
    threshold: float = 15.0,
    progress: bool = False,
) -> dict[str, float]:
    """Triangulate detected keypoints of all views of each frame, and compare them with `S_world`.

    Args:
        ann_file: `.npz` of SIMSPINE's layout and names, in which a folder's name ends in a dot and the camera. Cameras
            that it does not have are fitted to `S_world` and `part`.
        detections: `.npz` of the detected keypoints of its frames, as `KeypointFile` writes them.
        min_score: score threshold under which a keypoint counts as not visible.
        threshold: as for `triangulate`, pixels.
        progress: whether to show a progress bar.

    Returns:
        dict: `{subset}_MPJPE` of the places in the world and `{subset}_P-MPJPE` after alignment, in millimetres over
        the triangulated points; `{subset}_found`, the part of the labelled points that was triangulated;
        `reprojection_error` in pixels; and `frames`, the number of those in two views or more. Missing values are -1.

    Raises:
        FileNotFoundError: a file does not exist.
        ValueError: a file is of another layout, or no frame is in two views.
    """
    arrays, info = read_npz(ann_file, ('imgname', 'part', 'S_world'), optional=CAMERA_LAYOUT)
    columns = joint_keypoints(ann_file, info['joint_names'])
    names = arrays['imgname'].astype(str)
    sequences, frames = parse_names(ann_file, names)
    arrays = add_cameras(ann_file, arrays, sequences)
    detected, part = read_detections(detections, names, ann_file)
    sequences, frames = sequences[detected], frames[detected]
    arrays = {field: values[detected] for field, values in arrays.items()}
    scenes = np.char.rpartition(sequences, '.')[:, 0]
    results = []
    for scene in tqdm(np.unique(scenes), disable=not progress, unit='sequence'):
        places, views = _places(np.flatnonzero(scenes == scene), sequences, frames)
        if not places.size:
            continue
        points, scores, projections = _views(places, views, part, arrays, ann_file)
        scores = np.where(scores >= min_score, scores, 0)
        world, _, off = triangulate(
            points.reshape(len(views), -1, 2), scores.reshape(len(views), -1), projections, threshold
        )
        labels = _world_labels(places, arrays['S_world'], columns)
        results.append((world.reshape(*scores.shape[1:], 3), labels[..., :3], is_valid(labels), off))
    if not results:
        raise ValueError(f'{ann_file}: imgname has no frame of two views')
    points3d, target, visible, errors = map(np.concatenate, zip(*results))
    spine_lengths(ann_file, 'S_world', target, visible)
    return _values(points3d, target, visible, errors)


def _places(rows: np.ndarray, sequences: np.ndarray, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of each view at each time of a scene, -1 for none, (V, T), and the views' sequences, (V,).

    Times are those of two views or more, and views those that are used at one of them.
    """
    views = np.unique(sequences[rows])
    times, when = np.unique(frames[rows], return_inverse=True)
    places: np.ndarray = np.full((len(views), len(times)), -1)
    places[np.searchsorted(views, sequences[rows]), when] = rows
    places = places[:, (places >= 0).sum(0) >= 2]
    used = (places >= 0).any(1)
    return places[used], views[used]


def _world_labels(places: np.ndarray, world: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the labels of a scene's frames in the world and their validity, (T, 37, 4).

    A point is the same in all views, but a file may have it only in those that see it.
    """
    labels = np.zeros((places.shape[1], skeleton.NUM_KEYPOINTS, 4))
    for rows in places:
        valid = is_valid(world[rows]) & (rows >= 0)[:, None]
        labels[:, columns] = np.where(valid[..., None], world[rows], labels[:, columns])
    return labels


def _views(
    places: np.ndarray,
    views: np.ndarray,
    part: np.ndarray,
    arrays: dict[str, np.ndarray],
    ann_file: str | os.PathLike[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return undistorted pixels (V, T, 37, 2), scores (V, T, 37), and projections (V, 3, 4) of a scene's views."""
    points, scores, projections = [], [], []
    for view, rows in zip(views, places):
        camera = frame_camera(f'{ann_file}: {view}: ', arrays, rows[rows >= 0][0])
        detected = np.where((rows >= 0)[:, None, None], part[rows], 0)
        rays = camera.rays(detected[..., :2])
        points.append(rays * camera.K[[0, 1], [0, 1]] + camera.K[:2, 2])
        scores.append(detected[..., 2])
        projections.append(camera.projection)
    return np.stack(points), np.stack(scores), np.stack(projections)


def _values(points: np.ndarray, target: np.ndarray, visible: np.ndarray, errors: np.ndarray) -> dict[str, float]:
    valid = np.isfinite(points).all(-1)
    values = dict(frames=len(points), reprojection_error=float(np.nanmean(errors)) if valid.any() else -1.0)
    for subset in SUBSETS:
        ids = list(skeleton.SUBSETS[subset])
        labelled, both = visible[:, ids], (visible & valid)[:, ids]
        values[f'{subset}_found'] = float(both.sum() / max(labelled.sum(), 1))
        for name, alignment in (('MPJPE', 'none'), ('P-MPJPE', 'procrustes')):
            values[f'{subset}_{name}'] = mean_error(
                1000 * np.nan_to_num(points[:, ids]), 1000 * target[:, ids], both, alignment
            )
    return values
