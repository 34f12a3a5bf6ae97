"""Procedural textures: noise, floors and walls; linear RGB albedo."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

_TILE = (1024, 2048)  # cells of the tiles of noise


@lru_cache(maxsize=1)
def noise_tile() -> np.ndarray:
    """Return noise on many scales, in shape _TILE, float32, of mean 0 and deviation 1: always the same."""
    rng = np.random.default_rng(1024)
    total = np.zeros(_TILE, np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        coarse = rng.standard_normal((cells, 2 * cells), np.float32)
        total += cv2.resize(coarse, _TILE[::-1]) * cells**-0.4
    return (total - total.mean()) / total.std()


@lru_cache(maxsize=1)
def grain_tile() -> np.ndarray:
    """Return white noise in shape _TILE, float32, of deviation 1: always the same."""
    return np.random.default_rng(7).standard_normal(_TILE, np.float32)


def piece(rng: np.random.Generator, tile: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a part of a tile of noise, in the shape asked for, from a random place on."""
    repeats = [-(-want // have) for have, want in zip(tile.shape, shape)]
    if max(repeats) > 1:
        tile = np.tile(tile, repeats)
    row, column = (int(rng.integers(have - want + 1)) for have, want in zip(tile.shape, shape))
    part = tile[row : row + shape[0], column : column + shape[1]]
    return part[:, ::-1] if rng.random() < 0.5 else part


def color(rng: np.random.Generator, low: float = 0.05, high: float = 0.7, chroma: float = 0.35) -> np.ndarray:
    """Return a random colour in shape (3,), mostly a dull one."""
    grey = np.exp(rng.uniform(np.log(low), np.log(high)))
    return np.clip(grey * (1 + chroma * rng.random() ** 2 * rng.normal(0, 1, 3)), 0.01, 0.9)


def floor(rng: np.random.Generator, kind: str, cells: int = 512) -> tuple[np.ndarray, float]:
    """Return a floor, in shape (cells, cells, 3), float32, and its width in metres.

    Args:
        rng: NumPy random generator.
        kind: 'grass', 'asphalt', 'sand', 'paving', 'planks', 'tiles', 'carpet' or 'court'.
        cells: its size.
    """
    base = {
        'grass': np.array([0.07, 0.13, 0.03]) * rng.uniform(0.6, 1.6),
        'sand': np.array([0.45, 0.36, 0.24]) * rng.uniform(0.6, 1.3),
        'asphalt': np.full(3, rng.uniform(0.06, 0.25)),
        'paving': np.array([0.35, 0.32, 0.28]) * rng.uniform(0.4, 1.4),
        'planks': np.array([0.38, 0.23, 0.12]) * rng.uniform(0.3, 1.6),
        'tiles': color(rng, 0.15, 0.8, 0.2),
        'carpet': color(rng, 0.03, 0.5, 0.5),
        'court': color(rng, 0.08, 0.5, 0.8),
    }[kind]
    width = rng.uniform(2.5, 6.0)
    rough = {'grass': 0.45, 'sand': 0.12, 'asphalt': 0.18, 'paving': 0.15, 'carpet': 0.12}.get(kind, 0.06)
    tile = np.broadcast_to(base.astype(np.float32), (cells, cells, 3)).copy()
    mixed = np.float32(0.6 * rough) * piece(rng, noise_tile(), (cells, cells))
    fine = np.float32(rough) * piece(rng, grain_tile(), (cells, cells))
    tile *= np.exp(mixed + fine)[..., None]
    if kind == 'planks':
        _planks(rng, tile)
    elif kind in ('paving', 'tiles'):
        _joints(rng, tile, int(cells / width * rng.uniform(0.2, 0.7)))
    elif kind == 'court':
        paint = color(rng, 0.4, 0.85, 0.3)
        for axis in range(2):
            at = int(rng.integers(cells - 12))
            (tile if axis else tile.swapaxes(0, 1))[at : at + max(3, int(0.05 / width * cells))] = paint
    return tile.clip(0.005, 0.95), width


def _planks(rng: np.random.Generator, tile: np.ndarray) -> None:
    cells, rows = len(tile), int(rng.integers(18, 45))
    edges = np.linspace(0, cells, rows + 1).astype(int)
    stretched = cv2.resize(piece(rng, grain_tile(), (cells, 16)), (cells, cells))
    tile *= np.exp(0.10 * stretched)[..., None]
    for top, bottom in zip(edges[:-1], edges[1:]):
        joint = int(rng.integers(cells))
        for part in (slice(0, joint), slice(joint, cells)):
            tile[top:bottom, part] *= rng.uniform(0.8, 1.2)
        tile[top : top + 1] *= 0.55
        tile[top:bottom, joint : joint + 1] *= 0.55


def _joints(rng: np.random.Generator, tile: np.ndarray, period: int) -> None:
    period = max(period, 12)
    line, tone = max(1, period // 25), rng.uniform(0.4, 1.2)
    count = -(-len(tile) // period)
    shades = rng.uniform(0.88, 1.08, (count, count, 1)).astype(np.float32)
    tile *= np.repeat(np.repeat(shades, period, 0), period, 1)[: len(tile), : len(tile)]
    for start in range(0, len(tile), period):
        tile[start : start + line] *= tone
        tile[:, start : start + line] *= tone


def wrapped(texture: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return a texture's values at columns and rows in shape (H, W), mirrored beyond its edges."""
    return cv2.remap(
        texture, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
