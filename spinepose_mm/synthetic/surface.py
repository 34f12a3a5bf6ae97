"""The skin and clothes of a placed body: one triangle mesh with a colour at each vertex.

Widths and depths are parts of the body height, rounded from the circumferences of an average adult and chosen by eye on
the rendered images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, interp1d

from .body import SIDES, Body, Parts, Place, _child

RING = 20
#: Cross-sections of the trunk from the crotch to the head: the body part whose position they follow, how far in front
#: of it and above it their middle lies, half their depth and half their width. The vertebrae lie in the trunk's back
#: half.
TRUNK = (
    ('pelvis', -0.004, -0.062, 0.045, 0.060),
    ('pelvis', -0.006, -0.030, 0.066, 0.092),
    ('pelvis', -0.006, 0.010, 0.072, 0.098),
    ('L5', 0.016, 0.0, 0.066, 0.090),
    ('L3', 0.024, 0.0, 0.060, 0.078),
    ('L1', 0.026, 0.0, 0.060, 0.078),
    ('T10', 0.030, 0.0, 0.066, 0.086),
    ('T8', 0.032, 0.0, 0.070, 0.093),
    ('T5', 0.028, 0.0, 0.066, 0.100),
    ('shoulders', 0.024, -0.012, 0.052, 0.108),
    ('shoulders', 0.012, 0.024, 0.038, 0.070),
    ('C7', 0.010, 0.008, 0.034, 0.038),
    ('C4', 0.010, 0.0, 0.032, 0.033),
    ('C1', 0.012, 0.0, 0.034, 0.034),
)
WAIST, COLLAR = 3.2, 11.2  # where, in numbers of these, the trousers end and the skin of the neck begins
#: (distance along a limb, radius) of its cross-sections.
Sections = Sequence[tuple[float, float]]
#: (distance down the limb as a part of its length, radius) of its cross-sections.
THIGH, SHANK = (
    ((0.0, 0.056), (0.15, 0.058), (0.5, 0.048), (1.0, 0.034)),
    ((0.0, 0.034), (0.25, 0.036), (0.6, 0.026), (1.0, 0.019)),
)
UPPER_ARM, FOREARM = ((0.0, 0.030), (0.3, 0.028), (1.0, 0.023)), ((0.0, 0.023), (0.25, 0.024), (1.0, 0.0145))


@dataclass
class Mesh:
    """Triangles in world space.

    Attributes:
        vertices: in shape (V, 3), metres.
        faces: in shape (F, 3), numbers of vertices.
        colors: in shape (V, 3), RGB from 0 to 255.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray


@dataclass
class Clothes:
    """Colours, RGB from 0 to 255, and what of a person is covered."""

    skin: np.ndarray
    hair: np.ndarray
    shirt: np.ndarray
    stripes: np.ndarray
    trousers: np.ndarray
    shoes: np.ndarray
    sleeves: float = 0.4
    legs: float = 1.0
    striped: int = 0
    long_hair: bool = False

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Clothes:
        """Draw clothes. Skin tones span light to dark evenly."""
        light, dark = np.array([243, 208, 180.0]), np.array([70, 44, 32.0])
        skin = light + (dark - light) * rng.random() + rng.normal(0, 6, 3)
        tones = [(25, 20, 18), (70, 45, 30), (150, 110, 60), (190, 185, 180)]
        hair = np.array(tones[rng.integers(4)]) * rng.uniform(0.7, 1.2)
        shirt, stripes, trousers, shoes = (rng.uniform(15, 240, 3) for _ in range(4))
        if rng.random() < 0.5:
            trousers = trousers.mean() * np.array([0.8, 0.85, 1.0]) * 0.7  # denim, greys and blacks are common
        return cls(
            skin.clip(0, 255),
            hair.clip(0, 255),
            shirt,
            stripes,
            trousers,
            shoes,
            float(rng.choice([0.0, 0.45, 1.0, 1.9])),
            float(rng.choice([0.4, 1.1, 1.9])),
            int(rng.choice([0, 0, 3, 6])),
            bool(rng.random() < 0.4),
        )


