"""A camera from points in space and their pixels, by resection.

The start is estimated by the normalised direct linear transform (Hartley and Zisserman, Multiple View Geometry, 7.1)
on all points and on samples of them, by the least median of the errors (Rousseeuw, 1984), so that single wrong labels
do no harm. From there, the reprojection errors are minimised with a robust loss, by OpenCV's projection and its
derivatives.
"""

import cv2
import numpy as np
from scipy.linalg import rq
from scipy.optimize import least_squares

from spinepose_mm.structures.camera import Camera

_MAX_POINTS = 500  # more do not change the result
_SAMPLES, _SAMPLE = 40, 10
_MIN_THICKNESS = 1e-3  # of the cloud of points, against its length
_LENS_GAIN = 0.9  # the median error with a lens, against that without, under which there is a lens
_LENS_WEIGHT = 1e-3  # pixels for a coefficient of 1, so that a lens that hardly shows stays small
_MAX_OFF = 10.0  # pixels for nine of ten points
_MAX_LENS = 100.0  # the same without a lens: further off, a lens is not the reason
_STEPS = 60


def fit_camera(points: np.ndarray, pixels: np.ndarray) -> Camera:
    """Return the Camera that sees points in space where their pixels are.

    Args:
        points: metres, (N, 3).
        pixels: of an image with its lens distortion, (N, 2).

    Returns:
        Camera: with square-angled pixels, OpenCV's k1 k2 p1 p2 k3, which are zero where a lens would not explain the
        pixels better, and the size (1, 1), since pixels do not determine it.

    Raises:
        ValueError: there are fewer than six points, they lie in a plane, or no single camera in front of them sees nine
            of ten within 10 pixels.
    """
    points, pixels = np.asarray(points, float), np.asarray(pixels, float)
    if len(points) < 6:
        raise ValueError(f'{len(points)} points are too few to tell the camera by; it takes six')
    rows = np.linspace(0, len(points) - 1, min(len(points), _MAX_POINTS)).astype(int)
    points, pixels = points[rows], pixels[rows]
    extent = np.linalg.svd(points - points.mean(0), compute_uv=False)
    if not extent[2] > _MIN_THICKNESS * extent[0]:
        raise ValueError('the points lie in a plane or on a line, which does not tell the camera')
    try:
        params = _refined(points, pixels, _start(points, pixels))
        off = _off(points, pixels, params)
        if np.quantile(off, 0.9) <= _MAX_LENS:
            lens = _refined(points, pixels, np.append(params, np.zeros(5)))
            if np.median(_off(points, pixels, lens)) < _LENS_GAIN * np.median(off):
                params, off = lens, _off(points, pixels, lens)
    except ValueError as error:  # of numbers that are not finite, and of singular matrices
        raise ValueError('no camera sees the points where their pixels are') from error
    camera, off = _camera(params), np.quantile(off, 0.9)
    if not off <= _MAX_OFF:
        raise ValueError(f'the points are {off:.0f} pixels and more from where one camera would see them')
    if np.median(camera.to_camera(points)[:, 2]) <= 0:
        raise ValueError('the points are mirrored: only a camera that they are behind would see them so')
    return camera


def _off(points: np.ndarray, pixels: np.ndarray, params: np.ndarray) -> np.ndarray:
    return np.linalg.norm(_project(points, params)[0] - pixels, axis=1)


def _start(points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return the parameters to begin with: rotation vector, t, focal lengths and principal point, (10,)."""
    rng, count = np.random.default_rng(0), len(points)
    samples = [rng.choice(count, _SAMPLE, replace=False) for _ in range(_SAMPLES)] if count > _SAMPLE else []
    matrices = np.array([_linear(points[rows], pixels[rows]) for rows in (np.arange(count), *samples)])
    projected = np.column_stack([points, np.ones(count)]) @ matrices.swapaxes(1, 2)
    with np.errstate(divide='ignore', invalid='ignore'):
        off = np.median(np.linalg.norm(projected[..., :2] / projected[..., 2:] - pixels, axis=-1), axis=1)
    matrix = matrices[np.nanargmin(off)]
    matrix = matrix * np.sign(np.linalg.det(matrix[:, :3]))
    K, R = rq(matrix[:, :3])
    signs = np.sign(np.diag(K))
    K, R = K * signs, R * signs[:, None]
    t, K = np.linalg.solve(K, matrix[:, 3]), K / K[2, 2]
    return np.concatenate([cv2.Rodrigues(R)[0].ravel(), t, [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]])


def _linear(points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return the projection matrix of the direct linear transform, (3, 4), up to scale and sign."""
    (points, space), (pixels, plane) = _normalised(points), _normalised(pixels)
    zero = np.zeros_like(points)
    rows = np.concatenate(
        [
            np.column_stack([points, zero, -pixels[:, :1] * points]),
            np.column_stack([zero, points, -pixels[:, 1:2] * points]),
        ]
    )
    return np.linalg.solve(plane, np.linalg.svd(rows, full_matrices=False)[2][-1].reshape(3, 4) @ space)


def _normalised(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points around the origin at a mean distance of 1 in homogeneous coordinates, and the matrix to there."""
    middle, size = points.mean(0), points.shape[1]
    scale = 1 / max(np.linalg.norm(points - middle, axis=1).mean(), 1e-12)
    matrix = np.diag([*[scale] * size, 1.0])
    matrix[:-1, -1] = -scale * middle
    return np.column_stack([points, np.ones(len(points))]) @ matrix.T, matrix


def _refined(points: np.ndarray, pixels: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the parameters, as many as there are to begin with, with the least reprojection errors."""
    lens = np.zeros((5, len(start)))
    lens[:, 10:] = _LENS_WEIGHT * np.eye(5)[:, : len(start) - 10]
    return least_squares(
        lambda params: np.append((_project(points, params)[0] - pixels).ravel(), lens @ params),
        start,
        lambda params: np.concatenate([_project(points, params)[1], lens]),
        loss='cauchy',
        x_scale='jac',
        max_nfev=_STEPS,
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    ).x


def _project(points: np.ndarray, params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (N, 2) and their derivatives by the parameters (2 N, len(params))."""
    camera = _camera(params)
    pixels, derivatives = cv2.projectPoints(points[:, None], params[:3], camera.t, camera.K, camera.dist)
    return pixels[:, 0], derivatives[:, : len(params)]


def _camera(params: np.ndarray) -> Camera:
    fx, fy, cx, cy = params[6:10]
    return Camera(
        np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
        cv2.Rodrigues(params[:3])[0],
        params[3:6],
        (1, 1),
        np.append(params[10:], np.zeros(15 - len(params))),
    )
