"""MMPose's own inferencer with this package's aliases."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import MMPoseInferencer
from mmpose.apis.inferencers.utils import default_det_models
from mmpose.registry import MODELS

import builders
from hub import put_into_cache
from spinepose_mm import skeleton

pytestmark = pytest.mark.tools


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Random weights of the small model, as MMEngine's runner writes them."""
    init_default_scope('mmpose')
    cfg = Config.fromfile(builders.config('spinepose_v2_small'))
    cfg.model.backbone.norm_cfg.type = 'BN'
    path = tmp_path_factory.mktemp('weights') / 'small.pth'
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
    return path


def test_writes_images_and_predictions(weights, tmp_path):
    inferencer = MMPoseInferencer(
        pose2d='spinepose-s', pose2d_weights=str(weights), det_model='whole_image', device='cpu'
    )
    image = builders.write_image(tmp_path / 'person.jpg')
    (result,) = inferencer(str(image), out_dir=str(tmp_path / 'out'))
    person = result['predictions'][0][0]
    assert np.array(person['keypoints']).shape == (37, 2) and len(person['keypoint_scores']) == 37
    assert cv2.imread(str(tmp_path / 'out/visualizations/person.jpg')).shape == (100, 120, 3)
    assert json.loads((tmp_path / 'out/predictions/person.json').read_text())[0]['keypoints'] == person['keypoints']
    meta = inferencer.inferencer.model.dataset_meta
    assert meta['dataset_name'] == 'spinetrack' and tuple(meta['flip_indices']) == skeleton.FLIP_INDICES


def test_person_detector_is_used_without_det_model(weights, tmp_path, monkeypatch):
    """The detector that MMPose takes for people, with random weights in the place of the download."""
    info = default_det_models['body']
    detector = Config.fromfile(info['model'])
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    checkpoint = dict(
        state_dict=MODELS.build(dict(detector.model, _scope_='mmdet')).state_dict(),
        meta=dict(dataset_meta=dict(classes=('person',))),
    )
    put_into_cache(info['weights'], tmp_path, lambda path: torch.save(checkpoint, path))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    inferencer = MMPoseInferencer(pose2d='spinepose-s', pose2d_weights=str(weights), device='cpu').inferencer
    assert type(inferencer.detector.model).__name__ == 'RTMDet' and inferencer.det_cat_ids == (0,)
    found = next(inferencer(str(builders.write_image(tmp_path / 'a.jpg')), bbox_thr=0.0))['predictions'][0]
    assert len(found) > 1  # random weights see many people, and each gets a pose
    assert all(np.array(person['keypoints']).shape == (37, 2) for person in found)


def test_bad_weights_are_named(tmp_path):
    path = tmp_path / 'cut.pth'
    path.write_bytes(b'PK\x03\x04')
    with pytest.raises(ValueError, match=r'cut\.pth is truncated'):
        MMPoseInferencer(pose2d='spinepose-s', pose2d_weights=str(path), det_model='whole_image', device='cpu')
    with pytest.raises(ValueError, match='near: .*spinepose-s'):
        MMPoseInferencer(pose2d='spinepose-small')


def test_shipped_model_works_offline(tmp_path, monkeypatch, rendered):
    """On a machine without a network and without anything in its caches."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setenv('SPINEPOSE_HOSTS', '127.0.0.1')
    monkeypatch.setitem(default_det_models['body'], 'weights', 'http://127.0.0.1:9/detector.pth')
    inferencer = MMPoseInferencer(pose2d='spinepose-tiny', device='cpu')
    image = sorted((rendered / 'images' / 'val').iterdir())[0]
    person = next(inferencer(str(image), out_dir=str(tmp_path / 'out')))['predictions'][0][0]
    assert np.array(person['keypoints']).shape == (37, 2)
    with pytest.raises(ConnectionError, match='detector.pth could not be downloaded'):
        MMPoseInferencer(
            pose2d='spinepose-tiny',
            device='cpu',
            det_model=default_det_models['body']['model'],
            det_weights='http://127.0.0.1:9/detector.pth',
        )
