"""Detection before the network: on which frames, in which thread, and what it gives."""

import threading
from pathlib import Path

import cv2
import mmdet
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.apis import MMPoseInferencer

import builders
from spinepose_mm.inference import SpinePoseInferencer, open_source

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


def test_detector(inferencer, image, monkeypatch):
    """Boxes of people over the threshold, once each; the detector itself cannot be downloaded here."""
    boxes = torch.tensor([[30.0, 10, 170, 190], [31.0, 10, 170, 190], [60.0, 0, 199, 199], [0.0, 0, 50, 50]])
    found = DetDataSample(
        pred_instances=InstanceData(
            bboxes=boxes, scores=torch.tensor([0.9, 0.8, 0.2, 0.95]), labels=torch.tensor([0, 0, 0, 5])
        )
    )
    own = inferencer.inferencer
    monkeypatch.setattr(own, 'detector', lambda *args, **kwargs: dict(predictions=[found]))
    monkeypatch.setattr(own, 'det_cat_ids', (0,), raising=False)
    ((person,),) = people(inferencer(image))
    assert person['bbox'] == [BOX] and person['bbox_score'] == pytest.approx(0.9)
    assert len(people(inferencer(image, bbox_thr=0.1, nms_thr=0.999))[0]) == 3
    assert people(inferencer(image, bboxes=[])) == [[person]]  # MMPose's default, by which the detector is asked
    found.pred_instances = found.pred_instances[[3]]
    assert people(inferencer(image)) == [[]]  # no detections are no people, and not the whole image


@pytest.fixture
def detections(inferencer, monkeypatch):
    """The frames' numbers and threads in which a detector in the place of the real one was asked for boxes."""
    asked, own = [], inferencer.inferencer

    def detect(image, *options):
        asked.append(threading.current_thread())
        return np.array([[*BOX, 0.8]])

    monkeypatch.setattr(own, 'detector', 'not used')
    monkeypatch.setattr(own, 'detect', detect)
    return asked


def test_the_detector_on_every_fifth_frame(inferencer, video, detections):
    each = people(inferencer(video))
    assert len(detections) == FRAMES and all(person['bbox'] == [BOX] for (person,) in each)
    detections.clear()
    some = people(inferencer(video, detect_every=5))
    assert len(detections) == 3 and set(detections) == {threading.main_thread()}
    assert [i for i, (person,) in enumerate(some) if person['bbox'] == [BOX]] == [0, 5, 10]
    for (one,), (other,) in zip(each, some):
        assert other['bbox_score'] == pytest.approx(0.8) and other['track_id'] == 0
        distances = np.linalg.norm(np.subtract(one['keypoints'], other['keypoints']), axis=1)
        assert np.median(distances) < 5
    images = [frame.image for frame in open_source(video)][:3]
    detections.clear()
    assert len(people(inferencer(images, detect_every=5))) == len(detections) == 3  # each stands for itself
    assert len(people(inferencer(images, detect_every=5, frame_rate=15))) == 3 and len(detections) == 4


def test_the_detector_in_parallel_with_the_network(inferencer, video, detections, monkeypatch):
    expected = people(inferencer(video, detect_every=2))
    detections.clear()
    monkeypatch.setattr(inferencer.inferencer, 'overlaps', True)
    assert people(inferencer(video, detect_every=2)) == expected
    assert len(detections) == FRAMES // 2
    # The first frames come before anything is computed.
    assert [thread is threading.main_thread() for thread in detections][2:] == [False] * (FRAMES // 2 - 2)
    results = inferencer(video)
    next(results)
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith('ahead')]


def test_mmdetections_detector_in_a_thread(image, tmp_path):
    """With random weights, and so of whatever class; it makes boxes out of classes and regression as usual."""
    torch.manual_seed(0)
    path = Path(mmdet.__file__).parent / '.mim/configs/rtmdet/rtmdet_tiny_8xb32-300e_coco.py'
    own = SpinePoseInferencer('spinepose-tiny', det_model=str(path), det_cat_ids=tuple(range(80)), device='cpu')
    own.detector.model.bbox_head.init_weights()
    own.detector.model.bbox_head.test_cfg.max_per_img = 5
    paths = [str(tmp_path / f'{i}.png') for i in range(4)]
    for i, one in enumerate(paths):
        cv2.imwrite(one, np.roll(image, 20 * i, axis=1))
    found = []
    for own.overlaps in (False, True):
        found.append(people(own(paths, bbox_thr=0.0, frame_rate=15)))
    assert found[0] == found[1] and sum(map(len, found[0])) > 4


def test_without_a_detector_every_frame_is_used_whole(inferencer, image):
    every, second = (people(inferencer([image] * 4, frame_rate=10, detect_every=n)) for n in (1, 2))
    assert every == second and len(every[0]) == 1


def test_the_argument_find_of_release_0_1(inferencer, video):
    own, seen = inferencer.inferencer, []

    def find(frame, compute):
        seen.append(frame.index)
        return compute(frame)

    with pytest.warns(DeprecationWarning, match='find is now cache'):
        found = [frame.people.keypoints for frame in own.follow(open_source(video), flip_test=False, find=find)]
    assert seen == list(range(FRAMES))
    expected = [frame.people.keypoints for frame in own.follow(open_source(video), flip_test=False)]
    np.testing.assert_array_equal(found, expected)
    with pytest.warns(DeprecationWarning, match='SpinePoseInferencer.find is now SpinePoseInferencer.predict'):
        assert own.find == own.predict
