"""The cameras of SIMSPINE's annotation files: those that a file has, or those that follow from its labels.

In the shapes, N is the number of frames and K that of joints.
"""
import numpy as np
from scipy.spatial.transform import Rotation

from spinepose_mm.lifting.camera import Camera, check_camera

from .simspine import is_seen


def camera_rays(part, arrays, sequences, where):
    """Return pixels in normalised camera space, (N, K, 2).

    Args:
        part: x and y in pixels, and what else, (N, K, 2 or more).
        arrays: fields of the annotation file with `part` and `S`, and the cameras where it has them.
        sequences: of each frame, before one camera, (N,).
        where: path of the annotation file, for the errors.
    """
    if 'K' in arrays and not np.any(arrays.get('dist', 0)):
        focal, center = arrays['K'][:, [0, 1], [0, 1]], arrays['K'][:, :2, 2]
        return (part[..., :2] - center[:, None]) / focal[:, None]
    rays = np.empty((*part.shape[:2], 2), np.float32)
    for sequence in np.unique(sequences):
        rows = sequences == sequence
        rays[rows] = sequence_camera(arrays, rows, f'{where}: {sequence}').rays(part[rows][..., :2])
    return rays


def sequence_camera(arrays, rows, where):
    """Return the Camera of a sequence: the file's, or the one that its labels follow from.

    Args:
        arrays: fields of the annotation file with `part` and `S`, with `S_world` for the camera's place, and the
            cameras where it has them.
        rows: of the sequence.
        where: of which sequence, for the errors.

    Raises:
        ValueError: the labels are too few to tell, or not of one camera.
    """
    def field(name):
        return np.asarray(arrays[name][rows][0], float)

    size = (1, 1)  # it is not in the file, and nothing asks for it
    if 'K' in arrays:
        K = field('K')
    else:
        focal, center = fit_intrinsics(arrays['part'][rows], arrays['S'][rows], where)
        K = np.array([[focal[0], 0, center[0]], [0, focal[1], center[1]], [0, 0, 1]])
    R, t = np.eye(3), np.zeros(3)
    if 'R' in arrays and 't' in arrays:
        R, t = field('R'), field('t')
    elif 'S_world' in arrays:
        R, t = fit_extrinsics(arrays['S_world'][rows], arrays['S'][rows], where)
    dist = field('dist') if 'dist' in arrays else np.zeros(5)
    return check_camera(f'{where}: ', Camera(K, R, t, size, dist))


def fit_intrinsics(part, S, where):
    """Return the focal lengths and the principal point of a camera, each (2,) in pixels, from what it saw.

    Without lens distortion, pixels are linear in normalised camera coordinates, so that they follow by least squares;
    with it, they are those that fit best. SIMSPINE's annotations have no intrinsics of their own.

    Args:
        part: pixels and visibility, (N, K, 3).
        S: the same points in camera space and visibility, (N, K, 4).
        where: of which camera, for the error.

    Raises:
        ValueError: too few points are seen to tell, or they are more than 10 pixels off on average, as those of several
            cameras are.
    """
    seen = is_seen(part) & is_seen(S) & (S[..., 2] > 0)
    if seen.sum() < 4:
        raise ValueError(f'{where}: part and S have {seen.sum()} points in common, too few to tell the intrinsics')
    rays, pixels = S[seen][:, :2] / S[seen][:, 2:3], part[seen][:, :2]
    focal, center = np.array([np.polyfit(rays[:, axis], pixels[:, axis], 1) for axis in (0, 1)]).T
    off = np.linalg.norm(rays * focal + center - pixels, axis=-1).mean()
    if off > 10:
        raise ValueError(f'{where}: part is {off:.0f} pixels from what one camera would see of S')
    return focal, center


def fit_extrinsics(S_world, S, where):
    """Return R (3, 3) and t (3,) of x_c = R x_w + t, from points in both spaces.

    Args:
        S_world: the points in world space and visibility, (N, K, 4).
        S: the same points in camera space and visibility, (N, K, 4).
        where: of which camera, for the error.

    Raises:
        ValueError: too few points are in both, or they are more than 20 mm off on average.
    """
    both = is_seen(S_world) & is_seen(S)
    if both.sum() < 4:
        raise ValueError(f'{where}: S and S_world have {both.sum()} points in common, too few to tell the place')
    world, camera = S_world[both][:, :3], S[both][:, :3]
    turn, _ = Rotation.align_vectors(camera - camera.mean(0), world - world.mean(0))
    R = turn.as_matrix()
    t = camera.mean(0) - R @ world.mean(0)
    off = np.linalg.norm(world @ R.T + t - camera, axis=-1).mean()
    if off > .02:
        raise ValueError(f'{where}: S is {1000 * off:.0f} mm from where one camera would have S_world')
    return R, t
