"""What lies in the light's way: the sun's shadow, and how much of the smooth light comes to a place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .light import Light
from .mesh import unit

_AXES = 11  # of ambient occlusion; light comes along each of them from both sides
_COARSE, _FINE = 0.026, 0.008  # metres: grids of ambient occlusion and of the sun's shadow
_LARGEST = 700  # cells along a grid's side
_SLICES = (0.0, 0.03, 0.12, 0.3, 0.7, 1.3, 99.0)  # metres of height, of what keeps smooth light from the ground


def axes(count: int = _AXES) -> np.ndarray:
    """Return unit vectors of the upper half space, evenly spread (a Fibonacci spiral), in shape (count, 3)."""
    number = np.arange(count) + 0.5
    y = 1 - number / count
    around = np.pi * (1 + 5**0.5) * number
    ring = np.sqrt(1 - y * y)
    return np.stack([ring * np.cos(around), y, ring * np.sin(around)], axis=1).astype(np.float32)


def _frame(direction: np.ndarray) -> np.ndarray:
    """Return two unit vectors across a direction and itself, in shape (3, 3)."""
    across = np.array([1.0, 0, 0]) if abs(direction[1]) > 0.9 else np.array([0.0, 1, 0])
    first = unit(np.cross(across, direction))
    return np.stack([first, np.cross(direction, first), direction]).astype(np.float32)


class ShadowMap:
    """Heights of points along a direction, on a grid across it.

    Args:
        points: on all that casts shadows, in shape (3, N), about as dense as the grid.
        direction: unit vector towards the light.
        cell: of the grid, metres; larger where the points reach far.
    """

    def __init__(self, points: np.ndarray, direction: np.ndarray, cell: float) -> None:
        self.frame = _frame(direction)
        x, y, self._height = self.frame @ points
        self.low = x.min(), y.min()
        wide, high = x.max() - self.low[0], y.max() - self.low[1]
        self.cell = np.float32(max(cell, wide / _LARGEST, high / _LARGEST))
        self.shape = int(wide / self.cell) + 5, int(high / self.cell) + 5  # two empty cells around
        self._index = self._cells(x, y)
        self.front = self._closed(self._height)

    def _cells(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        row = ((x - self.low[0]) / self.cell + 2).astype(np.int32).clip(0, self.shape[0] - 1)
        column = ((y - self.low[1]) / self.cell + 2).astype(np.int32).clip(0, self.shape[1] - 1)
        return row * np.int32(self.shape[1]) + column

    def _closed(self, height: np.ndarray) -> np.ndarray:
        """Return the largest height in each cell, gaps of one cell filled."""
        grid = np.full(self.shape[0] * self.shape[1], -1e3, np.float32)
        np.maximum.at(grid, self._index, height)
        return cv2.morphologyEx(grid.reshape(self.shape), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))

    def clear_both(self, places: np.ndarray, bias: float) -> tuple[np.ndarray, np.ndarray]:
        """Return whether light comes to `places` (3, N) along the direction, and against it."""
        x, y, height = self.frame @ places
        index = self._cells(x, y)
        back = self._closed(-self._height)
        return self.front.ravel()[index] < height + np.float32(bias), back.ravel()[index] < np.float32(bias) - height

    def lit(self, places: np.ndarray, offsets: np.ndarray, bias: float) -> np.ndarray:
        """Return which share of the light comes to `places` (3, N): the mean of lookups at `offsets` (K, 2), metres."""
        x, y, height = self.frame @ places
        height += np.float32(bias)
        x, y = (x - self.low[0]) / self.cell + np.float32(1.5), (y - self.low[1]) / self.cell + np.float32(1.5)
        total = np.zeros(len(x), np.float32)
        for right, up in (offsets / self.cell).astype(np.float32):
            total += self._clear(x + right, y + up, height)
        return total / len(offsets)

    def _clear(self, x: np.ndarray, y: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Return 1 where nothing is higher, 0 where the four cells around all are, between linearly."""
        row, column = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
        u, v = x - row, y - column
        wide = np.int32(self.shape[1])
        index = row.clip(0, self.shape[0] - 2) * wide + column.clip(0, self.shape[1] - 2)
        flat = self.front.ravel()
        a, b, c, d = (flat[index + step] < height for step in (0, 1, wide, wide + 1))
        return (1 - u) * ((1 - v) * a + v * b) + u * ((1 - v) * c + v * d)


