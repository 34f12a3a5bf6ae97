import h5py
import numpy as np
import pytest
from mmpose.registry import DATASETS

from simspine_file import AXES, MARKERS, make, write
from spinepose_mm.datasets.simspine import CAMERA_LAYOUT, LAYOUT, read_npz
from spinepose_mm.datasets.simspine_conversion import convert



@pytest.fixture(scope='module')
def truth(tmp_path_factory):
    return make(tmp_path_factory.mktemp('poses') / 'poses.npz')


@pytest.mark.parametrize('unit', [1., 1000.])
def test_gives_what_the_cameras_see(truth, tmp_path, unit):
    files = convert(write(tmp_path / 'simspine.h5', truth, unit=unit), tmp_path / 'out')
    assert [file.name for file in files] == ['simspine_train.npz', 'simspine_test.npz']
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['simspine_test.npz', 'simspine_train.npz']
    for file, fields in zip(files, truth.values()):
        found, info = read_npz(file, (*LAYOUT, *CAMERA_LAYOUT))
        assert info['joint_names'] == MARKERS and info['root_name'] == 'Hip' and info['root_index'] == 0
        assert info['parent_ids'][:9] == [-1, 0, 1, 2, 3, 4, 5, 6, 7]
        assert found['imgname'].tolist() == fields['imgname'].tolist()
        seen = fields['part'][..., 2] > 0
        np.testing.assert_array_equal(found['part'][..., 2] > 0, seen)
        np.testing.assert_allclose(found['part'][seen][:, :2], fields['part'][seen][:, :2], atol=2e-3)
        np.testing.assert_allclose(found['S'][..., :3], fields['S'][..., :3], atol=1e-5)
        np.testing.assert_allclose(found['S_world'][..., :3], fields['S_world'][..., :3] @ AXES.T, atol=1e-5)
        np.testing.assert_allclose(found['angles'], np.tile(np.arange(6 * 62.).reshape(6, 62), (3, 1)))
        np.testing.assert_allclose(found['center'], found['part'][:, 0, :2], rtol=1e-5)
        whole = fields['whole'][..., :2]  # knees, ankles and wrists are in the boxes, though they are no markers
        off = np.abs(whole - found['center'][:, None]).max(-1) / (found['scale'] * 200 / 1.2 / 2)[:, None]
        assert (off < 1.25).mean() > .97 and np.median(off.max(1)) > .6


def test_lens_distortion_moves_the_pixels(truth, tmp_path):
    fields = next(iter(truth.values()))
    file = convert(write(tmp_path / 'simspine.h5', truth, distort=.01), tmp_path)[0]
    found, _ = read_npz(file, ('part', 'dist'))
    off = np.linalg.norm(found['part'][..., :2] - fields['part'][..., :2], axis=-1)
    assert .05 < off.max() < 20 and (found['dist'] == np.float32(.01)).all()


def test_a_reference_tells_the_axes(truth, tmp_path):
    other = np.array([[0., 0, 1], [1, 0, 0], [0, 1, 0]])  # Z up another way
    reference = convert(write(tmp_path / 'one.h5', truth), tmp_path / 'reference')[1]
    turned = {key: {**fields, 'S_world': np.concatenate(
        [fields['S_world'][..., :3] @ AXES.T @ other, fields['S_world'][..., 3:]], -1)} for key, fields in truth.items()}
    raw = write(tmp_path / 'two.h5', turned, AXES)
    file = convert(raw, tmp_path / 'out', reference)[1]
    for field in ('part', 'S_world'):
        np.testing.assert_allclose(np.load(file)[field], np.load(reference)[field], atol=2e-3)
    arrays = dict(np.load(reference, allow_pickle=True))
    arrays['part'] = arrays['part'] + [50, 0, 0]
    np.savez(tmp_path / 'off.npz', **arrays)
    with pytest.raises(ValueError, match=r'two\.h5: markers are \d+ pixels or more from where .*off\.npz has them'):
        convert(raw, tmp_path / 'not', tmp_path / 'off.npz')
    assert not (tmp_path / 'not').exists()


def change(path, action):
    with h5py.File(path, 'r+') as file:
        action(file)


def replace(name, value):
    def action(file):
        del file[name]
        if value is not None:
            file[name] = value
    return action


