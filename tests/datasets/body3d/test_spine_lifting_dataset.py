import numpy as np
import pytest
from mmpose.registry import DATASETS, TRANSFORMS

import builders
import simspine_release
from spinepose_mm import skeleton
from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses

SPINE = list(skeleton.SUBSETS['spine'])


@pytest.fixture(scope='module')
def poses(tmp_path_factory):
    path = tmp_path_factory.mktemp('poses') / 'poses.npz'
    synthesize_poses(path, PoseSettings(2, frames=9, views=2, motions=('walk',)))
    return path


def build(path, **options):
    return DATASETS.build(dict(type='SpineLiftingDataset', ann_file=str(path), **options))


def test_input_and_target_by_hand(poses):
    data, truth = build(poses), np.load(poses)
    assert len(data) == 36
    item = data.get_data_info(7)
    place, K = truth['S'][7, :, :3], truth['K'][7]
    chain = place[SPINE]
    unit = np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
    assert item['unit'] == pytest.approx(unit, rel=1e-5) and 0.4 < unit < 0.7
    np.testing.assert_allclose(item['lifting_target'][0], place / unit, rtol=1e-5)
    np.testing.assert_allclose(item['keypoints'][0], place[:, :2] / place[:, 2:], rtol=1e-5)
    pixels = truth['part'][7, :, :2]
    np.testing.assert_allclose(item['keypoints'][0], (pixels - K[:2, 2]) / K[[0, 1], [0, 1]], atol=1e-5)


def test_windows_stay_in_their_sequence_and_in_order(tmp_path):
    """Frames back to front in the file; beyond an end, the window repeats it."""
    names = builders.simspine_names(5, subjects=('S1',), actions=('Sitting',), cameras=('1', '2'))[::-1]
    S = np.ones((10, 15, 4))
    S[..., 0], S[..., 2] = np.arange(15) / 10, 1 + np.arange(15) % 4 / 40
    S[:, 10, 1:3] = [[int(name[-5]), 1] for name in names]  # the frame's number, as a coordinate of the nose
    data = DATASETS.build(
        dict(
            type='SpineLiftingDataset', seq_len=5, ann_file=str(builders.write_simspine(tmp_path / 'a.npz', names, S=S))
        )
    )
    for row, name in enumerate(names):
        item = data.get_data_info(row)
        frame = int(name[-5])
        window = item['keypoints'][:, skeleton.index('nose'), 1]
        assert window.tolist() == [min(max(frame + i, 0), 4) for i in (-2, -1, 0, 1, 2)]
        assert item['target_img_path'] == [name] and item['lifting_target'].shape == (1, 37, 3)


def test_markers_alone_and_invisible_keypoints(tmp_path):
    S = np.concatenate([np.random.default_rng(0).normal(0, 0.05, (32, 15, 3)) + [0, 0, 9], np.ones((32, 15, 1))], -1)
    S[4, 10, 3] = 0  # the nose
    S[6, 2, 3] = 0  # within the spine: no length, so no target
    data = DATASETS.build(
        dict(type='SpineLiftingDataset', ann_file=str(builders.write_simspine(tmp_path / 'a.npz', S=S)))
    )
    assert len(data) == 31
    item = data.get_data_info(4)
    assert item['keypoints_visible'].sum() == item['lifting_target_visible'].sum() == 14
    assert (item['keypoints'][0, skeleton.index('nose')] == 0).all()


def test_detected_keypoints(poses, tmp_path):
    truth = np.load(poses)
    order = np.random.default_rng(0).permutation(36)
    part = truth['part'][order] + [3.0, -2.0, 0.0]
    part[..., 2] = 0.9
    part[0, 5, 2] = 0.1
    part[0, 6] = np.nan, np.nan, 0
    np.savez(tmp_path / 'found.npz', imgname=truth['imgname'][order], part=part)
    data = build(poses, detections=str(tmp_path / 'found.npz'))
    item, exact = data.get_data_info(int(order[3])), build(poses).get_data_info(int(order[3]))
    focal = truth['K'][order[3]][[0, 1], [0, 1]]
    np.testing.assert_allclose(item['keypoints'][0] - exact['keypoints'][0], [[3, -2] / focal] * 37, atol=1e-5)
    unsure = data.get_data_info(int(order[0]))
    assert unsure['keypoints_visible'][0, 5] == 0 and (unsure['keypoints'][0, 5] == 0).all()
    assert np.isfinite(unsure['keypoints']).all() and unsure['keypoints_visible'].sum() == 35
    np.savez(tmp_path / 'whole.npz', imgname=truth['imgname'][order], part=part.round().astype(int))
    with np.errstate(invalid='ignore'):
        rounded = build(poses, detections=str(tmp_path / 'whole.npz')).get_data_info(int(order[3]))
    assert np.abs(rounded['keypoints'] - item['keypoints']).max() < 0.6 / focal.min()
    np.savez(tmp_path / 'twice.npz', imgname=np.repeat(truth['imgname'], 2), part=np.repeat(part, 2, axis=0))
    with pytest.raises(ValueError, match=r'twice\.npz: imgname has an image twice'):
        build(poses, detections=str(tmp_path / 'twice.npz'))


