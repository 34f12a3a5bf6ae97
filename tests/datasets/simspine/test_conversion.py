"""SIMSPINE's raw file, made by the authors' conventions in simspine_release, which has nothing of this package."""

import h5py
import numpy as np
import pytest

import simspine_release
from simspine_release import MARKERS, NAMES
from spinepose_mm.datasets.simspine.conversion import convert
from spinepose_mm.datasets.simspine.npz import read_npz
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, LAYOUT

FIELDS = (*LAYOUT, *CAMERA_LAYOUT)
SUBJECTS = dict(train=('S1', 'S5'), test=('S9',))


@pytest.fixture(scope='module')
def release():
    return simspine_release.make()


@pytest.mark.parametrize('unit, names', [(1.0, MARKERS), (1000.0, MARKERS), (1.0, NAMES)])
def test_gives_the_authors_labels_and_camera_space(release, tmp_path, unit, names):
    files = convert(simspine_release.write_raw(tmp_path / 'simspine.h5', release, names, unit), tmp_path / 'out')
    assert [file.name for file in files] == ['simspine_train.npz', 'simspine_test.npz']
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['simspine_test.npz', 'simspine_train.npz']
    for file, subjects in zip(files, SUBJECTS.values()):
        found, info = read_npz(file, FIELDS)
        expected = simspine_release.labels(release, subjects, names, published=False)
        assert info['joint_names'] == list(names) and info['root_name'] == 'Hip'
        assert [info['parent_ids'][names.index(name)] for name in ('Hip', 'Spine_01', 'Neck_03')] == [
            -1,
            names.index('Hip'),
            names.index('Neck_02'),
        ]
        assert found['imgname'].tolist() == expected['imgname'].tolist()
        first = 'S1/S1_Directions_1.54138969/S1_Directions_1.54138969_000000.jpg'
        assert found['imgname'][0] == first or 'S9' in subjects
        limits = dict(part=1e-3, center=1e-3, scale=1e-5, S=1e-5, S_world=1e-5, angles=0, R=1e-6, t=1e-5)
        for field, most in limits.items():
            np.testing.assert_allclose(found[field], expected[field], atol=most, err_msg=field)
        np.testing.assert_allclose(found['K'][0], simspine_release.K, rtol=1e-6)
        np.testing.assert_allclose(found['dist'][0], simspine_release.DIST, rtol=1e-6)


def turned(release, change):
    """Return the release with its markers, (T, 37, 3) in OpenSim's axes, changed."""
    return {
        subject: {**fields, 'sequences': {name: change(markers) for name, markers in fields['sequences'].items()}}
        for subject, fields in release.items()
    }


def quarter(markers):
    """Markers that make this package's labels those of the axes x, -z, y, which it once took the world's to be."""
    return np.stack([-markers[..., 2], markers[..., 1], markers[..., 0]], axis=-1)


