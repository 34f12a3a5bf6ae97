"""Synthetic places outdoors: sky, clouds and sun, what stands at the horizon, and the ground."""

from __future__ import annotations

import cv2
import numpy as np

from .light import LIGHT_ROWS, Light, sphere
from .rays import to_ground
from .textures import color, floor, grain_tile, noise_tile, piece, wrapped

_GROUNDS = ('grass', 'asphalt', 'sand', 'paving', 'planks', 'court')
_PANEL = (192, 2048)  # rows and columns of what stands at the horizon


class Outdoors:
    """A sky over a ground.

    The clear sky's light is about a fifth of the sun's on a surface that faces it, and none of the sun's comes through
    an overcast one.

    Args:
        rng: NumPy random generator.
        reach: places that lie in it, in shape (N, 3), metres.
    """

    def __init__(self, rng: np.random.Generator, reach: np.ndarray) -> None:
        height = np.radians(rng.uniform(8, 75))
        around = rng.uniform(0, 2 * np.pi)
        self.top = np.array([np.cos(height) * np.cos(around), np.sin(height), np.cos(height) * np.sin(around)])
        self.clouds = rng.random() ** 1.3
        low = float(np.clip(1 - height / 0.6, 0, 1))  # a low sun is red, and so is the sky about it
        blue = np.array([0.20, 0.42, 0.95]) * (1 - 0.35 * low)
        pale = np.array([0.85, 0.95, 1.05]) * (1 - low) + np.array([1.3, 0.85, 0.5]) * low
        grey = np.full(3, rng.uniform(0.5, 1.1))
        self.zenith, self.horizon = (c * (1 - self.clouds) + grey * self.clouds for c in (blue, pale))
        strength = rng.uniform(1, 5) * np.pi * (1 - self.clouds) ** 1.5
        self.sun = strength * np.array([1.0, 0.93 - 0.3 * low, 0.82 - 0.55 * low]) * (0.35 + 0.65 * np.sin(height))
        self.cover = float(rng.uniform(-0.5, 1.5))
        self.shift = rng.uniform(0, 1024, 2)
        self.tile, self.width = floor(rng, str(rng.choice(_GROUNDS)))
        self.stains = piece(rng, noise_tile(), (512, 512))
        self.center = reach.mean(axis=0).astype(np.float32)
        self.distance = float(np.linalg.norm(reach - self.center, axis=1).max() + rng.uniform(8, 60))
        self.panel, self.mask = _skyline(rng)
        self.light = Light.smooth_of(self._panorama(), self.sun, self.top)

    def _panorama(self) -> np.ndarray:
        directions = sphere(LIGHT_ROWS)[0].astype(np.float32)
        sky = self._sky(directions)
        up = Light.smooth_of(np.where(directions[..., 1:2] > 0, sky, 0))
        lit = up.irradiance(np.array([[0.0, 1, 0]]))[0] + self.sun * self.top[1]
        self.lit = (lit / np.pi).astype(np.float32)
        ground = self.tile.mean(axis=(0, 1)) * self.lit
        return np.where(directions[..., 1:2] > 0, sky, ground)

    def _sky(self, rays: np.ndarray) -> np.ndarray:
        up = np.maximum(rays[..., 1], 0)[..., None]
        share = np.sqrt(up)
        sky = self.horizon.astype(np.float32) * (1 - share) + self.zenith.astype(np.float32) * share
        near = np.maximum(rays @ self.top.astype(np.float32), 0)[..., None]
        for _ in range(3):
            near = near * near
        glow = np.float32(0.25) * near
        for _ in range(4):
            near = near * near
        glow += near  # powers of 8 and 128
        sky = sky + glow * (self.sun * 0.12).astype(np.float32)
        far = np.float32(110) / (up[..., 0] + np.float32(0.12))
        noise = wrapped(noise_tile(), rays[..., 0] * far + self.shift[0], rays[..., 2] * far + self.shift[1])
        cover = np.clip(noise * 0.7 + 0.3 - self.cover, 0, 1)[..., None] * np.minimum(up * 6, 1)
        white = (self.sun * 0.06 + self.horizon.mean() * 1.15).astype(np.float32)
        return sky * (1 - cover) + white * cover

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        image = np.zeros(rays.shape, np.float32)
        far = to_ground(place, rays)
        below = far < 400
        for part in _runs(~below):
            image[part] = self._sky(rays[part])
        self._stand(image, place, rays)
        for part in _runs(below):
            ground = self._ground(place, rays[part], far[part])
            np.copyto(image[part], ground, where=below[part, :, None])
        return image

    def _ground(self, place: np.ndarray, rays: np.ndarray, far: np.ndarray) -> np.ndarray:
        scale = np.float32(len(self.tile) / self.width)
        x, z = place[0] + rays[..., 0] * far, place[2] + rays[..., 2] * far
        shown = wrapped(self.tile, x * scale, z * scale)
        mean = self.tile.mean(axis=(0, 1))
        shown -= mean
        shown *= np.minimum(1, 12 / far)[..., None]  # a tile's pattern is finer than pixels in the distance
        shown += mean
        stains = 1 + np.float32(0.16) * wrapped(self.stains, x * 20, z * 20)
        clear = np.exp(far / np.float32(-250))
        shown *= (stains * clear)[..., None] * self.lit
        shown += (1 - clear)[..., None] * self.horizon.astype(np.float32)
        return shown.clip(0)

    def _stand(self, image: np.ndarray, place: np.ndarray, rays: np.ndarray) -> None:
        """Draw what stands at the horizon, on an upright cylinder around."""
        flat = np.hypot(rays[..., 0], rays[..., 2])
        height = place[1] + rays[..., 1] / np.maximum(flat, 1e-3) * np.float32(self.distance)
        tallest = np.float32(self.distance * 2 * np.pi * _PANEL[0] / _PANEL[1])
        there = (height > 0) & (height < tallest)
        for part in _runs(there):
            around = np.arctan2(rays[part, :, 2], rays[part, :, 0]) / np.float32(2 * np.pi) % 1
            column, row = around * (_PANEL[1] - 1), (1 - height[part] / tallest) * (_PANEL[0] - 1)
            mask = (wrapped(self.mask, column, row) * there[part])[..., None]
            image[part] += (wrapped(self.panel, column, row) * self.lit - image[part]) * mask


