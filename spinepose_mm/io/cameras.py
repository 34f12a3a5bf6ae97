"""Calibration files of cameras: Pose2Sim's and Caliscope's .toml, and OpenCV's."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from spinepose_mm.structures.camera import Camera, check_camera

from .atomic import replacing
from .paths import StrPath, is_utf8
from .reading import reading

#: OpenCV's parser calls itself for each level of lists, maps and tags, and ends the process at some 30,000 of them.
_MAX_NESTED, _MAX_BYTES = 5000, 1 << 22
#: Turns points of Pose2Sim's world, Z up, into those of one with Y up: its Y is X, and its X is Z.
FROM_Z_UP = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])
_NO_CAMERAS = ('metadata', 'capture_volume', 'charuco', 'checkerboard')  # tables that Pose2Sim passes over


def read_cameras(path: StrPath, y_up: bool = False) -> list[Camera]:
    """Read a calibration file.

    `.toml` is Pose2Sim's and Caliscope's: a table for each camera with `size`, `matrix`, `distortions`, and optionally
    `name`, `rotation` (axis times angle) and `translation` (metres), from world to camera. `.yml`, `.yaml`, `.xml` and
    `.json` are OpenCV's, of one camera: `camera_matrix`, `distortion_coefficients`, `image_width` and `image_height`.

    Args:
        path: of the file.
        y_up: turn the world of a .toml file, which has Z up in Pose2Sim, into one with Y up, as `write_cameras` has it.

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
    raise ValueError(f"{path}: a calibration file is .toml, or OpenCV's .yml, .yaml, .xml or .json")


def write_cameras(path: StrPath, cameras: Mapping[str, Camera]) -> None:
    """Write cameras as the `Calib.toml` that Pose2Sim triangulates with; `read_cameras(path, y_up=True)` reads it.

    Pose2Sim's world has Z up; its Y is this world's X, and its X this world's Z (the camera's and the world's axes are
    in docs/onnx.md), so that the TRC files that it writes have this world's axes and origin. It pairs cameras and
    folders of keypoints by their places in the order of the last number in the folder's name, names without one last:
    the cameras are written in that order, and their names are to be those of the videos.

    Args:
        path: of the file, .toml, in a folder that is there.
        cameras: {name: Camera}, of one world with Y up, metres.

    Raises:
        ValueError: there is no camera, Pose2Sim reserves a name, or a camera's numbers are invalid.
        OSError: the file cannot be written; a file that was there stays.
    """
    path = Path(path)
    if path.suffix != '.toml':
        raise ValueError(f"{path}: a calibration file of Pose2Sim's ends in .toml")
    if not cameras:
        raise ValueError(f'{path}: there is no camera to write')
    text = ''.join(_table(f'{path}: {name}: ', name, cameras[name]) for name in sorted(cameras, key=_by_last_number))
    with replacing(path) as file:
        file.write(f'{text}[metadata]\nadjusted = false\nerror = 0.0\n')


def _table(where: str, name: str, camera: Camera) -> str:
    if not isinstance(name, str) or not name or name in _NO_CAMERAS:
        raise ValueError(f'{where}a camera is named by a text that is none of {", ".join(_NO_CAMERAS)}')
    if not isinstance(camera, Camera):
        raise ValueError(f'{where}a Camera is expected, not {type(camera).__name__}')
    check_camera(where, camera)
    quoted = json.dumps(name, ensure_ascii=False).replace('\x7f', '\\u007f')
    # Not cv2.Rodrigues, which keeps 8 digits where a camera is turned by nearly half a turn.
    turn = Rotation.from_matrix(camera.R @ FROM_Z_UP).as_rotvec()
    values = dict(
        name=quoted,
        size=[float(length) for length in camera.size],
        matrix=_floats(camera.K),
        distortions=_floats(camera.dist),
        rotation=_floats(turn),
        translation=_floats(camera.t),
        fisheye='false',
    )
    key = name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else quoted
    return f'[{key}]\n' + ''.join(f'{field} = {value}\n' for field, value in values.items()) + '\n'


def _floats(values: np.ndarray) -> list[Any]:
    return values.astype(float).tolist()


def _by_last_number(name: str) -> tuple[int, int, str]:
    numbers = re.findall(r'\d+', str(name))
    return (0, int(numbers[-1]), '') if numbers else (1, 0, str(name))


def _read_toml(path: Path) -> list[Camera]:
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
            _numbers(where + name, table.get(name, default), shape)
            for name, default, shape in (
                ('size', None, (2,)),
                ('matrix', None, (3, 3)),
                ('distortions', None, (-1,)),
                ('rotation', [0, 0, 0], (3,)),
                ('translation', [0, 0, 0], (3,)),
            )
        )
        cameras.append(
            check_camera(
                where, Camera(K, cv2.Rodrigues(turn)[0], t, tuple(map(int, size)), dist, str(table.get('name', key)))
            )
        )
    if not cameras:
        raise ValueError(f"{path} has no table with a camera's matrix")
    return cameras


def _read_opencv(path: Path) -> Camera:
    values = {}
    if not is_utf8(path):
        raise ValueError(f'{path}: OpenCV reads files whose names are UTF-8')
    with reading(path, "is no file of OpenCV's"):
        content = path.read_bytes()
        if len(content) > _MAX_BYTES or len(re.findall(rb'[\[{]|<\w|- ', content)) > _MAX_NESTED:
            raise ValueError(f'it has {len(content)} bytes and more parts than a calibration')
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        for name in ('camera_matrix', 'distortion_coefficients', 'image_width', 'image_height'):
            node = storage.getNode(name)
            if node.isInt() or node.isReal():
                values[name] = node.real()
            elif node.isMap():
                values[name] = node.mat()
            else:
                raise ValueError(f"{path}: {name} is missing, or is no matrix or number of OpenCV's")
    K = _numbers(f'{path}: camera_matrix', values['camera_matrix'], (3, 3))
    dist = _numbers(f'{path}: distortion_coefficients', values['distortion_coefficients'], (-1,))
    size = _numbers(f'{path}: image_width and image_height', [values['image_width'], values['image_height']], (2,))
    return check_camera(f'{path}: ', Camera(K, np.eye(3), np.zeros(3), tuple(map(int, size)), dist))


def _numbers(where: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return values as an array of a shape; -1 stands for any number of them."""
    with reading(where, 'is no array of numbers'):
        if values is None:
            raise ValueError('there is none')
        array = np.array(values, float)
        array = array.ravel() if shape == (-1,) else array
    if shape != (-1,) and array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f'{where} has the shape {array.shape}, where {shape} finite numbers are expected')
    return array
