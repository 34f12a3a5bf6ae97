"""Clothes of the body's own surface: cut along hems, moved outward, stretched over hollows, in layers.

A garment's cloth is worked out at the body's vertices, all layers at the same ones, so that one layer lies outside of
another exactly where each of its vertices does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .hang import hang
from .noise import noise
from .pieces import Cut, Piece, cut, normals
from .regions import CHEST, COLLAR, CROTCH, WAIST, Regions, clothed, regions, smoothstep

THICKNESS = 0.0025  # metres between two layers
SAG = 0.55  # share of the room under loose cloth by which it hangs down; under 1, so that it stays outside


@dataclass(frozen=True)
class Garment:
    """What a garment covers and how it fits; lengths in metres on the template, limbs in bones (Regions).

    Attributes:
        name: what it is.
        bottom: height of the lower hem on the trunk, or None where it goes down the legs.
        top: height of the upper hem, or None where it has a neckline.
        leg: where on the legs it ends, for trousers.
        sleeve: where on the arms it ends; None without sleeves, cut vertically by `strap`.
        strap: half the distances between a sleeveless garment's neckline and armholes, on the shoulders.
        neckline: how far above (+) the round neckline's plane it ends.
        dip: how much deeper the neckline is in front: a V.
        opening: half the width that is open in front, at the top and at the bottom.
        leg_hole: rise of a leg's hole from the crotch to the side, for swimwear.
        loose: how far it stands off: chest, and hem or sleeve's end.
        hood: whether a hood lies on the back.
        fall: metres that it comes closer to the body per metre downward: 0 is straight, 1 clings.
        start: where on the legs it begins, for socks and boots.
        material: number of its material.
    """

    name: str
    bottom: float | None = None
    top: float | None = None
    leg: float | None = None
    sleeve: float | None = None
    strap: tuple[float, float] = (0.07, 0.13)
    neckline: float = 0.04
    dip: float = 0.0
    opening: tuple[float, float] | None = None
    leg_hole: float | None = None
    loose: tuple[float, float] = (0.004, 0.008)
    fall: float = 0.1
    hood: bool = False
    start: float | None = None
    material: int = 0


def coverage(garment: Garment, r: Regions) -> np.ndarray:
    """Return a function on the vertices of regions, in shape (V,): positive where the garment is, 0 at its hems.

    It is about metres; a bone of the arm is 0.28 m long, of the leg 0.38.
    """
    x, y, z = r.points.T
    across = np.abs(z)
    parts: list[np.ndarray] = []
    if garment.start is not None and garment.leg is not None:
        return np.minimum.reduce([r.leg - garment.start, garment.leg - r.leg, 0.3 - across])
    if garment.bottom is not None:
        parts.append(y - garment.bottom)
    if garment.leg is not None:
        parts.append((garment.leg - r.leg) * 0.38)
    if garment.leg_hole is not None:
        parts.append(y - CROTCH + 0.012 - garment.leg_hole * np.clip(across - 0.02, 0, None))
    if garment.top is not None:
        parts += [garment.top - y, 0.35 - across]
    else:
        parts += _around_arms_and_neck(garment, r)
    if garment.opening is not None:
        high, low = garment.opening
        half = high + (low - high) * np.clip((COLLAR - y) / 0.45, 0, 1)
        parts.append(np.where(x > -0.01, across - half, 1.0))
    return np.minimum.reduce(parts)


def _around_arms_and_neck(garment: Garment, r: Regions) -> list[np.ndarray]:
    x, y, z = r.points.T
    across = np.abs(z)
    dip = garment.dip * smoothstep(x, 0.0, 0.05) * np.clip(1 - across / 0.09, 0, 1)
    hole = garment.neckline - r.neck - dip
    if garment.sleeve is not None:
        return [hole, (garment.sleeve - r.arm) * 0.28]
    inner, outer = garment.strap
    armhole = np.maximum(outer - across, np.minimum(0.375 - y, 0.03 - 0.3 * r.arm))
    return [np.maximum(hole, across - inner), armhole]


@dataclass(frozen=True)
class Form:
    """A shape's surface, or the part of it that clothes cover.

    Attributes:
        where: the regions that the vertices are of.
        vertices, normals: in shape (V, 3), in the rest posture.
        scale: the shape's stature by the template's.
    """

    where: Regions
    vertices: np.ndarray
    normals: np.ndarray
    scale: float

    @classmethod
    def of(cls, vertices: np.ndarray) -> Form:
        """Return the form of a whole body, vertices (V, 3) in the rest posture."""
        r = regions()
        vertices = np.asarray(vertices, np.float32)
        return cls(r, vertices, normals(vertices, r.faces), float(np.ptp(vertices[:, 1]) / np.ptp(r.points[:, 1])))

    def part(self, where: Regions) -> Form:
        """Return a part of a whole body's form."""
        return Form(where, self.vertices[where.index], self.normals[where.index], self.scale)


