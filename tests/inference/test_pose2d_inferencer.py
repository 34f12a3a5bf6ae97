"""MMPose's unified inferencer with this package's models, on rendered images and videos."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.apis import MMPoseInferencer, inference_topdown
from mmpose.apis.inferencers import Pose2DInferencer
from torch import nn

import builders
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES
from spinepose_mm.confidence import Calibration, confidence
from spinepose_mm.inference import SpinePoseInferencer

FRAMES = 12
BOX, OTHER = [30.0, 10, 170, 190], [60.0, 0, 199, 199]


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    builders.write_video(path, FRAMES)
    return str(path)


@pytest.fixture(scope='module')
def image(video):
    return cv2.VideoCapture(video).read()[1]


@pytest.fixture(scope='module')
def inferencer():
    init_default_scope('mmpose')
    return MMPoseInferencer(pose2d='spinepose-tiny', det_model='whole_image', device='cpu')


def people(results):
    return [result['predictions'][0] for result in results]


def test_finds_what_mmposes_own_inferencer_finds(inferencer, image, tmp_path):
    assert type(inferencer.inferencer) is SpinePoseInferencer
    path = str(tmp_path / 'person.png')
    cv2.imwrite(path, image)
    stock = Pose2DInferencer('spinepose-tiny', det_model='whole_image', device='cpu')
    (result,) = inferencer(path, out_dir=str(tmp_path / 'out'), return_vis=True)
    (person,) = result['predictions'][0]
    (expected,) = next(stock(path))['predictions'][0]
    np.testing.assert_allclose(person['keypoints'], expected['keypoints'])
    np.testing.assert_allclose(person['keypoint_scores'], expected['keypoint_scores'])
    assert person['bbox'] == list(expected['bbox']) and person['bbox_score'] == expected['bbox_score'] == 1
    assert person['L3'] == person['spine_02'] == person['keypoints'][skeleton.index('L3')]
    assert person.score('C7') == person['keypoint_scores'][skeleton.index('C7')]
    with pytest.raises(KeyError, match="no keypoint is named 'L9'"):
        person['L9']
    assert json.loads((tmp_path / 'out/predictions/person.json').read_text()) == [person]
    drawn = cv2.imread(str(tmp_path / 'out/visualizations/person.png'))
    np.testing.assert_array_equal(drawn[..., ::-1], result['visualization'][0])
    assert (drawn != image).any()
    (sample,) = next(inferencer(path, return_datasamples=True))['predictions']
    assert sample.pred_instances.keypoints.shape == (1, 37, 2) and sample.metainfo['img_path'] == path


def test_orders_of_channels(inferencer, image):
    expected = people(inferencer(image))
    assert people(inferencer([image[..., ::-1]], channel_order='rgb')) == expected
    assert people(inferencer([image[..., ::-1]])) != expected


def test_boxes_of_ones_own_are_one_decoding_and_one_batch(inferencer, image, tmp_path, monkeypatch):
    model, sizes, decoded = inferencer.inferencer.model, [], []
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    expected = [sample.pred_instances.keypoints[0].tolist() for sample in inference_topdown(model, image, [BOX, OTHER])]
    extract = model.extract_feat
    monkeypatch.setattr(model, 'extract_feat', lambda images: sizes.append(len(images)) or extract(images))
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, 'imdecode', lambda *args: decoded.append(1) or decode(*args))
    (found,) = people(inferencer(tmp_path / 'a.png', bboxes=[[BOX, OTHER]]))
    assert sizes == [2, 2] and len(decoded) == 1  # with the mirror images
    np.testing.assert_allclose([person['keypoints'] for person in found], expected, atol=1e-3)
    assert [(person['track_id'], person['bbox']) for person in found] == [(0, [BOX]), (1, [OTHER])]
    assert people(inferencer([image] * 2, bboxes=[[], [BOX]]))[0] == []
    assert people(inferencer(image, bboxes=[BOX, OTHER])) == [found]
    with pytest.raises(ValueError, match='bboxes: a box of frame 0 is not'):
        list(inferencer(image, bboxes=[[[50, 50, 40, 60]]]))


def test_flip_test(inferencer, image):
    model = inferencer.inferencer.model
    both, once = (people(inferencer(image, flip_test=flip))[0][0]['keypoints'] for flip in (None, False))
    assert both == people(inferencer(image, flip_test=True))[0][0]['keypoints'] != once
    assert model.test_cfg['flip_test'] is True
    model.test_cfg['flip_test'] = False
    try:
        (expected,) = inference_topdown(model, image)
        assert people(inferencer(image))[0][0]['keypoints'] == once
    finally:
        model.test_cfg['flip_test'] = True
    np.testing.assert_allclose(once, expected.pred_instances.keypoints[0], atol=1e-3)


def test_confidence(inferencer, image, tmp_path):
    """0 to 1, by the model's two numbers, in results and on file; MMPose's threshold of drawing goes by it."""
    (person,) = people(inferencer(image, out_dir=str(tmp_path)))[0]
    numbers = Calibration(**inferencer.inferencer.cfg.model.head.calibration)
    np.testing.assert_allclose(person['keypoint_confidence'], confidence(person['keypoint_scores'], numbers), atol=1e-6)
    assert person.confidence('L3') == person['keypoint_confidence'][skeleton.index('L3')] != person.score('L3')
    assert json.loads(next(tmp_path.glob('predictions/*.json')).read_text())[0] == person
    assert 'keypoints_visible' not in person
    drawn = [
        next(inferencer(image, return_vis=True, kpt_thr=threshold))['visualization'][0]
        for threshold in (0, max(person['keypoint_confidence']) + 0.01)
    ]
    assert (drawn[0] != drawn[1]).any()


def test_score_and_v1_postprocess(inferencer, image):
    """In a call, with and without flip test, and nothing of it is left in the next."""
    head = inferencer.inferencer.model.head
    for flip_test in (True, False):
        plain, other = (
            people(inferencer(image, flip_test=flip_test, **options))[0][0]
            for options in ({}, dict(score='mean', v1_postprocess=True))
        )
        expected = np.array(plain['keypoints'])
        upward = [skeleton.index(level) for level in ('S1', 'L5', 'L3', 'L1', 'T8', 'T3', 'C7', 'C4', 'C1')]
        for i in range(1, 8):
            expected[upward[i]] = (expected[upward[i - 1]] + expected[upward[i + 1]]) / 2
        np.testing.assert_allclose(other['keypoints'], expected, atol=1e-3)
        assert (np.array(other['keypoint_scores']) >= plain['keypoint_scores']).all()
        assert plain.score('L3') < other.score('L3')
        assert plain['keypoint_confidence'] == other['keypoint_confidence']
        assert (head.score, head.v1_postprocess) == ('min', False)


def jitter(found):
    places = np.array([person['keypoints'] for (person,) in found])
    return np.abs(np.diff(places, 2, axis=0)).mean()


def test_a_video(inferencer, video, tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, 'imshow', lambda *args: pytest.fail('a window was opened'))
    found = people(inferencer(video, out_dir=str(tmp_path)))
    assert [person['track_id'] for (person,) in found] == [0] * FRAMES
    written = json.loads((tmp_path / 'predictions/video.json').read_text())
    assert written == [dict(frame_id=i, instances=frame) for i, frame in enumerate(found)]
    assert cv2.VideoCapture(str(tmp_path / 'visualizations/video.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    smooth = people(inferencer(video, smooth=True))
    assert jitter(smooth) < 0.8 * jitter(found)
    assert np.abs(np.array(smooth[5][0]['keypoints']) - found[5][0]['keypoints']).max() < 20


def test_an_interrupted_video_leaves_whole_predictions(inferencer, video, tmp_path):
    results = inferencer(video, pred_out_dir=str(tmp_path))
    for _ in range(3):
        next(results)
    results.close()
    assert len(json.loads((tmp_path / 'video.json').read_text())) == 3


def test_measures_and_subject(inferencer, video, image):
    frames = people(inferencer(video, measure=True, bboxes=[[BOX, OTHER]] * FRAMES, subject='largest'))
    assert [person['track_id'] for (person,) in frames] == [1] * FRAMES
    images = people(inferencer([image] * 2, bboxes=[[BOX, OTHER], [OTHER, BOX]], subject='largest'))
    assert [person['bbox'] for (person,) in images] == [[OTHER]] * 2  # in each for itself
    assert all(tuple(person['measures']) == tuple(MEASURES) and person['view'] for (person,) in frames)


def test_wrong_options_are_named(inferencer, image, monkeypatch):
    monkeypatch.delattr(inferencer.inferencer, 'video_info', raising=False)  # as before the first call
    with pytest.raises(ValueError, match='unknown argument .*colour'):
        list(inferencer(image, colour=3))
    for wrong in (dict(detect_every=0), dict(detect_every=1.5), dict(detect_every=2, bboxes=[[BOX]])):
        with pytest.raises(ValueError, match='detect_every is a whole number of frames, 1 or more'):
            list(inferencer(image, **wrong))
    with pytest.raises(ValueError, match="score is out of min, mean, not 'max'"):
        list(inferencer(image, score='max'))
    with monkeypatch.context() as patch:
        patch.setitem(inferencer.inferencer.model._modules, 'head', nn.Identity())
        with pytest.raises(ValueError, match='for models with a SpinePoseHead, and the head of this one is Identity'):
            list(inferencer(image, v1_postprocess=True))
    with pytest.raises(ValueError, match="predicts 26 keypoints, where this package's models predict 37"):
        SpinePoseInferencer(str(builders.config('demo/spinepose_demo_teacher')), det_model='whole_image', device='cpu')


def demo(monkeypatch, image, out, *options):
    """Run MMPose's own demo/inferencer_demo.py, and return what it predicts."""
    path = out / 'person.png'
    cv2.imwrite(str(path), image)
    script = Path(mmpose.__file__).parent / '.mim/demo/inferencer_demo.py'
    monkeypatch.setattr(
        sys,
        'argv',
        [
            str(script),
            str(path),
            '--det-model',
            'whole_image',
            '--device',
            'cpu',
            '--pred-out-dir',
            str(out / 'predictions'),
            *options,
        ],
    )
    runpy.run_path(str(script), run_name='__main__')
    return json.loads((out / 'predictions/person.json').read_text())


def test_mmposes_demo(inferencer, image, tmp_path, monkeypatch, warnings):
    """It passes the options of all of MMPose's inferencers to every model."""
    found = demo(monkeypatch, image, tmp_path, '--pose2d', 'spinepose_tiny.py')
    assert found == people(inferencer(str(tmp_path / 'person.png')))[0]
    assert 'without effect' not in warnings()
    assert found == demo(
        monkeypatch,
        image,
        tmp_path,
        '--pose2d',
        'spinepose-tiny',
        '--draw-heatmap',
        '--tracking-thr',
        '.5',
        '--draw-bbox',
    )
    assert warnings().count('without effect') == 1
    assert 'draw_heatmap=True, tracking_thr=0.5: without effect on SpinePoseInferencer' in warnings()
    (lifted,) = demo(
        monkeypatch,
        image,
        tmp_path,
        '--pose2d',
        'spinepose-tiny',
        '--pose3d',
        'spinepose-lifter',
        '--num-instances',
        '2',
        '--black-background',
    )
    assert np.array(lifted['keypoints']).shape == (37, 3)
    assert 'num_instances=2, black_background=True: without effect on SpinePose3DInferencer' in warnings()
