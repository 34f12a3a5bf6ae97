"""Rays of a camera's pixels in the world."""

from __future__ import annotations

import numpy as np

from spinepose_mm.structures.camera import Camera


def view_rays(camera: Camera) -> np.ndarray:
    """Return the unit vectors of a camera's pixels in the world, in shape (H, W, 3), float32."""
    w, h = camera.size
    x = (np.arange(w, dtype=np.float32) + np.float32(0.5 - camera.K[0, 2])) / np.float32(camera.K[0, 0])
    y = (np.arange(h, dtype=np.float32) + np.float32(0.5 - camera.K[1, 2])) / np.float32(camera.K[1, 1])
    rays = np.empty((h, w, 3), np.float32)
    length = np.sqrt(1 + x * x + (y * y)[:, None])
    for axis in range(3):
        right, down, ahead = camera.R[:, axis].astype(np.float32)
        rays[..., axis] = (right * x + ahead + (down * y)[:, None]) / length
    return rays


def place_of(camera: Camera) -> np.ndarray:
    """Return where a camera is, in shape (3,), float32, metres."""
    place: np.ndarray = -camera.R.T @ camera.t
    return place.astype(np.float32)


def to_ground(place: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Return how far along each ray the plane y = 0 is, in shape (...), metres; 1e4 where it is not met."""
    down = rays[..., 1]
    return np.where(down < -1e-3, -place[1] / np.minimum(down, np.float32(-1e-3)), np.float32(1e4))
