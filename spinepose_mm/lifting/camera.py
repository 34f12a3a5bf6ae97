"""Cameras: OpenCV's, with x to the right, y down and z into the picture; lengths are in metres."""
import math
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from spinepose_mm.paths import is_utf8
from spinepose_mm.reading import reading

#: OpenCV's parser calls itself for each level of lists, maps and tags, and ends the process at some 30,000 of them.
_MOST_NESTED, _MOST_BYTES = 5000, 1 << 22
#: Turns points of Pose2Sim's world, Z up, into those of one with Y up: its Y is X, and its X is Z.
FROM_Z_UP = np.array([[0., 1, 0], [0, 0, 1], [1, 0, 0]])


@dataclass
class Camera:
    """A pinhole camera with OpenCV's lens distortion.

    Attributes:
        K: intrinsics in shape (3, 3), pixels.
        R, t: world to camera, x_c = R x_w + t, in shapes (3, 3) and (3,), metres.
        size: (width, height) of the picture in pixels.
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
    def from_field_of_view(cls, size, degrees=84.):
        """Return a camera without distortion whose diagonal field of view is known, as of a phone.

        Args:
            size: (width, height) in pixels.
            degrees: diagonal field of view; 84 is that of a phone's main camera, about 24 mm on 35 mm film.

        Raises:
            ValueError: it is not between 0 and 180.
        """
        if not 0 < degrees < 180:
            raise ValueError(f'a field of view is between 0 and 180 degrees, not {degrees}')
        w, h = size
        focal = math.hypot(w, h) / 2 / math.tan(math.radians(degrees) / 2)
        return cls(np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1.]]), np.eye(3), np.zeros(3), (w, h))

    @classmethod
    def looking(cls, position, target, fov, size, roll=0.):
        """Return a camera at `position` that looks at `target`.

        Args:
            position, target: points in world space, Y up, metres.
            fov: vertical field of view, degrees.
            size: (width, height) in pixels.
            roll: degrees by which it is held slanted.
        """
        forward = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
        right = np.cross(forward, [0, 1, 0])
        if np.linalg.norm(right) < 1e-9:  # straight up or down
            right = np.array([1., 0, 0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
        R = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
        w, h = size
        focal = h / 2 / np.tan(np.radians(fov) / 2)
        K = np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1]])
        return cls(K, R, -R @ np.asarray(position, float), size)

    @property
    def projection(self):
        """K [R | t] in shape (3, 4), from world space to pixels without distortion."""
        return self.K @ np.column_stack([self.R, self.t])

    def to_camera(self, points):
        """Return points in shape (..., 3) in camera space."""
        return points @ self.R.T + self.t

    def project(self, points):
        """Return the pixels, in shape (..., 2), of points of world space in shape (..., 3)."""
        points = np.asarray(points, float)
        if np.any(self.dist) and points.size:
            pixels, _ = cv2.projectPoints(points.reshape(-1, 1, 3), cv2.Rodrigues(self.R)[0], self.t, self.K, self.dist)
            return pixels.reshape(*points.shape[:-1], 2)
        seen = self.to_camera(points) @ self.K.T
        return seen[..., :2] / seen[..., 2:]

    def rays(self, pixels):
        """Return pixels, (..., 2), in normalised camera space: (x - cx) / fx and (y - cy) / fy, without distortion."""
        pixels = np.asarray(pixels, float)
        if not pixels.size:
            return pixels
        rays = cv2.undistortPointsIter(
            pixels.reshape(-1, 1, 2), self.K, self.dist, None, None,
            (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-10))
        return rays.reshape(pixels.shape)

    def for_size(self, size):
        """Return this camera for pictures of another size with the same field of view.

        Raises:
            ValueError: the picture has another shape.
        """
        factors = np.divide(size, self.size)
        if abs(factors[0] / factors[1] - 1) > .01:
            raise ValueError(f'the calibration{self.name and " of " + self.name} is for pictures of '
                             f'{self.size[0]}x{self.size[1]}, which one of {size[0]}x{size[1]} is no copy of')
        scale = np.diag([*factors, 1])
        return replace(self, K=scale @ self.K, size=tuple(size))


def read_cameras(path, y_up=False):
    """Read a calibration file.

    `.toml` is Pose2Sim's and Caliscope's: a table for each camera with `size`, `matrix`, `distortions`, and optionally
    `name`, `rotation` (axis times angle) and `translation` (metres), from world to camera. `.yml`, `.yaml`, `.xml` and
    `.json` are OpenCV's, of one camera: `camera_matrix`, `distortion_coefficients`, `image_width` and `image_height`.

    Args:
        path: of the file.
        y_up: of a .toml file, turn its world, which has Z up in Pose2Sim, into one with Y up, as `write_cameras` has it.

    Returns:
        list: a Camera for each, in the order of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is of another form; the message names the field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'there is no calibration file {path}')
    if path.suffix == '.toml':
        cameras = _read_toml(path)
        return [replace(camera, R=camera.R @ FROM_Z_UP.T) for camera in cameras] if y_up else cameras
    if path.suffix in ('.yml', '.yaml', '.xml', '.json'):
        return [_read_opencv(path)]
    raise ValueError(f'{path}: a calibration file is .toml, or OpenCV\'s .yml, .yaml, .xml or .json')


