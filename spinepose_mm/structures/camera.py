"""Cameras: OpenCV's, with x to the right, y down and z into the image; lengths are in metres."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
#: Degrees along the diagonal: what a camera without a calibration is taken for, a phone's main camera, as of 24 mm on
#: full frame.
FIELD_OF_VIEW = 84.0


@dataclass
class Camera:
    """A pinhole camera with OpenCV's lens distortion.

    Attributes:
        K: intrinsics in shape (3, 3), pixels.
        R, t: world to camera, x_c = R x_w + t, in shapes (3, 3) and (3,), metres.
        size: (width, height) of the image in pixels.
        dist: OpenCV's distortion coefficients, k1 k2 p1 p2 k3 and so on; none by default.
        name: of the camera.
    """

    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    size: tuple
    dist: np.ndarray = field(default_factory=lambda: np.zeros(5))
    name: str = ''

    @classmethod
    def from_field_of_view(cls, size: tuple[int, int], degrees: float = FIELD_OF_VIEW) -> Camera:
        """Return a camera without distortion whose diagonal field of view is known, as of a phone.

        Args:
            size: (width, height) in pixels.
            degrees: diagonal field of view.

        Raises:
            ValueError: it is not between 0 and 180.
        """
        if not 0 < degrees < 180:
            raise ValueError(f'a field of view is between 0 and 180 degrees, not {degrees}')
        w, h = size
        focal = math.hypot(w, h) / 2 / math.tan(math.radians(degrees) / 2)
        return cls(np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1.0]]), np.eye(3), np.zeros(3), (w, h))

    @classmethod
    def looking(
        cls, position: ArrayLike, target: ArrayLike, fov: float, size: tuple[int, int], roll: float = 0.0
    ) -> Camera:
        """Return a camera at `position` that looks at `target`.

        Args:
            position, target: points in world space, Y up, metres.
            fov: vertical field of view, degrees.
            size: (width, height) in pixels.
            roll: rotation about the viewing direction, degrees.
        """
        forward = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
        right = np.cross(forward, [0, 1, 0])
        if np.linalg.norm(right) < 1e-9:  # straight up or down
            right = np.array([1.0, 0, 0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
        R = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
        w, h = size
        focal = h / 2 / np.tan(np.radians(fov) / 2)
        K = np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1]])
        return cls(K, R, -R @ np.asarray(position, float), size)

    @property
    def projection(self) -> np.ndarray:
        """K [R | t] in shape (3, 4), from world space to pixels without distortion."""
        return self.K @ np.column_stack([self.R, self.t])

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return points in shape (..., 3) in camera space."""
        return points @ self.R.T + self.t

    def project(self, points: ArrayLike) -> np.ndarray:
        """Return the pixels, in shape (..., 2), of points of world space in shape (..., 3)."""
        points = np.asarray(points, float)
        if np.any(self.dist) and points.size:
            pixels, _ = cv2.projectPoints(points.reshape(-1, 1, 3), cv2.Rodrigues(self.R)[0], self.t, self.K, self.dist)
            return pixels.reshape(*points.shape[:-1], 2)
        projected = self.to_camera(points) @ self.K.T
        return projected[..., :2] / projected[..., 2:]

    def rays(self, pixels: ArrayLike) -> np.ndarray:
        """Return pixels, (..., 2), in normalised camera space: (x - cx) / fx and (y - cy) / fy, without distortion."""
        pixels = np.asarray(pixels, float)
        if not pixels.size:
            return pixels
        rays = cv2.undistortPointsIter(
            pixels.reshape(-1, 1, 2),
            self.K,
            self.dist,
            None,
            None,
            (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-10),
        )
        return rays.reshape(pixels.shape)

    def for_size(self, size: tuple[int, int]) -> Camera:
        """Return this camera for images of another size with the same field of view.

        Raises:
            ValueError: the image has another shape.
        """
        factors = np.divide(size, self.size)
        if abs(factors[0] / factors[1] - 1) > 0.01:
            raise ValueError(
                f'the calibration{self.name and " of " + self.name} is for images of '
                f'{self.size[0]}x{self.size[1]}, which one of {size[0]}x{size[1]} is no copy of'
            )
        scale = np.diag([*factors, 1])
        return replace(self, K=scale @ self.K, size=tuple(size))


def check_camera(where: str, camera: Camera) -> Camera:
    """Return a camera, or raise ValueError where its numbers are invalid.

    Args:
        where: beginning of the message, such as the path.
        camera: Camera.
    """
    K, dist = camera.K, camera.dist
    if not all(np.isfinite(np.asarray(value, float)).all() for value in (K, dist, camera.R, camera.t, camera.size)):
        raise ValueError(f'{where}matrix, distortions, place or size are not finite')
    if min(camera.size) < 1 or min(K[0, 0], K[1, 1]) <= 0 or K[2].tolist() != [0, 0, 1]:
        raise ValueError(f'{where}matrix and size are of no camera: {K.tolist()}, {list(camera.size)}')
    if len(dist) not in (4, 5, 8, 12, 14):  # what OpenCV has models for
        raise ValueError(f'{where}distortions are 4, 5, 8, 12 or 14 numbers, not {len(dist)}')
    moved = _most_moved(camera)
    if not moved <= max(camera.size):
        raise ValueError(
            f'{where}distortions are of no lens: they move points in the middle of the image by up to '
            f'{moved:.3g} pixels'
        )
    return camera


def _most_moved(camera: Camera) -> float:
    """Return by how many pixels the distortion moves points that lie within half of the image's width and height."""
    if not np.any(camera.dist):
        return 0.0
    steps = np.linspace(-0.25, 0.25, 5)
    offsets = np.stack(np.meshgrid(*np.multiply.outer(np.asarray(camera.size, float), steps)), -1).reshape(-1, 2)
    rays = np.column_stack([offsets / np.diag(camera.K)[:2], np.ones(len(offsets))])
    pixels, _ = cv2.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), camera.K, camera.dist)
    return float(np.linalg.norm(pixels[:, 0] - camera.K[:2, 2] - offsets, axis=1).max())
