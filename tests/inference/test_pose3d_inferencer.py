"""MMPose's unified inferencer with this package's lifters, on rendered images and videos."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.apis import MMPoseInferencer

import builders
from spinepose_mm import skeleton
from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer, open_source
from spinepose_mm.lifting import Camera
from spinepose_mm.lifting.placement import standing_height

RNG = np.random.default_rng(0)
FRAMES = 30  # more than a window of 27


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """(path, ground truth in world space, Camera, stature) of a video."""
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    return path, *builders.write_video(path, FRAMES)


@pytest.fixture(scope='module')
def inferencer():
    init_default_scope('mmpose')
    return MMPoseInferencer(pose3d='spinepose-lifter', pose2d='spinepose-tiny', det_model='whole_image', device='cpu')


def people(results):
    return [result['predictions'][0] for result in results]


def test_a_video_in_the_world(inferencer, video, tmp_path):
    path, _, camera, stature = video
    assert type(inferencer.inferencer) is SpinePose3DInferencer
    camera = replace(camera, R=np.eye(3), t=np.zeros(3))
    found = people(
        inferencer(str(path), out_dir=str(tmp_path), coordinates='world', camera=camera, height=stature, warm_up=6)
    )
    assert [len(frame) for frame in found] == [1] * FRAMES
    for i, (person,) in enumerate(found):
        points = np.array(person['keypoints'])
        assert points.shape == (37, 3) and (person['units'], person['coordinates']) == ('m', 'world')
        assert person['track_id'] == 0 and person['settled'] == (i >= 5)
        assert 0 < person['reprojection_error'] < 40 and np.array(person['keypoints_2d']).shape == (37, 2)
        assert (np.array(person['keypoint_errors']) > 0).all() and len(person['keypoint_errors']) == 37
        assert 0.5 * stature < points[skeleton.index('head'), 1] < 1.2 * stature  # the head is up
        assert -0.3 < points[skeleton.index('left_heel'), 1] < 0.3
        assert standing_height(points) == pytest.approx(stature, rel=0.2)
    written = json.loads((tmp_path / 'predictions/video.json').read_text())
    assert [frame['frame_id'] for frame in written] == list(range(FRAMES))
    assert written[3]['instances'] == found[3]
    video = cv2.VideoCapture(str(tmp_path / 'visualizations/video.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (600, 200)


def test_the_same_again(inferencer, video):
    """Nothing is left over from the call before: ids begin at 0, and the world is estimated anew."""
    first, second = (people(inferencer(str(video[0]), coordinates='world', warm_up=6)) for _ in range(2))
    assert first == second and first[0][0]['track_id'] == 0


def test_camera_coordinates_project_to_the_image(inferencer, video):
    found = people(inferencer(str(video[0]), field_of_view=60))
    camera = Camera.from_field_of_view((200, 200), 60)
    for (person,) in found:
        assert person['coordinates'] == 'camera'
        off = np.linalg.norm(camera.project(np.array(person['keypoints'])) - person['keypoints_2d'], axis=-1)
        seen = np.array(person['keypoint_confidence']) >= 0.5
        weights = np.array(person['keypoint_confidence'])[seen]
        assert np.average(off[seen], weights=weights) == pytest.approx(person['reprojection_error'], rel=1e-3)


def test_lifts_what_the_2d_model_finds(inferencer, video, monkeypatch):
    """With exact 2D keypoints in place of the small model's, the result is the ground truth, in metres."""
    path, true, camera, stature = video
    stock, frame = SpinePoseInferencer.predict, iter(range(FRAMES))

    def exact(self, image, *options):
        found = stock(self, image, *options)
        return replace(
            found,
            keypoints=camera.project(true[next(frame)])[None],
            scores=np.ones((1, 37)),
            confidence=np.ones((1, 37)),
        )

    monkeypatch.setattr(SpinePoseInferencer, 'predict', exact)
    found = np.array(
        [
            frame[0]['keypoints']
            for frame in people(
                inferencer(
                    str(path), camera=replace(camera, R=np.eye(3), t=np.zeros(3)), height=stature, warm_up=FRAMES
                )
            )
        ]
    )
    truth, root, spine = camera.to_camera(true), skeleton.index('S1'), list(skeleton.SUBSETS['spine'])
    relative = np.linalg.norm(found - found[:, [root]] - truth + truth[:, [root]], axis=-1)
    assert relative[:, spine].mean() < 0.06 and relative.mean() < 0.15
    assert np.linalg.norm(found - truth, axis=-1)[-1].mean() < 0.3


