"""What somebody wears: garments that go together, with their cloth, by age, sex and occasion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
WOMENS_TOPS = {'casual': {'dress': 1.6, 'sleeveless': 1.0}, 'sport': {'sports bra': 1.5}, 'smart': {'dress': 2.0}}
WOMENS_BOTTOMS = {
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
        shoes: 'trainers', 'boots' or None.
    """

    garments: list[Garment] = field(default_factory=list)
    cloths: list[Cloth] = field(default_factory=list)
    skirt: tuple[float, float, float, int] | None = None
    shoes: str | None = 'trainers'

    def add(self, garment: Garment, cloth: Cloth, sleeves: Cloth | None = None) -> None:
        """Put a garment over the others."""
        self.cloths.append(cloth)
        body = len(self.cloths) - 1
        if sleeves is not None:
            self.cloths.append(sleeves)
        self.garments.append(replace(garment, material=(body, len(self.cloths) - 1)))


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
    worn = Outfit(shoes=_shoes(rng, occasion))
    if occasion == 'swim':
        _swim(worn, shape, rng, bright)
        return worn
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
        worn.add(replace(upper.pop(), loose=(0.003, 0.006)), cloth(rng, CLOTHS[inner], bright))
    _bottom(worn, bottom, rng, bright)
    for garment in upper:
        _wear(worn, garment, inner, bottom, rng, bright)
    if under:
        _wear(worn, _top(top, rng), top, bottom, rng, bright)
    return worn


def _shoes(rng: np.random.Generator, occasion: str) -> str | None:
    if occasion == 'swim' or rng.random() < {'sport': 0.22, 'casual': 0.06}.get(occasion, 0):
        return None
    return 'boots' if rng.random() < {'winter': 0.4, 'casual': 0.12}.get(occasion, 0) else 'trainers'


def _wear(
    worn: Outfit, garment: Garment, name: str, bottom: str, rng: np.random.Generator, bright: float
) -> None:
    made = cloth(rng, CLOTHS[name], bright)
    sleeves = None
    if made.pattern in ('plain', 'print', 'panels') and garment.sleeve is not None and rng.random() < 0.12:
        sleeves = Cloth(color(rng, bright)[None], worn=made.worn, seed=made.seed)
    if bottom == 'dress' and name == 'dress':
        length = float(rng.uniform(0.3, 0.95))
        worn.add(garment, made)
        worn.skirt = (length, float(rng.uniform(0.0, 0.25)), float(rng.uniform(0, 0.03)), len(worn.cloths) - 1)
        return
    worn.add(garment, made, sleeves)


def _top(name: str, rng: np.random.Generator) -> Garment:
    """Return a garment of the upper body."""
    wide = float(rng.uniform(0, 1))
    hem = float(rng.uniform(-0.025, 0.05))
    neck = dict(neckline=float(rng.uniform(0.028, 0.045)), dip=float(rng.choice([0, 0, 0.02, 0.05])))
    hung = dict(fall=0.25 - 0.22 * wide)
    loose = dict(loose=(0.003 + 0.006 * wide, 0.006 + 0.016 * wide))
    straps = (float(rng.uniform(0.05, 0.08)), float(rng.uniform(0.10, 0.135)))
    if name == 'T-shirt':
        return Garment(name, bottom=hem, sleeve=float(rng.uniform(0.3, 0.75)), **neck, **hung, **loose)
    if name in ('long sleeves', 'shirt'):
        collar = dict(neck, neckline=0.05, dip=0.03) if name == 'shirt' else neck
        sleeve = float(rng.choice([1.9, 1.9, 1.3]))
        return Garment(name, bottom=hem, sleeve=sleeve, **collar, **hung, **loose)
    if name == 'hoodie':
        return Garment(name, bottom=hem, sleeve=1.93, neckline=0.05, hood=True, fall=0.12, loose=(0.012, 0.012 + 0.01 * wide))
    if name in ('jacket', 'coat'):
        opened = None
        if rng.random() < 0.5:
            opened = (float(rng.uniform(0.01, 0.04)), float(rng.uniform(0.02, 0.09)))
        low = -0.04 if name == 'coat' else hem
        puff = 0.012 + 0.016 * wide
        return Garment(name, bottom=low, sleeve=1.95, neckline=0.055, opening=opened, fall=0.1, loose=(puff, puff + 0.006))
    if name == 'vest':
        return Garment(name, bottom=hem, strap=straps, neckline=0.015, dip=0.05, **hung, **loose)
    if name == 'sleeveless':
        return Garment(name, bottom=hem, strap=(0.06, 0.135), neckline=0.02, dip=0.03, fall=0.3, loose=(0.002, 0.006))
    if name == 'fitted':
        sleeve = float(rng.choice([0.45, 1.9]))
        return Garment(name, bottom=0.03, sleeve=sleeve, neckline=0.045, fall=0.9, loose=(0.0005, 0.001))
    if name == 'sports bra':
        return Garment(name, bottom=float(rng.uniform(0.2, 0.255)), strap=straps, neckline=0.0, dip=0.04, fall=0.8, loose=(0, 0))
    if name == 'dress':
        sleeved = dict(sleeve=float(rng.choice([0.25, 0.5, 1.9]))) if rng.random() < 0.55 else dict(strap=(0.06, 0.13))
        return Garment(name, bottom=0.0, neckline=0.02, dip=0.03, fall=0.6 * (1 - wide) + 0.1, loose=(0.002, 0.005), **sleeved)
    raise ValueError(f'there is no top {name!r}')


