"""Moving a mesh with its bones, half way between the blending of matrices and of dual quaternions.

Blended matrices shrink a joint that bends or turns; dual quaternions, of Kavan et al. (2008), Geometric skinning with
approximate dual quaternion blending, ACM Transactions on Graphics 27(4), keep its girth but swell where it bends far,
as under a raised arm.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

LINEAR = 0.5  # part of the blended matrices in the result; chosen by eye


def dual_quaternions(turns: np.ndarray, shifts: np.ndarray, parents: Sequence[int]) -> np.ndarray:
    """Return rigid motions as dual quaternions.

    Args:
        turns: rotations in shape (P, 3, 3).
        shifts: translations in shape (P, 3).
        parents: of each motion, one before it that it is blended with, or itself; signs follow it (the shorter way).

    Returns:
        np.ndarray: in shape (P, 8), float32: the real part (x, y, z, w), then the dual part.
    """
    real = Rotation.from_matrix(turns).as_quat()
    for part, parent in enumerate(parents):
        if real[part] @ real[parent] < 0:
            real[part] = -real[part]
    vector, scalar = real[:, :3], real[:, 3:]
    dual = np.concatenate([scalar * shifts + np.cross(shifts, vector), -(shifts * vector).sum(1, keepdims=True)], 1) / 2
    return np.concatenate([real, dual], axis=1).astype(np.float32)


def blend(weights: np.ndarray, motions: np.ndarray) -> np.ndarray:
    """Return the motion of each vertex.

    Args:
        weights: of each motion on each vertex, in shape (V, P), float32.
        motions: dual quaternions in shape (P, 8), float32.

    Returns:
        np.ndarray: a matrix and a translation in shape (V, 3, 4), float32.
    """
    both = np.concatenate([motions, LINEAR * _matrices(motions).reshape(-1, 12)], axis=1)
    mixed = weights @ both
    return (1 - LINEAR) * _matrices(mixed[:, :8]) + mixed[:, 8:].reshape(-1, 3, 4)


def _matrices(motions: np.ndarray) -> np.ndarray:
    """Return rotations and translations (N, 3, 4) of dual quaternions (N, 8) that need not be of length 1."""
    x, y, z, w, dx, dy, dz, dw = np.ascontiguousarray(motions.T)
    twice = 2 / (x * x + y * y + z * z + w * w)
    matrices = np.empty((12, len(motions)), np.float32)
    matrices[0] = 1 - twice * (y * y + z * z)
    matrices[1] = twice * (x * y - z * w)
    matrices[2] = twice * (x * z + y * w)
    matrices[3] = twice * (w * dx - dw * x + y * dz - z * dy)
    matrices[4] = twice * (x * y + z * w)
    matrices[5] = 1 - twice * (x * x + z * z)
    matrices[6] = twice * (y * z - x * w)
    matrices[7] = twice * (w * dy - dw * y + z * dx - x * dz)
    matrices[8] = twice * (x * z - y * w)
    matrices[9] = twice * (y * z + x * w)
    matrices[10] = 1 - twice * (x * x + y * y)
    matrices[11] = twice * (w * dz - dw * z + x * dy - y * dx)
    return matrices.T.reshape(-1, 3, 4)


def moved(transforms: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return points (V, 3) moved by `blend`'s transforms (V, 3, 4)."""
    return np.einsum('vij,vj->vi', transforms[:, :, :3], points) + transforms[:, :, 3]


def twist(turns: np.ndarray, axis: np.ndarray, part: float) -> np.ndarray:
    """Return the turns about `axis` by `part` of how far each rotation twists about it.

    Args:
        turns: rotations in shape (T, 3, 3), each a twist about `axis` that a swing follows.
        axis: unit vector (3,).
        part: 1 for the whole twist, -1 to undo it.
    """
    quaternions = Rotation.from_matrix(turns).as_quat()
    angle = 2 * np.arctan2(quaternions[:, :3] @ axis, quaternions[:, 3])
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    return Rotation.from_rotvec(part * angle[:, None] * axis).as_matrix()