def test_frames_of_another_size_are_refused(inferencer):
    frames = [np.zeros((200, 200, 3), np.uint8), np.zeros((100, 200, 3), np.uint8)]
    with pytest.raises(ValueError, match='frame 1 has 200x100 pixels, where those before have 200x200'):
        list(inferencer(frames, frame_rate=10))
    assert len(list(inferencer(frames))) == 2  # images are of any size


def test_two_videos_at_once_do_not_mix(inferencer, video):
    lifter, alone = inferencer.inferencer, people(inferencer(str(video[0]), coordinates='world', warm_up=6))
    together = zip(
        lifter.follow(open_source(video[0]), coordinates='world', warm_up=6),
        lifter.follow(open_source(video[0]), field_of_view=30),
    )
    for frame, (expected,) in zip((first for first, _ in together), alone):
        np.testing.assert_allclose(frame.people.points[0], expected['keypoints'], atol=1e-6)


def test_what_is_lifted_was_smoothed_before(inferencer, video):
    raw, smooth = (people(inferencer(str(video[0]), smooth=chosen, field_of_view=60)) for chosen in (False, True))
    flat = people(inferencer.inferencer.pose2d_model(str(video[0]), smooth=True))
    np.testing.assert_allclose(
        [person['keypoints_2d'] for (person,) in smooth], [person['keypoints'] for (person,) in flat]
    )
    jitter = [
        np.abs(np.diff([person['keypoints'] for (person,) in found], 2, axis=0)).mean() for found in (raw, smooth)
    ]
    assert jitter[1] < 0.7 * jitter[0]


def test_images_are_worlds_of_their_own(inferencer, video, tmp_path):
    video, names = cv2.VideoCapture(str(video[0])), []
    for i in range(2):
        names.append(str(tmp_path / f'{i}.png'))
        cv2.imwrite(names[-1], video.read()[1])
    cv2.imwrite(str(tmp_path / 'empty.png'), np.zeros((200, 200, 3), np.uint8))
    inputs = [*names, str(tmp_path / 'empty.png')]
    found = people(inferencer(inputs, out_dir=str(tmp_path / 'out'), coordinates='world'))
    assert [len(image) for image in found] == [1, 1, 0]
    for (person,) in found[:2]:
        assert person['settled'] and person['track_id'] == 0
        np.testing.assert_allclose(np.array(person['keypoints'])[skeleton.index('S1'), [0, 2]], 0, atol=1e-5)
    assert json.loads((tmp_path / 'out/predictions/empty.json').read_text()) == []
    assert cv2.imread(str(tmp_path / 'out/visualizations/0.png')).shape == (200, 600, 3)
    (sample,) = next(inferencer(names[0], return_datasamples=True))['predictions']
    assert sample.pred_instances.keypoints.shape == (1, 37, 3) and sample.metainfo['units'] == 'm'
    assert next(inferencer(names[0], return_vis=True))['visualization'][0].shape == (200, 600, 3)


BOX, OTHER = [30.0, 10, 170, 190], [60.0, 0, 199, 199]


def test_boxes_of_ones_own(inferencer, video):
    """In any order, now and then none: each person keeps the id, and comes in its order."""
    boxes = [[BOX]] * 3 + [[BOX, OTHER], [OTHER, BOX], [], [OTHER], np.array([OTHER, BOX])] + [[]] * (FRAMES - 8)
    found = people(inferencer(str(video[0]), bboxes=boxes, height={1: 1.5}))
    assert [[(person['track_id'], person['bbox']) for person in frame] for frame in found] == [
        *[[(0, [BOX])]] * 3,
        [(0, [BOX]), (1, [OTHER])],
        [(0, [BOX]), (1, [OTHER])],
        [],
        [(1, [OTHER])],
        [(0, [BOX]), (1, [OTHER])],
        *[[]] * (FRAMES - 8),
    ]
    same = people(inferencer(str(video[0]), bboxes=boxes))
    first, second = (
        standing_height(np.array(found[7][i]['keypoints'])) / standing_height(np.array(same[7][i]['keypoints']))
        for i in (0, 1)
    )
    assert (first, second) == (pytest.approx(1), pytest.approx(1.5 / 1.7))
    np.testing.assert_allclose(found[7][1]['keypoint_errors'], np.array(same[7][1]['keypoint_errors']) * 1.5 / 1.7)
    with pytest.raises(ValueError, match='bboxes are of 2 frames, and there are more'):
        list(inferencer(str(video[0]), bboxes=[[BOX]] * 2))