def build(body: Body, parts: Parts, clothes: Clothes, frame: int = 0) -> Mesh:
    """Return the Mesh of a placed body.

    Args:
        body: its Body.
        parts: what `body.forward` returned.
        clothes: Clothes.
        frame: number of the frame in `parts`.
    """
    at = {name: (place[frame], turn[frame]) for name, (place, turn) in parts.items()}
    meshes = [_trunk(body, at, clothes), *_head(body, at, clothes)]
    for side in SIDES:
        meshes += [*_leg(body, at, clothes, side), *_arm(body, at, clothes, side)]
    return merge(meshes)


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """Return several meshes as one."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts)]),
        np.concatenate([mesh.colors for mesh in meshes]),
    )


def _trunk(body: Body, at: Parts, clothes: Clothes) -> Mesh:
    places, turns, sizes = [], [], []
    for name, forward, above, depth, width in TRUNK:
        place, turn = _level(body, at, name)
        places.append(_child((place, turn), np.array([forward, above, 0]) * body.height)[0])
        turns.append(turn)
        girth = 1.0 if name.startswith('C') else body.build
        # Shoulders are as broad as their bones, whatever the build.
        broad = {'shoulders': body.lengths.get('shoulder', 1.0) / body.build, 'pelvis': body.lengths.get('hip', 1.0)}
        sizes.append([depth * girth, width * girth * broad.get(name, 1.0)])
    steps = np.linspace(0, len(TRUNK) - 1, 36)
    centers, axes, radii = _between(steps, np.array(places), np.array(turns), np.array(sizes) * body.height)
    heights = np.repeat(steps, RING)
    color = np.where(heights[:, None] < WAIST, clothes.trousers, clothes.shirt)
    if clothes.striped:
        band = (heights * clothes.striped / 3).astype(int) % 2 == 1
        color[band & (heights >= WAIST)] = clothes.stripes
    color[heights > COLLAR] = clothes.skin
    return _loft(centers, axes, radii, color)


def _level(body: Body, at: Parts, name: str) -> Place:
    """Return a part's place and a frame of it whose up direction is the trunk's, not the vertebra's."""
    place, turn = at[name]
    if name in ('pelvis', 'shoulders'):
        return place, turn
    angle = np.radians(body.inclination(name))
    back = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return place, turn @ back


def _head(body: Body, at: Parts, clothes: Clothes) -> Iterator[Mesh]:
    place, turn = at['head']
    unit = body.height * body.lengths.get('head', 1.0)

    def ball(center: tuple[float, float, float], size: tuple[float, float, float], color: np.ndarray) -> Mesh:
        return ellipsoid(_child((place, turn), np.array(center) * unit)[0], turn, np.array(size) * unit, color)

    yield ball((0.014, 0.034, 0), (0.056, 0.064, 0.044), clothes.skin)
    yield ball((0.030, -0.004, 0), (0.036, 0.030, 0.034), clothes.skin)  # jaw
    yield ball((0.000, 0.044, 0), (0.058, 0.058, 0.049), clothes.hair)
    if clothes.long_hair:
        yield ball((-0.030, -0.006, 0), (0.030, 0.070, 0.046), clothes.hair)
    yield ball((0.066, 0.012, 0), (0.014, 0.012, 0.009), clothes.skin * 0.93)
    yield ball((0.057, -0.011, 0), (0.010, 0.005, 0.016), clothes.skin * np.array([0.8, 0.55, 0.55]))
    for sign in (1, -1):
        yield ball((0.059, 0.031, 0.018 * sign), (0.008, 0.006, 0.010), np.array([245, 245, 245.0]))
        yield ball((0.064, 0.031, 0.018 * sign), (0.005, 0.005, 0.005), np.array([30, 25, 25.0]))
        yield ball((0.008, 0.018, 0.046 * sign), (0.010, 0.016, 0.006), clothes.skin * 0.9)


def _leg(body: Body, at: Parts, clothes: Clothes, side: str) -> Iterator[Mesh]:
    hip, knee, ankle = (at[f'{name}_{side}'] for name in ('thigh', 'shank', 'foot'))
    yield _limb(body, hip, knee, ankle, THIGH, SHANK, clothes.legs, clothes.trousers, clothes.skin)
    sign, length = SIDES[side], body.length(1.0, 'foot')
    rings = np.array(
        [
            (-0.052, -0.026, 0.012, 0.010),
            (-0.040, -0.020, 0.020, 0.022),
            (0.0, -0.012, 0.030, 0.024),
            (0.045, -0.020, 0.020, 0.028),
            (0.085, -0.029, 0.012, 0.030),
            (0.112, -0.033, 0.006, 0.020),
        ]
    )
    centers = np.array(
        [_child(ankle, np.array([forward, above, 0.006 * sign]) * length)[0] for forward, above, _, _ in rings]
    )
    # Rings of a foot stand across it: their depth is its height.
    axes = np.repeat((ankle[1] @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]).T)[None], len(rings), axis=0)
    yield _loft(centers, axes, rings[:, 2:] * length, clothes.shoes)


