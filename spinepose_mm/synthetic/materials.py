"""Cloth as solid textures: patterns as functions of the place on the template, so that they stick to the garment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from .noise import noise
from .regions import CROTCH, smoothstep
from .skin import linear

#: Everyday colours of cloth, sRGB, and how often: dark and muted ones are common.
COMMON = {
    '17181b': 16, '26282c': 9, '1d2738': 12, '2c3e57': 7, '4a4d52': 7, '8a8d90': 7, 'c9c9c6': 5, 'efeeea': 12,
    'd8cdb8': 4, 'a18d6d': 4, '5d4a37': 4, '5b6045': 4, '39452f': 3, '5f1f25': 3, '8e2a2b': 3, '70859e': 5, 'a9bccd': 4,
    'c9a7a0': 2, '3f5d5a': 2, '6d5a7c': 1,
}  # fmt: skip
#: Bright ones: sportswear, summer, children.
BRIGHT = {
    'd6252b': 5, '1f4fbf': 5, 'f2c21b': 3, 'f26b1d': 3, '2f9e44': 3, '17a2b8': 3, 'd6e32a': 2, 'e84a8a': 3, '7a2fb0': 2,
    'ffffff': 4, '101010': 6, '7fd0e8': 2, 'b8e0a0': 1, 'f7b6c6': 2,
}  # fmt: skip
DENIM = ('1f2c44', '2f4468', '4d6b94', '7d98b8', '20242c', '5a5d62')
PATTERNS = (
    'plain',
    'stripes',
    'pinstripes',
    'checks',
    'print',
    'blobs',
    'camouflage',
    'panels',
    'sleeves',
    'denim',
    'heather',
)


def color(rng: np.random.Generator, bright: float = 0.2) -> np.ndarray:
    """Return a colour of cloth, linear RGB in shape (3,); `bright` is the share of bright ones."""
    table = BRIGHT if rng.random() < bright else COMMON
    shares = np.array(list(table.values()), float)
    chosen = linear(list(table)[rng.choice(len(table), p=shares / shares.sum())])
    return np.clip(chosen * rng.uniform(0.8, 1.15) * rng.uniform(0.94, 1.06, 3), 0.008, 0.82)


@dataclass
class Cloth:
    """Cloth with a pattern.

    Attributes:
        colors: albedo in shape (C, 3), the ground first; patterns take one to three.
        pattern: one of PATTERNS.
        period: of stripes, checks and blobs, metres on the template.
        worn: how much it is bleached and creased, 0 to 1.
        seed: of its noise.
        image: of a print, in shape (64, 64), 0 to 1.
        behind: whether the print is on the back.
        roughness, bump: as the renderer takes them.
    """

    colors: np.ndarray
    pattern: str = 'plain'
    period: float = 0.05
    worn: float = 0.3
    seed: int = 0
    image: np.ndarray | None = field(default=None, repr=False)
    behind: bool = False
    roughness: float = 0.85
    bump: float = 0.12

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the albedo, in shape (N, 3), at places (N, 3) on the template."""
        rest = np.asarray(rest, np.float32)
        base = _DRAW[self.pattern](self, rest)
        folds = noise(rest, (20, 34, 20), self.seed + 3)
        shade = 1 + 0.05 * noise(rest, 9, self.seed) + 0.05 * noise(rest, 260, self.seed + 1)
        shade += self.worn * (0.08 * folds - 0.16 * np.exp(-((folds / 0.06) ** 2)))
        return np.clip(base * shade[:, None], 0, 1).astype(np.float32)

    def pick(self, amount: np.ndarray, second: int = 1, first: int = 0) -> np.ndarray:
        """Return colours between two of the cloth's by an amount (N,) from 0 to 1."""
        one, two = self.colors[first % len(self.colors)], self.colors[second % len(self.colors)]
        return one + np.asarray(amount)[:, None] * (two - one)


def _wave(values: np.ndarray, period: float, share: float = 0.5) -> np.ndarray:
    """Return 1 on a share of each period and 0 elsewhere, with edges of a tenth of it."""
    phase = np.abs((values / period) % 1 - 0.5) * 2
    return smoothstep(share - phase, -0.05, 0.05)


