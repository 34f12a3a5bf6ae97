"""Too little light, too much of it, and light that fog scatters."""

import cv2
import numpy as np

from .scale import REFERENCE, choose
from .texture import value_noise

_DARKER = (-1.0, -2.0, -3.0, -4.0, -5.0)  # stops
_BRIGHTER = (1.0, 1.5, 2.0, 2.5, 3.0)
_FOG = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))  # ImageNet-C's amount and decay


def expose(image: np.ndarray, stops: float) -> np.ndarray:
    """Return an image with 2 ** stops as much light, cut at white; values are sRGB's (IEC 61966-2-1).

    Args:
        image: uint8, any shape.
    """
    coded = np.arange(256) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    light = np.minimum(light * 2.0**stops, 1)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return cv2.LUT(image, (255 * coded).round().astype(np.uint8))


def darkness(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image with a half to a 32nd of the light (1 to 5 stops less), in 8 bits, without noise."""
    return expose(image, choose(_DARKER, severity))


def over_exposure(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image with 2 to 8 times the light (1, 1.5, 2, 2.5, 3 stops more), cut at white."""
    return expose(image, choose(_BRIGHTER, severity))


def fog(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return (x + c f) / (1 + c) of an image x, 0 to 1, and a fractal f, 0 to 1, as ImageNet-C's fog.

    ImageNet-C multiplies by the brightest value of x, which is 1 in nearly all images, in the place of 1.
    """
    amount, decay = choose(_FOG, severity)
    fractal = value_noise(image.shape[:2], REFERENCE * scale, decay, rng)[..., None]
    return ((image + 255 * amount * fractal) / (1 + amount) + 0.5).astype(np.uint8)
