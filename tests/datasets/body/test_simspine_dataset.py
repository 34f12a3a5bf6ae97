import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmpose.registry import DATASETS

import builders
import simspine_release
from spinepose_mm import skeleton

#: Which keypoints SIMSPINE's own markers and Human3.6M's joints are, written out.
TRUNK = {
    'hip',
    'spine_01',
    'spine_02',
    'spine_03',
    'spine_04',
    'spine_05',
    'neck',
    'neck_02',
    'neck_03',
    'head',
    'nose',
    'left_clavicle',
    'right_clavicle',
    'left_latissimus',
    'right_latissimus',
}
LIMBS = {
    f'{side}_{joint}' for side in ('left', 'right') for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
}
FEET_AND_FACE = {
    f'{side}_{point}' for side in ('left', 'right') for point in ('eye', 'ear', 'big_toe', 'small_toe', 'heel')
}


def build(path, **options):
    return DATASETS.build(
        {**dict(type='SimSpineDataset', ann_file=str(path), data_prefix=dict(img='s3://images')), **options}
    )


def labelled(info):
    return {skeleton.NAMES[i] for i in np.flatnonzero(info['keypoints_visible'][0])}


@pytest.fixture(scope='module')
def release():
    return simspine_release.make(('S1', 'S5'))


@pytest.fixture(scope='module')
def files(release, tmp_path_factory):
    """Folder with 15 and 37 markers, Human3.6M's file of every fifth frame, and the ground truth by image name."""
    root = tmp_path_factory.mktemp('release')
    simspine_release.write_npz(root / '15.npz', release, ['S1', 'S5'])
    simspine_release.write_npz(root / '37.npz', release, ['S1', 'S5'], simspine_release.NAMES)
    simspine_release.write_human36m(root / 'h36m.npz', release, ['S1', 'S5'])
    whole = simspine_release.labels(release, ['S1', 'S5'], simspine_release.NAMES)
    order = [simspine_release.NAMES.index(name) for name in skeleton.POSE2SIM]
    return root, dict(zip(whole['imgname'], whole['part'][:, order]))


@pytest.fixture
def log(caplog):
    """What MMEngine's logger says."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield lambda: ' '.join(record.getMessage() for record in caplog.records)
    logger.removeHandler(caplog.handler)


@pytest.mark.parametrize(
    'markers, human36m, expected',
    [
        (15, None, TRUNK),
        (15, 'h36m.npz', TRUNK | LIMBS),
        (37, None, TRUNK | LIMBS | FEET_AND_FACE),
        (37, 'h36m.npz', TRUNK | LIMBS | FEET_AND_FACE),
    ],
)
def test_what_is_labelled_and_what_the_box_holds(files, markers, human36m, expected):
    root, points = files
    data = build(f'{markers}.npz', data_root=str(root), human36m_file=human36m, data_prefix=dict(img='s3://images'))
    assert len(data) == len(points) and data.metainfo['dataset_name'] == 'simspine'
    for row in (5, 60, 110):  # of every fifth frame
        info = data.get_data_info(row)
        assert int(info['img_id'][-10:-4]) % 5 == 0 and info['img_path'] == f's3://images/{info["img_id"]}'
        truth = points[info['img_id']][:, :2]
        assert labelled(info) == expected
        seen = info['keypoints_visible'][0] > 0
        np.testing.assert_allclose(info['keypoints'][0][seen], truth[seen], atol=1e-3)
        assert (info['keypoints'][0][~seen] == 0).all()
        x1, y1, x2, y2 = info['bbox'][0]
        low, high = truth[seen].min(0), truth[seen].max(0)
        if expected == TRUNK:  # the authors' rule
            half = 1.2 * (high - low).max() / 2
            low, high = (low + high) / 2 - half, (low + high) / 2 + half
        np.testing.assert_allclose([x1, y1, x2, y2], [*low, *high], atol=1e-2)
        assert info['area'][0] == pytest.approx((x2 - x1) * (y2 - y1), rel=1e-5)


def test_frames_between_human36ms_have_the_markers_alone(files, log):
    root, points = files
    data = build(root / '15.npz', human36m_file=str(root / 'h36m.npz'))
    for row in range(1, 5):
        assert labelled(data.get_data_info(row)) == TRUNK
    assert f'{len(points)} of {len(points)} frames are taken, which count from 0; the images count from 0' in log()
    assert f'h36m.npz, which counts from 1, has joints of {3 * 16} of these frames' in log()


def test_the_authors_boxes_are_around_the_markers(files):
    """Their square, 1.2 times the markers' extent, whatever else is labelled; knees and ankles are outside."""
    root, points = files
    data, alone = (
        build(root / '15.npz', **options)
        for options in (dict(human36m_file=str(root / 'h36m.npz'), file_boxes=True), dict())
    )
    truth = np.load(root / '15.npz', allow_pickle=True)
    for row in (0, 33, 90):
        info = data.get_data_info(row)
        center, side = truth['center'][row], 200 * truth['scale'][row]
        np.testing.assert_allclose(info['bbox'][0], [*center - side / 2, *center + side / 2], rtol=1e-5)
        np.testing.assert_allclose(info['bbox'], alone.get_data_info(row)['bbox'], rtol=1e-5)
        assert points[info['img_id']][skeleton.index('left_ankle'), 1] > info['bbox'][0, 3]


