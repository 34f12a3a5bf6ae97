"""Triangle meshes with materials: what the renderer of real shapes takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

UNOWNED = -1  # the owner of things, and of what is not there


class Material(Protocol):
    """A solid texture: a function of the place in the rest posture, so that patterns stick to the cloth.

    Attributes:
        roughness: from 0 (glossy) to 1 (dull).
        bump: how far the normals waver, about the tangent of the angle; 0 is smooth.
    """

    roughness: float
    bump: float

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the albedo in shape (N, 3), linear RGB from 0 to 1, at rest positions in shape (N, 3), metres."""
        ...


@dataclass
class Plain:
    """A material of one colour.

    Attributes:
        color: linear RGB from 0 to 1, in shape (3,).
        roughness, bump: as in Material.
    """

    color: np.ndarray
    roughness: float = 0.7
    bump: float = 0.0

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.color, np.float32), (len(rest), 3))


@dataclass
class Surface:
    """A triangle mesh in the world: y up, metres. Faces run anticlockwise, seen from outside.

    Attributes:
        vertices: in shape (V, 3).
        faces: indices of vertices, in shape (F, 3).
        material: index into `materials` of each face, in shape (F,).
        materials: what it is made of.
        rest: where the vertices are in the rest posture, in shape (V, 3); by default where they are.
        owner: number of the person that it belongs to, UNOWNED for things.
        velocity: of the vertices, in shape (V, 3), metres a second, for motion blur; by default they stand still.
    """

    vertices: np.ndarray
    faces: np.ndarray
    material: np.ndarray
    materials: Sequence[Material]
    rest: np.ndarray | None = None
    owner: int = UNOWNED
    velocity: np.ndarray | None = None


@dataclass
class Joined:
    """Surfaces as one mesh; attributes as of a Surface, but `owner` is of each face, in shape (F,)."""

    vertices: np.ndarray
    faces: np.ndarray
    rest: np.ndarray
    velocity: np.ndarray
    material: np.ndarray
    owner: np.ndarray
    materials: list[Material] = field(default_factory=list)


def join(surfaces: Sequence[Surface]) -> Joined:
    """Return surfaces as one mesh.

    Raises:
        ValueError: there is no face, or there are more than an image of identifiers can tell apart.
    """
    first = np.cumsum([0] + [len(surface.vertices) for surface in surfaces])
    kinds = np.cumsum([0] + [len(surface.materials) for surface in surfaces])
    faces = [np.asarray(s.faces, np.int32).reshape(-1, 3) + np.int32(first[i]) for i, s in enumerate(surfaces)]
    count = sum(map(len, faces))
    if not 0 < count < 2**24 - 1:
        raise ValueError(f'an image is of 1 to {2**24 - 2} triangles, not {count}')
    vertices = _stack([surface.vertices for surface in surfaces])
    return Joined(
        vertices,
        np.concatenate(faces),
        _stack([surface.vertices if surface.rest is None else surface.rest for surface in surfaces]),
        _stack([np.zeros_like(s.vertices) if s.velocity is None else s.velocity for s in surfaces]),
        np.concatenate([np.asarray(s.material, np.int32) + np.int32(kinds[i]) for i, s in enumerate(surfaces)]),
        np.concatenate([np.full(len(f), s.owner, np.int32) for f, s in zip(faces, surfaces)]),
        [material for surface in surfaces for material in surface.materials],
    )


def _stack(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(array, np.float32) for array in arrays])


def face_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the normals of faces in shape (3, F), whose lengths are twice the areas."""
    x, y, z = (np.take(column, faces.T) for column in np.ascontiguousarray(vertices.T))
    return cross((x[1] - x[0], y[1] - y[0], z[1] - z[0]), (x[2] - x[0], y[2] - y[0], z[2] - z[0]))


def vertex_normals(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return the unit normals of vertices, in shape (V, 3): the sum over their faces, whose normals are (3, F)."""
    total = np.empty_like(vertices)
    corners = np.ascontiguousarray(faces.T)
    for axis in range(3):
        total[:, axis] = sum(np.bincount(corner, normals[axis], len(vertices)) for corner in corners)
    return unit(total)


def cross(a: Sequence[np.ndarray] | np.ndarray, b: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return the cross product along the first axis, in shape (3, ...); NumPy's own takes several times as long."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1, in the same shape (..., 3); what has no length stays so."""
    length = np.sqrt(np.einsum('...i,...i', vectors, vectors))[..., None]
    return vectors / np.maximum(length, 1e-12)


def covering(vertices: np.ndarray, faces: np.ndarray, areas: np.ndarray, spacing: float) -> np.ndarray:
    """Return points on a mesh, in shape (3, N), about `spacing` metres apart where its triangles are larger.

    They are the vertices, the middles of the faces, and points spread over large faces: Roberts' R2 sequence (2018),
    folded into the triangle. `areas` are those of the faces, in shape (F,).
    """
    columns = np.ascontiguousarray(vertices.T)
    corners = np.ascontiguousarray(faces.T)
    middles = np.stack([sum(np.take(column, corner) for corner in corners) / np.float32(3) for column in columns])
    parts = [columns, middles]
    large = np.flatnonzero(areas > 2 * spacing**2)
    if len(large):
        face = np.repeat(large, (areas[large] / spacing**2).astype(int))
        number = np.arange(len(face))
        u, v = ((number * step) % 1 for step in (0.7548776662466927, 0.5698402909980532))
        u, v = (np.where(u + v > 1, 1 - w, w).astype(np.float32) for w in (u, v))
        a, b, c = (columns[:, corner[face]] for corner in corners)
        parts.append(a + u * (b - a) + v * (c - a))
    return np.concatenate(parts, axis=1)
