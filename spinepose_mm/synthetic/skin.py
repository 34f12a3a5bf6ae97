"""Skin, eyes and hair as materials: paint by places on the template's head and body."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from .hair import Hair, hairline
from .noise import noise
from .regions import scalp_line, smoothstep

#: The Monk Skin Tone scale, from light to dark: Monk (2019), as published at skintone.google, sRGB.
MONK = ('f6ede4', 'f3e7db', 'f7ead0', 'eadaba', 'd7bd96', 'a07e56', '825c43', '604134', '3a312a', '292420')
#: Hair, linear albedo, and how often in the world's people who are not grey: by eye.
HAIR = {
    'black': (0.012, 0.010, 0.009, 0.46),
    'dark brown': (0.035, 0.020, 0.013, 0.27),
    'brown': (0.085, 0.047, 0.026, 0.13),
    'blond': (0.33, 0.22, 0.11, 0.08),
    'red': (0.19, 0.065, 0.025, 0.02),
    'dyed': (0.22, 0.05, 0.16, 0.01),
    'light brown': (0.16, 0.095, 0.05, 0.03),
}
GREY = np.array([0.42, 0.41, 0.40])
#: Irises, linear albedo.
IRIS = {
    'brown': (0.07, 0.035, 0.018),
    'dark': (0.025, 0.015, 0.01),
    'blue': (0.14, 0.22, 0.32),
    'green': (0.13, 0.17, 0.09),
}
#: Places on the template: the eye's middle, the lips' line and half their width, brows, the nose's tip.
EYE, LIPS, MOUTH_WIDTH, BROW, NOSE = (0.6945, 0.0300), 0.6272, 0.0245, 0.7065, (0.664, 0.0)
#: The right wrist on the template, and the direction of the forearm.
WRIST, FOREARM = np.array([0.186, 0.171, 0.449]), np.array([0.688, -0.508, 0.517])


@cache
def linear(code: str) -> np.ndarray:
    """Return linear RGB, in shape (3,), of an sRGB colour such as 'f6ede4' (IEC 61966-2-1)."""
    value = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def skin_tone(place: float) -> np.ndarray:
    """Return an albedo, in shape (3,), at a place on the Monk scale: 0 is its lightest tone, 9 its darkest.

    The scale's colours are of lit skin. An albedo is darker and redder than these, and of dark skin not as dark.
    """
    codes = np.array([linear(code) for code in MONK])
    color = np.array([np.interp(place, np.arange(len(codes)), codes[:, i]) for i in range(3)])
    return color**0.8 * [0.64, 0.48, 0.39]


def _spot(across: np.ndarray, along: np.ndarray, width: float, height: float) -> np.ndarray:
    return np.exp(-((across / width) ** 2 + (along / height) ** 2))


@dataclass
class Skin:
    """Skin of a person, face and stubble included.

    Attributes:
        tone: albedo in shape (3,).
        hair_color: albedo in shape (3,).
        hair: where hair grows, so that its roots show.
        brows: how thick they are, about 1.
        lipstick: how red lips are, 0 to 1.
        beard: 0 to 1: none to full; `stubble` under it.
        lines: how much age shows, 0 to 1.
        seed: of the noise.
        gloves: albedo of gloves, in shape (3,), if any.
    """

    tone: np.ndarray
    hair_color: np.ndarray
    hair: Hair
    brows: float = 1.0
    lipstick: float = 0.0
    beard: float = 0.0
    lines: float = 0.0
    seed: int = 0
    gloves: np.ndarray | None = None
    roughness: float = 0.55
    bump: float = 0.02

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the albedo, in shape (N, 3), at places (N, 3) on the template."""
        rest = np.asarray(rest, np.float32)
        color = np.broadcast_to(self.tone.astype(np.float32), rest.shape).copy()
        color *= (1 + 0.07 * noise(rest, 18, self.seed) + 0.04 * noise(rest, 110, self.seed + 1))[:, None]
        x, y, z = rest.T
        hands = smoothstep(np.abs(z), 0.40, 0.50) * (y > -0.1)
        _redden(color, 0.25 * hands)
        if self.gloves is not None:
            outward = np.stack([x, y, np.abs(z)], axis=1) - WRIST
            _mix(color, self.gloves, smoothstep(outward @ FOREARM, -0.032, -0.028) * (np.abs(z) > 0.35))
        head = np.flatnonzero(y > 0.57)
        if len(head):
            color[head] = self._head(rest[head], color[head])
        return np.clip(color, 0, 1)

    def _head(self, rest: np.ndarray, color: np.ndarray) -> np.ndarray:
        x, y, z = rest.T
        across, face = np.abs(z), smoothstep(x, 0.06, 0.10)
        cheeks = _spot(across - 0.037, y - 0.66, 0.018, 0.016) + 0.8 * _spot(z, y - NOSE[0], 0.013, 0.012)
        _redden(color, 0.35 * cheeks * face + 0.4 * smoothstep(across, 0.074, 0.08))
        sockets = _spot(across - EYE[1], y - EYE[0] + 0.002, 0.021, 0.012) * face
        color *= (1 - (0.16 + 0.14 * self.lines) * sockets)[:, None]
        if self.lines > 0:
            furrows = np.sin((y - 0.715) * 2 * np.pi / 0.0105) * _spot(z, y - 0.74, 0.04, 0.018)
            fold = _spot(
                across - (0.022 + 0.5 * np.clip(0.655 - y, 0, 0.03)), np.clip(y - 0.64, -0.02, 0.02) * 0.4, 0.003, 0.01
            )
            color *= (1 - self.lines * (0.05 * furrows + 0.22 * fold) * face)[:, None]
        self._beard(rest, color, face)
        self._mouth(color, across, y, face)
        self._brows(rest, color, face)
        rim = np.hypot((across - EYE[1]) / 0.0150, (y - EYE[0] - 0.0005) / 0.0068)
        lashes = np.exp(-(((rim - 1.0) / 0.16) ** 2)) * np.where(y > EYE[0], 0.85, 0.35) * face
        color *= (1 - lashes)[:, None]
        nostrils = _spot(across - 0.0075, y - 0.6535, 0.0035, 0.0025) * smoothstep(x, 0.13, 0.14)
        color *= (1 - 0.8 * nostrils)[:, None]
        if self.hair.style != 'bald':
            grown = smoothstep(hairline(self.hair, rest, scalp_line(rest)), -0.004, 0.006)
            _mix(color, self.hair_color, grown * (0.55 if self.hair.style == 'stubble' else 0.92))
        return color

    def _mouth(self, color: np.ndarray, across: np.ndarray, y: np.ndarray, face: np.ndarray) -> None:
        bow = np.clip(1 - (across / MOUTH_WIDTH) ** 2, 0, 1)
        upper = LIPS + 0.0075 * np.sqrt(bow) - 0.0018 * np.exp(-((across / 0.004) ** 2))
        lower = LIPS - 0.0098 * np.sqrt(bow)
        inside = smoothstep(np.minimum(upper - y, y - lower), -0.0012, 0.0016) * (bow > 0) * face
        natural = self.tone * [0.80, 0.50, 0.50] + [0.02, 0.0, 0.0]
        _mix(color, natural * (1 - self.lipstick) + np.array([0.30, 0.02, 0.035]) * self.lipstick, 0.85 * inside)
        gap = np.exp(-(((y - LIPS) / 0.0012) ** 2)) * (bow > 0.05) * face
        color *= (1 - 0.65 * gap)[:, None]

    def _brows(self, rest: np.ndarray, color: np.ndarray, face: np.ndarray) -> None:
        across, y = np.abs(rest[:, 2]), rest[:, 1]
        t = (across - 0.012) / 0.036
        arch = BROW + 0.0065 * np.sin(np.clip(t, 0, 1) * np.pi * 0.72)
        thick = 0.0036 * self.brows * (1 - 0.6 * np.clip(t, 0, 1))
        hairs = (
            np.exp(-(((y - arch) / np.maximum(thick, 1e-4)) ** 2))
            * smoothstep(t, -0.08, 0.08)
            * (1 - smoothstep(t, 0.85, 1.05))
        )
        hairs = hairs * (1 + 0.4 * noise(rest, 400, self.seed + 5))
        _mix(color, self.hair_color * 0.9, np.clip(0.85 * min(self.brows, 1) * hairs * face, 0, 1))

    def _beard(self, rest: np.ndarray, color: np.ndarray, face: np.ndarray) -> None:
        if self.beard <= 0:
            return
        x, y, z = rest.T
        across = np.abs(z)
        upper = 0.628 + 0.42 * np.clip(across - 0.03, 0, 0.06)  # from the corner of the mouth to the ear
        jaw = smoothstep(upper - y, -0.004, 0.010) * smoothstep(x, 0.058, 0.07) * smoothstep(y, 0.565, 0.585)
        moustache = _spot(across - 0.010, y - 0.640, 0.018, 0.0055)
        amount = np.clip(jaw + moustache, 0, 1)
        grain = 1 + 0.18 * noise(rest, 260, self.seed + 7)
        _mix(color, self.hair_color, np.clip(amount * self.beard * 0.9 * grain, 0, 0.95))