def _runs(mask: np.ndarray) -> list[slice]:
    """Return the rows from the first to the last in which a mask (H, W) has something, none where it is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    return [slice(rows[0], rows[-1] + 1)] if len(rows) else []


def _skyline(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the albedo of what stands around, in shape (*_PANEL, 3), and where it is, in shape _PANEL."""
    rows, columns = _PANEL
    panel, mask = np.zeros((rows, columns, 3), np.float32), np.zeros((rows, columns), np.float32)
    if rng.random() < 0.75:
        _trees(rng, panel, mask, rng.uniform(0.15, 0.9))
    for _ in range(int(rng.integers(0, 14))):
        _house(rng, panel, mask)
    if rng.random() < 0.6:
        _trees(rng, panel, mask, rng.uniform(0.05, 0.35))
    if rng.random() < 0.4:  # a fence or a wall
        top = rows - int(rng.integers(4, 26))
        panel[top:], mask[top:] = color(rng) * (1 + 0.1 * piece(rng, noise_tile(), (rows - top, columns)))[..., None], 1
    return panel.clip(0.005, 0.9), cv2.GaussianBlur(mask, (0, 0), 0.7)


def _trees(rng: np.random.Generator, panel: np.ndarray, mask: np.ndarray, high: float) -> None:
    rows, columns = mask.shape
    crowns = (
        cv2.blur(piece(rng, grain_tile(), (1, columns)), (9, 1))[0] + 0.6 * piece(rng, noise_tile(), (1, columns))[0]
    )
    outline = (high * rows * (0.7 + 0.3 * crowns)).astype(np.float32)
    top = rows - int(np.clip(outline.max() + 20, 1, rows))
    noise = piece(rng, noise_tile(), (rows - top, columns))
    there = np.arange(rows - top, 0, -1, dtype=np.float32)[:, None] < outline + 7 * noise
    green = np.array([0.05, 0.09, 0.03]) * rng.uniform(0.5, 1.6) * (1 + 0.3 * rng.normal(0, 1, 3)).clip(0.5)
    leaves = np.float32(0.5) * noise
    leaves += np.float32(0.4) * piece(rng, grain_tile(), noise.shape)
    np.exp(leaves, out=leaves)
    np.copyto(panel[top:], leaves[..., None] * green.astype(np.float32), where=there[..., None])
    mask[top:][there] = 1


def _house(rng: np.random.Generator, panel: np.ndarray, mask: np.ndarray) -> None:
    rows, columns = mask.shape
    left, width = int(rng.integers(columns)), int(rng.integers(60, 350))
    top = int(rows * rng.uniform(0.0, 0.7))
    wall = color(rng, 0.1, 0.7, 0.3)
    house = np.broadcast_to(wall.astype(np.float32), (rows - top, width, 3)).copy()
    house *= np.exp(0.05 * piece(rng, noise_tile(), house.shape[:2]))[..., None]
    across, down = int(rng.integers(18, 50)), int(rng.integers(22, 42))
    glass = color(rng, 0.02, 0.3, 0.3)
    for y in range(down // 3, len(house) - down // 2, down):
        for x in range(across // 3, width - across // 2, across):
            house[y : y + down // 2, x : x + across // 2] = glass * rng.uniform(0.5, 1.6)
    end = min(columns, left + width)
    panel[top:, left:end], mask[top:, left:end] = house[:, : end - left], 1
