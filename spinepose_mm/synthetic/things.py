"""Things of simple real shapes: boxes, tubes, balls, and what is built of them; as Surfaces, y up, metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .mesh import Material, Plain, Surface, unit
from .textures import color

_STEP = 0.12  # metres: sides of boxes are divided, so that shade changes within them


def paint(rng: np.random.Generator) -> Plain:
    """Return a random material of furniture: wood, metal, plastic or cloth."""
    wood = np.array([0.40, 0.25, 0.13]) * rng.uniform(0.25, 1.8)
    tone = wood if rng.random() < 0.35 else color(rng, 0.02, 0.8, 0.6)
    return Plain(tone.clip(0.01, 0.9), rng.uniform(0.25, 0.9), rng.uniform(0, 0.05))


def merged(parts: Sequence[Surface]) -> Surface:
    """Return unowned Surfaces, which stand still, as one."""
    first = np.cumsum([0] + [len(part.vertices) for part in parts])
    kinds = np.cumsum([0] + [len(part.materials) for part in parts])
    return Surface(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + first[i] for i, part in enumerate(parts)]),
        np.concatenate([part.material + kinds[i] for i, part in enumerate(parts)]),
        [material for part in parts for material in part.materials],
    )


def _surface(vertices: np.ndarray, faces: np.ndarray, material: Material) -> Surface:
    faces = np.asarray(faces, np.int32)
    return Surface(np.asarray(vertices, np.float32), faces, np.zeros(len(faces), np.int32), [material])


def _sheet(rows: int, columns: int) -> np.ndarray:
    """Return the faces of a grid of vertices, in shape (F, 3)."""
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    return np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)


def box(center: np.ndarray, size: np.ndarray, material: Material, turn: float = 0.0) -> Surface:
    """Return an upright box.

    Args:
        center: in shape (3,).
        size: in shape (3,), along its axes.
        material: a Material.
        turn: about the vertical, radians.
    """
    c, s = np.cos(turn), np.sin(turn)
    frame = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    half = np.asarray(size, float) / 2
    vertices: list[np.ndarray] = []
    faces: list[np.ndarray] = []
    count = 0
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        rows, columns = (int(min(half[k] * 2 / _STEP, 20)) + 2 for k in (u, v))
        first, second = np.meshgrid(np.linspace(-half[u], half[u], rows), np.linspace(-half[v], half[v], columns))
        for sign in (-1, 1):
            side = np.empty((columns, rows, 3))
            side[..., axis], side[..., u], side[..., v] = sign * half[axis], first, second
            grid = _sheet(columns, rows)
            faces.append((grid if sign > 0 else grid[:, ::-1]) + count)
            vertices.append(side.reshape(-1, 3))
            count += rows * columns
    return _surface(np.concatenate(vertices) @ frame.T + center, np.concatenate(faces), material)


def turned(start: np.ndarray, end: np.ndarray, profile: np.ndarray, material: Material, around: int = 20) -> Surface:
    """Return a body of revolution about the line from `start` to `end`.

    Args:
        start, end: in shape (3,).
        profile: (N, 2): part of the way, 0 to 1, and radius in metres, from the start on; a repeated row is an edge.
        material: a Material.
        around: number of sides.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    line = unit(end - start)
    first = unit(np.cross(line, [1.0, 0, 0] if abs(line[0]) < 0.8 else [0.0, 0, 1]))
    angle = np.linspace(0, 2 * np.pi, around + 1)
    ring = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * np.cross(line, first)
    part, radius = np.asarray(profile, float).T
    vertices = start + part[:, None, None] * (end - start) + radius[:, None, None] * ring
    return _surface(vertices.reshape(-1, 3), _sheet(len(part), around + 1), material)


def tube(start: np.ndarray, end: np.ndarray, radius: float, material: Material) -> Surface:
    """Return a closed cylinder of a radius in metres."""
    length = float(np.linalg.norm(np.subtract(end, start)))
    along = np.linspace(0, 1, int(min(length / _STEP, 20)) + 2)
    rows = [(0, 0), (0, radius), *((part, radius) for part in along), (1, radius), (1, 0)]
    return turned(start, end, np.array(rows), material)


def ball(center: np.ndarray, radius: float, material: Material) -> Surface:
    """Return a ball of a radius in metres."""
    polar = np.linspace(0, np.pi, 17)
    profile = np.stack([(1 - np.cos(polar)) / 2, radius * np.sin(polar)], axis=1)
    offset = np.array([0, radius, 0])
    return turned(np.subtract(center, offset), np.add(center, offset), profile, material, 28)