@pytest.mark.parametrize('first', [0, 1])
@pytest.mark.parametrize('of_human36m', [0, 1])
def test_images_and_joints_are_those_of_the_frame(release, files, tmp_path, warnings, first, of_human36m):
    """Every fifth image is there, counted from 0 or 1, as is Human3.6M's file; the 2% are of these."""
    root, points = files
    named = simspine_release.write_human36m(tmp_path / 'images.npz', release, ['S1', 'S5'], first=first)
    simspine_release.write_images(tmp_path / 'images', np.load(named)['imgname'])
    simspine_release.write_human36m(tmp_path / 'h36m.npz', release, ['S1', 'S5'], first=of_human36m)
    data = build(
        root / '15.npz', data_root=str(tmp_path), human36m_file='h36m.npz', data_prefix=dict(img='images'), fraction=0.1
    )
    assert len(data) == 18  # a tenth of all 176 frames, of the 48 that have images
    for row in range(len(data)):
        info = data.get_data_info(row)
        number = int(info['img_id'][-10:-4])
        assert number % 5 == 0 and info['img_path'] == (
            f'{tmp_path}/images/{info["img_id"][:-10]}{number + first:06d}.jpg'
        )
        wrist = skeleton.index('right_wrist')
        np.testing.assert_allclose(info['keypoints'][0, wrist], points[info['img_id']][wrist, :2], atol=1e-3)
    assert '128 of 176 images do not exist, among them' in warnings() and 'from the other 48' in warnings()


def test_no_image_at_all(files, tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r'none of the 176 images of .*15\.npz exists, such as .*img/S1/S1_D.*check '
        'data_root and data_prefix',
    ):
        build(files[0] / '15.npz', data_root=str(tmp_path), data_prefix=dict(img='img'))


def test_markers_that_are_not_visible_weigh_nothing(tmp_path):
    part = np.ones((32, 15, 3))
    part[3, 2, 2] = 0
    info = build(builders.write_simspine(tmp_path / 'a.npz', part=part)).get_data_info(3)
    assert info['keypoints_visible'][0, skeleton.index('L3')] == 0 and info['keypoints_visible'].sum() == 14