def _read_toml(path):
    with reading(path, 'is no TOML'):
        tables = tomllib.loads(path.read_text(encoding='utf-8'))
    cameras = []
    for key, table in tables.items():
        if not isinstance(table, dict) or 'matrix' not in table:
            continue  # Pose2Sim and Caliscope write a table of metadata beside the cameras
        if table.get('fisheye'):
            raise ValueError(f'{path}: {key}.fisheye: fisheye lenses are not supported')
        where = f'{path}: {key}.'
        size, K, dist, turn, t = (
            _numbers(where + name, table.get(name, default), shape) for name, default, shape in (
                ('size', None, (2, )), ('matrix', None, (3, 3)), ('distortions', None, (-1, )),
                ('rotation', [0, 0, 0], (3, )), ('translation', [0, 0, 0], (3, ))))
        cameras.append(check_camera(where, Camera(
            K, cv2.Rodrigues(turn)[0], t, tuple(map(int, size)), dist, str(table.get('name', key)))))
    if not cameras:
        raise ValueError(f'{path} has no table with a camera\'s matrix')
    return cameras


def _read_opencv(path):
    values = {}
    if not is_utf8(path):
        raise ValueError(f'{path}: OpenCV reads files whose names are UTF-8')
    with reading(path, 'is no file of OpenCV\'s'):
        content = path.read_bytes()
        if len(content) > _MOST_BYTES or len(re.findall(rb'[\[{]|<\w|- ', content)) > _MOST_NESTED:
            raise ValueError(f'it has {len(content)} bytes and more parts than a calibration')
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        for name in ('camera_matrix', 'distortion_coefficients', 'image_width', 'image_height'):
            node = storage.getNode(name)
            if node.isInt() or node.isReal():
                values[name] = node.real()
            elif node.isMap():
                values[name] = node.mat()
            else:
                raise ValueError(f'{path}: {name} is missing, or is no matrix or number of OpenCV\'s')
    K = _numbers(f'{path}: camera_matrix', values['camera_matrix'], (3, 3))
    dist = _numbers(f'{path}: distortion_coefficients', values['distortion_coefficients'], (-1, ))
    size = _numbers(f'{path}: image_width and image_height', [values['image_width'], values['image_height']], (2, ))
    return check_camera(f'{path}: ', Camera(K, np.eye(3), np.zeros(3), tuple(map(int, size)), dist))


def check_camera(where, camera):
    """Return a camera, or raise ValueError where its numbers are of none.

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
        raise ValueError(f'{where}distortions are of no lens: they move points in the middle of the image by up to '
                         f'{moved:.3g} pixels')
    return camera


def _most_moved(camera):
    """Return by how many pixels the distortion moves points that lie within half of the image's width and height."""
    if not np.any(camera.dist):
        return 0.
    steps = np.linspace(-.25, .25, 5)
    offsets = np.stack(np.meshgrid(*np.multiply.outer(np.asarray(camera.size, float), steps)), -1).reshape(-1, 2)
    rays = np.column_stack([offsets / np.diag(camera.K)[:2], np.ones(len(offsets))])
    pixels, _ = cv2.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), camera.K, camera.dist)
    return float(np.linalg.norm(pixels[:, 0] - camera.K[:2, 2] - offsets, axis=1).max())


def _numbers(where, values, shape):
    """Return values as an array of a shape; -1 stands for any number of them."""
    with reading(where, 'is no array of numbers'):
        if values is None:
            raise ValueError('there is none')
        array = np.array(values, float)
        array = array.ravel() if shape == (-1, ) else array
    if shape != (-1, ) and array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f'{where} has the shape {array.shape}, where {shape} finite numbers are expected')
    return array
