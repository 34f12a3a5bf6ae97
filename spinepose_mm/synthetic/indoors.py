"""Synthetic places indoors: rooms with windows, lamps and what hangs at walls, and studios."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .light import LIGHT_ROWS, Light, sphere
from .textures import color, floor, grain_tile, noise_tile, piece

_CELLS = 288  # along the sides of a wall's texture
_FLOORS = ('planks', 'tiles', 'carpet', 'court', 'paving')
_BRIGHT = 1.3  # radiance of what shines itself; walls, of an irradiance of pi, have less
_FACES = 6  # -x +x -y +y -z +z


class Room:
    """A room of upright walls around all places of people and cameras.

    Args:
        rng: NumPy random generator.
        reach: places that lie in it, in shape (N, 3), metres.
    """

    def __init__(self, rng: np.random.Generator, reach: np.ndarray) -> None:
        self.low = reach.min(axis=0) - rng.uniform(0.5, 3.0, 3)
        self.high = reach.max(axis=0) + rng.uniform(0.5, 3.0, 3)
        self.low[1], self.high[1] = 0, max(reach[:, 1].max() + 0.2, rng.uniform(2.3, 5.0))
        self.light_color = np.array([1.0, rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.05)])
        walls = color(rng, 0.25, 0.85, 0.3)
        self.faces = np.stack([self._wall(rng, face, walls) for face in range(_FACES)])
        people = reach.mean(axis=0).astype(np.float32)
        people[1] = min(1.2, self.high[1] / 2)
        directions, solid = sphere(2 * LIGHT_ROWS)
        seen = self._seen(people, directions.astype(np.float32))
        shining = seen.max(axis=-1) > _BRIGHT
        # What shines lights the rest, which lights itself: E / pi = shining + rest E / pi, by means over the sphere.
        means = [(seen.mean(axis=-1) * solid)[which].sum() / (4 * np.pi) for which in (shining, ~shining)]
        dim = np.float32(np.clip((means[0] + 0.05) / max(1 - means[1], 0.3), 0.1, 3))
        seen[~shining] *= dim
        self.faces *= np.where(self.faces > _BRIGHT, 1, dim)
        self.light = Light.of(seen)

    def _wall(self, rng: np.random.Generator, face: int, walls: np.ndarray) -> np.ndarray:
        """Return the radiance of one side, in shape (_CELLS, _CELLS, 3): rows run down, or along z."""
        across, up = self._extent(face)
        edge = np.minimum(np.arange(_CELLS), np.arange(_CELLS)[::-1]).astype(np.float32) / _CELLS
        shade = np.minimum(1, 0.72 + 0.28 * edge[:, None] * up / 0.6) * np.minimum(1, 0.72 + 0.28 * edge * across / 0.6)
        tint = (self.light_color * rng.uniform(0.8, 1.15)).astype(np.float32)
        if face == 2:
            tile, width = floor(rng, str(rng.choice(_FLOORS)), 384)
            place = np.mgrid[:_CELLS, :_CELLS].astype(np.float32) / _CELLS * len(tile) / width
            radiance = cv2.remap(tile, place[1] * across, place[0] * up, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            radiance *= shade[..., None] * tint
            return radiance
        paint = walls if face != 3 else np.full(3, rng.uniform(0.6, 0.9))
        if rng.random() < 0.2:
            paint = color(rng, 0.1, 0.8, 0.5)
        mottle = 1 + np.float32(0.03) * piece(rng, grain_tile(), shade.shape)
        mottle += np.float32(0.05) * piece(rng, noise_tile(), shade.shape)
        radiance = (mottle * shade)[..., None] * (paint * tint).astype(np.float32)
        if face == 3:
            self._lamps(rng, radiance, across, up)
        else:
            self._things(rng, radiance, across, up)
        return radiance

    def _extent(self, face: int) -> tuple[float, float]:
        """Return a side's length along its columns and rows, metres."""
        x, y, z = self.high - self.low
        return float(x if face > 1 else z), float(z if face in (2, 3) else y)

    def _lamps(self, rng: np.random.Generator, radiance: np.ndarray, across: float, up: float) -> None:
        columns, rows = (int(n) for n in rng.integers(1, 4, 2))
        wide, long = rng.uniform(0.1, 0.5), rng.uniform(0.2, 1.5)
        power = rng.uniform(8, 40) / (columns * rows) ** 0.7
        for x in (np.arange(columns) + 0.5) / columns * across:
            for y in (np.arange(rows) + 0.5) / rows * up:
                _fill(radiance, (x - wide / 2, y - long / 2, wide, long), (across, up), power * self.light_color)

    def _things(self, rng: np.random.Generator, radiance: np.ndarray, across: float, up: float) -> None:
        size = (across, up)
        if rng.random() < 0.6:
            skirting = rng.uniform(0.06, 0.15)
            _fill(radiance, (0, up - skirting, across, skirting), size, color(rng, 0.1, 0.9, 0.2))
        if rng.random() < 0.45:
            day = rng.uniform(4, 14) * np.array([0.9, 1.0, 1.1])
            wide, high, sill = rng.uniform(0.8, 2), rng.uniform(0.8, up - 0.6), rng.uniform(0.1, 0.4)
            for left in np.arange(rng.uniform(0.2, 1), across - wide, wide + rng.uniform(0.3, 1.5)):
                x = float(left)
                _fill(radiance, (x - 0.08, sill - 0.08, wide + 0.16, high + 0.16), size, color(rng, 0.2, 0.9, 0.1))
                _fill(radiance, (x, sill, wide, high), size, day)
                _fill(radiance, (x, sill + high * 0.6, wide, high * 0.4), size, day * rng.uniform(0.4, 0.9, 3))
                for bar in (0.5, rng.uniform(0.3, 0.7)):
                    _fill(radiance, (x + wide * bar - 0.03, sill, 0.06, high), size, color(rng, 0.3, 0.9, 0.1))
        if rng.random() < 0.4:
            x, tone = float(rng.uniform(0, max(across - 1, 0.1))), color(rng, 0.1, 0.8, 0.4)
            _fill(radiance, (x - 0.07, up - 2.12, 1.04, 2.12), size, tone * 0.7)
            _fill(radiance, (x, up - 2.05, 0.9, 2.05), size, tone)
        for _ in range(int(rng.integers(0, 8))):  # posters, boards, shelves, cupboards
            wide, high = rng.uniform(0.2, 1.8), rng.uniform(0.2, 1.4)
            x, y = rng.uniform(0, max(across - wide, 0.1)), rng.uniform(0.2, max(up - high, 0.3))
            if rng.random() < 0.4:
                y = up - high
            tone = color(rng, 0.02, 0.8, 0.6)
            _fill(radiance, (x + 0.02, y + 0.03, wide + 0.02, high + 0.02), size, tone * 0.2)
            _fill(radiance, (x, y, wide, high), size, tone)
            for _ in range(int(rng.integers(0, 9))):
                part = rng.uniform(0.04, 0.5, 2) * (wide, high)
                corner = np.array([x, y]) + rng.uniform(0, 1, 2) * (np.array([wide, high]) - part)
                _fill(radiance, (*corner, *part), size, color(rng, 0.02, 0.8, 0.6))

    def _seen(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Return the radiance along rays in shape (H, W, 3) from a place in the room."""
        parts, lengths = [], []
        for axis in range(3):
            low, high = np.float32(self.low[axis]), np.float32(self.high[axis])
            ray = rays[..., axis]
            ahead = ray > 0
            lengths.append(np.where(ahead, high - place[axis], place[axis] - low) / np.maximum(np.abs(ray), 1e-6))
            parts.append((ahead, (place[axis] - low) / (high - low), ray / (high - low)))
        far = np.minimum(np.minimum(lengths[0], lengths[1]), lengths[2])
        x, y, z = ((start + step * far).clip(0, 1) for _, start, step in parts)
        sides, level = lengths[0] <= far, lengths[1] <= far
        column = np.where(sides, z, x) * (_CELLS - 1)
        row = np.where(level & ~sides, z, 1 - y) * (_CELLS - 1)
        face = np.where(sides, parts[0][0], np.where(level, 2 + parts[1][0], 4 + parts[2][0])).astype(np.float32)
        atlas = self.faces.reshape(-1, _CELLS, 3)
        return cv2.remap(atlas, column, row + face * np.float32(_CELLS), cv2.INTER_LINEAR)

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        return self._seen(place, rays)


def _fill(
    radiance: np.ndarray, box: Sequence[float | np.floating], size: tuple[float, float], tone: np.ndarray
) -> None:
    """Fill a box (x, y, width, height) in metres from the top left of a wall."""
    x, y, w, h = box
    columns = np.clip(np.array([x, x + w]) / size[0] * _CELLS, 0, _CELLS).astype(int)
    rows = np.clip(np.array([y, y + h]) / size[1] * _CELLS, 0, _CELLS).astype(int)
    radiance[rows[0] : rows[1], columns[0] : columns[1]] = tone


class Studio:
    """A seamless backdrop of one colour, lit by soft boxes that the camera does not see.

    Args:
        rng: NumPy random generator.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.color = color(rng, 0.03, 0.9, 0.4).astype(np.float32)
        directions = sphere(LIGHT_ROWS)[0]
        panorama = np.broadcast_to(self.color * rng.uniform(0.1, 0.5), directions.shape).copy()
        for _ in range(int(rng.integers(1, 4))):
            around, up = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9)
            flat = np.sqrt(1 - up * up)
            box = directions @ np.array([flat * np.cos(around), up, flat * np.sin(around)]) > rng.uniform(0.9, 0.985)
            panorama[box] = rng.uniform(4, 30)
        self.light = Light.of(panorama)
        self.fall = rng.normal(0, 0.3, 2)
        self.mottle = np.exp(0.04 * noise_tile())

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        lit = self.light.irradiance(np.array([[0.0, 1, 0], [0.7, 0.7, 0]])).mean() + self.light.sun.mean() * 0.5
        h, w = rays.shape[:2]
        x, y = np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32)[:, None]
        even = np.exp(self.fall[0] * x + self.fall[1] * y - 0.25 * (x * x + y * y))
        floor_tone = np.where(rays[..., 1] < -0.12, 1.08, 1.0)
        soft = cv2.GaussianBlur((even * floor_tone).astype(np.float32), (0, 0), 12)
        soft = soft * cv2.resize(self.mottle, (w, h))
        return soft[..., None] * self.color * np.float32(lit / np.pi)
