"""The shipped model as ONNX files, and people to run it on."""

import json

import cv2
import numpy as np
import pytest
from mmpose.apis import inference_topdown, init_model

from spinepose_mm.deployment import export_onnx
from spinepose_mm.zoo.models import find_config


@pytest.fixture(scope='session')
def files(tmp_path_factory):
    """Paths of the shipped model as it is ('rgb'), for BGR images ('bgr'), and that in half precision ('half')."""
    folder = tmp_path_factory.mktemp('onnx')
    kinds = dict(rgb={}, bgr=dict(bgr=True), half=dict(bgr=True, half=True))
    for kind, options in kinds.items():
        assert export_onnx('spinepose-tiny', None, folder / f'{kind}.onnx', **options) <= 0.5
    return {kind: folder / f'{kind}.onnx' for kind in kinds}


@pytest.fixture(scope='session')
def model():
    """The shipped model in PyTorch without flip test, which other programs do not do."""
    config, weights = find_config('spinepose-tiny')
    return init_model(config, weights, 'cpu', cfg_options={'model.test_cfg.flip_test': False})


@pytest.fixture(scope='session')
def people(rendered):
    """(image in BGR, boxes x1, y1, x2, y2) of rendered images: of each person one box, and one with room around."""
    found = _read_people(rendered / 'annotations' / 'person_keypoints_val.json', rendered / 'images' / 'val')
    return [(image, np.concatenate([boxes, boxes + np.float32([-9, -9, 9, 9])])) for image, boxes in found]


@pytest.fixture
def real_people(coco_mini):
    """The same of photographs, of people with keypoints."""
    return _read_people(coco_mini / 'annotations' / 'person_keypoints_val2017.json', coco_mini / 'val2017')


def _read_people(annotations, images):
    data = json.loads(annotations.read_text())
    people = [one for one in data['annotations'] if one['num_keypoints']]
    boxes = {image['id']: [one['bbox'] for one in people if one['image_id'] == image['id']] for image in data['images']}
    found = [
        (cv2.imread(str(images / image['file_name'])), np.array(boxes[image['id']], np.float32))
        for image in data['images']
        if boxes[image['id']]
    ]
    return [(image, np.column_stack([box[:, :2], box[:, :2] + box[:, 2:]])) for image, box in found]


@pytest.fixture(scope='session')
def predict():
    """A function: keypoints (people, 37, 2) of images with boxes, as a model of MMPose predicts them."""

    def run(model, people):
        return np.concatenate(
            [one.pred_instances.keypoints for image, boxes in people for one in inference_topdown(model, image, boxes)]
        )

    return run