def test_frames_without_detections_are_left_out(poses, tmp_path, warnings):
    truth = np.load(poses)
    part, kept = truth['part'].copy(), np.arange(0, 36, 5)
    part[..., 2] = 0.9
    np.savez(tmp_path / 'few.npz', imgname=truth['imgname'][kept][::-1], part=part[kept][::-1])
    data, whole = build(poses, detections=str(tmp_path / 'few.npz'), seq_len=3), build(poses)
    assert 'few.npz lacks 28 of 36 frames of ' in warnings() and len(data) == 8
    for row, frame in enumerate(kept):
        item, expected = data.get_data_info(row), whole.get_data_info(int(frame))
        assert item['id'] == frame and item['target_img_path'] == expected['target_img_path']
        np.testing.assert_array_equal(item['lifting_target'], expected['lifting_target'])
        np.testing.assert_allclose(item['keypoints'][1], expected['keypoints'][0], atol=1e-5)
    np.savez(tmp_path / 'none.npz', imgname=np.array(['a']), part=part[:1])
    with pytest.raises(ValueError, match=r'none\.npz: imgname has none of the frames of .*poses\.npz, such as S1/'):
        build(poses, detections=str(tmp_path / 'none.npz'))


def test_the_released_S_and_camera_space_are_lifted_alike(tmp_path, warnings):
    """`S` as it is released, R (X - t), gives the same items as camera space, from exact and detected keypoints."""
    release = simspine_release.make(('S1',))
    exact = simspine_release.labels(release, ['S1'], published=False)
    found = np.concatenate([np.zeros((len(exact['part']), 37, 2)), np.ones((len(exact['part']), 37, 1))], -1)
    columns = [skeleton.POSE2SIM.index(name) for name in simspine_release.MARKERS]
    found[:, columns] = exact['part']
    np.savez(tmp_path / 'found.npz', imgname=exact['imgname'], part=found)
    rays = exact['S'][..., :2] / exact['S'][..., 2:3]
    for detections in (None, str(tmp_path / 'found.npz')):
        both = [
            build(
                simspine_release.write_npz(tmp_path / f'{published}.npz', release, ['S1'], published=published),
                detections=detections,
            )
            for published in (True, False)
        ]
        assert len(both[0]) == len(both[1]) == len(exact['S'])
        for row in range(0, len(exact['S']), 7):
            for item in (data.get_data_info(row) for data in both):
                np.testing.assert_allclose(item['keypoints'][0, columns], rays[row], atol=1e-4)
                np.testing.assert_allclose(
                    item['lifting_target'][0, columns] * item['unit'], exact['S'][row, :, :3], atol=2e-3
                )
    assert warnings().count('True.npz: S is not camera space') == 2 and 'False.npz' not in warnings()


@pytest.mark.parametrize(
    'options, message', [(dict(seq_len=4), 'seq_len is odd'), (dict(fraction=0.0), 'fraction is over')]
)
def test_settings_out_of_range(poses, options, message):
    with pytest.raises(ValueError, match=message):
        build(poses, **options)


def test_flipped_with_the_room(poses):
    """MMPose's flip mirrors the image and the room alike: sides change, and points stay on their rays."""
    flip = dict(center_mode='static', center_x=0.0)
    item = build(poses).get_data_info(5)
    flipped = TRANSFORMS.build(
        dict(type='RandomFlipAroundRoot', keypoints_flip_cfg=flip, target_flip_cfg=flip, flip_prob=1.0)
    )({**item, 'keypoints': item['keypoints'].copy()})
    left, right = skeleton.index('left_knee'), skeleton.index('right_knee')
    np.testing.assert_allclose(flipped['keypoints'][0, left], item['keypoints'][0, right] * [-1, 1], rtol=1e-6)
    target = flipped['lifting_target'][0]
    np.testing.assert_allclose(target[:, :2] / target[:, 2:], flipped['keypoints'][0], atol=1e-5)
