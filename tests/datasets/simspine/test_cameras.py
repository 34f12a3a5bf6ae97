"""Cameras and camera space of annotation files that simspine_release makes by the authors' conventions."""

import numpy as np
import pytest

import simspine_release
from spinepose_mm.datasets.simspine.cameras import add_cameras, camera_rays, camera_space, frame_camera
from spinepose_mm.datasets.simspine.frames import parse_names


@pytest.fixture(scope='module')
def release():
    return simspine_release.make(('S1',))


@pytest.fixture
def labels(release):
    """Fields as they are released, with the sequences, and camera space."""
    arrays = simspine_release.labels(release, ['S1'])
    R, t, names = arrays.pop('R'), arrays.pop('t'), arrays.pop('imgname')
    return arrays, parse_names('', names)[0], np.einsum('nij,nkj->nki', R, arrays['S_world'][..., :3]) + t[:, None]


def test_the_released_S_is_replaced_with_one_warning(labels, warnings):
    arrays, sequences, expected = labels
    arrays = add_cameras('x.npz', arrays, sequences)
    np.testing.assert_allclose(arrays['K'], np.broadcast_to(simspine_release.K, arrays['K'].shape), atol=0.1)
    arrays['S'][3, 5, 3] = arrays['S_world'][4, 6, 3] = 0
    found = camera_space('x.npz', arrays, sequences)
    np.testing.assert_allclose(found[..., :3], expected, atol=1e-3)
    assert found[3, 5, 3] == found[4, 6, 3] == 0 and found[..., 3].sum() == found[..., 3].size - 2
    assert np.median(np.linalg.norm(arrays['S'][..., :3] - expected, axis=-1)) > 2
    assert warnings().count('x.npz: S is not camera space in 8 of 8 sequences, by a median of') == 1
    assert warnings().count('S is not') == 1


def test_an_S_that_is_camera_space_is_kept(labels, warnings):
    arrays, sequences, expected = labels
    arrays['S'] = np.concatenate([expected, np.ones((*expected.shape[:2], 1))], -1)
    assert camera_space('x.npz', add_cameras('x.npz', arrays, sequences), sequences) is arrays['S']
    arrays['S'][sequences == sequences[0], :, :3] += 1
    found = camera_space('x.npz', add_cameras('x.npz', arrays, sequences), sequences)
    np.testing.assert_allclose(found[..., :3], expected, atol=1e-3)
    assert 'in 1 of 8 sequences, by a median of 1.73 m' in warnings()


def test_the_files_own_cameras_go_before_a_fit(labels):
    arrays, sequences, _ = labels
    own = dict(
        K=np.tile(np.eye(3), (len(sequences), 1, 1)),
        R=np.tile(np.eye(3), (len(sequences), 1, 1)),
        t=np.ones((len(sequences), 3)),
    )
    found = add_cameras('x.npz', {**arrays, **own}, sequences)
    assert all(found[name] is own[name] for name in own) and not found['dist'].any()
    own['t'][3, 1] = np.nan
    with pytest.raises(ValueError, match=r'x\.npz: t has numbers that are not finite'):
        add_cameras('x.npz', {**arrays, **own}, sequences)


def test_cameras_of_a_subject_that_differ_between_sequences(labels):
    """Not SIMSPINE's way, but a camera can be fitted to each sequence."""
    arrays, sequences, expected = labels
    moved = np.char.find(sequences, 'Walking') > 0
    arrays['S_world'][moved, :, :3] += [3, 0, 0]
    found = add_cameras('x.npz', arrays, sequences)
    np.testing.assert_allclose(camera_space('x.npz', found, sequences)[..., :3], expected, atol=2e-3)


def test_labels_that_fit_no_camera(labels):
    arrays, sequences, _ = labels
    arrays['part'][sequences == 'S1/S1_Walking.60457274', :, 0] += 300 * np.arange(15)
    with pytest.raises(
        ValueError,
        match=r'x\.npz: the camera of S1/S1_Walking\.60457274 does not follow from S_world and '
        r'part: the points are \d+ pixels',
    ):
        add_cameras('x.npz', arrays, sequences)
    arrays['part'][..., 2] = 0
    with pytest.raises(
        ValueError, match=r'x\.npz: the camera of S1/S1_Directions_1\.54138969 .*: 0 points are too few'
    ):
        add_cameras('x.npz', arrays, sequences)


def test_rays_with_and_without_a_lens(labels):
    arrays, sequences, expected = labels
    rays = camera_rays(arrays['part'], add_cameras('x.npz', arrays, sequences))
    np.testing.assert_allclose(rays, expected[..., :2] / expected[..., 2:], atol=1e-4)
    plain = simspine_release.labels(simspine_release.make(('S1',), frames=3, dist=np.zeros(5)), ['S1'], published=False)
    sequences = parse_names('', plain['imgname'])[0]
    del plain['R'], plain['t']
    found = add_cameras('x.npz', plain, sequences)
    np.testing.assert_allclose(camera_rays(plain['part'], found), plain['S'][..., :2] / plain['S'][..., 2:3], atol=1e-4)


def test_a_camera_that_is_none(labels):
    arrays, sequences, _ = labels
    found = add_cameras('x.npz', arrays, sequences)
    found['K'][2] = 0
    assert frame_camera('a: ', found, 3).K[0, 0] > 1000
    with pytest.raises(ValueError, match='a: matrix and size are of no camera'):
        frame_camera('a: ', found, 2)