def _around(rest: np.ndarray) -> np.ndarray:
    """Return metres around the trunk or limb, about: what upright lines are drawn by."""
    return np.arctan2(rest[:, 2] - np.sign(rest[:, 2]) * 0.12 * (rest[:, 1] < CROTCH), rest[:, 0] - 0.02) * 0.14


def _plain(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    return np.broadcast_to(cloth.colors[0], rest.shape)


def _stripes(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    # Along an arm that hangs away from the body, stripes run across it.
    along = np.where(np.abs(rest[:, 2]) > 0.19, (rest[:, 1] - np.abs(rest[:, 2]) + 0.19) * 0.72, rest[:, 1])
    along = np.where(rest[:, 1] < 0.1, rest[:, 1], along)
    return cloth.pick(_wave(along, cloth.period, 0.3 + 0.4 * (cloth.seed % 5) / 4))


def _pinstripes(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    return cloth.pick(0.7 * _wave(_around(rest), 0.5 * cloth.period, 0.14))


def _checks(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    one, two = _wave(rest[:, 1], cloth.period), _wave(_around(rest), cloth.period)
    color = cloth.pick(0.5 * one + 0.5 * two)
    thin = np.maximum(_wave(rest[:, 1], cloth.period, 0.07), _wave(_around(rest), cloth.period, 0.07))
    return color + (0.6 * thin)[:, None] * (cloth.colors[2 % len(cloth.colors)] - color)


def _print(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    if cloth.image is None:
        return _plain(cloth, rest)
    x, y, z = rest.T
    side = -1 if cloth.behind else 1
    column, row = (0.5 - side * z / 0.24) * 63, (0.5 - (y - 0.31) / 0.24) * 63
    inside = (column >= 0) & (column <= 63) & (row >= 0) & (row <= 63) & (side * (x - 0.01) > 0)
    amount = np.zeros(len(rest))
    amount[inside] = cloth.image[row[inside].astype(int), column[inside].astype(int)]
    return cloth.pick(amount)


def _blobs(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    color = cloth.pick(smoothstep(noise(rest, 1.2 / cloth.period, cloth.seed), 0.25, 0.35))
    other = smoothstep(noise(rest, 1.7 / cloth.period, cloth.seed + 9), 0.45, 0.55)
    return color + other[:, None] * (cloth.colors[2 % len(cloth.colors)] - color)


def _camouflage(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    color = _plain(cloth, rest).copy()
    for number in range(1, len(cloth.colors)):
        value = noise(rest, 14, cloth.seed + number) + 0.5 * noise(rest, 38, cloth.seed + number + 5)
        color[value > 0.12 + 0.12 * number] = cloth.colors[number]
    return color


def _panels(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    x, y, z = rest.T
    if cloth.seed % 2:  # down the sides
        trunk = np.where(y > CROTCH, smoothstep(np.abs(z), 0.125, 0.128), smoothstep(np.abs(z) - 0.15, 0.035, 0.038))
        return cloth.pick(trunk)
    # shoulders, or the trousers' knees
    return cloth.pick(np.where(y > 0.1, smoothstep(y - 0.3 * np.abs(z), 0.345, 0.348), smoothstep(-y, 0.30, 0.303)))


def _sleeves(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    _, y, z = rest.T
    return cloth.pick(smoothstep(np.abs(z) - 0.15 - 0.3 * (0.43 - y), -0.002, 0.002))


def _denim(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    x, y, z = rest.T
    thigh = np.exp(-(((y + 0.17) / 0.10) ** 2)) * smoothstep(x, 0.04, 0.09)
    knee = np.exp(-(((y + 0.335) / 0.06) ** 2)) * smoothstep(x, 0.05, 0.09)
    seat = np.exp(-(((y - 0.0) / 0.07) ** 2)) * smoothstep(-x, 0.05, 0.09)
    faded = cloth.worn * (thigh + 0.7 * knee + 0.6 * seat) * (0.8 + 0.5 * noise(rest, 30, cloth.seed))
    color = cloth.colors[0] + np.clip(faded, 0, 1)[:, None] * (np.array([0.36, 0.44, 0.55]) - cloth.colors[0]) * 0.38
    grain = 1 + 0.10 * noise(rest, (420, 120, 420), cloth.seed)
    seam = np.exp(-(((x - 0.02) / 0.0025) ** 2)) * (y < 0.1) + np.exp(-((z / 0.003) ** 2)) * (y > CROTCH) * (x > 0)
    return color * (grain * (1 - 0.35 * seam))[:, None]


def _heather(cloth: Cloth, rest: np.ndarray) -> np.ndarray:
    return cloth.pick(np.clip(0.4 + 0.35 * noise(rest, (420, 160, 420), cloth.seed), 0, 1))


_DRAW: dict[str, Callable[[Cloth, np.ndarray], np.ndarray]] = {
    'plain': _plain,
    'stripes': _stripes,
    'pinstripes': _pinstripes,
    'checks': _checks,
    'print': _print,
    'blobs': _blobs,
    'camouflage': _camouflage,
    'panels': _panels,
    'sleeves': _sleeves,
    'denim': _denim,
    'heather': _heather,
}


def cloth(rng: np.random.Generator, patterns: dict[str, float], bright: float = 0.2) -> Cloth:
    """Draw a cloth.

    Args:
        rng: NumPy random generator.
        patterns: {pattern: how often}.
        bright: the share of bright colours.
    """
    shares = np.array(list(patterns.values()), float)
    pattern = list(patterns)[rng.choice(len(patterns), p=shares / shares.sum())]
    colors = np.array([color(rng, bright) for _ in range(3)])
    if pattern == 'denim':
        colors[0] = linear(DENIM[rng.integers(len(DENIM))]) * rng.uniform(0.8, 1.2)
    elif pattern == 'camouflage':
        colors = np.array([linear(code) for code in ('8a8262', '4c5537', '3a3128', '1c1d19')]) * rng.uniform(0.7, 1.2)
    elif pattern == 'heather':
        colors[1] = np.clip(colors[0] * 1.5 + 0.03, 0, 0.8)
    elif pattern not in ('plain',) and np.abs(colors[0] - colors[1]).max() < 0.1:
        colors[1] = np.full(3, 0.7) if colors[0].mean() < 0.25 else np.full(3, 0.02)
    return Cloth(
        colors,
        pattern,
        period=float(rng.uniform(0.02, 0.09)),
        worn=float(rng.uniform(0, 0.9)),
        seed=int(rng.integers(1000)),
        image=_lettering(rng) if pattern == 'print' else None,
        behind=bool(rng.random() < 0.25),
        roughness=float(rng.uniform(0.7, 0.95)),
        bump=float(rng.uniform(0.06, 0.2)),
    )


def _lettering(rng: np.random.Generator) -> np.ndarray:
    """Return a print, in shape (64, 64), 0 to 1: a number, a word, or shapes."""
    image = np.zeros((256, 256), np.uint8)
    kind = rng.integers(3)
    if kind == 0:
        text, size, thick = str(rng.integers(1, 100)), 6.0, 22
    elif kind == 1:
        text, size, thick = (
            ''.join(rng.choice(list('ABCDEFHIKLMNOPRSTUVXZ'), rng.integers(3, 8))),
            rng.uniform(1.4, 2.2),
            8,
        )
    if kind < 2:
        (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, thick)
        cv2.putText(image, text, (128 - wide // 2, 128 + tall // 2), cv2.FONT_HERSHEY_DUPLEX, size, 255, thick)
    else:
        for _ in range(rng.integers(1, 5)):
            place = tuple(int(v) for v in rng.integers(80, 176, 2))
            axes = tuple(int(v) for v in rng.integers(10, 60, 2))
            cv2.ellipse(image, place, axes, float(rng.uniform(0, 180)), 0, 360, 255, int(rng.choice([-1, 8])))
    return cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