def aside(markers):
    """Markers of a person who stays on one side of the room."""
    return markers - markers.mean((0, 1)) * [1, 0, 1] + [1.6, 0, 0]


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda markers: markers[..., [0, 2, 1]], '/S1 is upright in 0% of the frames'),
        (lambda markers: markers[..., [1, 0, 2]], '/S1 is upright in 0% of the frames'),
        (lambda markers: markers * [1, -1, -1], '/S1 is upright in 0% of the frames'),
        (
            lambda markers: quarter(aside(markers)),
            r'S1 are in the images, and \d+% where the world is turned by \d+ degrees',
        ),
        (lambda markers: markers * 2.5, r'/S1 has spines of 1\.\d+, where metres are expected'),
        (lambda markers: markers * 100, r'/S1 has spines of 0\.0\d+, where metres are expected'),
    ],
)
def test_labels_that_cannot_be_right_are_refused(release, tmp_path, change, message):
    with pytest.raises(ValueError, match=r'simspine\.h5.*' + message):
        convert(simspine_release.write_raw(tmp_path / 'simspine.h5', turned(release, change)), tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_people_on_one_side_of_the_room_are_accepted(release, tmp_path):
    assert len(convert(simspine_release.write_raw(tmp_path / 'simspine.h5', turned(release, aside)), tmp_path)) == 2


def test_a_turn_about_the_vertical_shows_in_a_reference_alone(release, tmp_path):
    r"""In the middle of the room, a person who is turned by \d+ degrees is as likely as one who is not."""
    reference = simspine_release.write_npz(tmp_path / 'simspine_train.npz', release, SUBJECTS['train'])
    right = simspine_release.write_raw(tmp_path / 'right.h5', release)
    assert len(convert(right, tmp_path / 'checked', reference)) == 2
    raw = simspine_release.write_raw(tmp_path / 'simspine.h5', turned(release, quarter))
    file = convert(raw, tmp_path / 'out')[0]
    off = np.linalg.norm(np.load(file)['part'] - np.load(reference)['part'], axis=-1)
    assert np.median(off) > 50
    with pytest.raises(
        ValueError,
        match=r'simspine\.h5: S1/S1_Directions_1\.\d+: markers are \d+ pixels from part of '
        r'.*simspine_train\.npz',
    ):
        convert(raw, tmp_path / 'not', reference)
    assert not (tmp_path / 'not').exists()


def test_a_reference_that_does_not_agree(release, tmp_path):
    raw = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    shifted = simspine_release.labels(release, ['S5'])['S_world'] + [0, 0.05, 0, 0]
    for changes, message in (
        (dict(S_world=shifted), r'markers are 0\.05 m from S_world of .*a\.npz'),
        (
            dict(
                imgname=np.char.replace(simspine_release.labels(release, ['S5'])['imgname'], 'Walking', 'Sitting'),
                part=shifted[..., :3],
            ),
            'S5/S5_Directions_1',
        ),
        (
            dict(imgname=np.char.replace(simspine_release.labels(release, ['S5'])['imgname'], 'S5', 'S11')),
            r'a\.npz: imgname has none of the frames of .*simspine\.h5',
        ),
    ):
        reference = simspine_release.write_npz(tmp_path / 'a.npz', release, ['S5'], **changes)
        with pytest.raises(ValueError, match=message):
            convert(raw, tmp_path / 'out', reference)


def change(path, action):
    with h5py.File(path, 'r+') as file:
        action(file)


def replace(name, value):
    def action(file):
        del file[name]
        if value is not None:
            file[name] = value

    return action


def camera(subject, number, field, function):
    """Change a field of one camera."""

    def action(file):
        values = np.array(file[f'{subject}/calibration/{field}'])
        values[number] = function(values[number])
        file[f'{subject}/calibration/{field}'][...] = values

    return action


@pytest.mark.parametrize(
    'action, message',
    [
        (replace('metadata/markers_names', None), 'has no field /metadata/markers_names'),
        (replace('metadata/kinematic_axes', None), 'has no field /metadata/kinematic_axes'),
        (replace('metadata/markers_names', np.array([*MARKERS[:14], 'Tail'], 'S')), "has 'Tail', which is no keypoint"),
        (replace('S1/calibration/dist', None), 'has no field /S1/calibration/dist'),
        (
            replace('S9/calibration/K', np.ones((2, 3, 3))),
            r'/S9/calibration/K has the shape \(2, 3, 3\), where \(4, 3, 3\)',
        ),
        (replace('S9/calibration/names', 1.0), '/S9/calibration/names is no array of 1 dimensions'),
        (lambda file: file.move('S1', 'S12'), '/S12 is none of the subjects S1, S5'),
        (lambda file: [file.pop(subject) for subject in ('S1', 'S5', 'S9')], 'has no sequence of any subject'),
        *(
            (
                camera(subject, 2, 't', np.negative),
                f'0% of the markers of /{subject} are in the images of camera 58860488',
            )
            for subject in ('S1', 'S9')
        ),
        (
            camera('S5', 1, 'R', lambda R: R * [[-1], [-1], [1]]),
            '/S5 is upright in 0% of the images of camera 55011271',
        ),
        (
            replace('S9/calibration/names', np.array(['1', '1', '2', '3'], 'S')),
            'two sequences or cameras whose images are S9/',
        ),
        (
            replace('S9/calibration/names', np.array(['left', 'right', 'top', 'low'], 'S')),
            "imgname has 'S9/.*is the form",
        ),
        (replace('S9/calibration/dist', np.zeros((4, 3))), 'distortions are 4, 5, 8, 12 or 14 numbers, not 3'),
        (replace('S9/calibration/K', np.full((4, 3, 3), np.nan)), 'matrix, distortions, place or size are not finite'),
        (replace('S9/calibration/K', np.full((4, 3, 3), b'x')), '/S9/calibration/K cannot be read'),
        (replace('metadata/markers_names', np.array([*MARKERS[:14], 'hip'], 'S')), "has 'hip' twice"),
    ],
)
def test_what_is_wrong_is_named(release, tmp_path, action, message):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    change(path, action)
    with pytest.raises(ValueError, match=f'simspine.h5.*{message}'):
        convert(path, tmp_path / 'out')
    assert not list(tmp_path.glob('out/*'))


@pytest.mark.parametrize(
    'field, shape',
    [('markers', (5, 15, 3)), ('markers', (11, 14, 3)), ('kinematics', (11, 61)), ('markers', (0, 15, 3))],
)
def test_lengths_that_differ(release, tmp_path, field, shape):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    change(path, replace(f'S1/Directions 1/{field}', np.ones(shape)))
    with pytest.raises(ValueError, match=r'simspine\.h5: /S1/Directions 1/\w+ has the shape'):
        convert(path, tmp_path / 'out')


def test_what_is_outside_the_image_is_not_visible(release, tmp_path):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    change(path, replace('S1/calibration/size', np.full((4, 2), [1000, 470])))
    file = convert(path, tmp_path / 'out')[0]
    found, _ = read_npz(file, ('imgname', 'part', 'S', 'S_world'))
    found = {field: values[np.char.startswith(found['imgname'].astype(str), 'S1/')] for field, values in found.items()}
    below = found['part'][..., 1] >= 470
    assert 0.01 < below.mean() < 0.5
    for field in ('part', 'S'):
        np.testing.assert_array_equal(found[field][..., -1] > 0, ~below)
    assert (found['S_world'][..., 3] == 1).all()


def test_a_number_that_is_missing_is_not_labelled(release, tmp_path):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release, unit=1000.0)

    def action(file):
        markers = np.array(file['S1/Walking/markers'])
        markers[:, 3], markers[2] = np.nan, np.nan
        file['S1/Walking/markers'][...] = markers

    change(path, action)
    found, _ = read_npz(convert(path, tmp_path / 'out')[0], ('imgname', 'part', 'S_world', 'scale', 'center'))
    rows = np.char.startswith(found.pop('imgname').astype(str), 'S1/S1_Walking.54138969')
    found = {field: values[rows] for field, values in found.items()}
    assert all(np.isfinite(values).all() for values in found.values()) and len(found['part']) == 11
    assert (found['part'][:, 3, 2] == 0).all() and (found['S_world'][2, :, 3] == 0).all()
    assert found['part'][0, 2, 2] == 1 and found['center'][2].tolist() == [500, 500]
    assert found['scale'][2] == np.float32(6) and (found['scale'][[0, 1, 3]] < 3).all()


def test_truncated_and_missing_files(release, tmp_path):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(ValueError, match=r'simspine\.h5 is truncated, or no HDF5 file'):
        convert(path, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='none.h5 does not exist'):
        convert(tmp_path / 'none.h5', tmp_path / 'out')


def test_nothing_is_written_over(release, tmp_path):
    path = simspine_release.write_raw(tmp_path / 'simspine.h5', release)
    (tmp_path / 'simspine_test.npz').write_text('mine')
    with pytest.raises(FileExistsError, match='simspine_test.npz is there already'):
        convert(path, tmp_path)
    assert not (tmp_path / 'simspine_train.npz').exists()
