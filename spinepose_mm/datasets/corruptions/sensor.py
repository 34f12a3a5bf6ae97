"""What sensors and files lose: noise, few pixels, and JPEG.

Grain is of one pixel, or of `scale` pixels where that is more: a large person has grain as coarse for its size as one
of 224 pixels.
"""

import cv2
import numpy as np

from .scale import as_bytes, choose

_PHOTONS = (60, 25, 12, 5, 3)  # ImageNet-C's, of a white pixel
_QUALITY = (25, 18, 15, 10, 7)  # ImageNet-C's
_KEPT = (0.6, 0.5, 0.4, 0.3, 0.25)  # ImageNet-C's part of the width and height


def noise(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image with ImageNet-C's shot noise: Poisson(c x) / c of the values x, 0 to 1."""
    photons = choose(_PHOTONS, severity)
    means = _shrink(image, 1 / max(scale, 1)) / np.float32(255)
    grain = rng.poisson(means * photons).astype(np.float32) / photons - means
    return as_bytes(image / np.float32(255) + _enlarge(grain, image))


def jpeg(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image coded as a JPEG of ImageNet-C's quality and decoded; blocks are 8 pixels whatever the scale."""
    coded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, choose(_QUALITY, severity)])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))


def low_resolution(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image in larger pixels: of ImageNet-C's part of the width and height, or of 224 pixels a person if
    that is less."""
    return _enlarge(_shrink(image, choose(_KEPT, severity) / max(scale, 1)), image)


def _shrink(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the means of pixels, in an image of a part of the width and height."""
    size = [max(1, round(length * factor)) for length in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _enlarge(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    return cv2.resize(image, like.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
