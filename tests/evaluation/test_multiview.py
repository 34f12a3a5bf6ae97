import numpy as np
import pytest

import simspine_release
from spinepose_mm import skeleton
from spinepose_mm.evaluation.multiview import evaluate_views
from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses


@pytest.fixture(scope='module')
def annotations(tmp_path_factory):
    """Two people of six frames before three cameras each; one frame is missing in one view."""
    path = tmp_path_factory.mktemp('views') / 'all.npz'
    synthesize_poses(path, PoseSettings(2, frames=6, views=3))
    arrays = {
        name: values if name == 'metadata' else np.delete(values, 7, axis=0)
        for name, values in np.load(path, allow_pickle=True).items()
    }
    np.savez(path.with_name('views.npz'), **arrays)
    return path.with_name('views.npz')


def detect(annotations, change=lambda part: part, **fields):
    """Write the labels as detections, after a change; return the path."""
    truth = np.load(annotations, allow_pickle=True)
    part = np.concatenate([truth['part'][..., :2], np.ones((*truth['part'].shape[:2], 1))], -1)
    path = annotations.with_name('detected.npz')
    np.savez(path, **{**dict(imgname=truth['imgname'], part=change(part)), **fields})
    return path


def test_exact_detections(annotations):
    values = evaluate_views(annotations, detect(annotations))
    assert values['frames'] == 12 and values['reprojection_error'] < 1e-6
    assert max(values[f'{subset}_{name}'] for subset in ('spine', 'body', 'all') for name in ('MPJPE', 'P-MPJPE')) < 0.1
    assert values['all_found'] == 1


def test_cameras_follow_from_the_labels(annotations, tmp_path):
    arrays = {
        name: values
        for name, values in np.load(annotations, allow_pickle=True).items()
        if name not in ('K', 'R', 't', 'dist')
    }
    np.savez(tmp_path / 'bare.npz', **arrays)
    assert evaluate_views(tmp_path / 'bare.npz', detect(annotations))['all_MPJPE'] < 0.1
    arrays['part'] = np.ones_like(arrays['part'])
    np.savez(tmp_path / 'bare.npz', **arrays)
    with pytest.raises(ValueError, match=r'bare\.npz: the camera of S\d+/S\d+_\w+\.\d+ does not follow'):
        evaluate_views(tmp_path / 'bare.npz', detect(annotations))


def test_the_released_file_needs_no_S(tmp_path):
    """A lens, no cameras, and an `S` that is not camera space; every fifth frame has detections."""
    release = simspine_release.make(('S9',))
    path = simspine_release.write_npz(tmp_path / 'simspine_test.npz', release, ['S9'])
    truth = np.load(path, allow_pickle=True)
    part = np.zeros((len(truth['part']), 37, 3))
    part[:, [skeleton.POSE2SIM.index(name) for name in simspine_release.MARKERS]] = truth['part']
    np.savez(tmp_path / 'found.npz', imgname=truth['imgname'], part=part)
    values = evaluate_views(path, tmp_path / 'found.npz')
    assert values['frames'] == 22 and values['spine_MPJPE'] < 0.1 and values['all_found'] == 1
    np.savez(tmp_path / 'few.npz', imgname=truth['imgname'][::5], part=part[::5])
    with pytest.raises(ValueError, match='imgname has no frame of two views'):  # 11 frames a view: never the same
        evaluate_views(path, tmp_path / 'few.npz')
    fifth = np.array([int(name[-10:-4]) % 5 == 0 for name in truth['imgname']])
    np.savez(tmp_path / 'few.npz', imgname=truth['imgname'][fifth], part=part[fifth])
    assert evaluate_views(path, tmp_path / 'few.npz')['frames'] == 6


def test_a_lens_is_taken_into_account(annotations, tmp_path):
    from spinepose_mm.structures.camera import Camera

    arrays = dict(np.load(annotations, allow_pickle=True))
    arrays['dist'] = np.tile([-0.2, 0.24, 0, 0, 0], (len(arrays['dist']), 1))
    np.savez(tmp_path / 'lens.npz', **arrays)
    part = arrays['part'].copy()
    for i, points in enumerate(arrays['S_world'][..., :3]):
        K, R, t, dist = (arrays[name][i] for name in ('K', 'R', 't', 'dist'))
        part[i, :, :2] = Camera(K, R, t, (1000, 1000), dist).project(points)
    assert evaluate_views(tmp_path / 'lens.npz', detect(annotations, lambda _: part))['all_MPJPE'] < 0.1
    assert evaluate_views(annotations, detect(annotations, lambda _: part))['all_MPJPE'] > 0.5


def test_points_in_fewer_than_two_views_are_not_triangulated(annotations):
    def change(part):
        part[:, skeleton.index('L3'), 2] = 0.1
        return part

    values = evaluate_views(annotations, detect(annotations, change))
    assert values['spine_found'] == pytest.approx(8 / 9) and values['spine_MPJPE'] < 0.1
    nothing = evaluate_views(annotations, detect(annotations, lambda part: part * [1, 1, 0]))
    assert nothing['all_MPJPE'] == -1 and nothing['all_found'] == 0 and nothing['reprojection_error'] == -1


@pytest.mark.parametrize('view', [0, 1, 2])
def test_a_label_counts_where_any_view_has_it(annotations, tmp_path, view):
    arrays = dict(np.load(annotations, allow_pickle=True))
    cameras = np.char.rpartition(np.char.rpartition(arrays['imgname'].astype(str), '/')[:, 0], '.')[:, 2]
    hidden = cameras == np.unique(cameras)[view]
    arrays['S_world'][hidden] = 0
    np.savez(tmp_path / 'hidden.npz', **arrays)
    values = evaluate_views(tmp_path / 'hidden.npz', detect(annotations))
    assert values['all_found'] == 1 and values['all_MPJPE'] < 0.1


def test_millimetres_are_refused(annotations, tmp_path):
    arrays = dict(np.load(annotations, allow_pickle=True))
    for field in ('S', 'S_world', 't'):
        arrays[field][..., :3] *= 1000
    np.savez(tmp_path / 'mm.npz', **arrays)
    with pytest.raises(ValueError, match=r'mm\.npz: S_world has spines of \d+, where metres are expected'):
        evaluate_views(tmp_path / 'mm.npz', detect(annotations))


def test_one_view_is_refused(annotations, tmp_path):
    arrays = {
        name: values if name == 'metadata' else values[:6]
        for name, values in np.load(annotations, allow_pickle=True).items()
    }
    np.savez(tmp_path / 'one.npz', **arrays)
    with pytest.raises(ValueError, match=r'one\.npz: imgname has no frame of two views'):
        evaluate_views(tmp_path / 'one.npz', detect(annotations))
    with pytest.raises(ValueError, match=r'detected\.npz: imgname has none of the frames'):
        evaluate_views(annotations, detect(annotations, imgname=np.array([f'a/{i}.jpg' for i in range(35)])))
