"""Keypoints that a shape's surface tells: face, toes, heels, collarbones, and the sides of the trunk.

Where no source is named, the value was chosen by eye on the drawn mesh; lengths are parts of the stature.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .binding import bone_part
from .body import Parts
from .shapes import Shape, topology

COLLARBONE = (0.062, 0.014)  # how far from the midline, and how deep under the skin in front
LATISSIMUS = (0.010, -0.015, 0.018)  # ahead of T8, above it, and under the skin of the side
EAR = 0.006  # a vertex is of the ear if so near to the side of the head


def landmarks(shape: Shape, places: Parts) -> dict[str, tuple[str, np.ndarray]]:
    """Return {point: (part, position in its frame (3,))} for the right side, as `body.Body.point` does.

    Args:
        shape: a Shape.
        places: its `binding.frames`.
    """
    found = {
        **{name: ('head', point) for name, point in _face(shape).items()},
        'clavicle': ('clavicle', _collarbone(shape)),
        'latissimus': ('ribs', _side(shape, places['T8'][0])),
        'hip': ('pelvis', places['thigh_right'][0]),
        **{name: ('foot', point) for name, point in _foot(shape).items()},
    }
    return {name: (part, _local(places, part, point)) for name, (part, point) in found.items()} | {
        'shoulder': ('upper_arm', np.zeros(3))
    }


def _local(places: Parts, part: str, point: np.ndarray) -> np.ndarray:
    place, turn = places[part] if part in places else places[f'{part}_right']
    return turn.T @ (point - place)


@cache
def bone_vertices() -> dict[str, np.ndarray]:
    """Return {bone: numbers of the vertices that it moves most}."""
    mesh = topology()
    most = mesh.bones[np.arange(len(mesh.bones)), mesh.weights.argmax(1)]
    return {name: np.flatnonzero(most == number) for number, name in enumerate(mesh.names)}


def _face(shape: Shape) -> dict[str, np.ndarray]:
    names = [name for name in topology().names if bone_part(name) == 'head' and 'eye' not in name]
    head = shape.vertices[np.concatenate([bone_vertices()[name] for name in names])].astype(float)
    middle = np.abs(head[:, 2]) < 0.01 * shape.stature
    eye = shape.vertices[bone_vertices()['eye.R']].astype(float)
    ear = head[head[:, 2] > head[:, 2].max() - EAR * shape.stature]
    nose = head[middle][head[middle, 0].argmax()]
    return dict(
        head=head[middle][head[middle, 1].argmax()] * [1, 1, 0],
        nose=nose * [1, 1, 0],
        eye=eye[eye[:, 0].argmax()],
        ear=ear[np.linalg.norm(ear - ear.mean(0), axis=1).argmin()],
    )


def _collarbone(shape: Shape) -> np.ndarray:
    """Return the middle of the right collarbone: it runs right under the skin."""
    aside, deep = np.array(COLLARBONE) * shape.stature
    outer = shape.joints['shoulder01.R']
    near = np.abs(shape.vertices[:, 2] - aside) < 0.012 * shape.stature
    near &= np.abs(shape.vertices[:, 1] - outer[1]) < 0.012 * shape.stature
    return np.array([shape.vertices[near, 0].max() - deep, outer[1], aside])


def _side(shape: Shape, t8: np.ndarray) -> np.ndarray:
    """Return where the right latissimus passes the ribs at T8."""
    ahead, above, deep = np.array(LATISSIMUS) * shape.stature
    trunk = shape.vertices[np.concatenate([bone_vertices()[f'spine0{i}'] for i in range(1, 6)])]
    near = trunk[np.abs(trunk[:, 1] - t8[1] - above) < 0.015 * shape.stature]
    return np.array([t8[0] + ahead, t8[1] + above, near[:, 2].max() - deep])


def _foot(shape: Shape) -> dict[str, np.ndarray]:
    def tip(bones: tuple[str, ...], sign: int) -> np.ndarray:
        points = shape.vertices[np.concatenate([bone_vertices()[f'{bone}.R'] for bone in bones])].astype(float)
        return points[(sign * points[:, 0]).argmax()]

    return dict(
        big_toe=tip(('toe1-1', 'toe1-2'), 1), small_toe=tip(('toe5-1', 'toe5-2', 'toe5-3'), 1), heel=tip(('foot',), -1)
    )
