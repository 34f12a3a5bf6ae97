"""Triangle meshes that follow a body: pieces of its skin, cut along a smooth line and moved outward, and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass
class Piece:
    """A mesh that is fastened to the body's vertices.

    Attributes:
        vertices: in shape (V, 3), metres, in the shape's rest posture.
        faces: in shape (F, 3), numbers of vertices.
        rest: the same on the template, in shape (V, 3): what textures are drawn by.
        parents: two vertices of the body that a vertex moves with, in shape (V, 2).
        share: how much it follows the second of them, in shape (V,), 0 to 1.
        slack: metres that a vertex may hang down, in shape (V,).
        material: numbers of materials, in shape (F,).
    """

    vertices: np.ndarray
    faces: np.ndarray
    rest: np.ndarray
    parents: np.ndarray
    share: np.ndarray
    slack: np.ndarray
    material: np.ndarray

    def compact(self) -> Piece:
        """Return the piece without the vertices that no face uses."""
        used = np.zeros(len(self.vertices), bool)
        used[self.faces] = True
        number = (np.cumsum(used) - 1).astype(np.int32)
        kept = (self.vertices[used], number[self.faces], self.rest[used], self.parents[used], self.share[used])
        return Piece(*kept, self.slack[used], self.material)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Return all pieces as one."""
    starts = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
    return Piece(
        np.concatenate([piece.vertices for piece in pieces]).astype(np.float32),
        np.concatenate([piece.faces + start for piece, start in zip(pieces, starts)]).astype(np.int32),
        np.concatenate([piece.rest for piece in pieces]).astype(np.float32),
        np.concatenate([piece.parents for piece in pieces]).astype(np.int32),
        np.concatenate([piece.share for piece in pieces]).astype(np.float32),
        np.concatenate([piece.slack for piece in pieces]).astype(np.float32),
        np.concatenate([piece.material for piece in pieces]).astype(np.int32),
    )


def all_of(chosen: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return which faces (F, 3) have three vertices that are chosen (V,), in shape (F,)."""
    return chosen[faces[:, 0]] & chosen[faces[:, 1]] & chosen[faces[:, 2]]


@dataclass(frozen=True)
class Cut:
    """What is left of a mesh on one side of a line.

    Attributes:
        ends: the two old vertices that each new one lies between, in shape (V, 2).
        share: where between them, in shape (V,): 0 at the first.
        faces: in shape (F, 3).
        hem: pairs of new vertices along the line, in shape (H, 2), in the direction of their triangles.
    """

    ends: np.ndarray
    share: np.ndarray
    faces: np.ndarray
    hem: np.ndarray

    def between(self, values: np.ndarray) -> np.ndarray:
        """Return values (old V, ...) at the new vertices."""
        first, second = values[self.ends[:, 0]], values[self.ends[:, 1]]
        share = self.share.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
        return first + share * (second - first)


def cut(faces: np.ndarray, inside: np.ndarray) -> Cut:
    """Cut triangles along the line where a function is 0, and keep the side where it is positive.

    Args:
        faces: in shape (F, 3).
        inside: values of the function at the vertices, in shape (V,).
    """
    count = len(inside)
    positive = inside > 0
    corners = [positive[faces[:, k]] for k in range(3)]
    number = corners[0].astype(np.int8) + corners[1] + corners[2]
    whole = faces[number == 3]
    # The corner that is alone on its side comes first; the order around is kept.
    one, two = faces[number == 1], faces[number == 2]
    one = _rolled(one, np.argmax(positive[one], axis=1))
    two = _rolled(two, np.argmin(positive[two], axis=1))
    crossed = np.concatenate([one[:, [0, 1]], one[:, [0, 2]], two[:, [1, 0]], two[:, [2, 0]]]).astype(np.int64)
    keys, point = np.unique(crossed[:, 0] * count + crossed[:, 1], return_inverse=True)
    new = np.stack([keys // count, keys % count], axis=1)
    share = inside[new[:, 0]] / np.maximum(inside[new[:, 0]] - inside[new[:, 1]], 1e-12)
    point = point.reshape(-1) + count
    a, b = point[: len(one)], point[len(one) : 2 * len(one)]
    c, d = point[2 * len(one) : 2 * len(one) + len(two)], point[2 * len(one) + len(two) :]
    made = [
        whole,
        np.stack([one[:, 0], a, b], axis=1),
        np.stack([c, two[:, 1], two[:, 2]], axis=1),
        np.stack([c, two[:, 2], d], axis=1),
    ]
    hem = np.concatenate([np.stack([a, b], axis=1), np.stack([d, c], axis=1)])
    cut_faces = np.concatenate(made)
    used = np.zeros(count + len(new), bool)
    used[cut_faces] = True
    renumber = (np.cumsum(used) - 1).astype(np.int32)
    old = np.arange(count, dtype=np.int64)
    ends = np.concatenate([np.stack([old, old], axis=1), new])[used]
    shares = np.concatenate([np.zeros(count), share])[used].astype(np.float32)
    return Cut(ends, shares, renumber[cut_faces], renumber[hem])


def _rolled(faces: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return faces with the corner `first` (F,) in front."""
    return np.take_along_axis(faces, (first[:, None] + np.arange(3)) % 3, axis=1)


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return unit normals of vertices in shape (V, 3), means of their triangles' by area."""
    a, b, c = (np.ascontiguousarray(vertices[faces[:, k]].T) for k in range(3))
    b -= a
    c -= a
    across = np.stack([b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]])
    corners = faces.T.ravel()
    sums = [np.bincount(corners, np.tile(part, 3), len(vertices)) for part in across]
    total = np.stack(sums, axis=1).astype(np.float32)
    return total / np.maximum(np.sqrt(np.einsum('vi,vi->v', total, total)), 1e-12)[:, None]
