import cv2
import numpy as np
import pytest

from spinepose_mm.io.cameras import read_cameras
from spinepose_mm.structures.camera import Camera

DIST = np.array([-0.2, 0.24, 0.001, -0.002, -0.05])


@pytest.fixture
def camera():
    return Camera.looking([2.0, 1.5, 0.7], [0.1, 0.9, 0], 40, (160, 120), roll=5)


@pytest.mark.parametrize('dist', [np.zeros(5), DIST])
def test_projects_as_opencv_does(camera, dist):
    camera.dist = dist
    points = np.random.default_rng(0).normal(0, 0.4, (20, 2, 3)) + [0, 1, 0]
    expected, _ = cv2.projectPoints(points.reshape(-1, 3), cv2.Rodrigues(camera.R)[0], camera.t, camera.K, dist)
    np.testing.assert_allclose(camera.project(points), expected.reshape(20, 2, 2), atol=1e-6)
    assert np.linalg.det(camera.R) == pytest.approx(1)


def test_looks_at_its_target_with_the_world_upright():
    camera = Camera.looking([3.0, 1, 0], [0, 1, 0], 40, (160, 120))
    np.testing.assert_allclose(camera.project(np.array([0, 1.0, 0])), [80, 60])
    assert camera.project(np.array([0, 1.2, 0]))[1] < 60  # up in the world is up in the image
    assert camera.project(np.array([0, 1.0, -0.2]))[0] > 80  # looking along -x, -z is to the right


def test_looks_straight_down():
    camera = Camera.looking([0, 3.0, 0], [0, 1, 0], 40, (160, 120))
    np.testing.assert_allclose(camera.project(np.array([0, 1.0, 0])), [80, 60])
    assert np.linalg.det(camera.R) == pytest.approx(1)


@pytest.mark.parametrize('dist', [np.zeros(5), DIST])
def test_rays_undo_the_projection(camera, dist):
    camera.dist = dist
    points = np.random.default_rng(0).normal(0, 0.3, (4, 37, 3)) + [0, 1, 0]
    in_camera = camera.to_camera(points)
    np.testing.assert_allclose(camera.rays(camera.project(points)), in_camera[..., :2] / in_camera[..., 2:], atol=1e-6)
    assert camera.rays(np.zeros((0, 37, 2))).shape == camera.project(np.zeros((0, 37, 3))).shape == (0, 37, 2)


def test_field_of_view_by_hand():
    """A diagonal of 2 x 1000 pixels at 90 degrees is 1000 pixels away."""
    camera = Camera.from_field_of_view((1600, 1200), 90)
    assert camera.K.tolist() == [[pytest.approx(1000), 0, 800], [0, pytest.approx(1000), 600], [0, 0, 1]]
    corner = camera.rays(np.array([1600.0, 1200]))
    assert np.degrees(2 * np.arctan(np.linalg.norm(corner))) == pytest.approx(90)
    with pytest.raises(ValueError, match='between 0 and 180 degrees, not 180'):
        Camera.from_field_of_view((1600, 1200), 180)


def test_for_another_size(camera):
    half = camera.for_size((80, 60))
    np.testing.assert_allclose(half.project(np.array([0, 1.0, 0])), camera.project(np.array([0, 1.0, 0])) / 2)
    assert camera.size == (160, 120) and half.size == (80, 60)
    with pytest.raises(ValueError, match='for images of 160x120, which one of 120x160 is no copy of'):
        camera.for_size((120, 160))


TOML = """
[cam_01]
name = "left"
size = [1280.0, 720.0]
matrix = [[1000.0, 0.0, 640.0], [0.0, 1010.0, 360.0], [0.0, 0.0, 1.0]]
distortions = [-0.2, 0.1, 0.0, 0.0]
rotation = [0.0, 1.5707963267948966, 0.0]
translation = [0.0, 0.0, 3.0]
fisheye = false
[cam_02]
size = [640, 480]
matrix = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]
distortions = [0, 0, 0, 0, 0]
[metadata]
adjusted = false
"""


def test_reads_pose2sims_calibration(tmp_path):
    (tmp_path / 'Calib.toml').write_text(TOML)
    left, second = read_cameras(tmp_path / 'Calib.toml')
    assert (left.name, left.size, second.name, second.size) == ('left', (1280, 720), 'cam_02', (640, 480))
    assert left.K.tolist() == [[1000, 0, 640], [0, 1010, 360], [0, 0, 1]] and left.dist.tolist() == [-0.2, 0.1, 0, 0]
    np.testing.assert_allclose(left.to_camera(np.array([1.0, 0, 0])), [0, 0, 2], atol=1e-12)
    np.testing.assert_allclose(left.projection, left.K @ np.column_stack([left.R, left.t]))
    np.testing.assert_array_equal(second.R, np.eye(3))


@pytest.mark.parametrize('suffix', ['yml', 'xml', 'json'])
def test_reads_opencvs_calibration(tmp_path, suffix):
    path = tmp_path / f'camera.{suffix}'
    K = np.array([[1000.0, 0, 640], [0, 1010, 360], [0, 0, 1]])
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in (
        ('image_width', 1280),
        ('image_height', 720),
        ('camera_matrix', K),
        ('distortion_coefficients', DIST[:, None]),
    ):
        storage.write(name, value)
    storage.release()
    (camera,) = read_cameras(path)
    assert camera.size == (1280, 720) and camera.K.tolist() == K.tolist()
    np.testing.assert_allclose(camera.dist, DIST)


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('matrix = [[1000.0, 0.0, 640.0]', 'matrix = [[1000.0, 640.0]', 'cam_01.matrix is no array of numbers'),
        ('distortions = [-0.2, 0.1, 0.0, 0.0]', '', 'cam_01.distortions is no array of numbers: there is none'),
        ('distortions = [-0.2, 0.1, 0.0, 0.0]', 'distortions = [1.0]', '4, 5, 8, 12 or 14 numbers, not 1'),
        ('size = [1280.0, 720.0]', 'size = [1280.0]', r'cam_01.size has the shape \(1,\), where \(2,\)'),
        ('size = [1280.0, 720.0]', 'size = [1280.0, inf]', 'cam_01.size'),
        ('1010.0', '-1.0', 'cam_01.matrix and size are of no camera'),
        ('fisheye = false', 'fisheye = true', 'cam_01.fisheye: fisheye lenses are not supported'),
        ('matrix', 'matrices', 'has no table with a camera'),
        ('[cam_01]', '[cam_01', 'is no TOML'),
    ],
)
def test_bad_calibration_names_the_field(tmp_path, old, new, message):
    path = tmp_path / 'bad.toml'
    path.write_text(TOML.replace(old, new))
    with pytest.raises(ValueError, match=rf'bad\.toml.*{message}'):
        read_cameras(path)


@pytest.mark.parametrize(
    'name, text, message',
    [
        ('half.yml', '%YAML:1.0\n---\nimage_width: 3\n', 'camera_matrix is missing'),
        ('broken.json', '{"image_width":', 'is no file of OpenCV'),
        (
            'list.json',
            '{"camera_matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}',
            'camera_matrix is missing, or is no matrix',
        ),
        ('a.txt', '', r'a calibration file is \.toml'),
    ],
)
def test_other_bad_files(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf'{name}.*{message}'):
        read_cameras(tmp_path / name)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no calibration file .*none\.toml'):
        read_cameras(tmp_path / 'none.toml')
