"""Skirts: a tube around both legs that hangs from the hips and goes with the thighs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .attached import Holders, sheet
from .garments import Form
from .noise import noise
from .pieces import Piece
from .regions import regions, smoothstep

TOP = 0.06  # height of the upper edge on the template, under the waistband
ANGLES, ROWS, STEP = 44, 40, 0.02  # STEP: metres between rows on the template


@lru_cache(maxsize=1)
def _grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points around the template's legs (ROWS, ANGLES, 3), two parents of each, and the share of the right."""
    r = regions()
    body = (r.armed < 0.2) & (r.neck < 0.0) & (r.points[:, 1] > -0.76)
    heights = TOP - STEP * np.arange(ROWS)
    angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
    points = np.empty((ROWS, ANGLES, 3), np.float32)
    for row, y in enumerate(heights):
        x, z = r.points[body & (np.abs(r.points[:, 1] - y) < 0.02)][:, [0, 2]].T
        middle, deep, wide = (x.max() + x.min()) / 2, np.ptp(x) / 2, np.abs(z).max()
        c, s = np.cos(angle), np.sin(angle)
        points[row] = np.stack([middle + deep * c, np.full(ANGLES, y), wide * s], axis=1)
    parents = np.stack([Holders(body & (side * r.points[:, 2] >= 0)).nearest(points) for side in (-1, 1)], axis=-1)
    return points, parents, smoothstep(points[..., 2], -0.07, 0.07).astype(np.float32)


def skirt(form: Form, hem: float, flare: float, folds: float, material: int, rng: np.random.Generator) -> Piece:
    """Return a skirt.

    Args:
        form: the whole body.
        hem: its length from the hips to the ankle, 0 to 1.
        flare: metres that it widens per metre.
        folds: how deep its folds are at the hem, metres.
        material: number of its material.
        rng: NumPy random generator.
    """
    points, parents, share = _grid()
    rows = int(np.clip(round(hem * (ROWS - 1)), 4, ROWS - 1)) + 1
    points, parents, share = points[:rows], parents[:rows], share[:rows]
    near = form.vertices[parents]
    low, high = _even(near.min(axis=(1, 2))), _even(near.max(axis=(1, 2)))
    down = (points[:, :1, 1] * -1 + TOP)[..., 0][:, None] * form.scale
    grow = 0.009 * form.scale + flare * down
    grow[0] -= 0.03 * form.scale  # the upper edge is out of sight under the waistband
    middle, deep = (low[:, None, 0] + high[:, None, 0]) / 2, (high - low)[:, None, 0] / 2 + grow
    wide = (high - low)[:, None, 2] / 2 + grow
    deep, wide = np.maximum.accumulate(deep, axis=0), np.maximum.accumulate(wide, axis=0)
    angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
    # Squarer than an ellipse, so that both thighs have room in its corners.
    c, s = (np.sign(v) * np.abs(v) ** 0.8 for v in (np.cos(angle), np.sin(angle)))
    turn = np.stack([np.cos(angle), np.zeros(ANGLES), np.sin(angle)], axis=1)
    depth = folds * np.linspace(0, 1, rows)[:, None] * noise(turn * 0.3 + [0, rng.random() * 9, 0], 14)
    height = np.broadcast_to(_even(near.mean(axis=(1, 2)))[:, None, 1], depth.shape)
    vertices = np.stack([middle + (deep + depth) * c, height, (wide + depth) * s], axis=-1)
    faces = sheet(rows, ANGLES, closed=True)
    return Piece(
        *(vertices.reshape(-1, 3).astype(np.float32), faces, points.reshape(-1, 3)),
        *(parents.reshape(-1, 2), share.ravel(), np.zeros(depth.size, np.float32)),
        np.full(len(faces), material),
    )


def _even(rows: np.ndarray) -> np.ndarray:
    """Return rows (R, 3) without steps: means over five of them, and straight on at the ends."""
    before, after = 2 * rows[:1] - rows[[2, 1]], 2 * rows[-1:] - rows[[-2, -3]]
    padded = np.concatenate([before, rows, after])
    return sum(padded[i : i + len(rows)] for i in range(5)) / 5