def _looseness(garment: Garment, form: Form, rng: np.random.Generator) -> np.ndarray:
    """Return how far the cloth stands off before it is smoothed, metres, in shape (V,)."""
    r = form.where
    y = r.points[:, 1]
    close, wide = garment.loose
    if garment.leg is not None and garment.start is None:
        down = np.clip(r.leg / garment.leg, 0, 1)
        amount = close + (wide - close) * down
    else:
        bottom = garment.bottom if garment.bottom is not None else CROTCH
        down = np.clip((CHEST + 0.1 - y) / max(CHEST + 0.1 - bottom, 0.05), 0, 1) ** 1.3
        out = np.clip(r.arm / max(garment.sleeve or 1, 0.3), 0, 1)
        amount = close + (wide - close) * np.where(r.armed > 0.5, out, down)
    amount = amount + _wrinkles(form, close + wide, int(rng.integers(1000)))
    if garment.hood:
        behind = np.exp(-(((r.neck - 0.005) / 0.035) ** 2)) * smoothstep(-r.points[:, 0], 0.0, 0.03)
        amount = amount + 0.035 * behind
    return (np.maximum(amount, 0.0) * form.scale).astype(np.float32)


def _wrinkles(form: Form, loose: float, seed: int) -> np.ndarray:
    """Folds: stronger where cloth is loose, and near elbows, knees, crotch and waist."""
    amplitude = min(0.35 * loose, 0.008)
    return amplitude * (0.35 + _bent()) * noise(form.vertices, (16, 24, 16), seed)


@lru_cache(maxsize=1)
def _bent() -> np.ndarray:
    """Return how near what clothes cover is to where a body bends, in shape (V,), 0 to 1."""
    r = clothed()
    places = ((1.0, r.arm), (1.95, r.arm), (1.0, r.leg), (0.15, r.leg), (1.95, r.leg))
    near = [np.exp(-(((values - at) / 0.2) ** 2)) for at, values in places]
    return np.maximum.reduce([*near, np.exp(-(((r.points[:, 1] - WAIST) / 0.06) ** 2))])


def _drape(
    garment: Garment, form: Form, hollows: np.ndarray, under: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return how far a garment's cloth stands off the skin, metres, in shape (V,).

    Args:
        garment: what is worn.
        form: the body.
        hollows: `_filled` of the form.
        under: metres that each vertex has to stand off, in shape (V,): the layers below.
        rng: NumPy random generator, of the wrinkles.
    """
    free = _looseness(garment, form, rng)
    height = np.maximum(np.maximum(under, hollows), hang(form.vertices, garment.fall)) + free
    for _ in range(3):
        height = np.maximum(form.where.average @ height, under + 0.5 * free)
    return height


def _filled(form: Form) -> np.ndarray:
    """Return how far cloth stands off that spans small hollows, as the navel, metres, in shape (V,)."""
    cloth = form.vertices
    for _ in range(4):
        cloth = form.where.average @ cloth
    return np.maximum(np.einsum('vi,vi->v', cloth - form.vertices, form.normals), 0)


def layers(
    garments: Sequence[Garment], body: Form, rng: np.random.Generator
) -> tuple[list[Piece], np.ndarray, np.ndarray]:
    """Dress a body.

    Args:
        garments: what is worn, from the innermost to the outermost.
        body: the whole body.
        rng: NumPy random generator.

    Returns:
        A piece for each garment; which vertices of the skin are well under cloth, in shape (V,); how far the outermost
        cloth stands off these, metres, in shape (V,).
    """
    r = clothed()
    form = body.part(r)
    hollows = _filled(form)
    top: np.ndarray = np.zeros(len(r.points), np.float32)  # how far the outermost cloth so far stands off
    slack: np.ndarray = np.zeros_like(top)  # what is worn over sagging cloth sags as far
    hidden = np.zeros(len(body.vertices), bool)
    pieces = []
    for garment in garments:
        inside = coverage(garment, r).astype(np.float32)
        worn = inside > 0
        around = (r.near @ worn.astype(np.float32)) > 0
        under = np.where(around, top + THICKNESS, 0).astype(np.float32)
        height = _drape(garment, form, hollows, under, rng)
        top = np.where(around, np.maximum(top, height), top)
        slack = np.where(around, np.maximum(slack, SAG * (height - under)), slack)
        pieces.append(_sewn(garment, form, height, slack, cut(r.faces, inside)))
        bare = ~worn
        for _ in range(2):
            bare = (r.near @ bare.astype(np.float32)) > 0
        hidden[r.index[~bare]] = True
    outermost = np.zeros(len(body.vertices), np.float32)
    outermost[r.index] = top
    return pieces, hidden, outermost


def _sewn(garment: Garment, form: Form, height: np.ndarray, slack: np.ndarray, shape: Cut) -> Piece:
    """Return the cut cloth, with a hem that is turned inward."""
    r = form.where
    vertices = shape.between(form.vertices + form.normals * height[:, None])
    rest = shape.between(r.points)
    edge = np.unique(shape.hem)
    number = np.zeros(len(vertices), np.int32)
    number[edge] = np.arange(len(edge)) + len(vertices)
    deep = np.minimum(shape.between(slack)[edge] + 0.001, 0.006)[:, None]
    inner = vertices[edge] - shape.between(form.normals)[edge] * deep
    a, b = shape.hem.T
    band = np.concatenate([np.stack([b, a, number[a]], axis=1), np.stack([b, number[a], number[b]], axis=1)])
    faces = np.concatenate([shape.faces, band])

    def more(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, values[edge]])

    ends = r.index[more(shape.ends)]
    return Piece(
        np.concatenate([vertices, inner]),
        faces,
        more(rest),
        ends,
        more(shape.share),
        more(shape.between(slack)),
        np.full(len(faces), garment.material),
    )
