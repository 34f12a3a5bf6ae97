"""A camera's lens, sensor and processing: from linear radiance to an image of 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .shading import Layers
from .textures import grain_tile, piece

_STEPS = 12  # images that a moving one is the mean of
_LONGEST = 40  # pixels of motion blur
_WIDEST = 9.0  # pixels of defocus, radius
_LEVELS = 4095  # of the tone curve's table
_BRIGHTNESS = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB, Rec. ITU-R BT.709


@dataclass(frozen=True)
class Faults:
    """How often the faults of a camera come, from 0 to 1.

    Attributes:
        motion_blur: the exposure is so long that moving people, or the whole image, are blurred along their motion.
        defocus: the lens is so wide that what lies before and behind the person is blurred.
        softness: a slightly soft lens, or an image that was made smaller and larger again.
        noise: noise of the sensor that can be seen.
        white_balance: a tint that is left over.
        misexposure: an error of the exposure of up to two stops, beside the common small one.
        jpeg: an earlier JPEG compression, of a quality of 30 to 95.
    """

    motion_blur: float = 0.12
    defocus: float = 0.15
    softness: float = 0.5
    noise: float = 0.7
    white_balance: float = 0.6
    misexposure: float = 0.12
    jpeg: float = 0.4


def develop(rng: np.random.Generator, layers: Layers, faults: Faults | None = None) -> np.ndarray:
    """Return the image that a camera takes, in shape (H, W, 3), uint8, BGR.

    Args:
        rng: NumPy random generator.
        layers: what is before the camera.
        faults: how often faults come; Faults() by default.
    """
    faults = faults or Faults()
    chance = rng.random(7)
    front, cover, back = layers.front, layers.cover[..., None], layers.back
    if chance[0] < faults.defocus:
        front, cover, back = _defocus(rng, layers)
    if chance[1] < faults.motion_blur:
        front, cover = _blur_motion(rng, front, cover, layers.flow)
    image = back * cv2.merge([1 - cover] * 3) + front
    if chance[2] < faults.softness:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.0))
    stops = rng.normal(0, 0.3) + (rng.uniform(-2, 1.5) if chance[3] < faults.misexposure else 0)
    image *= np.float32(_exposure(image, layers.cover) * 2**stops)
    if chance[4] < faults.white_balance:
        warm, green = rng.normal(0, 0.08), rng.normal(0, 0.03)
        image *= np.exp([warm, green, -warm]).astype(np.float32)
    if chance[5] < faults.noise:
        _add_noise(rng, image)
    shown = _tone(rng, image)
    if chance[6] < faults.jpeg:
        quality = int(rng.integers(30, 96))
        data = cv2.imencode('.jpg', shown, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return shown


def _exposure(image: np.ndarray, cover: np.ndarray) -> float:
    """Return the factor that brings the image to a middle grey, metered as phones do: more where people are."""
    small = cv2.resize(image, (64, 48), interpolation=cv2.INTER_AREA)
    weight = 0.5 + 2 * cv2.resize(cover, (64, 48), interpolation=cv2.INTER_AREA)
    brightness = np.maximum(small @ _BRIGHTNESS, 1e-9)
    # The logarithm's mean alone would burn out what is light in a dark image, the plain mean drown what is dark.
    even, plain = (float((values * weight).sum() / weight.sum()) for values in (np.log(brightness), brightness))
    return float(0.2 / np.sqrt(np.exp(even) * plain))


def _add_noise(rng: np.random.Generator, image: np.ndarray) -> None:
    """Add noise of photons and of reading, in place; its variance is linear in the signal (Foi et al., 2008)."""
    gain = 10 ** rng.uniform(-4.3, -2.4)
    variance = gain * np.maximum(image, 0) + 0.15 * gain**1.5
    grain = cv2.merge([piece(rng, grain_tile(), image.shape[:2]) for _ in range(3)])
    if rng.random() < 0.6:  # what is left by demosaicing and by removing noise is coarser
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.4, 0.9)) * np.float32(1.6)
    image += cv2.sqrt(variance) * grain


def _tone(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Return a linear image as uint8 BGR: a shoulder for highlights, contrast, saturation, sRGB's curve."""
    saturation = rng.normal(1.08, 0.12)
    mixed = np.float32(saturation) * np.eye(3, dtype=np.float32) + np.float32(1 - saturation) * _BRIGHTNESS
    image = cv2.transform(image, mixed[::-1])  # BGR from here on
    table = _curve(round(rng.uniform(-0.15, 0.55), 2), round(rng.uniform(1.5, 4.0), 1))
    index = (cv2.sqrt(image.clip(0, 4)) * np.float32(_LEVELS / 2)).astype(np.int32)
    return np.take(table, index)