def sun_shadow(points: np.ndarray, light: Light, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return which share of the sun's light comes to places, in shape (N,).

    Args:
        points: on all that casts shadows, in shape (3, P).
        light: a Light.
        places, normals: in shapes (3, N).
    """
    shadows = ShadowMap(points, light.direction, _FINE)
    wide = max(float(shadows.cell), 0.35 * light.spread)  # penumbra of what is a hand's length to an arm's away
    offsets = wide * np.array([[-0.7, -0.3], [0.3, -0.7], [0.7, 0.3], [-0.3, 0.7]])
    return shadows.lit(places + normals * np.float32(0.012), offsets, 0.018 + wide)


def openness(points: np.ndarray, light: Light, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return which share of the smooth light comes to places, in shape (N,): ambient occlusion, weighted by the light.

    Arguments are those of `sun_shadow`.
    """
    lines = axes()
    bright = light.toward(np.concatenate([lines, -lines]))
    bright = (bright / max(bright.mean(), 1e-9)).astype(np.float32)
    seen = np.zeros(places.shape[1], np.float32)
    total = np.full(places.shape[1], 1e-6, np.float32)
    start = places + normals * np.float32(0.02)
    for line, ahead, behind in zip(lines, bright, bright[len(lines) :]):
        front, back = ShadowMap(points, line, _COARSE).clear_both(start, 0.03)
        cosine = line @ normals
        for clear, weight in ((front, cosine.clip(0) * ahead), (back, (-cosine).clip(0) * behind)):
            seen += weight * clear
            total += weight
    return seen / total


@dataclass
class GroundShade:
    """How much light is kept from the ground, as an image over the plane y = 0.

    Attributes:
        low: x and z of the first cell, metres.
        cell: its side, metres.
        kept: share of the light that comes, from 0 to 1, in shape (X, Z), float32.
    """

    low: np.ndarray
    cell: float
    kept: np.ndarray

    @classmethod
    def over(cls, x: np.ndarray, z: np.ndarray, cell: float, margin: float) -> GroundShade:
        """Return one without shadows around places of the ground."""
        low = np.array([x.min(), z.min()]) - margin
        extent = np.array([x.max(), z.max()]) + margin - low
        cell = float(max(cell, extent.max() / _LARGEST))
        return cls(low, cell, np.ones(tuple((extent / cell).astype(int) + 2), np.float32))

    @classmethod
    def of_sun(cls, points: np.ndarray, light: Light) -> GroundShade:
        """Return the sun's shadow of points in shape (3, P): sharper where what casts it is near."""
        x, y, z = points[:, points[1] > -0.05]
        # A lower sun's shadow would leave the image anyway.
        slope = (light.direction / max(light.direction[1], 0.17)).astype(np.float32)
        x, z = x - y * slope[0], z - y * slope[2]
        shade = cls.over(x, z, 0.016, 0.2)
        for far, which in ((0.2, y < 0.5), (1.0, y >= 0.5)):
            if which.any():
                blur = min(1.2 * light.spread * far / max(light.direction[1], 0.2) + 0.006, 0.5)
                shade._darken(x[which], z[which], blur)
        return shade

    @classmethod
    def of_all(cls, points: np.ndarray, light: Light) -> GroundShade:
        """Return how much smooth light comes past points in shape (3, P), slice by slice.

        A slice at the height h hides from a place on the ground at the horizontal distance r a part of the sky's light
        that falls off as 1 / (h^2 + r^2)^2 (the form factor of parallel patches): about a Gaussian of 0.6 h.
        """
        x, y, z = points[:, points[1] > -0.05]
        lines = axes(2 * _AXES)
        weight = lines[:, 1] * light.toward(lines)
        slope = (weight @ lines / max(weight @ lines[:, 1], 1e-9)).clip(-0.7, 0.7)  # where most of the light comes from
        shade = cls.over(x, z, _COARSE, 1.2)
        for low, high in zip(_SLICES[:-1], _SLICES[1:]):
            which = (y >= low) & (y < high)
            if which.any():
                height = y[which].clip(0)
                blur = 0.012 + 0.6 * float(height.mean())
                shade._darken(x[which] - height * slope[0], z[which] - height * slope[2], blur)
        return shade

    def _darken(self, x: np.ndarray, z: np.ndarray, blur: float) -> None:
        """Keep the light away from places, those in gaps of one cell between them, and around, softened by `blur`."""
        row = ((x - self.low[0]) / self.cell).astype(np.int32).clip(0, self.kept.shape[0] - 1)
        column = ((z - self.low[1]) / self.cell).astype(np.int32).clip(0, self.kept.shape[1] - 1)
        mask = np.zeros(self.kept.shape, np.uint8)
        mask[row, column] = 1
        dark = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(np.float32)
        step = max(1, int(blur / self.cell / 2))  # a wide blur is the same on fewer cells
        rows, columns = dark.shape
        if step > 1:
            dark = cv2.resize(dark, (-(-columns // step), -(-rows // step)), interpolation=cv2.INTER_AREA)
        dark = cv2.GaussianBlur(dark, (0, 0), blur / self.cell / step)
        self.kept *= 1 - (cv2.resize(dark, (columns, rows)) if step > 1 else dark)

    def at(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the share of the light that comes to places of the ground, in the shape of `x` and `z`, float32."""
        column = (z - np.float32(self.low[1])) / np.float32(self.cell) - np.float32(0.5)
        row = (x - np.float32(self.low[0])) / np.float32(self.cell) - np.float32(0.5)
        return cv2.remap(self.kept, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
