import cv2
import numpy as np
import pytest


@pytest.fixture
def image():
    """An image of edges, ramps and some texture, (120, 160, 3)."""
    x, y = np.meshgrid(np.linspace(40, 200, 160), np.linspace(30, 160, 120))
    image = np.stack([x, y, (x + y) / 2], -1).astype(np.uint8)
    cv2.rectangle(image, (50, 20), (100, 110), (30, 90, 220), -1)
    cv2.circle(image, (75, 40), 15, (255, 250, 240), 2)
    image[::7, ::5] //= 2
    return image


@pytest.fixture
def box():
    """A person's box in the image, (x1, y1, x2, y2)."""
    return np.array([40.0, 10, 110, 115])
