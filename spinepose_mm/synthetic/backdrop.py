"""What is around people in an image: the background, their shadows, and the camera's faults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spinepose_mm.io.image import read_image

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera


def background(rng: np.random.Generator, camera: Camera, backgrounds: Sequence[str | os.PathLike[str]]) -> np.ndarray:
    """Return an image of the camera's size, uint8, BGR: a part of one of `backgrounds`, or a synthetic one.

    Raises:
        ValueError: one of `backgrounds`, which are paths, is not an image, or too large a one.
    """
    w, h = camera.size
    if len(backgrounds):
        path = backgrounds[int(rng.integers(len(backgrounds)))]
        image = read_image(path)
        scale = max(w / image.shape[1], h / image.shape[0]) * rng.uniform(1, 1.4)
        larger = [max(least, round(length * scale)) for least, length in zip((w, h), image.shape[1::-1])]
        image = cv2.resize(image, larger)
        y, x = (int(rng.integers(image.shape[i] - n + 1)) for i, n in ((0, h), (1, w)))
        return image[y : y + h, x : x + w]
    horizon = float(camera.project(-camera.R.T @ camera.t + camera.R[2] * (1, 0, 1) * 1e3)[1])
    wall, floor = _texture(rng, (w, h)), _texture(rng, (w, h))
    for _ in range(int(rng.integers(0, 7))):  # furniture, houses, whatever stands around
        a = rng.uniform(-0.2, 1, 2) * (w, h)
        b = a + rng.uniform(0.05, 0.5, 2) * (w, h)
        color = rng.uniform(0, 255, 3)
        cv2.rectangle(wall, a.astype(int).tolist(), b.astype(int).tolist(), color.tolist(), -1)
        if rng.random() < 0.5:
            cv2.rectangle(wall, a.astype(int).tolist(), b.astype(int).tolist(), (color * 0.6).tolist(), 2)
    row = int(np.clip(horizon + rng.uniform(0, 0.15) * h, 0, h))
    wall[row:] = floor[row:]
    return cv2.GaussianBlur(wall, (0, 0), rng.uniform(0.4, 3))


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return noise on several scales around a random colour, uint8."""
    w, h = size
    color = rng.uniform(20, 235, 3)
    total = np.full((h, w, 3), color.mean() + rng.uniform(0, 0.7) * (color - color.mean()))
    for cells, strength in ((3, 45), (12, 25), (60, 15)):
        light = rng.normal(0, strength * rng.random(), (cells, cells, 1))
        hue = rng.normal(0, strength / 3, (cells, cells, 3))
        total += cv2.resize(light + hue, size, interpolation=cv2.INTER_CUBIC)
    return total.clip(0, 255).astype(np.uint8)


def shade(image: np.ndarray, bodies: Iterable[np.ndarray], camera: Camera) -> None:
    """Darken the ground below people, in place; `bodies` are their keypoints, in shape (37, 3) each, in metres."""
    angle = np.linspace(0, 2 * np.pi, 24)
    dark = np.zeros(image.shape[:2], np.uint8)
    for points in bodies:
        x, _, z = points.mean(0)
        ring = np.stack([x + 0.35 * np.cos(angle), np.zeros(24), z + 0.35 * np.sin(angle)], axis=-1)
        if (camera.to_camera(ring)[:, 2] > 0.1).all():
            cv2.fillPoly(dark, [camera.project(ring).astype(int)], 255)
    soft = cv2.GaussianBlur(dark, (0, 0), 6)[..., None] / 255
    image *= 1 - 0.5 * soft


def faults(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Return the image as a camera would give it: blurred, noisy, brighter or darker; uint8."""
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
    elif rng.random() < 0.2:
        length = int(rng.integers(3, 8))
        turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, rng.uniform(0, 180), 1)
        kernel = cv2.warpAffine(np.eye(length), turn, (length, length))
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    gamma = rng.uniform(0.75, 1.3)
    noise = np.zeros(image.shape[:2], np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(noise, 0, float(rng.uniform(0, 7)))
    return (255 * (image.clip(0, 255) / 255) ** gamma + noise[..., None]).clip(0, 255).astype(np.uint8)
