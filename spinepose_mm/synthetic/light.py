"""The light of a place: smooth light from all sides, and a sun (or lamp, or window) that casts shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LIGHT_ROWS = 32  # of the panoramas that light is taken from
#: Radiance to irradiance of a cosine lobe, for bands 0, 1, 2 of spherical harmonics, from
#: Ramamoorthi and Hanrahan, "An efficient representation for irradiance environment maps" (2001).
_COSINE = np.array([np.pi] + [2 * np.pi / 3] * 3 + [np.pi / 4] * 5)
#: A lobe is a sun where it gives this share of the light of the smooth rest, at least.
_LEAST_SUN = 0.15
_NARROW = 0.97  # cosine of the angle to the brightest direction, up to which light counts as the sun's


def harmonics(directions: np.ndarray) -> np.ndarray:
    """Return the 9 real spherical harmonics of bands 0 to 2, in shape (N, 9), at unit vectors in shape (N, 3)."""
    x, y, z = directions.T
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3 * z * z - 1),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        axis=-1,
    )


def sphere(height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions (height, 2 height, 3) and solid angles (height, 2 height) of an equirectangular panorama.

    Rows run from straight up to straight down, columns from x over z; y is up.
    """
    polar = (np.arange(height) + 0.5) / height * np.pi
    around = (np.arange(2 * height) + 0.5) / height * np.pi
    sine, cosine = np.sin(polar)[:, None], np.cos(polar)[:, None]
    ones = np.ones(2 * height)
    directions = np.stack([sine * np.cos(around), cosine * ones, sine * np.sin(around)], axis=-1)
    return directions, sine * ones * (np.pi / height) ** 2


@dataclass
class Light:
    """The light at one place; colours are linear RGB.

    Attributes:
        smooth: irradiance as spherical harmonics, in shape (9, 3), the sun left out.
        sun: irradiance of a surface that faces the sun, in shape (3,); zeros where there is none.
        direction: towards the sun, in shape (3,).
        spread: tangent of half the angle that the sun takes.
        panorama: radiance without the sun, equirectangular, in shape (H, 2 H, 3).
    """

    smooth: np.ndarray
    sun: np.ndarray
    direction: np.ndarray
    spread: float
    panorama: np.ndarray

    @classmethod
    def of(cls, panorama: np.ndarray) -> Light:
        """Return the light of a panorama, linear RGB in shape (H, 2 H, 3); its brightest spot above becomes the sun."""
        panorama = np.asarray(panorama, float)
        directions, solid = sphere(len(panorama))
        brightness = panorama.mean(axis=-1)
        above = np.where(directions[..., 1] > 0.1, brightness, 0)
        top = directions[np.unravel_index(np.argmax(above), above.shape)]
        usual = np.median(brightness)
        near = (directions @ top > _NARROW) & (brightness > 4 * usual)
        extra = np.where(near[..., None], np.maximum(panorama - np.median(panorama, axis=(0, 1)), 0), 0)
        sun = np.einsum('hwc,hw->c', extra, solid)
        rest = panorama - extra
        if not near.any() or sun.mean() < _LEAST_SUN * np.einsum('hwc,hw->c', rest, solid).mean() / np.pi:
            return cls.smooth_of(panorama)
        weight = extra.mean(axis=-1) * solid
        top = np.einsum('hwi,hw->i', directions, weight)
        top /= np.linalg.norm(top)
        away = 1 - (directions @ top) ** 2  # squared sine
        spread = float(np.sqrt(max((away * weight).sum() / weight.sum(), 2e-5)))
        return cls(_project(rest, directions, solid), sun, top, spread, rest)

    @classmethod
    def smooth_of(cls, panorama: np.ndarray, sun: np.ndarray | None = None, top: np.ndarray | None = None) -> Light:
        """Return the light of a panorama without a sun, and of a sun beside it: its irradiance, and where it is."""
        smooth = _project(panorama, *sphere(len(panorama)))
        up = np.array([0.0, 1, 0])
        return cls(smooth, np.zeros(3) if sun is None else sun, up if top is None else top, 0.0047, panorama)

    def irradiance(self, normals: np.ndarray) -> np.ndarray:
        """Return the smooth irradiance in shape (N, 3) of surfaces that nothing shades, at unit normals (N, 3)."""
        return np.maximum(harmonics(normals) @ self.smooth.astype(normals.dtype), 0)

    def toward(self, directions: np.ndarray) -> np.ndarray:
        """Return the mean brightness of the panorama about each of K directions, in shape (K,)."""
        around, solid = sphere(len(self.panorama))
        flat, weight = around.reshape(-1, 3), (self.panorama.mean(axis=-1) * solid).ravel()
        nearest = np.argmax(flat @ directions.T, axis=1)
        total = np.bincount(nearest, weight, len(directions))
        return total / np.maximum(np.bincount(nearest, solid.ravel(), len(directions)), 1e-9)


def _project(panorama: np.ndarray, directions: np.ndarray, solid: np.ndarray) -> np.ndarray:
    basis = harmonics(directions.reshape(-1, 3)).reshape(*solid.shape, 9)
    return _COSINE[:, None] * np.einsum('hwi,hwc,hw->ic', basis, panorama, solid)