@lru_cache(maxsize=256)
def _curve(contrast: float, white: float) -> np.ndarray:
    """Return the table of a tone curve: a shoulder after Reinhard et al. (2002), equation 4, but weaker, then
    an S curve of the encoded value."""
    linear = 4 * (np.arange(_LEVELS + 1) / _LEVELS) ** 2
    bent = linear * (1 + linear / white**2) / (1 + 0.6 * linear) * 1.15
    encoded = np.where(bent < 0.0031308, 12.92 * bent, 1.055 * np.maximum(bent, 1e-9) ** (1 / 2.4) - 0.055).clip(0, 1)
    smooth = encoded * encoded * (3 - 2 * encoded)
    return np.round(255 * (encoded + contrast * (smooth - encoded)).clip(0, 1)).astype(np.uint8)


def _blur_motion(
    rng: np.random.Generator, front: np.ndarray, cover: np.ndarray, flow: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the surfaces and their cover, blurred along their motion during the exposure."""
    h, w = flow.shape[:2]
    moved = flow * np.float32(rng.uniform(1 / 60, 1 / 8)) + rng.normal(0, 1.5, 2).astype(np.float32)
    length = np.linalg.norm(moved, axis=-1)
    moved *= np.minimum(1, _LONGEST / np.maximum(length, 1e-6))[..., None] * (cover > 0)
    reach = int(min(_LONGEST, np.ceil(length.max()))) | 1
    # What moves covers pixels around it, too: motion is spread over them.
    weight = cv2.blur((cover > 0).astype(np.float32), (reach, reach))
    spread = cv2.blur(moved, (reach, reach)) / np.maximum(weight, 1e-3)[..., None]
    moved = np.where(cover > 0, moved, spread)
    column, row = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    both = np.concatenate([front, cover], axis=-1)
    total = np.zeros_like(both)
    for part in (np.arange(_STEPS) + 0.5) / _STEPS - 0.5:
        at = column - np.float32(part) * moved[..., 0], row - np.float32(part) * moved[..., 1]
        total += cv2.remap(both, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    total /= _STEPS
    return total[..., :3], total[..., 3:]


def _defocus(rng: np.random.Generator, layers: Layers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return surfaces, cover and background, each blurred by the circle of confusion of its distance."""
    depth = np.where(layers.owner >= 0, layers.depth, np.inf)
    focus = float(np.median(depth[np.isfinite(depth)])) if np.isfinite(depth).any() else 3.0
    focus *= np.exp(rng.normal(0, 0.08))
    widest = rng.uniform(1.5, _WIDEST)  # pixels, at infinity

    def radius(distance: np.ndarray) -> np.ndarray:
        return widest * np.abs(1 - focus / np.maximum(distance, 0.1)).clip(0, 2).astype(np.float32)

    # What surfaces hide must not bleed into the background, but is there behind them: they are left in it.
    back = _blurred(layers.back, radius(layers.far), widest)
    size = radius(np.where(np.isfinite(layers.depth), layers.depth, focus))
    size = cv2.dilate(size, np.ones((2 * int(widest) + 1,) * 2, np.uint8)) if size.max() > widest / 2 else size
    both = _blurred(np.concatenate([layers.front, layers.cover[..., None]], axis=-1), size, 2 * widest)
    return both[..., :3], both[..., 3:], back


def _blurred(image: np.ndarray, size: np.ndarray, widest: float) -> np.ndarray:
    """Return an image blurred by discs of the radius `size` (H, W), between images of a few radii."""
    radii = np.array([0.0, 0.25, 0.5, 1.0]) * widest
    stack = [image] + [cv2.filter2D(image, -1, _disc(radius), borderType=cv2.BORDER_REFLECT) for radius in radii[1:]]
    position = np.interp(size, radii, np.arange(len(radii))).astype(np.float32)
    total = np.zeros_like(image)
    for i, level in enumerate(stack):
        total += level * np.maximum(1 - np.abs(position - i), 0)[..., None]
    return total


def _disc(radius: float) -> np.ndarray:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return kernel / kernel.sum()