def barbell(rng: np.random.Generator, left: np.ndarray, right: np.ndarray) -> Surface:
    """Return a barbell whose bar goes through two points, with one to three plates at each end."""
    left, right = np.asarray(left, float), np.asarray(right, float)
    line, middle = unit(left - right), (left + right) / 2
    half, steel = rng.uniform(0.75, 1.1), Plain(np.full(3, 0.45), 0.3)
    parts = [tube(middle - half * line, middle + half * line, 0.015, steel)]
    sleeve = half - rng.uniform(0.18, 0.35)
    largest = max(min(0.225, middle[1] + 0.01), 0.08)  # plates do not go into the ground
    for _ in range(int(rng.integers(1, 4))):
        radius, thick, plate = largest * rng.uniform(0.5, 1), rng.uniform(0.02, 0.05), paint(rng)
        for sign in (-1, 1):
            at = middle + sign * sleeve * line
            parts.append(tube(at, at + sign * thick * line, radius, plate))
        sleeve += thick + 0.004
    return merged(parts)


def stick(rng: np.random.Generator, left: np.ndarray, right: np.ndarray) -> Surface:
    """Return a stick through two points, a hand's width to half a metre longer at each end."""
    left, right = np.asarray(left, float), np.asarray(right, float)
    line = unit(left - right)
    return tube(
        right - rng.uniform(0.1, 0.5) * line, left + rng.uniform(0.1, 0.5) * line, rng.uniform(0.01, 0.02), paint(rng)
    )


def chair(rng: np.random.Generator, seat: np.ndarray, turn: float, back: bool) -> Surface:
    """Return a chair, bench or stool.

    Args:
        rng: NumPy random generator.
        seat: middle of its upper side, in shape (3,).
        turn: where the sitter looks, radians from x over -z.
        back: whether it has a back.
    """
    frame, cover = paint(rng), paint(rng)
    wide, deep, thick = rng.uniform(0.38, 0.6), rng.uniform(0.38, 0.48), rng.uniform(0.02, 0.07)
    ahead = np.array([np.cos(turn), 0, -np.sin(turn)])
    side = np.array([np.sin(turn), 0, np.cos(turn)])
    seat = np.asarray(seat, float)
    parts = [box(seat - [0, thick / 2, 0], np.array([deep, thick, wide]), cover, turn)]
    for x in (-0.45, 0.45):
        for z in (-0.45, 0.45):
            corner = seat + x * deep * ahead + z * wide * side
            parts.append(tube(corner * (1, 0, 1), corner - [0, thick, 0], 0.015, frame))
    if back:
        behind = seat - 0.5 * deep * ahead
        high = rng.uniform(0.3, 0.5)
        parts.append(box(behind + [0, high - 0.1, 0], np.array([0.025, 0.22, wide]), cover, turn))
        for z in (-0.45, 0.45):
            parts.append(tube(behind + z * wide * side, behind + z * wide * side + [0, high, 0], 0.013, frame))
    return merged(parts)


def table(rng: np.random.Generator, place: np.ndarray, turn: float) -> Surface:
    """Return a table, desk or counter that stands at `place` (3,), y = 0."""
    top, high = paint(rng), rng.uniform(0.45, 1.0)
    size = np.array([rng.uniform(0.5, 0.9), 0.035, rng.uniform(0.7, 1.7)])
    parts = [box(np.add(place, [0, high, 0]), size, top, turn)]
    c, s = np.cos(turn), np.sin(turn)
    for x in (-0.45, 0.45):
        for z in (-0.45, 0.45):
            foot = np.add(place, [x * size[0] * c + z * size[2] * s, 0, z * size[2] * c - x * size[0] * s])
            parts.append(tube(foot, foot + [0, high, 0], 0.025, top))
    return merged(parts)


def plant(rng: np.random.Generator, place: np.ndarray) -> Surface:
    """Return a plant in a pot that stands at `place` (3,), y = 0."""
    high, pot = rng.uniform(0.2, 0.45), paint(rng)
    profile = np.array([(0, 0), (0, 0.10), (0, 0.10), (1, 0.16), (1, 0.16), (0.95, 0)]) * (1, rng.uniform(0.8, 1.5))
    parts = [turned(place, np.add(place, [0, high, 0]), profile, pot)]
    count, length = int(rng.integers(25, 90)), rng.uniform(0.25, 0.8)
    green = Plain((np.array([0.06, 0.16, 0.03]) * rng.uniform(0.5, 1.6)).clip(0, 0.9), 0.4)
    around, lift = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.1, 1.4, count)
    out = np.stack([np.cos(around) * np.cos(lift), np.sin(lift), np.sin(around) * np.cos(lift)], axis=1)
    across = np.stack([-np.sin(around), np.zeros(count), np.cos(around)], axis=1) * (0.07 * length + 0.01)
    reach = length * rng.uniform(0.5, 1, (count, 1))
    root = np.add(place, [0, high, 0]) + 0.05 * rng.normal(0, 1, (count, 3)) * (1, 0, 1)
    middle, tip = root + 0.55 * reach * out, root + reach * out - [0, 0.25 * length, 0] * rng.random((count, 1))
    leaf = np.stack([root, middle - across, middle + across, tip], axis=1).reshape(-1, 3)
    quad = np.array([[0, 1, 2], [2, 1, 3]])
    parts.append(_surface(leaf, (quad + 4 * np.arange(count)[:, None, None]).reshape(-1, 3), green))
    return merged(parts)