def _mix(color: np.ndarray, other: np.ndarray, amount: np.ndarray) -> None:
    color += (np.asarray(other, np.float32) - color) * np.asarray(amount, np.float32)[:, None]


def _redden(color: np.ndarray, amount: np.ndarray) -> None:
    color *= 1 + np.asarray(amount, np.float32)[:, None] * np.array([0.05, -0.28, -0.25], np.float32)


@dataclass
class Eye:
    """Eyeballs: white, iris and pupil, which look straight ahead on the template.

    Attributes:
        iris: albedo in shape (3,).
    """

    iris: np.ndarray
    roughness: float = 0.2
    bump: float = 0.0
    white: np.ndarray = field(default_factory=lambda: np.array([0.50, 0.45, 0.42]))

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the albedo, in shape (N, 3), at places (N, 3) on the template."""
        away = np.hypot(np.abs(rest[:, 2]) - 0.0292, rest[:, 1] - 0.6948)
        color = np.broadcast_to(self.white.astype(np.float32), rest.shape).copy()
        color *= (1 - 0.35 * smoothstep(rest[:, 1], 0.696, 0.703))[:, None]  # the upper lid's shadow
        _mix(color, self.iris * 0.4, 1 - smoothstep(away, 0.0060, 0.0066))
        _mix(color, self.iris, 1 - smoothstep(away, 0.0048, 0.0056))
        _mix(color, np.full(3, 0.008), 1 - smoothstep(away, 0.0022, 0.0028))
        return color


@dataclass
class Strands:
    """Hair, which varies from strand to strand around the crown.

    Attributes:
        color: albedo in shape (3,).
        grey: share of grey strands.
        curly: whether it has no direction.
        seed: of the noise.
    """

    color: np.ndarray
    grey: float = 0.0
    curly: bool = False
    seed: int = 0
    roughness: float = 0.5
    bump: float = 0.25

    def __call__(self, rest: np.ndarray) -> np.ndarray:
        """Return the albedo, in shape (N, 3), at places (N, 3) on the template."""
        x, y, z = rest.T
        if self.curly:
            fine, broad = noise(rest, 160, self.seed), noise(rest, 50, self.seed + 1)
        else:
            angle = np.arctan2(z, 0.02 - x)
            along = np.stack([np.cos(angle), np.sin(angle), y], axis=1)
            fine, broad = noise(along, (30, 30, 7), self.seed), noise(along, (9, 9, 5), self.seed + 1)
        share = np.clip(self.grey + (0.16 * fine + 0.10 * broad) * 4 * self.grey * (1 - self.grey), 0, 1)
        color = np.broadcast_to(self.color.astype(np.float32), rest.shape).copy()
        _mix(color, GREY, 0.95 * share)
        shade = 1 + (0.32 * fine + 0.25 * broad) * (1 - 0.55 * self.grey)
        color *= np.clip(shade, 0.35, 2.2)[:, None]
        return np.clip(color, 0, 1)