def test_no_detections_are_no_people(inferencer, video, monkeypatch):
    """Where the detector, which cannot be downloaded here, has no detections, the whole image is no person."""
    empty = DetDataSample(
        pred_instances=InstanceData(
            bboxes=torch.zeros(0, 4), scores=torch.zeros(0), labels=torch.zeros(0, dtype=torch.long)
        )
    )
    pose2d = inferencer.inferencer.pose2d_model
    monkeypatch.setattr(pose2d, 'detector', lambda *args, **kwargs: dict(predictions=[empty]))
    monkeypatch.setattr(pose2d, 'det_cat_ids', (0,), raising=False)
    results = list(inferencer(str(video[0]), coordinates='world', return_datasamples=True))
    (sample,) = results[0]['predictions']
    assert sample.pred_instances.track_id.shape == (0,) and sample.metainfo['settled'] is False
    assert people(inferencer(str(video[0]), coordinates='world')) == [[]] * FRAMES


def test_images_of_all_kinds(inferencer, video, tmp_path):
    image = cv2.VideoCapture(str(video[0])).read()[1]
    alpha, grey = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    found = people(inferencer([image, alpha, grey, image[:180]], out_dir=str(tmp_path)))
    assert found[0] == found[1] and [len(frame) for frame in found] == [1] * 4
    assert sorted(path.name for path in (tmp_path / 'predictions').iterdir()) == [f'{i:08d}.json' for i in range(4)]
    (tmp_path / 'broken.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'broken\.jpg is not an image'):
        list(inferencer(str(tmp_path / 'broken.jpg')))


def test_samples_are_returned_and_dicts_written(inferencer, video, tmp_path):
    samples = [
        result['predictions'][0] for result in inferencer(str(video[0]), return_datasamples=True, out_dir=str(tmp_path))
    ]
    written = json.loads((tmp_path / 'predictions/video.json').read_text())
    assert len(written) == FRAMES
    np.testing.assert_allclose(written[4]['instances'][0]['keypoints'], samples[4].pred_instances.keypoints[0])


def test_a_2d_model_of_other_keypoints_is_refused():
    coco = 'td-hm_hrnet-w32_8xb64-210e_coco-256x192'
    config = next((Path(mmpose.__file__).parent / '.mim/configs').rglob(f'{coco}.py'))
    with pytest.raises(ValueError, match="predicts 17 keypoints, where this package's models predict 37"):
        MMPoseInferencer(pose3d='spinepose-lifter', pose2d=str(config), det_model='whole_image', device='cpu')


def test_options_that_cannot_be(inferencer, video, tmp_path):
    path = str(video[0])
    with pytest.raises(ValueError, match="out of camera, world, not 'room'"):
        list(inferencer(path, coordinates='room'))
    with pytest.raises(ValueError, match='height is in metres'):
        list(inferencer(path, height=180))
    with pytest.raises(FileNotFoundError, match='no calibration file'):
        list(inferencer(path, camera='none.toml'))
    table = 'size = [200, 200]\nmatrix = [[300, 0, 100], [0, 300, 100], [0, 0, 1]]\ndistortions = [0, 0, 0, 0]\n'
    (tmp_path / 'two.toml').write_text(f'[left]\n{table}[right]\n{table}')
    with pytest.raises(ValueError, match=r'two\.toml is of 2 cameras; .* left, right'):
        list(inferencer(path, camera=str(tmp_path / 'two.toml')))
    (tmp_path / 'one.toml').write_text(f'[left]\n{table}'.replace('[200, 200]', '[200, 300]'))
    with pytest.raises(ValueError, match='is for images of 200x300, which one of 200x200 is no copy of'):
        list(inferencer(path, camera=str(tmp_path / 'one.toml')))
