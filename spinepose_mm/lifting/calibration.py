"""Calibration files for Pose2Sim."""
import json
import os
import re
from pathlib import Path

from scipy.spatial.transform import Rotation

from .camera import FROM_Z_UP, Camera, check_camera

_NO_CAMERAS = ('metadata', 'capture_volume', 'charuco', 'checkerboard')  # tables that Pose2Sim passes over


def write_cameras(path, cameras):
    """Write cameras as the `Calib.toml` that Pose2Sim triangulates with; `read_cameras(path, y_up=True)` reads it.

    Pose2Sim's world has Z up; its Y is this world's X, and its X this world's Z (the camera's and the world's axes are
    in docs/onnx.md), so that the TRC files that it writes have this world's axes and origin. It pairs cameras and folders
    of keypoints by their places in the order of the last number in the folder's name, names without one last: the
    cameras are written in that order, and their names are to be those of the videos.

    Args:
        path: of the file, .toml, in a folder that is there.
        cameras: {name: Camera}, of one world with Y up, metres.

    Raises:
        ValueError: there is no camera, a name stands for no camera in Pose2Sim, or a camera's numbers are of none.
        OSError: the file cannot be written; a file that was there stays.
    """
    path = Path(path)
    if path.suffix != '.toml':
        raise ValueError(f'{path}: a calibration file of Pose2Sim\'s ends in .toml')
    if not cameras:
        raise ValueError(f'{path}: there is no camera to write')
    text = ''.join(_table(f'{path}: {name}: ', name, cameras[name]) for name in sorted(cameras, key=_by_last_number))
    part = path.with_name(f'{path.name}.part')
    try:
        part.write_text(f'{text}[metadata]\nadjusted = false\nerror = 0.0\n', encoding='utf-8')
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _table(where, name, camera):
    if not isinstance(name, str) or not name or name in _NO_CAMERAS:
        raise ValueError(f'{where}a camera is named by a text that is none of {", ".join(_NO_CAMERAS)}')
    if not isinstance(camera, Camera):
        raise ValueError(f'{where}a Camera is expected, not {type(camera).__name__}')
    check_camera(where, camera)
    quoted = json.dumps(name, ensure_ascii=False).replace('\x7f', '\\u007f')
    # Not cv2.Rodrigues, which keeps 8 digits where a camera is turned by nearly half a turn.
    turn = Rotation.from_matrix(camera.R @ FROM_Z_UP).as_rotvec()
    values = dict(name=quoted, size=[float(length) for length in camera.size], matrix=_floats(camera.K),
                  distortions=_floats(camera.dist), rotation=_floats(turn), translation=_floats(camera.t),
                  fisheye='false')
    key = name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else quoted
    return f'[{key}]\n' + ''.join(f'{field} = {value}\n' for field, value in values.items()) + '\n'


def _floats(values):
    return values.astype(float).tolist()


def _by_last_number(name):
    numbers = re.findall(r'\d+', str(name))
    return (0, int(numbers[-1]), '') if numbers else (1, 0, str(name))
