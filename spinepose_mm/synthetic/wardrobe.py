"""What a person wears: garments that go together, with their cloth, by age, sex and occasion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .garments import Garment
from .materials import Cloth, cloth, color
from .shapes import Shape

OCCASIONS = {'casual': 0.48, 'sport': 0.28, 'smart': 0.10, 'swim': 0.04, 'winter': 0.10}
TOPS: dict[str, dict[str, float]] = {
    'casual': {'T-shirt': 5, 'long sleeves': 2, 'shirt': 1.5, 'hoodie': 1.5, 'jacket': 1.5, 'vest': 0.5},
    'sport': {'T-shirt': 4, 'vest': 2, 'long sleeves': 1, 'fitted': 1.5, 'hoodie': 0.7, 'jacket': 0.6},
    'smart': {'shirt': 4, 'jacket': 4, 'long sleeves': 1},
    'winter': {'jacket': 4, 'coat': 2, 'hoodie': 2},
}
BOTTOMS: dict[str, dict[str, float]] = {
    'casual': {'jeans': 5, 'trousers': 2, 'shorts': 2, 'loose': 1},
    'sport': {'shorts': 3, 'tights': 2, 'joggers': 2, 'short tights': 1},
    'smart': {'trousers': 5},
    'winter': {'jeans': 3, 'trousers': 2, 'joggers': 1},
}
WOMENS_TOPS: dict[str, dict[str, float]] = {
    'casual': {'dress': 1.6, 'sleeveless': 1.0},
    'sport': {'sports bra': 1.5},
    'smart': {'dress': 2.0},
}
WOMENS_BOTTOMS: dict[str, dict[str, float]] = {
    'casual': {'skirt': 1.6, 'tights': 1.5}, 'sport': {'tights': 4, 'skirt': 0.2}, 'smart': {'skirt': 3},
}  # fmt: skip
EVERYDAY = {'plain': 7, 'stripes': 2, 'print': 3, 'panels': 1, 'heather': 2, 'blobs': 0.7, 'checks': 0.4}
CLOTHS: dict[str, dict[str, float]] = {
    'T-shirt': EVERYDAY,
    'long sleeves': EVERYDAY,
    'shirt': {'plain': 4, 'checks': 4, 'pinstripes': 2, 'blobs': 0.5},
    'hoodie': {'plain': 5, 'print': 2, 'heather': 3, 'panels': 1},
    'jacket': {'plain': 7, 'panels': 1.5, 'heather': 1, 'denim': 1.5, 'camouflage': 0.5, 'checks': 0.5},
    'coat': {'plain': 6, 'heather': 2, 'checks': 1},
    'vest': {'plain': 4, 'print': 2, 'stripes': 1, 'panels': 2},
    'sleeveless': {'plain': 4, 'blobs': 1, 'stripes': 1},
    'fitted': {'plain': 3, 'panels': 3},
    'sports bra': {'plain': 5, 'panels': 1},
    'dress': {'plain': 3, 'blobs': 3, 'stripes': 1, 'checks': 0.6},
    'skirt': {'plain': 5, 'checks': 1, 'blobs': 1, 'pinstripes': 0.3, 'denim': 1},
    'jeans': {'denim': 1},
    'trousers': {'plain': 6, 'heather': 1, 'pinstripes': 0.7, 'checks': 0.4, 'camouflage': 0.5},
    'loose': {'plain': 3, 'blobs': 1, 'stripes': 0.5, 'camouflage': 0.5},
    'joggers': {'plain': 4, 'heather': 2, 'panels': 2},
    'shorts': {'plain': 5, 'panels': 2, 'denim': 1, 'checks': 0.7, 'blobs': 0.7, 'camouflage': 0.4},
    'tights': {'plain': 5, 'panels': 1, 'blobs': 0.5},
    'short tights': {'plain': 5, 'panels': 1},
    'swimwear': {'plain': 4, 'panels': 2, 'blobs': 1, 'stripes': 1},
}


@dataclass
class Outfit:
    """What is worn.

    Attributes:
        garments: from the innermost to the outermost; their materials are numbers of `cloths`.
        cloths: what they are made of.
        skirt: its length from hips to ankle, flare, depth of folds and material, if any.
        gloves: their colour, linear RGB in shape (3,), if any.
        shoes: numbers of the uppers' and the soles' material, and how high the uppers are, if any.
    """

    garments: list[Garment] = field(default_factory=list)
    cloths: list[Cloth] = field(default_factory=list)
    skirt: tuple[float, float, float, int] | None = None
    gloves: np.ndarray | None = None
    shoes: tuple[int, int, float] | None = None

    def add(self, garment: Garment, cloth: Cloth) -> None:
        """Put a garment over the others."""
        self.cloths.append(cloth)
        self.garments.append(replace(garment, material=len(self.cloths) - 1))


def pick(rng: np.random.Generator, table: Mapping[str, float]) -> str:
    """Return a key of {key: how often}."""
    shares = np.array(list(table.values()), float)
    return str(list(table)[rng.choice(len(shares), p=shares / shares.sum())])


def outfit(shape: Shape, rng: np.random.Generator, occasion: str | None = None) -> Outfit:
    """Draw what a person wears.

    Args:
        shape: whose age and sex count.
        rng: NumPy random generator.
        occasion: one of OCCASIONS; drawn by default.
    """
    occasion = occasion or pick(rng, OCCASIONS)
    bright = {'sport': 0.5, 'swim': 0.6}.get(occasion, 0.15) + (0.3 if shape.age < 12 else 0)
    worn = Outfit()
    if occasion == 'swim':
        _swim(worn, shape, rng, bright)
        return worn
    if rng.random() < {'winter': 0.3, 'sport': 0.04}.get(occasion, 0):
        worn.gloves = color(rng, 0.15)
    tops, bottoms = dict(TOPS[occasion]), dict(BOTTOMS[occasion])
    if shape.female:
        tops |= WOMENS_TOPS.get(occasion, {})
        bottoms |= WOMENS_BOTTOMS.get(occasion, {})
    top = pick(rng, tops)
    tucked = occasion == 'smart' and rng.random() < 0.6
    bottom = 'dress' if top == 'dress' else pick(rng, bottoms)
    under = top in ('jacket', 'coat')
    inner = pick(rng, {'T-shirt': 3, 'shirt': 2 if occasion == 'smart' else 0.5}) if under else top
    upper = [_top(inner, rng)]
    if tucked and inner in ('shirt', 'T-shirt'):
        worn.add(replace(upper.pop(), loose=(0.003, 0.006)), _made(inner, rng, bright))
    _bottom(worn, bottom, rng, bright)
    for garment in upper:
        _wear(worn, garment, inner, rng, bright)
    if under:
        _wear(worn, _top(top, rng), top, rng, bright)
    _shod(worn, rng, occasion)
    return worn


def _shod(worn: Outfit, rng: np.random.Generator, occasion: str) -> None:
    """Put on shoes; the shafts of boots, and socks, go under trousers, and boots over tights."""
    if occasion == 'swim' or rng.random() < {'sport': 0.22, 'casual': 0.06}.get(occasion, 0):
        return
    boots = rng.random() < {'winter': 0.4, 'casual': 0.12}.get(occasion, 0)
    upper = color(rng, 0.05 if boots else 0.4)
    sole = np.full(3, 0.02) if boots or rng.random() < 0.3 else np.full(3, rng.uniform(0.45, 0.75))
    number = len(worn.cloths)
    worn.cloths += [Cloth(upper[None], worn=0.2, roughness=0.6), Cloth(sole[None], worn=0.1, roughness=0.7)]
    worn.shoes = (number, number + 1, 0.085 if boots else float(rng.uniform(0.06, 0.08)))
    wide = any((garment.leg or 0) > 1.5 and sum(garment.loose) > 0 for garment in worn.garments)
    if boots:
        shaft = Garment('boots', leg=2.03, start=float(rng.uniform(1.4, 1.75)), loose=(0.004, 0.004), material=number)
        worn.garments.insert(0 if wide else len(worn.garments), replace(shaft, loose=(0, 0)) if wide else shaft)
    elif rng.random() < 0.7:
        worn.cloths.append(Cloth(np.full((1, 3), rng.choice([0.02, 0.7, 0.7, 0.3]))))
        start = float(rng.choice([1.75, 1.88]))
        worn.garments.insert(0, Garment('socks', leg=2.03, start=start, loose=(0, 0), material=number + 2))


def _wear(worn: Outfit, garment: Garment, name: str, rng: np.random.Generator, bright: float) -> None:
    """Put on a garment of the upper body."""
    made = _made(name, rng, bright)
    if name == 'dress':
        worn.add(garment, made)
        number = len(worn.cloths) - 1
        worn.skirt = (float(rng.uniform(0.3, 0.95)), float(rng.uniform(0.0, 0.25)), float(rng.uniform(0, 0.03)), number)
        return
    if worn.skirt is not None:  # it ends where the skirt gets wide
        garment = replace(garment, bottom=max(garment.bottom or 0.0, 0.05))
    if made.pattern == 'plain' and garment.sleeve is not None and rng.random() < 0.12:
        made.pattern = 'sleeves'
    worn.add(garment, made)


def _top(name: str, rng: np.random.Generator) -> Garment:
    """Return a garment of the upper body."""
    wide = float(rng.uniform(0, 1))
    basic = Garment(
        name,
        bottom=float(rng.uniform(-0.025, 0.05)),
        neckline=float(rng.uniform(0.028, 0.045)),
        dip=float(rng.choice([0, 0, 0.02, 0.05])),
        strap=(float(rng.uniform(0.05, 0.08)), float(rng.uniform(0.10, 0.135))),
        loose=(0.003 + 0.006 * wide, 0.006 + 0.016 * wide),
        fall=0.25 - 0.22 * wide,
    )
    long_sleeve = float(rng.choice([1.9, 1.9, 1.3]))
    opened = (float(rng.uniform(0.01, 0.04)), float(rng.uniform(0.02, 0.09))) if rng.random() < 0.5 else None
    puffed = (0.007 + 0.011 * wide, 0.013 + 0.011 * wide)
    jacket = dict(sleeve=1.95, neckline=0.055, dip=0.0, opening=opened, fall=0.1, loose=puffed)
    sleeved = dict(sleeve=float(rng.choice([0.25, 0.5, 1.9]))) if rng.random() < 0.55 else {}
    changes: dict[str, dict[str, Any]] = {
        'T-shirt': dict(sleeve=float(rng.uniform(0.3, 0.75))),
        'long sleeves': dict(sleeve=long_sleeve),
        'shirt': dict(sleeve=long_sleeve, neckline=0.05, dip=0.03),
        'hoodie': dict(sleeve=1.93, neckline=0.05, dip=0.0, hood=True, fall=0.12, loose=(0.007, 0.012 + 0.01 * wide)),
        'jacket': jacket,
        'coat': dict(jacket, bottom=-0.04),
        'vest': dict(neckline=0.015, dip=0.05),
        'sleeveless': dict(strap=(0.06, 0.135), neckline=0.02, dip=0.03, fall=0.3, loose=(0.002, 0.006)),
        'fitted': dict(bottom=0.03, sleeve=min(long_sleeve, 0.6 + wide), fall=0.9, loose=(0.0005, 0.001)),
        'sports bra': dict(bottom=0.2 + 0.055 * wide, neckline=0.0, dip=0.04, fall=0.8, loose=(0.0, 0.0)),
        'dress': dict(bottom=0.0, neckline=0.02, dip=0.03, fall=0.7 - 0.6 * wide, loose=(0.002, 0.005), **sleeved),
    }
    if name not in changes:
        raise ValueError(f'a top is one of {", ".join(changes)}, not {name!r}')
    return replace(basic, **changes[name])


TIGHT = Garment('tights', leg=0.3, top=0.12, fall=1.0, loose=(0.0, 0.0))


def _bottom(worn: Outfit, name: str, rng: np.random.Generator, bright: float) -> None:
    """Put on what is worn on the hips and legs."""
    if name in ('skirt', 'dress'):
        long = rng.random() < 0.25
        worn.add(replace(TIGHT, leg=1.98) if long else TIGHT, Cloth(np.full((1, 3), 0.015)))
        if name == 'skirt':
            worn.add(
                Garment('waistband', bottom=0.0, top=0.14, fall=0.6, loose=(0.001, 0.004)), _made(name, rng, bright)
            )
            length, flare, folds = rng.uniform([0.2, 0.0, 0.0], [0.95, 0.3, 0.035])
            worn.skirt = (float(length), float(flare), float(folds), len(worn.cloths) - 1)
        return
    wide = float(rng.uniform(0, 1))
    basic = replace(TIGHT, name=name, leg=float(rng.uniform(1.86, 1.98)), top=0.13, fall=0.5)
    changes: dict[str, dict[str, Any]] = {
        'tights': dict(top=0.15, fall=1.0),
        'short tights': dict(leg=0.35 + 0.45 * wide, top=0.15, fall=1.0),
        'jeans': dict(top=0.12, fall=0.6, loose=(0.001 + 0.003 * wide, 0.004 + 0.018 * wide)),
        'trousers': dict(top=0.14, loose=(0.004, 0.012 + 0.016 * wide)),
        'joggers': dict(loose=(0.008 + 0.006 * wide, 0.006)),
        'loose': dict(leg=1.4 + 0.5 * (wide > 0.5), top=0.14, fall=0.4, loose=(0.008, 0.02 + 0.02 * wide)),
        'shorts': dict(leg=float(rng.uniform(0.38, 1.05)), top=0.12, loose=(0.004, 0.008 + 0.022 * wide)),
    }
    worn.add(replace(basic, **changes[name]), _made(name, rng, bright))


def _made(name: str, rng: np.random.Generator, bright: float) -> Cloth:
    return cloth(rng, CLOTHS[name], bright)


def _swim(worn: Outfit, shape: Shape, rng: np.random.Generator, bright: float) -> None:
    made = _made('swimwear', rng, bright)
    if shape.female:
        suit = Garment('swimsuit', leg_hole=0.45, strap=(0.06, 0.11), neckline=-0.01, dip=0.03, fall=0.8, loose=(0, 0))
        worn.add(suit, made)
    else:
        worn.add(Garment('trunks', leg=float(rng.uniform(0.3, 0.9)), top=0.09, fall=0.6, loose=(0.002, 0.012)), made)