def _bottom(worn: Outfit, name: str, rng: np.random.Generator, bright: float) -> None:
    """Add what is worn on the hips and legs."""
    wide = float(rng.uniform(0, 1))
    ankle = float(rng.uniform(1.86, 1.98))
    tight = Garment('tights', leg=0.3, top=0.12, fall=1.0, loose=(0.0, 0.0))
    if name in ('skirt', 'dress'):
        made = cloth(rng, CLOTHS['skirt'], bright)
        dark = Cloth(np.full((1, 3), 0.015))
        long_tights = rng.random() < 0.25
        worn.add(replace(tight, leg=1.98) if long_tights else tight, dark)
        if name == 'skirt':
            worn.add(Garment('waistband', bottom=0.0, top=0.14, fall=0.6, loose=(0.001, 0.004)), made)
            flare = (float(rng.uniform(0.2, 0.95)), float(rng.uniform(0.0, 0.3)), float(rng.uniform(0, 0.035)))
            worn.skirt = (*flare, len(worn.cloths) - 1)
        return
    if name in ('tights', 'short tights'):
        garment = replace(tight, leg=ankle if name == 'tights' else float(rng.uniform(0.35, 0.8)), top=0.15)
    elif name == 'jeans':
        garment = Garment(name, leg=ankle, top=0.12, fall=0.6, loose=(0.001 + 0.003 * wide, 0.004 + 0.018 * wide))
    elif name == 'trousers':
        garment = Garment(name, leg=ankle, top=0.14, fall=0.5, loose=(0.004, 0.012 + 0.016 * wide))
    elif name == 'joggers':
        garment = Garment(name, leg=ankle, top=0.13, fall=0.5, loose=(0.008 + 0.006 * wide, 0.006))
    elif name == 'loose':
        garment = Garment(name, leg=float(rng.choice([1.4, 1.9])), top=0.14, fall=0.4, loose=(0.008, 0.02 + 0.02 * wide))
    elif name == 'shorts':
        garment = Garment(name, leg=float(rng.uniform(0.38, 1.05)), top=0.12, fall=0.5, loose=(0.004, 0.008 + 0.022 * wide))
    else:
        raise ValueError(f'there is no bottom {name!r}')
    worn.add(garment, cloth(rng, CLOTHS[name], bright))


def _swim(worn: Outfit, shape: Shape, rng: np.random.Generator, bright: float) -> None:
    made = cloth(rng, CLOTHS['swimwear'], bright)
    if shape.female:
        suit = Garment('swimsuit', leg_hole=0.45, strap=(0.06, 0.11), neckline=-0.01, dip=0.03, fall=0.8, loose=(0, 0))
        worn.add(suit, made)
    else:
        worn.add(Garment('trunks', leg=float(rng.uniform(0.3, 0.9)), top=0.09, fall=0.6, loose=(0.002, 0.012)), made)
