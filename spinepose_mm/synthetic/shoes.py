"""Shoes: lofted around the foot from heel to toe, on a flat sole."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .attached import sheet
from .garments import Form
from .pieces import Piece, joined
from .regions import SIDES, regions

STATIONS, RING = 13, 18
SHOE_TOP = 2.0  # where on the leg the skin goes into a shoe (Regions.leg)
SOLE_EDGE = 0.012  # metres above the ground under which the sole's edge begins


@lru_cache(maxsize=2)
def _foot(side: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the vertices of a foot, the station of each from the heel, and the one that the shoe follows."""
    r = regions()
    x, y, z = r.points.T
    foot = np.flatnonzero((y < -0.735) & (z * SIDES[side] > 0))
    along = (x[foot] - x[foot].min()) / np.ptp(x[foot])
    heel = foot[np.argmin(np.linalg.norm(r.points[foot] - [0.0, -0.78, np.median(z[foot])], axis=1))]
    return foot, np.clip((along * STATIONS).astype(int), 0, STATIONS - 1), int(heel)


def shoes(form: Form, upper: int, sole: int, height: float = 0.075, thick: float = 0.008) -> Piece:
    """Return a pair of shoes.

    Args:
        form: the whole body.
        upper, sole: numbers of their materials.
        height: of the upper's edge over the sole, metres on the template.
        thick: how thick the sole is under the foot.
    """
    return joined([_shoe(form, side, upper, sole, height, thick) for side in SIDES])


def _shoe(form: Form, side: str, upper: int, sole: int, height: float, thick: float) -> Piece:
    foot, station, heel = _foot(side)
    points = form.vertices[foot]
    bottom = points[:, 1].min()
    low, high, top = np.full(STATIONS, np.inf), np.full(STATIONS, -np.inf), np.full(STATIONS, -np.inf)
    np.minimum.at(low, station, points[:, 2])
    np.maximum.at(high, station, points[:, 2])
    np.maximum.at(top, station, points[:, 1] - bottom)
    scale = form.scale
    low, high = _smooth(low), _smooth(high)
    tops = np.clip(_smooth(top) + 0.006 * scale, 0.038 * scale, height * scale)
    middle, half = (low + high) / 2, (high - low) / 2 + 0.005 * scale
    ends = np.interp(
        np.arange(STATIONS), [0, 1, 2, STATIONS - 4, STATIONS - 2, STATIONS - 1], [0.72, 0.92, 1, 1, 0.9, 0.6]
    )
    x = np.linspace(points[:, 0].min() - 0.008 * scale, points[:, 0].max() + 0.012 * scale, STATIONS)
    angle = np.arange(RING) * 2 * np.pi / RING
    across, up = np.cos(angle), -np.sin(angle)  # faces outward
    wide = np.sign(across) * np.abs(across) ** 0.75
    # Above its widest place a section is round, below it goes down to a flat sole.
    rise = np.where(up > 0, np.abs(up) ** 0.9, -(np.abs(up) ** 0.3))
    belly = np.minimum(0.4 * tops, 0.022 * scale)[:, None]
    tall = np.where(rise > 0, (tops[:, None] - belly) * rise, (belly + thick * scale) * rise) + belly
    ring = np.stack(
        [np.broadcast_to(x[:, None], tall.shape), bottom + tall, middle[:, None] + (half * ends)[:, None] * wide],
        axis=-1,
    )
    caps = ring[[0, -1]].mean(axis=1)
    caps[:, 0] += [-0.006 * scale, 0.008 * scale]
    vertices = np.concatenate([ring.reshape(-1, 3), caps])
    faces, material = _faces(tall, SOLE_EDGE * scale - thick * scale, upper, sole)
    rest = regions().points[heel] + (vertices - form.vertices[heel]) / scale
    count = len(vertices)
    return Piece(vertices, faces, rest, np.full((count, 2), heel), np.zeros(count), np.zeros(count), material)


def _faces(tall: np.ndarray, edge: float, upper: int, sole: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces of a shoe, sections and caps, and their materials."""
    number = np.arange(RING)
    heel = np.stack([np.full(RING, STATIONS * RING), (number + 1) % RING, number], axis=1)
    start = (STATIONS - 1) * RING
    toe = np.stack([np.full(RING, STATIONS * RING + 1), start + number, start + (number + 1) % RING], axis=1)
    cells = np.minimum(tall[:-1], np.roll(tall, -1, axis=1)[:-1]).ravel() < edge
    low = np.concatenate([cells, cells, *[np.minimum(row, np.roll(row, -1)) < edge for row in tall[[0, -1]]]])
    return np.concatenate([sheet(STATIONS, RING, closed=True), heel, toe]).astype(np.int32), np.where(low, sole, upper)


def _smooth(values: np.ndarray) -> np.ndarray:
    padded = np.concatenate([values[:1], values, values[-1:]])
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
