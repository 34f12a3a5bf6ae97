"""Dressed people: skin, clothes, shoes, hair and what is worn on the head, as one surface that moves with a person.

person = Person.sample(rng)
dressed = dress(person.shape, person.rest, rng)
surface = dressed.surface(person.transforms(parts, frame), owner=0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import hair as hairs
from . import headwear
from .garments import Form, layers
from .materials import Cloth, color
from .mesh import Material, Surface
from .pieces import Piece, all_of, joined
from .regions import regions
from .shapes import Shape
from .shoes import SHOE_TOP, shoes
from .skin import GREY, HAIR, IRIS, Eye, Skin, Strands, skin_tone
from .skirts import skirt
from .wardrobe import Outfit, outfit, pick

SKIN, EYE, HAIRS = 0, 1, 2  # numbers of materials
GOING_GREY = (30.0, 75.0)  # years between which hair goes grey


@dataclass
class Dressed:
    """A dressed person in the rest posture.

    Attributes:
        piece: the mesh.
        materials: what its faces are made of.
        outfit: what is worn.
        hair: how the hair is.
    """

    piece: Piece
    materials: list[Material]
    outfit: Outfit
    hair: hairs.Hair

    def vertices(self, transforms: np.ndarray) -> np.ndarray:
        """Return the vertices of the person in another posture, in shape (V, 3), metres.

        Args:
            transforms: how each vertex of the body moves, in shape (body V, 3, 4).
        """
        flat = transforms.reshape(len(transforms), 12).astype(np.float32, copy=False)
        first, second = self.piece.parents.T
        moves = flat[first]
        mixed = np.flatnonzero(self.piece.share)
        moves[mixed] += self.piece.share[mixed, None] * (flat[second[mixed]] - moves[mixed])
        moves = moves.reshape(-1, 3, 4)
        found = np.einsum('vij,vj->vi', moves[:, :, :3], self.piece.vertices) + moves[:, :, 3]
        found[:, 1] -= self.piece.slack
        return found

    def surface(self, transforms: np.ndarray, owner: int) -> Surface:
        """Return the surface of the person in another posture; arguments as of `vertices`."""
        piece = self.piece
        return Surface(self.vertices(transforms), piece.faces, piece.material, self.materials, piece.rest, owner)


def dress(shape: Shape, vertices: np.ndarray, rng: np.random.Generator, occasion: str | None = None) -> Dressed:
    """Dress a person.

    Args:
        shape: the person's.
        vertices: of the body in its rest posture, in shape (V, 3): the shape's, or with curled fingers.
        rng: NumPy random generator.
        occasion: one of `wardrobe.OCCASIONS`; drawn by default.
    """
    form = Form.of(vertices)
    worn = outfit(shape, rng, occasion)
    hair = _hair(shape, rng)
    materials: list[Material] = list(_person(shape, hair, worn.gloves, rng))
    first = len(materials)
    materials += worn.cloths
    pieces, hidden, outermost = layers(worn.garments, form, rng)
    for piece in pieces:
        piece.material = piece.material + first
    if worn.skirt is not None:
        length, flare, folds, number = worn.skirt
        pieces.append(skirt(form, length, flare, folds, first + number, rng))
    if worn.shoes is not None:
        upper, sole, height = worn.shoes
        pieces.append(shoes(form, first + upper, first + sole, height))
        hidden |= regions().leg > SHOE_TOP
    pieces += _on_head(hair, form, outermost, rng, materials)
    return Dressed(joined([_body(form, hidden), *pieces]).compact(), materials, worn, hair)


def _body(form: Form, hidden: np.ndarray) -> Piece:
    """Return the skin that shows, and the eyes."""
    r = regions()
    faces = r.faces[~all_of(hidden, r.faces)]
    number = np.arange(len(form.vertices))
    zero = np.zeros(len(number), np.float32)
    material = np.where(r.eyes[faces[:, 0]], EYE, SKIN)
    return Piece(form.vertices, faces, r.points, np.stack([number, number], axis=1), zero, zero, material)


def _person(
    shape: Shape, hair: hairs.Hair, gloves: np.ndarray | None, rng: np.random.Generator
) -> tuple[Skin, Eye, Strands]:
    """Draw the colours of a person: skin, eyes, hair."""
    place = rng.uniform(0, 9)
    tone = skin_tone(place) * rng.uniform(0.95, 1.05, 3)
    shares = {name: row[3] for name, row in HAIR.items()}
    if place > 5:
        shares = {'black': 0.85, 'dark brown': 0.14, 'dyed': 0.01}
    name = pick(rng, shares)
    base = np.array(HAIR[name][:3]) * rng.uniform(0.8, 1.25)
    grey = float(np.clip((shape.age - GOING_GREY[0]) / np.ptp(GOING_GREY) + rng.normal(0, 0.18), 0, 1)) ** 1.5
    if shape.female and rng.random() < 0.55 or shape.age < 30:
        grey = 0.0
    mixed = base + grey * (GREY * 0.8 - base)
    adult = shape.age > 19
    beard = float(rng.choice([0, 0, 0.15, 0.3, 0.7, 1.0])) if adult and not shape.female else 0.0
    light = place < 4 and name not in ('black', 'dyed')
    iris = np.array(IRIS[pick(rng, {'brown': 3, 'dark': 2, 'blue': 2.5 if light else 0, 'green': 1 if light else 0})])
    skin = Skin(
        tone,
        mixed,
        hair,
        brows=float(rng.uniform(0.6, 0.9) if shape.female else rng.uniform(0.8, 1.25)),
        lipstick=float(rng.uniform(0.2, 0.9)) if shape.female and adult and rng.random() < 0.35 else 0.0,
        beard=beard,
        lines=float(np.clip((shape.age - 35) / 45, 0, 1)),
        seed=int(rng.integers(1000)),
        gloves=gloves,
    )
    return skin, Eye(iris), Strands(base, grey, hair.style == 'curly', int(rng.integers(1000)))


def _hair(shape: Shape, rng: np.random.Generator) -> hairs.Hair:
    """Draw how hair is worn, by sex and age."""
    if shape.female:
        table = {'long': 4, 'ponytail': 3, 'bun': 1.5, 'medium': 2.5, 'short': 1 + shape.age / 40, 'curly': 1}
        receding, crown = 0.0, 0.0
    else:
        old = float(np.clip((shape.age - 25) / 50, 0, 1))
        table = {
            'short': 6,
            'stubble': 1 + old,
            'bald': 1.2 * old,
            'medium': 0.5,
            'curly': 0.7,
            'long': 0.2,
            'bun': 0.1,
        }
        receding = float(rng.random() * 0.07 * old)
        crown = float(rng.random() * 0.07 * old) if rng.random() < 0.5 * old else 0.0
    style = pick(rng, table)
    if style not in ('short', 'stubble'):
        crown, receding = 0.0, min(receding, 0.01)
    low, high = hairs.ENDS.get(style, (0.5, 0.5))
    parted = style != 'curly' and rng.random() < (0.7 if shape.female else 0.35)
    return hairs.Hair(
        style,
        receding + float(rng.uniform(-0.006, 0.012)),
        crown,
        float(rng.normal(0, 0.014)) if parted else None,
        float(rng.uniform(0.75, 1.35)),
        float(rng.uniform(low, high)),
        int(rng.integers(1000)),
    )


def _on_head(
    hair: hairs.Hair, form: Form, outermost: np.ndarray, rng: np.random.Generator, materials: list[Material]
) -> list[Piece]:
    """Return hair, headwear and glasses; their materials are added."""
    pieces = hairs.strands(hair, form, HAIRS, outermost)
    what = pick(rng, {'none': 0.86, 'cap': 0.07, 'beanie': 0.05, 'helmet': 0.02})
    if what != 'none' and hair.style not in ('curly', 'bun'):
        materials.append(Cloth(color(rng, 0.35)[None], worn=0.1, roughness=0.5 if what == 'helmet' else 0.9))
        for piece in pieces:  # what is under the hat is gone
            covered = headwear.covers(what, piece.rest) > 0.004
            shown = all_of(~covered, piece.faces)
            piece.faces, piece.material = piece.faces[shown], piece.material[shown]
        pieces += headwear.headwear(what, form, len(materials) - 1)
    if rng.random() < 0.13:
        dark = rng.random() < 0.35
        materials += [Cloth(rng.choice([0.015, 0.03, 0.25]) * np.ones((1, 3)), worn=0, roughness=0.4)]
        materials += [Cloth(np.full((1, 3), 0.012), worn=0, roughness=0.15)] if dark else []
        pieces.append(headwear.glasses(form, len(materials) - (2 if dark else 1), len(materials) - 1 if dark else None))
    return pieces
