"""Smooth noise in three dimensions, the same on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SIDE = 32  # cells of the block that repeats


@lru_cache(maxsize=1)
def _block() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(SIDE,) * 3).astype(np.float32)
    return values / np.float32(np.abs(values).mean() * 1.25)


def noise(points: np.ndarray, frequency: float | tuple[float, float, float], seed: int = 0) -> np.ndarray:
    """Return value noise: random numbers on a lattice, blended smoothly between its points.

    Args:
        points: in shape (N, 3), metres.
        frequency: lattice points per metre, for all axes or for each.
        seed: another number, another pattern.

    Returns:
        Numbers in shape (N,), float32; mean 0, standard deviation about 0.65.
    """
    shift = np.array([seed * 7.31, seed * 3.77, seed * 5.13], np.float32) % SIDE
    at = np.asarray(points, np.float32) * np.asarray(frequency, np.float32) + shift
    low = np.floor(at)
    part = at - low
    part *= part * (3 - 2 * part)
    cell = low.astype(np.int32)
    (x0, y0, z0), (x1, y1, z1) = (cell % SIDE).T, ((cell + 1) % SIDE).T
    block = _block().ravel()
    x0, x1, y0, y1 = x0 * SIDE**2, x1 * SIDE**2, y0 * SIDE, y1 * SIDE
    u, v, w = part.T

    def along_z(corner: np.ndarray) -> np.ndarray:
        first = block[corner + z0]
        return first + w * (block[corner + z1] - first)

    near = along_z(x0 + y0) * (1 - v) + along_z(x0 + y1) * v
    far = along_z(x1 + y0) * (1 - v) + along_z(x1 + y1) * v
    return near * (1 - u) + far * u