def _arm(body: Body, at: Parts, clothes: Clothes, side: str) -> Iterator[Mesh]:
    shoulder, elbow, wrist = (at[f'{name}_{side}'] for name in ('upper_arm', 'forearm', 'wrist'))
    yield _limb(body, shoulder, elbow, wrist, UPPER_ARM, FOREARM, clothes.sleeves, clothes.shirt, clothes.skin)
    yield ellipsoid(
        shoulder[0],
        shoulder[1],
        np.array([0.034, 0.034, 0.032]) * body.height,
        clothes.shirt if clothes.sleeves else clothes.skin,
    )
    hand = _child(wrist, np.array([0.004, -0.045, 0]) * body.height)[0]
    yield ellipsoid(hand, wrist[1], np.array([0.020, 0.048, 0.011]) * body.height, clothes.skin)


def _limb(
    body: Body,
    start: Place,
    middle: Place,
    end: Place,
    upper: Sections,
    lower: Sections,
    covered: float,
    cloth: np.ndarray,
    skin: np.ndarray,
) -> Mesh:
    """Return a limb of two segments as one mesh; its first `covered` segments' length is in cloth."""
    along = np.array([part for part, _ in upper] + [1 + part for part, _ in lower[1:]])
    radii = np.array([radius for _, radius in upper] + [radius for _, radius in lower[1:]])
    steps = np.linspace(0, 2, 26)
    joints = np.array([start[0], middle[0], end[0]])
    turns = np.array([start[1], middle[1], end[1]])
    centers = interp1d([0, 1, 2], joints, axis=0)(steps)
    axes = np.where((steps < 1)[:, None, None], turns[0], turns[1])
    near = (steps > 0.85) & (steps < 1.15)  # the ring at the bent joint halves the angle
    axes[near] = _orthonormal((turns[0] + turns[1]) / 2)
    radius = CubicSpline(along, radii)(steps)[:, None] * body.height * (0.75 + 0.25 * body.build)
    color = np.where((np.repeat(steps, RING) < covered)[:, None], cloth, skin)
    return _loft(centers, axes, np.repeat(radius, 2, axis=1) * (1.06 if covered > 1 else 1.0), color)


def _between(
    steps: np.ndarray, places: np.ndarray, turns: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cross-sections at `steps` (S,) of those numbered 0, 1, ...: centres, axes (S, 3, 3) and radii (S, 2)."""
    knots = np.arange(len(places))
    return (
        CubicSpline(knots, places)(steps),
        _orthonormal(interp1d(knots, turns, axis=0)(steps)),
        interp1d(knots, sizes, axis=0)(steps),
    )


def _orthonormal(matrices: np.ndarray) -> np.ndarray:
    """Return the rotations nearest to matrices in shape (..., 3, 3)."""
    left, _, right = np.linalg.svd(matrices)
    return left @ right


def _loft(centers: np.ndarray, axes: np.ndarray, radii: np.ndarray, color: np.ndarray) -> Mesh:
    """Return the closed surface through ellipses in planes across each frame's y axis."""
    count = len(centers)
    angle = np.linspace(0, 2 * np.pi, RING, endpoint=False)
    circle = np.stack([np.cos(angle), np.zeros(RING), np.sin(angle)], axis=-1)
    scale = np.stack([radii[:, 0], np.ones(count), radii[:, 1]], axis=-1)
    rings = centers[:, None] + np.einsum('sij,rj,sj->sri', axes, circle, scale)
    vertices = np.concatenate([rings.reshape(-1, 3), centers[[0, -1]]])
    ring, place = np.meshgrid(np.arange(count - 1), np.arange(RING), indexing='ij')
    a, b = ring * RING + place, ring * RING + (place + 1) % RING
    sides = np.concatenate(
        [np.stack([a, b, a + RING], -1).reshape(-1, 3), np.stack([b, b + RING, a + RING], -1).reshape(-1, 3)]
    )
    edge = np.arange(RING)
    ends = [
        np.stack([np.full(RING, count * RING + i), first + edge, first + (edge + 1) % RING], -1)
        for i, first in ((0, 0), (1, (count - 1) * RING))
    ]
    colors = np.broadcast_to(color, (count * RING, 3)) if np.ndim(color) == 1 else color
    return Mesh(vertices, np.concatenate([sides, *ends]), np.concatenate([colors, colors[[0, -1]]]))


def ellipsoid(center: np.ndarray, turn: np.ndarray, size: np.ndarray, color: np.ndarray) -> Mesh:
    """Return an ellipsoid with half axes `size` (3,) along the axes of `turn`."""
    up = np.linspace(-np.pi / 2, np.pi / 2, 11)
    centers = center + np.sin(up)[:, None] * size[1] * turn[:, 1]
    return _loft(centers, np.repeat(turn[None], len(up), axis=0), np.cos(up)[:, None] * size[[0, 2]], color)