def test_labels_that_are_no_numbers_and_boxes_without_area(tmp_path):
    """Of a frame without labels, the file's box is taken."""
    part, scale = np.random.default_rng(0).uniform(400, 600, (32, 15, 3)), np.ones(32)
    part[3, 2, 0] = np.nan
    part[7, :, 2] = 0
    path = builders.write_simspine(tmp_path / 'a.npz', part=part, scale=scale, center=np.full((32, 2), 300.0))
    info = build(path).get_data_info(3)
    assert info['keypoints_visible'].sum() == 14 and np.isfinite(info['keypoints']).all()
    assert build(path).get_data_info(7)['bbox'].tolist() == [[200, 200, 400, 400]]
    for value in (0, np.nan):
        scale[7] = value
        path = builders.write_simspine(tmp_path / 'b.npz', part=part, scale=scale)
        with pytest.raises(ValueError, match=r'b\.npz: center and scale of S1/.*_000003\.jpg are no box'):
            build(path)


def test_a_marker_of_simspine_goes_before_human36ms(release, tmp_path):
    names = [name for name in simspine_release.NAMES if name != 'LKnee']
    path = simspine_release.write_npz(tmp_path / 'a.npz', release, ['S1'], names)
    arrays = dict(np.load(simspine_release.write_human36m(tmp_path / 'h36m.npz', release, ['S1'])))
    arrays['part'][..., :2] += 100
    arrays['part'][0, 2, 2] = 0
    np.savez(tmp_path / 'h36m.npz', **arrays)
    ours, both = build(path), build(path, human36m_file=str(tmp_path / 'h36m.npz'))
    for row in (0, 5):
        info, alone = both.get_data_info(row), ours.get_data_info(row)
        knee = skeleton.index('left_knee')
        kept = np.arange(37) != knee
        np.testing.assert_array_equal(info['keypoints'][0, kept], alone['keypoints'][0, kept])
        assert info['keypoints_visible'][0, knee] == 1 and alone['keypoints_visible'][0, knee] == 0


def test_rendered_people_as_simspine(rendered):
    """A renderer's file has all 37; its images go through the training pipeline."""
    data = DATASETS.build(
        dict(
            type='SimSpineDataset',
            data_root=str(rendered),
            ann_file='annotations/synthetic_train.npz',
            subjects=None,
            data_prefix=dict(img='images'),
            pipeline=[
                dict(type='LoadSpineImage'),
                dict(type='GetBBoxCenterScale'),
                dict(type='RandomFlip'),
                dict(type='TopdownAffine', input_size=(96, 128)),
                dict(
                    type='GenerateTarget',
                    use_dataset_keypoint_weights=True,
                    encoder=dict(
                        type='SimCCLabel', input_size=(96, 128), sigma=(3.0, 3.4), normalize=False, use_dark=False
                    ),
                ),
                dict(type='PackPoseInputs'),
            ],
        )
    )
    sample = data[0]
    assert sample['inputs'].shape == (3, 128, 96)
    weights = sample['data_samples'].gt_instance_labels.keypoint_weights
    assert weights.shape == (1, 37) and weights.max() == 1.5


def test_what_does_not_fit(release, tmp_path):
    path = simspine_release.write_npz(tmp_path / 'a.npz', release, ['S1'])
    simspine_release.write_human36m(tmp_path / 'other.npz', release, ['S5'])
    np.savez(tmp_path / 'few.npz', imgname=np.load(path)['imgname'], part=np.ones((88, 16, 3)))
    for options, message in (
        (dict(human36m_file=str(tmp_path / 'other.npz')), r'other\.npz: imgname has none of the frames of .*a\.npz'),
        (dict(human36m_file=str(tmp_path / 'few.npz')), r'few\.npz: part has 16 joints, where 17'),
        (dict(subjects=('S9',)), 'of S1, which is none of S9'),
        (dict(fraction=0), 'fraction is over 0 and up to 1, but 0'),
        (dict(fraction=2), 'fraction is over 0 and up to 1, but 2'),
    ):
        with pytest.raises(ValueError, match=message):
            build(path, **options)
    with pytest.raises(FileNotFoundError, match=r'nowhere\.npz does not exist'):
        build(path, human36m_file=str(tmp_path / 'nowhere.npz'))
