"""Random texture in octaves, for fog and for objects."""

import cv2
import numpy as np

_OCTAVES = 7


def value_noise(shape: tuple[int, int], wavelength: float, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise that is alike at all scales, 0 to 1, (h, w).

    It is a sum of octaves of random values on a grid, interpolated between. Each octave has half the distance of the
    one before, and 1 / decay of its amplitude, as in the midpoint displacement of Fournier, Fussell and Carpenter
    (Computer rendering of stochastic models, 1982), whose fractal ImageNet-C's fog is.

    Args:
        shape: (h, w), pixels.
        wavelength: distance of the values of the first octave, pixels.
        decay: 1 for rough noise, 2 and more for smooth noise.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(_OCTAVES):
        cell = wavelength / 2**octave
        if octave and cell < 1:
            break
        grid = rng.uniform(-1, 1, [int(length / cell) + 2 for length in shape]).astype(np.float32)
        between = cv2.resize(grid, None, fx=cell, fy=cell, interpolation=cv2.INTER_LINEAR)
        start = int(cell / 2)  # where the first value is
        total += between[start : start + shape[0], start : start + shape[1]] / np.float32(decay**octave)
    low, high = total.min(), total.max()
    return (total - low) / max(high - low, np.float32(1e-6))
