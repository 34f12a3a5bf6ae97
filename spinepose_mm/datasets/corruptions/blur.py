"""Motion and defocus blur."""

import cv2
import numpy as np

from .scale import choose

_MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))  # ImageNet-C's radius and sigma
_DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))  # ImageNet-C's radius, and sigma of its smooth edge


def motion_kernel(radius: float, sigma: float, angle: float) -> np.ndarray:
    """Return the kernel of a motion, a Gaussian along a line, cut at the radius; its sum is 1.

    Args:
        radius, sigma: pixels.
        angle: of the line, radians.
    """
    x, y = _grid(radius)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-(along**2) / (2 * sigma**2)) * _covered(radius - abs(along)) * np.maximum(1 - abs(across), 0)
    return kernel / kernel.sum()


def disk_kernel(radius: float, sigma: float) -> np.ndarray:
    """Return the kernel of a lens out of focus, a disk whose edge is smoothed by a Gaussian; its sum is 1.

    Args:
        radius, sigma: pixels.
    """
    x, y = _grid(radius + 3 * sigma)
    kernel = _covered(radius - np.hypot(x, y))
    kernel = cv2.GaussianBlur(kernel, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return kernel / kernel.sum()


def motion_blur(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Blur along a line of any direction.

    The radius and sigma are ImageNet-C's. Its kernel begins at a pixel and goes to one side, which moves the image by
    up to half a radius; here it goes to both, so that keypoints stay where they are labelled.
    """
    radius, sigma = choose(_MOTION, severity)
    return _filter(image, motion_kernel(radius * scale, sigma * scale, rng.uniform(0, np.pi)))


def defocus_blur(image: np.ndarray, scale: float, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Blur by a disk, of ImageNet-C's radius."""
    radius, sigma = choose(_DEFOCUS, severity)
    return _filter(image, disk_kernel(radius * scale, sigma * scale))


def _grid(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of a kernel's pixels, (K, K) each, with a pixel of margin."""
    reach = int(np.ceil(radius)) + 1
    x, y = np.meshgrid(*[np.arange(-reach, reach + 1.0)] * 2)
    return x, y


def _covered(inside: np.ndarray) -> np.ndarray:
    """Return the part of pixels that a shape covers, given how far inside of it they are."""
    return np.clip(inside + 0.5, 0, 1)


def _filter(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
