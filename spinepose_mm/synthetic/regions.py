"""Where on the body a point of its surface is: numbers that grow along limbs, trunk and head, at each vertex.

All shapes have the same vertices, so that this is worked out once, on the mean shape ("the template"): a hem at "half
the upper arm" is then at half the upper arm of everybody. Positions on the template are also what textures are drawn
by, so that lips are where lips are. Lengths are metres on the template, which is 1.61 m tall.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from . import shapes
from .pieces import all_of

SIDES = {'L': -1.0, 'R': 1.0}
#: Heights on the template.
CROTCH, WAIST, CHEST, COLLAR = -0.047, 0.155, 0.30, 0.5
FIELDS = ('arm', 'leg', 'armed', 'neck', 'scalp')


@dataclass(frozen=True)
class Regions:
    """The template and the numbers at its V vertices.

    Attributes:
        index: the vertices' numbers in the body, in shape (V,).
        points: positions on the template, in shape (V, 3), float32.
        faces: in shape (F, 3).
        average: sparse (V, V): the mean of a vertex and its neighbours.
        near: sparse (V, V): 1 for its neighbours and itself.
        arm: 0 at the shoulder, 1 at the elbow, 2 at the wrist, 3 at the fingers' roots; about -0.4 elsewhere.
        leg: 0 at the hip joint, 1 at the knee, 2 at the ankle, about 2.15 at the sole; negative above.
        armed: how much a vertex belongs to an arm, 0 to 1.
        neck: metres above the plane of a round neckline, which rises to the back.
        scalp: metres inside of the hairline on the head; negative on the face, on ears and below.
        eyes: whether a vertex belongs to an eyeball, in shape (V,).
    """

    index: np.ndarray
    points: np.ndarray
    faces: np.ndarray
    average: sparse.csr_matrix
    near: sparse.csr_matrix
    arm: np.ndarray
    leg: np.ndarray
    armed: np.ndarray
    neck: np.ndarray
    scalp: np.ndarray
    eyes: np.ndarray

    def part(self, chosen: np.ndarray) -> Regions:
        """Return the regions of a part of the body: of the vertices that are `chosen` (V,), bool."""
        number = np.cumsum(chosen) - 1
        faces = number[self.faces[all_of(chosen, self.faces)]].astype(np.int32)
        values = {name: getattr(self, name)[chosen] for name in ('index', 'points', *FIELDS, 'eyes')}
        near = self.near[chosen][:, chosen]
        return Regions(faces=faces, near=near, average=_average(near), **values)


def smoothstep(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below low, 1 above high, and a smooth way between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@lru_cache(maxsize=1)
def regions() -> Regions:
    """Return the Regions."""
    topology = shapes.topology()
    points, joints = shapes.mean()
    points = points.astype(np.float32)
    faces = topology.faces
    edges = np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0)
    count = len(points)
    one, other = np.concatenate([edges, edges[:, ::-1], np.arange(count)[:, None].repeat(2, axis=1)]).T
    near = sparse.coo_matrix((np.ones(len(one), np.float32), (one, other)), (count, count)).tocsr()
    _, part = connected_components(near, directed=False)
    armed = _share(topology, ('upperarm', 'lowerarm', 'wrist', 'finger', 'metacarpal'))
    x, y, z = points.T
    return Regions(
        index=np.arange(count),
        points=points,
        faces=faces,
        average=_average(near),
        near=near,
        arm=_arm(points, joints, armed),
        leg=_leg(points, joints),
        armed=armed,
        neck=y - (0.5225 - 0.41 * (x - 0.015)),
        scalp=scalp_line(points),
        eyes=part != np.argmax(np.bincount(part)),
    )


@lru_cache(maxsize=1)
def clothed() -> Regions:
    """Return the Regions of what clothes cover: trunk, arms and legs."""
    r = regions()
    return r.part((r.neck < 0.1) & (r.arm < 2.15) & (r.leg < 2.03))


def _average(near: sparse.csr_matrix) -> sparse.csr_matrix:
    return (sparse.diags(1 / np.asarray(near.sum(1)).ravel()).astype(np.float32) @ near).tocsr()


def _share(topology: shapes.Topology, names: tuple[str, ...]) -> np.ndarray:
    chosen = np.array([name.startswith(names) for name in topology.names])
    return (topology.weights * chosen[topology.bones]).sum(1)


def _along(points: np.ndarray, chain: list[np.ndarray]) -> np.ndarray:
    """Return how far points are along a chain of joints, in bones: continuous, and straight on beyond its ends."""
    total = np.zeros(len(points))
    for number, (start, end) in enumerate(zip(chain, chain[1:])):
        t = (points - start) @ (end - start) / ((end - start) @ (end - start))
        total += np.clip(t, None if number == 0 else 0, None if number == len(chain) - 2 else 1)
    return total


def _arm(points: np.ndarray, joints: dict[str, np.ndarray], armed: np.ndarray) -> np.ndarray:
    left, right = (
        _along(points, [joints[f'{n}.{s}'] for n in ('upperarm01', 'lowerarm01', 'wrist', 'finger3-1')]) for s in SIDES
    )
    along = np.where(points[:, 2] < 0, left, right)
    on = smoothstep(armed, 0.2, 0.9)
    return (along * on - 0.4 * (1 - on)).astype(np.float32)


def _leg(points: np.ndarray, joints: dict[str, np.ndarray]) -> np.ndarray:
    left, right = (_along(points, [joints[f'{n}.{s}'] for n in ('upperleg01', 'lowerleg01', 'foot')]) for s in SIDES)
    return np.where(points[:, 2] < 0, left, right).astype(np.float32)


def scalp_line(points: np.ndarray) -> np.ndarray:
    """Return metres inside of the hairline, in shape (N,), at points (N, 3) on the template.

    As seen from the side: over the brow, down the temple, before the ear, around it, and the nape.
    """
    x, y, z = points.T
    heights = [0.60, 0.63, 0.66, 0.672, 0.70, 0.735, 0.755, 0.775, 0.80]
    line = np.interp(y, heights, [-0.03, 0.005, 0.03, 0.074, 0.078, 0.108, 0.130, 0.165, 0.25]) - x
    ear = np.hypot(x - 0.045, (y - 0.680) * 0.75) - 0.027
    line = np.where(np.abs(z) > 0.035, np.minimum(line, ear), line)
    return np.minimum(line, y - 0.612).astype(np.float32)
