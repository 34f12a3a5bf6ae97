import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinepose_mm.datasets.simspine_cameras import camera_rays, fit_extrinsics, fit_intrinsics, sequence_camera
from spinepose_mm.lifting.camera import Camera

DIST = np.array([-.2, .24, .001, -.002, -.05])


def test_intrinsics_follow_from_points():
    S = np.random.default_rng(0).uniform(-1, 1, (4, 5, 4)) + [0, 0, 4, 9]
    part = np.concatenate([S[..., :2] / S[..., 2:3] * [1100, 1050] + [500, 480], np.ones((4, 5, 1))], -1)
    focal, center = fit_intrinsics(part, S, 'x')
    np.testing.assert_allclose(focal, [1100, 1050])
    np.testing.assert_allclose(center, [500, 480])
    with pytest.raises(ValueError, match='x: part and S have 3 points in common'):
        fit_intrinsics(part[:1, :3], S[:1, :3], 'x')
    part[2:, :, :2] += 100  # another camera
    with pytest.raises(ValueError, match=r'x: part is \d+ pixels from what one camera would see of S'):
        fit_intrinsics(part, S, 'x')


@pytest.fixture
def seen():
    """A camera with a lens, and the fields of six frames that it saw, of ten joints each."""
    camera = Camera.looking([0, 1.5, 4], [0, 1, 0], 40, (1000, 1000), roll=5)
    camera.dist = DIST
    world = np.random.default_rng(0).normal(0, .4, (6, 10, 3)) + [0, 1, 0]
    ones = np.ones((6, 10, 1))
    arrays = dict(part=np.concatenate([camera.project(world), ones], -1), S_world=np.concatenate([world, ones], -1),
                  S=np.concatenate([camera.to_camera(world), ones], -1))
    return camera, arrays


def cameras(camera, **left_out):
    return {name: np.tile(getattr(camera, name), (6, *[1] * getattr(camera, name).ndim))
            for name in ('K', 'dist', 'R', 't') if name not in left_out}


def test_place_follows_from_points(seen):
    camera, arrays = seen
    R, t = fit_extrinsics(arrays['S_world'], arrays['S'], 'x')
    np.testing.assert_allclose(R, camera.R, atol=1e-9)
    np.testing.assert_allclose(t, camera.t, atol=1e-9)
    with pytest.raises(ValueError, match='x: S and S_world have 3 points in common'):
        fit_extrinsics(arrays['S_world'][:1, :3], arrays['S'][:1, :3], 'x')
    arrays['S'][3:, :, :3] = arrays['S'][3:, :, :3] @ Rotation.from_euler('y', 20, degrees=True).as_matrix().T
    with pytest.raises(ValueError, match=r'x: S is \d+ mm from where one camera would have S_world'):
        fit_extrinsics(arrays['S_world'], arrays['S'], 'x')


def test_a_files_own_camera_goes_before_a_fit(seen):
    camera, arrays = seen
    rows = np.arange(6) > 1
    found = sequence_camera({**arrays, **cameras(camera)}, rows, 'x')
    np.testing.assert_allclose(found.projection, camera.projection)
    np.testing.assert_array_equal(found.dist, DIST)
    fitted = sequence_camera(arrays, rows, 'x')
    np.testing.assert_allclose(fitted.projection, camera.projection, rtol=.05, atol=20)


def test_rays_with_and_without_a_lens(seen):
    camera, arrays = seen
    expected = arrays['S'][..., :2] / arrays['S'][..., 2:3]
    sequences = np.array(['a'] * 3 + ['b'] * 3)
    exact = camera_rays(arrays['part'], {**arrays, **cameras(camera)}, sequences, 'x')
    np.testing.assert_allclose(exact, expected, atol=1e-6)
    fitted = camera_rays(arrays['part'], arrays, sequences, 'x')
    assert 1e-4 < np.abs(fitted - expected).max() < .02  # the lens is not seen in it
    camera.dist = np.zeros(5)
    part = np.concatenate([camera.project(arrays['S_world'][..., :3]), np.ones((6, 10, 1))], -1)
    plain = camera_rays(part, {**arrays, **cameras(camera, dist=None)}, sequences, 'x')
    np.testing.assert_allclose(plain, expected, atol=1e-9)
