"""Hair: the scalp moved outward, and what hangs from it or is tied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from .attached import Holders, attach, sheet
from .garments import Form
from .noise import noise
from .pieces import Piece, cut
from .regions import Regions, regions, smoothstep

STYLES = ('bald', 'stubble', 'short', 'medium', 'long', 'ponytail', 'bun', 'curly')
#: What the hair on the head itself stands off, in metres on the template: on the sides and on the top.
DEPTH = {
    'short': (0.005, 0.016),
    'medium': (0.014, 0.024),
    'long': (0.012, 0.018),
    'ponytail': (0.006, 0.010),
    'bun': (0.006, 0.010),
    'curly': (0.028, 0.045),
}
#: The lowest height of hanging hair on the template: of a bob, of long hair.
ENDS = {'medium': (0.56, 0.63), 'long': (0.33, 0.52), 'ponytail': (0.40, 0.56)}


@dataclass(frozen=True)
class Hair:
    """How a person's hair is.

    Attributes:
        style: one of STYLES.
        receding: metres that the hairline is further back, at the temples.
        crown: metres of the bald patch's radius.
        parting: where the hair is parted, metres to the right of the middle; None where it is not.
        depth: thicker or thinner, about 1.
        end: height of the ends of hanging hair on the template.
        seed: of its noise.
    """

    style: str
    receding: float = 0.0
    crown: float = 0.0
    parting: float | None = None
    depth: float = 1.0
    end: float = 0.5
    seed: int = 0


def hairline(hair: Hair, points: np.ndarray, scalp: np.ndarray) -> np.ndarray:
    """Return metres inside of a hairline, in shape (N,): negative outside; points (N, 3) lie on the template."""
    x, y, z = points.T
    temple = np.exp(-(((np.abs(z) - 0.042) / 0.022) ** 2)) * smoothstep(x, 0.03, 0.1)
    line = scalp - hair.receding * (0.35 * smoothstep(x, 0.02, 0.1) + 0.65 * temple)
    if hair.crown > 0:
        line = np.minimum(line, np.hypot(x - 0.01, z) - hair.crown + 10 * (y < 0.72))
    if hair.parting is not None:
        line = line - 0.016 * np.exp(-(((z - hair.parting) / 0.016) ** 2)) * smoothstep(x, 0.07, 0.12)
    return line - 0.005 * noise(points, 110, hair.seed) - 0.005 * noise(points, 35, hair.seed + 4)


@lru_cache(maxsize=1)
def head() -> Regions:
    """Return the Regions of the head's upper part, where hair grows."""
    r = regions()
    return r.part((r.points[:, 1] > 0.595) & (r.scalp > -0.05) & ~r.eyes)


def strands(hair: Hair, form: Form, material: int, cloth: np.ndarray) -> list[Piece]:
    """Return the hair's pieces.

    Args:
        hair: how it is.
        form: the whole body.
        material: number of its material.
        cloth: metres that clothes stand off the body's vertices, in shape (V,): hair lies on them.
    """
    if hair.style in ('bald', 'stubble'):
        return []
    pieces = [_cap(hair, form, material)]
    size = head_size(form)
    if hair.style in ('long', 'medium'):
        pieces.append(_hanging(hair, form, material, size, cloth))
    if hair.style == 'ponytail':
        pieces.append(_tail(hair, form, material, size, cloth))
    if hair.style == 'bun':
        pieces.append(_bun(hair, form, material, size))
    return pieces


def head_size(form: Form) -> float:
    """Return the height of a head by the template's."""
    r = head()
    return float(np.ptp(form.vertices[r.index, 1]) / np.ptp(r.points[:, 1]))


def _cap(hair: Hair, form: Form, material: int) -> Piece:
    r = head()
    part = form.part(r)
    line = hairline(hair, r.points, r.scalp).astype(np.float32)
    sides, top = DEPTH[hair.style]
    depth = sides + (top - sides) * smoothstep(r.points[:, 1], 0.70, 0.79)
    if hair.parting is not None:
        depth = depth * (1 - 0.7 * np.exp(-(((r.points[:, 2] - hair.parting) / 0.007) ** 2)) * (r.points[:, 1] > 0.75))
    grain = {'curly': 45.0, 'short': 70.0}.get(hair.style, 30.0)
    rough = 0.5 if hair.style == 'curly' else 0.3
    depth = depth * hair.depth * (1 + rough * noise(r.points, grain, hair.seed + 1))
    rise = smoothstep(line, -0.004, 0.035 if hair.style == 'curly' else 0.018)
    height = depth * rise * head_size(form) + 0.0005
    for _ in range(2):  # ears and folds of the skin do not show
        height = 0.5 * height + 0.5 * (r.average @ height)
    shape = cut(r.faces, line)
    vertices = shape.between(part.vertices + part.normals * height[:, None].astype(np.float32))
    count = len(vertices)
    return Piece(
        vertices,
        shape.faces,
        shape.between(r.points),
        r.index[shape.ends],
        shape.share,
        np.zeros(count, np.float32),
        np.full(len(shape.faces), material),
    )


ROWS, COLUMNS = 16, 30


@lru_cache(maxsize=1)
def _holders() -> dict[str, Holders]:
    """Return what hair is fastened to: the skull, the scalp, and the trunk that it hangs on."""
    r = regions()
    x, y, _ = r.points.T
    return {
        'skull': Holders((r.neck > 0.11) & (x < 0.09) & ~r.eyes),
        'scalp': Holders(r.scalp > 0.0),
        'trunk': Holders((r.neck < 0.06) & (r.armed < 0.3) & (y > 0.2)),
    }


