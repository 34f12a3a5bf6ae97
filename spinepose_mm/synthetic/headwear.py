"""Caps, woollen hats, helmets and glasses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .attached import Holders, attach, sheet
from .garments import Form
from .hair import head, head_size
from .pieces import Piece, cut
from .regions import regions, smoothstep

KINDS = ('cap', 'beanie', 'helmet')
EDGE = {'cap': 0.722, 'beanie': 0.712, 'helmet': 0.722}  # height of the edge on the template, at the ears
STANDS_OFF = {'cap': 0.014, 'beanie': 0.013, 'helmet': 0.036}


def covers(kind: str, points: np.ndarray) -> np.ndarray:
    """Return metres above the edge of headwear, in shape (N,), of points (N, 3) on the template."""
    x, y, _ = points.T
    return y - EDGE[kind] - 0.10 * np.clip(x - 0.04, -0.1, 0.2)


def headwear(kind: str, form: Form, material: int) -> list[Piece]:
    """Return what is worn on the head: one of KINDS."""
    r = head()
    part, size = form.part(r), head_size(form)
    line = covers(kind, r.points).astype(np.float32)
    away = r.points - [0.045, 0.70, 0.0]
    top = STANDS_OFF[kind] * size * np.clip(0.55 + smoothstep(line, 0.0, 0.03) * 0.45, 0, 1)
    if kind == 'beanie':
        top = top + 0.012 * size * smoothstep(away[:, 1], 0.06, 0.1)
    shape = cut(r.faces, line)
    vertices = shape.between(part.vertices + part.normals * top[:, None].astype(np.float32))
    pieces = [
        Piece(
            vertices,
            shape.faces,
            shape.between(r.points),
            r.index[shape.ends],
            shape.share,
            np.zeros(len(vertices), np.float32),
            np.full(len(shape.faces), material),
        )
    ]
    return pieces + ([_visor(form, material, size)] if kind == 'cap' else [])


@lru_cache(maxsize=1)
def _face() -> Holders:
    r = regions()
    return Holders((r.points[:, 1] > 0.66) & (r.points[:, 0] > 0.08) & ~r.eyes)


def _visor(form: Form, material: int, size: float) -> Piece:
    rows, columns = 5, 15
    angle = np.linspace(-1.05, 1.05, columns)
    out = np.linspace(0, 1, rows)[:, None]
    reach = 0.068 * np.sqrt(np.clip(1 - (angle / 1.12) ** 2, 0, 1))
    x = 0.045 + (0.107 + out * reach) * np.cos(angle) + 0.004
    z = (0.080 + 0.35 * out * reach) * np.sin(angle) * 1.02
    y = 0.738 - 0.20 * out * reach - 0.9 * z**2
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    front = _face().nearest(points)
    return attach(form, points, sheet(rows, columns)[:, ::-1], front, 0, material, size)


def glasses(form: Form, frame: int, lens: int | None) -> Piece:
    """Return glasses; `lens` is the material of dark ones."""
    angle = np.arange(14) * 2 * np.pi / 14
    ring = np.stack([0 * angle, np.sin(angle), np.cos(angle)], axis=1)
    points, faces, material = [], [], []
    count = 0

    def add(more: np.ndarray, triangles: np.ndarray, kind: int) -> None:
        nonlocal count
        points.append(more)
        faces.append(triangles + count)
        material.append(np.full(len(triangles), kind))
        count += len(more)

    for side in (-1, 1):
        middle = np.array([0.148, 0.693, 0.032 * side])
        bend = np.stack([-0.35 * np.clip(side * ring[:, 2], 0, 1) * 0.024, 0 * angle, 0 * angle], axis=1)
        outer, inner = (middle + bend + ring * [0, h, w] for h, w in ((0.019, 0.026), (0.0165, 0.0235)))
        add(np.concatenate([outer, inner]), sheet(2, 14, closed=True), frame)
        if lens is not None:
            fan = np.stack([np.zeros(12, int), np.arange(1, 13), np.arange(2, 14)], axis=1)
            add(inner, fan, lens)
        temple = np.array([[0.139, 0.70, 0.057], [0.139, 0.695, 0.057], [0.045, 0.702, 0.079], [0.045, 0.697, 0.079]])
        add(temple * [1, 1, side], np.array([[0, 1, 2], [1, 3, 2]]), frame)
    bridge = np.array([[0.149, 0.70, -0.009], [0.149, 0.697, -0.009], [0.149, 0.70, 0.009], [0.149, 0.697, 0.009]])
    add(bridge, np.array([[0, 1, 2], [1, 3, 2]]), frame)
    whole = np.concatenate(points)
    holders = _face().nearest(np.array([[0.135, 0.70, -0.05], [0.135, 0.70, 0.05]]))
    parents = np.broadcast_to(holders, (len(whole), 2))
    share = np.clip(whole[:, 2] / 0.1 + 0.5, 0, 1)
    return attach(
        form, whole, np.concatenate(faces).astype(np.int32), parents, share, np.concatenate(material), head_size(form)
    )
