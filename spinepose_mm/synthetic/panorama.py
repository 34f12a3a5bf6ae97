"""Real places: panoramas with a high dynamic range, and photographs; linear RGB."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from spinepose_mm.io.image import read_image
from spinepose_mm.structures.camera import Camera

from .light import LIGHT_ROWS, Light, sphere
from .rays import to_ground

#: Panoramas that are read, if OpenCV can: OpenEXR may be left out of it.
PANORAMAS = ('.hdr', '.exr')
_WIDEST = 4096
_GAMMA = 2.2


def panorama_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the sorted paths of a folder's panoramas.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: no panorama is in it.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f'there is no folder of environments {folder}')
    found = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in PANORAMAS)
    if not found:
        raise ValueError(f'{folder} has no panoramas ({", ".join(PANORAMAS)}) to take light from')
    return found


@lru_cache(maxsize=24)
def read_panorama(path: str) -> np.ndarray:
    """Return an equirectangular panorama, linear RGB in shape (H, 2 H, 3), float32.

    Raises:
        ValueError: the file is none, or this OpenCV does not read its format.
    """
    try:
        image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:  # OpenEXR that is left out, or not switched on
        raise ValueError(
            f'{path}: this OpenCV does not read the format; convert it to .hdr, or, for OpenEXR, set the environment '
            'variable OPENCV_IO_ENABLE_OPENEXR=1'
        ) from error
    if image is None or image.dtype != np.float32 or image.ndim != 3:
        raise ValueError(f'{path} is not a panorama with a high dynamic range in colour')
    h, w = image.shape[:2]
    if abs(w / h - 2) > 0.02:
        raise ValueError(f'{path} is not an equirectangular panorama, which is twice as wide as high, but {w}x{h}')
    if w > _WIDEST:
        image = cv2.resize(image, (_WIDEST, _WIDEST // 2), interpolation=cv2.INTER_AREA)
    return np.nan_to_num(image[..., 2::-1], posinf=6e4).clip(0, 6e4)


@lru_cache(maxsize=64)
def _panorama_light(path: str, columns: int) -> Light:
    """Return the light of a panorama that is turned by so many columns of the light's own panorama."""
    small = cv2.resize(read_panorama(path), (4 * LIGHT_ROWS, 2 * LIGHT_ROWS), interpolation=cv2.INTER_AREA)
    return Light.of(np.roll(small, 2 * columns, axis=1))


class Panorama:
    """A panorama of a real place, whose lower part lies on the ground, so that feet stand on it.

    Args:
        path: of the panorama.
        columns: turn about the vertical, in parts of 1 / 64.
        center: where it was taken, x, y, z, metres; its height is seldom known.
        radius: how far away it is, metres: rays meet the ground within, and a sphere beyond.
    """

    def __init__(self, path: str | os.PathLike[str], columns: int, center: np.ndarray, radius: float) -> None:
        self.image, self.columns = read_panorama(str(path)), columns
        self.center, self.radius = np.asarray(center, np.float32), np.float32(radius)
        self.light = _panorama_light(str(path), columns)

    @classmethod
    def sample(cls, rng: np.random.Generator, path: str | os.PathLike[str], reach: np.ndarray) -> Panorama:
        """Return one about the places `reach` (N, 3) of people and cameras."""
        low, high = reach.min(axis=0), reach.max(axis=0)
        center = rng.uniform(low, high)
        center[1] = rng.uniform(1.2, 1.8)
        radius = np.linalg.norm(reach - center, axis=1).max() + rng.uniform(0.5, 8)
        return cls(path, int(rng.integers(2 * LIGHT_ROWS)), center, radius)

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        start = place - self.center
        along = rays @ start
        out = -along + np.sqrt(np.maximum(along**2 + self.radius**2 - start @ start, 0))
        far = np.minimum(out, to_ground(place, rays))
        x, y, z = (start[axis] + rays[..., axis] * far for axis in range(3))
        h, w = self.image.shape[:2]
        around, across = np.arctan2(z, x), np.arctan2(np.hypot(x, z), y)
        column = ((around / (2 * np.pi) - self.columns / (2 * LIGHT_ROWS)) % 1) * w - 0.5
        row = across / np.pi * h - 0.5
        return cv2.remap(
            self.image, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )


class Photograph:
    """A photograph behind the people; their light is guessed from its colours.

    Args:
        rng: NumPy random generator, for the part that is shown, and for a sun.
        path: of the photograph.
        camera: the Camera whose image it fills.

    Raises:
        ValueError: it is not an image.
    """

    def __init__(self, rng: np.random.Generator, path: str | os.PathLike[str], camera: Camera) -> None:
        w, h = camera.size
        image = read_image(path)
        scale = max(w / image.shape[1], h / image.shape[0]) * rng.uniform(1, 1.4)
        larger = [max(least, round(length * scale)) for least, length in zip((w, h), image.shape[1::-1])]
        image = cv2.resize(image, larger, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        y, x = (int(rng.integers(image.shape[i] - n + 1)) for i, n in ((0, h), (1, w)))
        values = (np.arange(256, dtype=np.float32) / 255) ** _GAMMA
        values *= 1 + 3 * values**6  # what is white is often brighter than a photograph can show
        self.image: np.ndarray = values[image[y : y + h, x : x + w, ::-1]]
        self.light = self._light(rng, camera)

    def _light(self, rng: np.random.Generator, camera: Camera) -> Light:
        """Return light whose colours come from the photograph: its top from above, its sides from the sides."""
        directions, _ = sphere(LIGHT_ROWS // 2)
        small = cv2.resize(self.image, (16, 16), interpolation=cv2.INTER_AREA)
        side = directions @ camera.R[0]
        row = ((0.5 - 0.5 * directions[..., 1]) * 15.99).astype(int)
        # What a photograph shows reflects about a third of the light.
        panorama = small[row, ((0.5 + 0.5 * side) * 15.99).astype(int)] * rng.uniform(1.8, 3.2)
        if rng.random() < 0.5:
            return Light.smooth_of(panorama)
        top = rng.normal(0, 1, 3)
        top[1] = abs(top[1]) + 0.3
        sun = panorama.mean(axis=(0, 1)) * np.pi * rng.uniform(0.2, 1.2) * (1.1, 1.0, 0.85)
        return Light.smooth_of(0.7 * panorama, sun, top / np.linalg.norm(top))

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        return self.image.copy()
