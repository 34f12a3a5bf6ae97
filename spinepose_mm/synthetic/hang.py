"""How cloth hangs around the trunk: over its hollows from side to side, and down from what stands out.

The trunk is seen as distances from an upright axis, on a grid of heights and angles. Cloth spans from breast to breast
and over the spine's furrow by chords, and falls from chest, blades, belly and buttocks as steeply as its cut has it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from .regions import CROTCH, clothed

ROWS, ANGLES = 24, 32
TOP, AXIS = 0.475, 0.02  # the highest row, and how far forward the axis is, on the template
STEPS = 5  # angles to each side that cloth spans


@lru_cache(maxsize=1)
def _grid() -> tuple[np.ndarray, sparse.csr_matrix]:
    """Return the vertex at each cell (ROWS, ANGLES), from the top, and what blends cells into vertices (V, cells)."""
    r = clothed()
    trunk = np.flatnonzero((r.armed < 0.35) & (r.points[:, 1] > CROTCH - 0.02) & (r.points[:, 1] < TOP + 0.01))
    x, y, z = r.points[trunk].T
    angle = np.arctan2(z, x - AXIS)

    def unrolled(angles: np.ndarray, heights: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(angles) * 0.15, np.sin(angles) * 0.15, heights], axis=-1)

    heights = np.linspace(TOP, CROTCH, ROWS)
    angles = np.arange(ANGLES) * 2 * np.pi / ANGLES - np.pi
    cells = unrolled(*np.meshgrid(angles, heights)).reshape(-1, 3)
    vertex = trunk[cKDTree(unrolled(angle, y)).query(cells)[1]].reshape(ROWS, ANGLES)
    row = np.clip((TOP - y) / (TOP - CROTCH), 0, 1) * (ROWS - 1.001)
    column = (angle + np.pi) / (2 * np.pi) * ANGLES
    a, b = row.astype(int), column.astype(int)
    u, v = row - a, column - b
    fade = np.clip((TOP + 0.01 - y) / 0.05, 0, 1) * np.clip((0.35 - r.armed[trunk]) / 0.2, 0, 1)
    parting = CROTCH + np.where(x < -0.02, -0.03, 0.01)  # of the legs, behind lower than in front
    fade *= np.clip((y - parting) / 0.04, 0, 1)
    entries = [(a, b, (1 - u) * (1 - v)), (a + 1, b, u * (1 - v)), (a, b + 1, (1 - u) * v), (a + 1, b + 1, u * v)]
    where = np.concatenate([i * ANGLES + j % ANGLES for i, j, _ in entries])
    weight = np.concatenate([w * fade for *_, w in entries]).astype(np.float32)
    shape = (len(r.points), ROWS * ANGLES)
    return vertex, sparse.coo_matrix((weight, (np.tile(trunk, 4), where)), shape).tocsr()


def hang(vertices: np.ndarray, fall: float) -> np.ndarray:
    """Return how far cloth stands off the trunk, metres, in shape (V,).

    Args:
        vertices: of what clothes cover (`regions.clothed`), in the rest posture, in shape (V, 3).
        fall: metres that cloth comes closer to the axis per metre downward: 0 falls straight, 1 clings.
    """
    vertex, blend = _grid()
    points = vertices[vertex]
    away = points[..., [0, 2]] - points[..., [0, 2]].mean(axis=(0, 1))
    skin = np.hypot(*np.moveaxis(away, -1, 0))
    drop = -np.diff(points[..., 1].mean(1))
    cloth = skin.copy()
    for step in range(1, STEPS + 1):
        one, two = np.roll(skin, step, axis=1), np.roll(skin, -step, axis=1)
        # A chord between equal angles to both sides, where it crosses the middle one.
        cloth = np.maximum(cloth, 2 * one * two / (one + two) * np.cos(2 * np.pi * step / ANGLES))
    for row in range(1, ROWS):
        cloth[row] = np.maximum(cloth[row], cloth[row - 1] - fall * drop[row - 1])
    return blend @ (cloth - skin).ravel().astype(np.float32)