@lru_cache(maxsize=1)
def _behind() -> tuple[cKDTree, np.ndarray]:
    """Return the template's back: a tree of heights and sides, and how far back it is there (N,)."""
    r = regions()
    x, y, z = r.points.T
    back = (x < 0.03) & (y > 0.2) & (y < 0.66) & (np.abs(z) < 0.16) & (r.armed < 0.6)
    return cKDTree(r.points[back][:, [1, 2]]), x[back]


def _back_at(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    tree, x = _behind()
    _, near = tree.query(np.stack([y, z], axis=-1), k=3)
    return x[near].min(-1)


def _hanging(hair: Hair, form: Form, material: int, size: float, cloth: np.ndarray) -> Piece:
    """A sheet from ear to ear behind the head, which falls on neck, shoulders and back."""
    reach = np.radians(112 if hair.style == 'medium' else 98)
    angle = np.linspace(-reach, reach, COLUMNS)  # 0 is behind
    ragged = 0.018 * noise(np.stack([angle, angle * 0, angle * 0], axis=1), 3, hair.seed)
    end = hair.end + ragged + (0.04 * (np.abs(angle) / reach) ** 2)
    t = np.linspace(0, 1, ROWS)[:, None]
    y = 0.765 + (end - 0.765) * t
    falling = smoothstep(-y, -0.72, -0.56)
    bulge = 0.012 * hair.depth + 0.004 * noise(np.stack([angle * 0.1, angle * 0, angle * 0], 1), 60, hair.seed + 2)
    over = np.sqrt(np.clip(1 - np.clip((y - 0.70) / 0.115, 0, 1) ** 2, 0.05, 1))
    wide, deep = (0.077 + bulge) * over * (1 - 0.12 * falling), (0.098 + bulge) * over * (1 - 0.25 * falling)
    z = wide * np.sin(angle) * (1 - 0.1 * smoothstep(-y, -0.55, -0.35))
    x = 0.045 - deep * np.cos(angle)
    clear = 0.015 + 0.004 * noise(np.stack([0 * y, y, z], -1).reshape(-1, 3), 40, hair.seed).reshape(y.shape)
    resting = _back_at(y, z) - clear
    x = np.where((y < 0.64) & (np.abs(angle) < np.radians(95)), np.minimum(x, resting), x)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    parents = np.stack([_holders()[name].nearest(points) for name in ('skull', 'trunk')], axis=1)
    share = smoothstep(-points[:, 1], -0.60, -0.50) * 0.9
    found = attach(form, points, sheet(ROWS, COLUMNS), parents, share, material, size)
    return _over(found, form, cloth)


def _tail(hair: Hair, form: Form, material: int, size: float, cloth: np.ndarray) -> Piece:
    t = np.linspace(0, 1, 12)
    high = 0.72 + 0.04 * (hair.seed % 3) / 2
    path_y = high + 0.015 * np.sin(np.pi * np.clip(t * 4, 0, 1)) - (high - hair.end) * np.clip((t - 0.1) / 0.9, 0, 1)
    path_x = np.interp(t, [0, 0.12, 0.4, 1], [-0.03, -0.072, -0.076, -0.07])
    path_x = np.minimum(path_x, np.where(path_y < 0.62, _back_at(path_y, 0 * t) - 0.03, 9))
    radius = np.interp(t, [0, 0.06, 0.14, 0.5, 0.9, 1], [0.012, 0.012, 0.022, 0.026, 0.016, 0.004]) * hair.depth
    tube = _tube(np.stack([path_x, path_y, 0 * t], axis=1), radius, form, material, size, hair.seed)
    return _over(tube, form, cloth)


def _over(piece: Piece, form: Form, cloth: np.ndarray) -> Piece:
    """Return hair that lies on the clothes, where it hangs on the back."""
    below = piece.parents[:, 1]
    away = cloth[below] * smoothstep(piece.share, 0.0, 0.5)
    piece.vertices = piece.vertices + form.normals[below] * away[:, None]
    return piece


def _tube(path: np.ndarray, radius: np.ndarray, form: Form, material: int, size: float, seed: int) -> Piece:
    angle = np.arange(12) * 2 * np.pi / 12
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.array([0.0, 0.0, 1.0])
    other = np.cross(side, along)
    around = np.cos(angle)[None, :, None] * other[:, None] + np.sin(angle)[None, :, None] * side
    points = path[:, None] + radius[:, None, None] * around
    points = points.reshape(-1, 3)
    points = points + 0.003 * around.reshape(-1, 3) * noise(points, 60, seed)[:, None]
    parents = np.stack([_holders()[name].nearest(points) for name in ('scalp', 'trunk')], axis=1)
    share = smoothstep(-points[:, 1], -0.62, -0.42) * 0.7
    faces = sheet(len(path), 12, closed=True)
    return attach(form, points, faces, parents, share, material, size)


def _bun(hair: Hair, form: Form, material: int, size: float) -> Piece:
    tilt = np.radians([18, 45, 70][hair.seed % 3])  # over the horizontal
    middle = np.array([0.045, 0.70, 0.0]) + 0.118 * np.array([-np.cos(tilt), np.sin(tilt), 0])
    rows, columns = 9, 14
    up = np.linspace(np.pi / 2, -np.pi / 2, rows)[:, None]
    angle = np.arange(columns) * 2 * np.pi / columns
    ball = np.stack([np.cos(up) * np.cos(angle), np.sin(up) + 0 * angle, np.cos(up) * np.sin(angle)], axis=-1)
    ball = ball.reshape(-1, 3)
    points = middle + ball * (0.034 * hair.depth * (1 + 0.2 * noise(ball * 0.05, 60, hair.seed)))[:, None]
    holder = _holders()['scalp'].nearest(middle[None])
    return attach(form, points, sheet(rows, columns, closed=True), np.repeat(holder, len(points)), 0, material, size)
