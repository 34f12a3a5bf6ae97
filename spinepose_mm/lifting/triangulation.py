"""Triangulation of points from several calibrated cameras; views that are wrong about a point are left out.

In the shapes, V is the number of views and N that of points. Pixels are free of lens distortion: see
`cv2.undistortPoints` with P=K.
"""

import itertools

import numpy as np


def triangulate(
    points: np.ndarray,
    weights: np.ndarray,
    projections: np.ndarray,
    threshold: float = 15.0,
    least_angle: float = 3.0,
    steps: int = 5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points in space from their pixels in several cameras.

    Of all pairs of views, the one whose point most other views agree with decides which views count (RANSAC over all
    samples, since views are few). The point is then estimated from all of those by the direct linear transform, and
    moved to the least squares of the weighted reprojection errors by Gauss-Newton steps (Hartley and Zisserman,
    Multiple View Geometry, 12.2 and A6.1).

    Args:
        points: pixels, (V, N, 2).
        weights: confidence of each, such as its score; 0 for points that are not visible, (V, N).
        projections: K [R | t] of each camera, (V, 3, 4).
        threshold: pixels between a point and its reprojection up to which a view agrees.
        least_angle: degrees between the rays of two views, or between one and the other's opposite, under which they
            cannot place a point.
        steps: number of Gauss-Newton steps.

    Returns:
        tuple: positions (N, 3) in the unit of t, NaN for points that no two views with such an angle agree on; which
        views count, bool (V, N); and the mean reprojection error over them in pixels, (N,).

    Raises:
        ValueError: the shapes do not fit each other, or there are fewer than two views.
    """
    points, weights, projections = (np.asarray(array, float) for array in (points, weights, projections))
    views, count = weights.shape
    if views < 2 or points.shape != (views, count, 2) or projections.shape != (views, 3, 4):
        raise ValueError(
            f'triangulate takes (V, N, 2), (V, N) and (V, 3, 4) with V from 2 on, not {points.shape}, '
            f'{weights.shape} and {projections.shape}'
        )
    visible = (weights > 0) & np.isfinite(points).all(-1)
    points = np.where(visible[..., None], points, 0)
    weights = np.where(visible, weights, 0)
    used = _agreeing(points, visible, projections, threshold, np.sin(np.radians(least_angle)))
    sound = used.any(0)
    weights = weights * used
    places = np.full((count, 3), np.nan)
    places[sound] = _refined(points[:, sound], weights[:, sound], projections, steps)
    errors = reprojection_errors(places, points, projections)
    used &= errors <= threshold
    sound = used.sum(0) >= 2
    places[~sound], used[:, ~sound] = np.nan, False
    return places, used, np.where(used, errors, 0).sum(0) / np.where(sound, used.sum(0), np.nan)


def reprojection_errors(places: np.ndarray, points: np.ndarray, projections: np.ndarray) -> np.ndarray:
    """Return how far points in space, (N, 3), are from pixels, (V, N, 2), in each view: (V, N), in pixels.

    What is behind a camera is infinitely far off.
    """
    projected = _homogeneous(places) @ np.swapaxes(projections, 1, 2)
    with np.errstate(divide='ignore', invalid='ignore'):
        errors = np.linalg.norm(projected[..., :2] / projected[..., 2:] - points, axis=-1)
    return np.where(projected[..., 2] > 0, errors, np.inf)


def _agreeing(
    points: np.ndarray, visible: np.ndarray, projections: np.ndarray, threshold: float, least_sine: float
) -> np.ndarray:
    """Return which views agree on each point, (V, N): those of the best pair of views."""
    best, used = np.full(visible.shape[1], -np.inf), np.zeros_like(visible)
    centers = np.stack([-np.linalg.solve(matrix[:, :3], matrix[:, 3]) for matrix in projections])
    for pair in map(list, itertools.combinations(range(len(visible)), 2)):
        places = _linear(points[pair], visible[pair].astype(float), projections[pair])
        rays = places - centers[pair][:, None]
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        wide = np.linalg.norm(np.cross(*rays), axis=-1) >= least_sine
        errors = np.where(visible, reprojection_errors(places, points, projections), np.inf)
        agree = errors <= threshold
        # More views first, then smaller errors.
        score = agree.sum(0) - np.where(agree, errors, 0).sum(0) / (1 + threshold * len(visible))
        better = wide & visible[pair].all(0) & agree[pair].all(0) & (score > best)
        best[better], used[:, better] = score[better], agree[:, better]
    return used


def _refined(points: np.ndarray, weights: np.ndarray, projections: np.ndarray, steps: int) -> np.ndarray:
    """Return the least squares of the weighted reprojection errors, (N, 3); no step makes them worse."""

    def cost(places: np.ndarray) -> np.ndarray:
        errors = reprojection_errors(places, points, projections)
        return (weights * np.where(weights > 0, errors, 0) ** 2).sum(0)

    places = _linear(points, weights, projections)
    for _ in range(steps):
        moved = places - _newton_step(places, points, weights, projections)
        places = np.where((cost(moved) < cost(places))[:, None], moved, places)
    return places


def _linear(points: np.ndarray, weights: np.ndarray, projections: np.ndarray) -> np.ndarray:
    """Return the direct linear transform's solution, (N, 3)."""
    rows = points[..., None] * projections[:, None, 2:] - projections[:, None, :2]  # (V, N, 2, 4)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12) * weights[..., None, None]
    place = np.linalg.svd(np.swapaxes(rows, 0, 1).reshape(points.shape[1], 2 * len(points), 4))[2][:, -1]
    scale = np.where(np.abs(place[:, 3:]) < 1e-12, 1e-12, place[:, 3:])
    return place[:, :3] / scale


def _newton_step(places: np.ndarray, points: np.ndarray, weights: np.ndarray, projections: np.ndarray) -> np.ndarray:
    """Return the Gauss-Newton step of the weighted squared reprojection errors, (N, 3), to be subtracted."""
    projected = _homogeneous(places) @ np.swapaxes(projections, 1, 2)  # (V, N, 3)
    depth = np.where(np.abs(projected[..., 2:]) < 1e-9, 1e-9, projected[..., 2:])
    residual = projected[..., :2] / depth - points
    matrix = projections[:, None, :, :3]
    jacobian = (matrix[..., :2, :] - (projected[..., :2] / depth)[..., None] * matrix[..., 2:, :]) / depth[..., None]
    weighted = jacobian * weights[..., None, None]
    normal = np.einsum('vnij,vnik->njk', weighted, jacobian)
    slope = np.einsum('vnij,vni->nj', weighted, residual)
    return solve_damped(normal, slope)


def solve_damped(normal: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the solutions of normal equations (N, 3, 3) and (N, 3), a little damped, so that none is singular."""
    damping = 1e-12 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    return np.linalg.solve(normal + damping, slope[..., None])[..., 0]


def _homogeneous(places: np.ndarray) -> np.ndarray:
    return np.concatenate([places, np.ones((*places.shape[:-1], 1))], axis=-1)
