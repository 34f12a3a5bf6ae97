"""Calib.toml by a plain formula in Pose2Sim's axes; tests/deployment/test_pose2sim.py has Pose2Sim itself read it."""

import tomllib

import cv2
import numpy as np
import pytest

from spinepose_mm.lifting import Camera, read_cameras, write_cameras

CAMERAS = {
    'left cam': Camera.looking((4, 1.5, 1), (0, 0.9, 0), 50, (1280, 720), roll=4),
    'cam10': Camera.looking((0, 1.5, 4), (0, 0.9, 0), 60, (640, 480)),
    'cam2': Camera.looking((-1e-9, 1, -4), (0, 1, 0), 45, (640, 480)),  # half a turn about the upright
}
CAMERAS['cam10'].dist = np.array([-0.2, 0.24, 0.001, -0.002, -0.05])


def test_opencv_sees_pose2sims_points_through_the_file(tmp_path):
    write_cameras(tmp_path / 'Calib.toml', CAMERAS)
    tables = tomllib.loads((tmp_path / 'Calib.toml').read_text())
    assert list(tables) == ['cam2', 'cam10', 'left cam', 'metadata']  # as Pose2Sim sorts the folders
    x, y, z = world = np.random.default_rng(0).normal(0, 0.4, (3, 20)) + [[0], [1], [0]]
    z_up = np.stack([z, x, y], axis=1)
    for name, camera in CAMERAS.items():
        table = tables[name]
        pixels, _ = cv2.projectPoints(
            z_up, *(np.array(table[field]) for field in ('rotation', 'translation', 'matrix', 'distortions'))
        )
        np.testing.assert_allclose(pixels[:, 0], camera.project(world.T), atol=1e-6)
        assert (table['name'], table['size'], table['fisheye']) == (name, list(map(float, camera.size)), False)
    assert tables['metadata'] == dict(adjusted=False, error=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ['Calib.toml']


def test_reading_back_is_exact(tmp_path):
    write_cameras(tmp_path / 'Calib.toml', CAMERAS)
    for camera in read_cameras(tmp_path / 'Calib.toml', y_up=True):
        expected = CAMERAS[camera.name]
        np.testing.assert_allclose(camera.R, expected.R, atol=1e-14)
        for field in ('K', 't', 'dist', 'size'):
            np.testing.assert_array_equal(getattr(camera, field), getattr(expected, field))


@pytest.mark.parametrize(
    'path, cameras, message',
    [
        ('a.yml', CAMERAS, r'a\.yml: a calibration file of Pose2Sim\'s ends in \.toml'),
        ('a.toml', {}, r'a\.toml: there is no camera'),
        ('a.toml', dict(metadata=CAMERAS['cam2']), r'a\.toml: metadata: a camera is named by a text that is none of'),
        ('a.toml', dict(cam1=3), r'a\.toml: cam1: a Camera is expected, not int'),
        ('a.toml', dict(cam1=Camera(np.eye(3), np.eye(3), np.full(3, np.nan), (2, 2))), r'a\.toml: cam1: .*not finite'),
    ],
)
def test_what_is_no_calibration_is_refused_and_the_old_file_stays(tmp_path, path, cameras, message):
    (tmp_path / path).write_text('old')
    with pytest.raises(ValueError, match=message):
        write_cameras(tmp_path / path, cameras)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(path, 'old')]
