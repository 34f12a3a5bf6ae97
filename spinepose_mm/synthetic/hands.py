"""Hands as people carry them: slightly curled fingers."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from .body import SIDES, Parts, Place
from .shapes import Shape, topology

#: Mean and standard deviation of how far the joints of a finger are bent at rest, from the palm outward, in degrees;
#: chosen by eye. The thumb bends a third as far.
CURL = ((22.0, 8.0), (30.0, 9.0), (18.0, 6.0))
THUMB = 0.33
ADDUCTION = 32.0  # of the thumb, towards the fingers: the mesh spreads it
FINGERS = range(1, 6)


def curled(shape: Shape, places: Parts, rng: np.random.Generator | None = None) -> np.ndarray:
    """Return the vertices (V, 3) of a shape with its fingers bent, float32; of average hands without `rng`."""
    vertices = shape.vertices.astype(float)
    for side in SIDES:
        general = rng.normal() if rng is not None else 0.0
        moves: dict[str, Place] = {}
        for finger in FINGERS:
            own = 0.5 * rng.normal() if rng is not None else 0.0
            angles = [max(0.0, mean + deviation * (general + own)) for mean, deviation in CURL]
            moves.update(_finger(shape, places[f'hand_{side}'][1], finger, side, angles))
        touched, weights = _fingers(side)
        turns, offsets = (np.array(values) for values in zip(*moves.values()))
        points = vertices[touched]
        bent = np.einsum('bij,vj->vbi', turns, points) + offsets - points[:, None]
        vertices[touched] += np.einsum('vb,vbi->vi', weights, bent)
    return vertices.astype(np.float32)


@cache
def _fingers(side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of a hand's vertices (N,) that its fingers move, and how much each of their bones does."""
    mesh = topology()
    bones = [mesh.names.index(name) for name in _bones(side)]
    weights = np.stack([np.where(mesh.bones == bone, mesh.weights, 0).sum(1) for bone in bones], axis=-1)
    touched = np.flatnonzero(weights.any(1))
    return touched, weights[touched]


def _bones(side: str) -> list[str]:
    return [f'finger{finger}-{joint}.{side[0].upper()}' for finger in FINGERS for joint in range(1, len(CURL) + 1)]


def _finger(shape: Shape, hand: np.ndarray, finger: int, side: str, angles: list[float]) -> dict[str, Place]:
    """Return {bone: (rotation (3, 3), translation (3,))} of a finger bent at its joints."""
    turn, offset, moves = np.eye(3), np.zeros(3), {}
    for joint, angle in enumerate(angles, 1):
        name = f'finger{finger}-{joint}.{side[0].upper()}'
        bend = angle * (THUMB if finger == 1 else 1)
        more = Rotation.from_rotvec(hand[:, 2] * bend, degrees=True).as_matrix()
        if finger == 1 and joint == 1:
            more = Rotation.from_rotvec(hand[:, 0] * SIDES[side] * ADDUCTION, degrees=True).as_matrix() @ more
        pivot = shape.joints[name]
        offset = turn @ (pivot - more @ pivot) + offset
        turn = turn @ more
        moves[name] = turn, offset
    return moves