@pytest.mark.parametrize('action, message', [
    (replace('metadata/markers_names', None), 'has no field /metadata/markers_names'),
    (replace('metadata/kinematic_axes', None), 'has no field /metadata/kinematic_axes'),
    (replace('metadata/markers_names', np.array(MARKERS[:14] + ['Tail'], 'S')), "has 'Tail', which is no keypoint"),
    (replace('S1/calibration/dist', None), 'has no field /S1/calibration/dist'),
    (replace('S9/calibration/K', np.ones((2, 3, 3))), r'/S9/calibration/K has the shape \(2, 3, 3\), where \(3, 3, 3\)'),
    (replace('S9/calibration/names', 1.), '/S9/calibration/names is no array of 1 dimensions'),
    (lambda file: file.move('S1', 'S12'), '/S12 is none of the subjects S1, S5'),
    (lambda file: [file.pop('S1'), file.pop('S9')], 'has no sequence of any subject'),
    *((lambda file, who=who: file[f'{who}/calibration/t'].write_direct(-np.array(file[f'{who}/calibration/t'])),
       '0% of the markers are in the pictures') for who in ('S1', 'S9')),
    (replace('S9/calibration/names', np.array(['1', '1', '2'], 'S')), 'two sequences or cameras whose pictures are S9/'),
    (replace('S9/calibration/names', np.array(['left', 'right', 'top'], 'S')), "imgname has 'S9/.*is the form"),
    (replace('S9/calibration/dist', np.zeros((3, 3))), 'distortions are 4, 5, 8, 12 or 14 numbers, not 3'),
    (replace('S9/calibration/K', np.full((3, 3, 3), np.nan)), 'matrix, distortions or place are not finite'),
    (replace('S9/calibration/K', np.full((3, 3, 3), b'x')), '/S9/calibration/K cannot be read'),
    (replace('metadata/markers_names', np.array(MARKERS[:14] + ['hip'], 'S')), 'markers_names has a marker twice'),
])
def test_what_is_wrong_is_named(truth, tmp_path, action, message):
    path = write(tmp_path / 'simspine.h5', truth)
    change(path, action)
    with pytest.raises(ValueError, match=f'simspine.h5.*{message}'):
        convert(path, tmp_path / 'out')
    assert not list(tmp_path.glob('out/*'))


@pytest.mark.parametrize('field, shape', [('markers', (5, 15, 3)), ('markers', (6, 14, 3)), ('kinematics', (6, 61)),
                                          ('markers', (0, 15, 3))])
def test_lengths_that_differ(truth, tmp_path, field, shape):
    path = write(tmp_path / 'simspine.h5', truth)
    sequence = next(iter(truth))[1].replace('_', ' ')
    change(path, replace(f'S1/{sequence}/{field}', np.ones(shape)))
    with pytest.raises(ValueError, match=rf'simspine\.h5: /S1/{sequence}/\w+ has the shape'):
        convert(path, tmp_path / 'out')


def test_what_is_outside_the_picture_is_not_seen(truth, tmp_path):
    path = write(tmp_path / 'simspine.h5', truth)
    change(path, replace('S1/calibration/size', np.full((3, 2), [1000, 520])))
    found, _ = read_npz(convert(path, tmp_path / 'out')[0], ('part', 'S', 'S_world'))
    below = found['part'][..., 1] >= 520
    assert .01 < below.mean() < .5
    for field in ('part', 'S'):
        np.testing.assert_array_equal(found[field][..., -1] > 0, ~below)
    assert (found['S_world'][..., 3] == 1).all()


def test_a_number_that_is_missing_is_not_labelled(truth, tmp_path):
    path = write(tmp_path / 'simspine.h5', truth, unit=1000.)
    sequence = next(iter(truth))[1].replace('_', ' ')

    def action(file):
        markers = np.array(file[f'S1/{sequence}/markers'])
        markers[:, 3], markers[2] = np.nan, np.nan
        file[f'S1/{sequence}/markers'][...] = markers
    change(path, action)
    file = convert(path, tmp_path / 'out')[0]
    found, _ = read_npz(file, ('part', 'S_world', 'scale', 'center'))
    assert all(np.isfinite(values).all() for values in found.values())
    assert (found['part'][:, 3, 2] == 0).all() and (found['S_world'][2, :, 3] == 0).all()
    assert found['part'][0, 2, 2] == 1 and .1 < np.abs(found['S_world'][0, :, :3]).max() < 5
    data = DATASETS.build(dict(type='SimSpineDataset', ann_file=str(file)))
    assert len(data) == 18 and data[2]['keypoints_visible'].sum() == 0


def test_truncated_and_missing_files(truth, tmp_path):
    path = write(tmp_path / 'simspine.h5', truth)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(ValueError, match=r'simspine\.h5 is truncated, or no HDF5 file'):
        convert(path, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='none.h5 does not exist'):
        convert(tmp_path / 'none.h5', tmp_path / 'out')


def test_nothing_is_written_over(truth, tmp_path):
    path = write(tmp_path / 'simspine.h5', truth)
    (tmp_path / 'simspine_test.npz').write_text('mine')
    with pytest.raises(FileExistsError, match='simspine_test.npz is there already'):
        convert(path, tmp_path)
    assert not (tmp_path / 'simspine_train.npz').exists()
