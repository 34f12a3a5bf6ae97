import numpy as np
import pytest
from mmpose.registry import DATASETS

import builders
from spinepose_mm import skeleton


def build(path, **options):
    return DATASETS.build(dict(type='SimSpineDataset', ann_file=str(path), data_prefix=dict(img='images'), **options))


def write_human36m(path, names, seed=1):
    rng = np.random.default_rng(seed)
    part = np.concatenate([rng.uniform(300, 700, (len(names), 17, 2)), np.ones((len(names), 17, 1))], -1)
    part[0, 2, 2] = 0
    np.savez(path, imgname=np.array(names), part=part)
    return part


def test_markers_alone(tmp_path):
    path = builders.write_simspine(tmp_path / 'simspine_train.npz')
    data = build(path)
    truth = np.load(path, allow_pickle=True)
    assert len(data) == 32 and data.metainfo['dataset_name'] == 'simspine'
    info = data.get_data_info(5)
    assert info['img_path'] == f'images/{truth["imgname"][5]}'
    labelled = np.flatnonzero(info['keypoints_visible'][0])
    assert set(labelled) == {skeleton.index(name) for name in skeleton.SIMSPINE.values()} and len(labelled) == 15
    np.testing.assert_allclose(info['keypoints'][0, skeleton.index('S1')], truth['part'][5, 0, :2], rtol=1e-6)
    back = skeleton.index('right_latissimus')
    np.testing.assert_allclose(info['keypoints'][0, back], truth['part'][5, 14, :2], rtol=1e-6)
    assert (info['keypoints'][0, skeleton.index('left_knee')] == 0).all()
    x1, y1, x2, y2 = info['bbox'][0]
    np.testing.assert_allclose([(x1 + x2) / 2, (y1 + y2) / 2], truth['center'][5], rtol=1e-6)
    assert x2 - x1 == pytest.approx(300, abs=.01) and y2 - y1 == pytest.approx(300, abs=.01)


def test_markers_that_are_not_seen_weigh_nothing(tmp_path):
    part = np.ones((32, 15, 3))
    part[3, 2, 2] = 0
    info = build(builders.write_simspine(tmp_path / 'a.npz', part=part)).get_data_info(3)
    assert info['keypoints_visible'][0, skeleton.index('L3')] == 0 and info['keypoints_visible'].sum() == 14


def test_labels_that_are_no_numbers_and_boxes_without_area(tmp_path):
    part, scale = np.ones((32, 15, 3)), np.ones(32)
    part[3, 2, 0] = np.nan
    info = build(builders.write_simspine(tmp_path / 'a.npz', part=part)).get_data_info(3)
    assert info['keypoints_visible'].sum() == 14 and np.isfinite(info['keypoints']).all()
    for value in (0, np.nan):
        scale[7] = value
        with pytest.raises(ValueError, match=r'b\.npz: center and scale of S1/.*_000004\.jpg are no box'):
            build(builders.write_simspine(tmp_path / 'b.npz', scale=scale))


def test_human36m_adds_its_joints_by_name(tmp_path):
    names = builders.simspine_names()
    path = builders.write_simspine(tmp_path / 'simspine_train.npz', names)
    order = np.random.default_rng(0).permutation(32)[:20]
    part = write_human36m(tmp_path / 'h36m_train.npz', [names[i] for i in order])
    data = build('simspine_train.npz', data_root=str(tmp_path), human36m_file='h36m_train.npz')
    for place, row in enumerate(order):
        info = data.get_data_info(int(row))
        np.testing.assert_allclose(info['keypoints'][0, skeleton.index('left_wrist')], part[place, 13, :2], rtol=1e-6)
        assert info['keypoints_visible'].sum() == 27 - (place == 0)
    assert data.get_data_info(int(order[0]))['keypoints_visible'][0, skeleton.index('right_knee')] == 0
    left_out = next(iter(set(range(32)) - set(order.tolist())))
    assert data.get_data_info(left_out)['keypoints_visible'].sum() == 15
    spine = build(path).get_data_info(int(order[3]))['keypoints']
    named = [skeleton.index(name) for name in skeleton.SIMSPINE.values()]
    np.testing.assert_array_equal(data.get_data_info(int(order[3]))['keypoints'][0, named], spine[0, named])


def test_a_part_of_the_frames(tmp_path):
    path = builders.write_simspine(tmp_path / 'a.npz', builders.simspine_names(100))
    data = build(path, fraction=.02)
    paths = [data.get_data_info(i)['img_path'] for i in range(len(data))]
    assert len(paths) == 16 and paths == [build(path, fraction=.02).get_data_info(i)['img_path'] for i in range(16)]
    folders = [name.rpartition('/')[0] for name in paths]
    assert all(folders.count(folder) == 2 for folder in folders)


def test_rendered_people_as_simspine(rendered):
    """A renderer's file has all 37; its pictures go through the training pipeline."""
    data = DATASETS.build(dict(
        type='SimSpineDataset', data_root=str(rendered), ann_file='annotations/synthetic_train.npz', subjects=None,
        data_prefix=dict(img='images'), pipeline=[
            dict(type='LoadSpineImage'), dict(type='GetBBoxCenterScale'), dict(type='RandomFlip'),
            dict(type='TopdownAffine', input_size=(96, 128)),
            dict(type='GenerateTarget', use_dataset_keypoint_weights=True, encoder=dict(
                type='SimCCLabel', input_size=(96, 128), sigma=(3., 3.4), normalize=False, use_dark=False)),
            dict(type='PackPoseInputs')]))
    sample = data[0]
    assert sample['inputs'].shape == (3, 128, 96)
    weights = sample['data_samples'].gt_instance_labels.keypoint_weights
    assert weights.shape == (1, 37) and weights.max() == 1.5


def test_what_does_not_fit(tmp_path):
    names = builders.simspine_names()
    path = builders.write_simspine(tmp_path / 'a.npz', names)
    write_human36m(tmp_path / 'other.npz', [name.replace('S1', 'S9') for name in names[:4]])
    np.savez(tmp_path / 'few.npz', imgname=np.array(names), part=np.ones((32, 16, 3)))
    for options, message in (
            (dict(human36m_file=str(tmp_path / 'other.npz')), r'other\.npz: imgname has none of the frames of .*a\.npz'),
            (dict(human36m_file=str(tmp_path / 'few.npz')), r'few\.npz: part has 16 joints, where 17'),
            (dict(subjects=('S9', )), 'of S1, who is none of S9'),
            (dict(fraction=0), 'fraction is over 0 and up to 1, but 0'),
            (dict(fraction=2), 'fraction is over 0 and up to 1, but 2')):
        with pytest.raises(ValueError, match=message):
            build(path, **options)
    with pytest.raises(FileNotFoundError, match=r'nowhere\.npz does not exist'):
        build(path, human36m_file=str(tmp_path / 'nowhere.npz'))
