"""How large a lifted pose is, and where it stands before the camera.

In the shapes, N is the number of poses and K = 37 that of keypoints.
"""

import numpy as np

from spinepose_mm import skeleton

from .triangulation import solve_damped

#: Stature over what `standing_height` adds up, which runs along the curves of the spine and slants from ankle to heel:
#: mean of 400 of `spinepose_mm.synthetic`'s bodies in all its motions; their deviation is 0.55%,
#: since curves of standing people differ.
_STATURE = 0.9616
_MIN_POINTS = 3  # of a pose that is placed
_MIN_DEPTH = 0.05  # metres before the camera


def standing_height(poses: np.ndarray) -> np.ndarray:
    """Return how tall a person of this skeleton stands, in the unit of the pose, whatever posture it is in.

    It adds up head to C1, the chain of the spine from C1 to S1, S1 to the middle of the hips, and the mean of both legs
    from hip over knee and ankle to heel, and takes from that what a standing body's curves and slants do not add to its
    stature. The straight line from S1 to the neck, in place of the chain, would shorten as the spine bends.

    Args:
        poses: (..., K, 3).

    Returns:
        ndarray: (...,).
    """

    def length(*names: str) -> np.ndarray:
        chain = poses[..., [skeleton.index(name) for name in names], :]
        return np.linalg.norm(np.diff(chain, axis=-2), axis=-1).sum(-1)

    poses = np.asarray(poses, float)
    spine = [skeleton.NAMES[i] for i in skeleton.SUBSETS['spine']]
    hips = poses[..., [skeleton.index('left_hip'), skeleton.index('right_hip')], :].mean(-2)
    legs = sum(length(*(f'{side}_{name}' for name in ('hip', 'knee', 'ankle', 'heel'))) for side in ('left', 'right'))
    sacrum = np.linalg.norm(poses[..., skeleton.index('hip'), :] - hips, axis=-1)
    return _STATURE * (length('head', *spine) + sacrum + legs / 2)


def place(
    poses: np.ndarray, rays: np.ndarray, weights: np.ndarray, focal: float, steps: int = 15
) -> tuple[np.ndarray, np.ndarray]:
    """Return where poses stand in camera space, from the pixels of their keypoints.

    The translation minimises the weighted reprojection errors under a robust norm (Geman and McClure's, with the scale
    of the errors themselves), by Gauss-Newton steps from the linear solution of x (Z + tz) = X + tx and
    y (Z + tz) = Y + ty.

    Args:
        poses: of known scale, (N, K, 3).
        rays: keypoints in normalised camera space, (N, K, 2).
        weights: confidence of each, such as its score; 0 for keypoints that are not visible, (N, K).
        focal: focal length in pixels, in which the errors are measured.
        steps: number of Gauss-Newton steps.

    Returns:
        tuple: translations (N, 3) in the unit of the poses, NaN where fewer than three keypoints are visible; and mean
        reprojection errors over the visible keypoints in pixels, weighted, (N,).

    Raises:
        ValueError: the shapes do not fit each other.
    """
    poses, rays, weights = (np.asarray(array, float) for array in (poses, rays, weights))
    if poses.ndim != 3 or rays.shape != (*poses.shape[:2], 2) or weights.shape != poses.shape[:2]:
        raise ValueError(
            f'place takes (N, K, 3), (N, K, 2) and (N, K), not {poses.shape}, {rays.shape} and {weights.shape}'
        )
    weights = np.where(np.isfinite(rays).all(-1) & np.isfinite(poses).all(-1), weights.clip(0), 0)
    rays, poses = np.nan_to_num(rays, posinf=0, neginf=0), np.nan_to_num(poses, posinf=0, neginf=0)
    valid = (weights > 0).sum(1) >= _MIN_POINTS
    places, errors = np.full((len(poses), 3), np.nan), np.full(len(poses), np.nan)
    if valid.any():
        poses, rays, weights = poses[valid], rays[valid], weights[valid]
        move = _linear(poses, rays, weights)
        for _ in range(steps):
            move = _in_front(poses, move - _step(poses, rays, weights, move))
        places[valid] = move
        off = focal * np.linalg.norm(_residuals(poses, rays, move)[0], axis=-1)
        errors[valid] = (weights * off).sum(1) / weights.sum(1)
    return places, errors


def _linear(poses: np.ndarray, rays: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the least squares of the equations above, (N, 3)."""
    rows = np.concatenate([np.broadcast_to(np.eye(2), (*rays.shape, 2)), -rays[..., None]], axis=-1)  # (N, K, 2, 3)
    value = rays * poses[..., 2:] - poses[..., :2]
    return _in_front(poses, _solve(rows, value, weights))


def _step(poses: np.ndarray, rays: np.ndarray, weights: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Return a Gauss-Newton step, (N, 3), to be subtracted."""
    off, depth = _residuals(poses, rays, move)
    size = np.linalg.norm(off, axis=-1)
    scale = np.sqrt(np.where(weights > 0, weights * size**2, 0).sum(1) / weights.sum(1))
    typical = np.array([np.median(row[visible]) for row, visible in zip(size, weights > 0)])
    scale = np.maximum(2 * np.minimum(scale, typical), 1e-9)[:, None]
    robust = weights / (1 + (size / scale) ** 2) ** 2
    rows = np.concatenate([np.broadcast_to(np.eye(2), (*rays.shape, 2)), -(off + rays)[..., None]], axis=-1)
    return _solve(rows / depth[..., None, None], off, robust)


def _residuals(poses: np.ndarray, rays: np.ndarray, move: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of the projections from the rays, (N, K, 2), and the depths, (N, K)."""
    placed = poses + move[:, None]
    depth = np.maximum(placed[..., 2], _MIN_DEPTH)
    return placed[..., :2] / depth[..., None] - rays, depth


def _in_front(poses: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Return translations that leave each pose in front of the camera."""
    nearest = poses[..., 2].min(1)
    return np.concatenate([move[:, :2], np.maximum(move[:, 2:], _MIN_DEPTH - nearest[:, None])], axis=-1)


def _solve(rows: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted least squares of rows (N, K, 2, 3) times x = values (N, K, 2), (N, 3)."""
    weighted = rows * weights[..., None, None]
    normal = np.einsum('nkij,nkil->njl', weighted, rows)
    slope = np.einsum('nkij,nki->nj', weighted, values)
    return solve_damped(normal, slope)
