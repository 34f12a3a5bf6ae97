"""Things that are designed on the template and follow everybody's body: shoes, skirts, hair, caps, glasses.

A thing's points are fastened to the nearest vertices of the body; on another body they lie as far from these as on the
template, in proportion to its size.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .garments import Form
from .pieces import Piece
from .regions import regions


class Holders:
    """Vertices of the template that things are fastened to.

    Args:
        among: which ones, in shape (V,), bool.
    """

    def __init__(self, among: np.ndarray) -> None:
        self.index = np.flatnonzero(among)
        self.tree = cKDTree(regions().points[self.index])

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """Return the vertices nearest to points (..., 3) of the template, in shape (...)."""
        return self.index[self.tree.query(points)[1]]


def attach(
    form: Form,
    points: np.ndarray,
    faces: np.ndarray,
    parents: np.ndarray,
    share: np.ndarray | float = 0.0,
    material: np.ndarray | int = 0,
    size: float | None = None,
) -> Piece:
    """Return points of the template as a piece of a body.

    Args:
        form: the whole body.
        points: in shape (N, 3), on the template.
        faces: in shape (F, 3).
        parents: one or two vertices of the body for each point, in shape (N,) or (N, 2).
        share: how much a point follows the second of them, in shape (N,).
        material: number of the material, or of each face's.
        size: of the thing by the template's; the body's by default.
    """
    both = np.stack([parents, parents], axis=1) if parents.ndim == 1 else parents
    shares = np.broadcast_to(np.asarray(share, np.float32), len(points)).copy()
    template = regions().points

    def blend(values: np.ndarray) -> np.ndarray:
        return values[both[:, 0]] + shares[:, None] * (values[both[:, 1]] - values[both[:, 0]])

    vertices = blend(form.vertices) + (points - blend(template)) * (form.scale if size is None else size)
    kinds = np.broadcast_to(np.asarray(material, np.int32), len(faces)).copy()
    slack = np.zeros(len(points), np.float32)
    return Piece(vertices.astype(np.float32), faces, points.astype(np.float32), both, shares, slack, kinds)


def sheet(rows: int, columns: int, closed: bool = False) -> np.ndarray:
    """Return the faces of a grid of points, row by row: in shape (F, 3).

    With rows downward and columns to the left as seen from outside, they face outward; `closed` joins the last column
    to the first.
    """
    a, b = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing='ij')
    c = (b + 1) % columns
    corner = [i.ravel() for i in (a * columns + b, a * columns + c, (a + 1) * columns + c, (a + 1) * columns + b)]
    one = np.stack([corner[0], corner[1], corner[2]], axis=1)
    return np.concatenate([one, np.stack([corner[0], corner[2], corner[3]], axis=1)]).astype(np.int32)
