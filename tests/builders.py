"""Small data for tests, made where it is needed."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from spinepose_mm import skeleton
from spinepose_mm.lifting import Camera
from spinepose_mm.synthetic import Body, Settings, sequence, surface, synthesize
from spinepose_mm.synthetic.rendering import act, take
from spinepose_mm.synthetic.scene import Renderer
from spinepose_mm.zoo.models import index_folder
from spinepose_mm_cli import tools

#: COCO's person detections, below data/coco, as MMPose's configs name them.
DETECTIONS = 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json'


def tool(name):
    """Return the path of a tool's script, as a text."""
    return str(tools(index_folder() / 'tools')[name])


def config(name):
    """Return the path of a shipped config, given its path below configs/ without the ending."""
    return index_folder() / 'configs' / f'{name}.py'


def stock(model):
    """Build a config's network from MMPose's own classes."""
    head = {
        key: value
        for key, value in model['head'].items()
        if key not in ('position_weight', 'structure_loss', 'spine_loss', 'calibration')
    }
    own = {key: value for key, value in model.items() if key not in ('teacher', 'init_cfg')}
    return MODELS.build({**own, 'type': 'TopdownPoseEstimator', 'head': {**head, 'type': 'RTMCCHead'}})


def keypoints(count=skeleton.NUM_KEYPOINTS, visible=2):
    """Return a flat COCO list of `count` distinct keypoints that lie in the box of `person`."""
    return [value for i in range(count) for value in (20.0 + 2 * i % 60, 30.0 + i, visible)]


def person(id=1, image_id=1, **fields):
    """Return a COCO annotation of one person; `fields` replace its own."""
    return {
        **dict(
            id=id,
            image_id=image_id,
            category_id=1,
            iscrowd=0,
            bbox=[10.0, 20.0, 80.0, 60.0],
            area=2400.0,
            keypoints=keypoints(),
        ),
        **fields,
    }


def write_annotations(path, people, images=None):
    """Write a COCO file; each image with people has 120 x 100 pixels."""
    path = Path(path)
    ids = sorted({one['image_id'] for one in people}) or [1]
    images = images if images is not None else [dict(id=i, file_name=f'{i}.jpg', width=120, height=100) for i in ids]
    path.write_text(json.dumps(dict(images=images, annotations=people, categories=[dict(id=1, name='person')])))
    for i in ids:
        write_image(path.parent / f'{i}.jpg', seed=i)
    return path


def write_image(path, seed=0):
    image = np.random.default_rng(seed).integers(0, 255, (100, 120, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), image)
    return Path(path)


def make_data_set(root, split, images, seed):
    """Render a small split of people in SpineTrack's layout."""
    return synthesize(root, Settings(images, split, seed, size=(160, 120)), workers=1)


def write_detections(root, boxes):
    """Write boxes, (image id, [x, y, w, h], score) each, as COCO's person detections are, and return the path."""
    path = Path(root, DETECTIONS)
    path.parent.mkdir()
    path.write_text(
        json.dumps(
            [
                dict(image_id=image, category_id=1, bbox=[float(value) for value in box], score=score)
                for image, box, score in boxes
            ]
        )
    )
    return path


def write_coco(root, rendered):
    """Write the split `val` of rendered people as COCO's val2017, with their ground-truth boxes as detections."""
    content = json.loads((rendered / 'annotations/person_keypoints_val.json').read_text())
    sizes = {image['id']: (image['width'], image['height']) for image in content['images']}
    boxes = []
    for person in content['annotations']:
        person['keypoints'] = person['keypoints'][: 3 * 17]
        x, y, w, h = person['bbox']
        low = np.maximum((x, y), 0)  # MMPose cuts the boxes of labels, not those of detections
        high = np.minimum((x + w, y + h), np.subtract(sizes[person['image_id']], 1))
        boxes.append((person['image_id'], [*low, *(high - low)], 1.0))
    (root / 'annotations').mkdir(parents=True)
    (root / 'annotations/person_keypoints_val2017.json').write_text(json.dumps(content))
    (root / 'val2017').symlink_to(rendered / 'images/val')
    write_detections(root, boxes)


def sample(codec, keypoints, labelled=range(skeleton.NUM_KEYPOINTS)):
    """Return a training sample of one person: the labels of keypoints (1, K, 2) in input pixels.

    Args:
        codec: a SimCCLabel.
        labelled: numbers of the keypoints that count.
    """
    visible = np.zeros(keypoints.shape[:2], dtype=np.float32)
    visible[:, list(labelled)] = 1
    labels = codec.encode(keypoints.astype(np.float32), visible)
    return PoseDataSample(
        gt_instance_labels=InstanceData(
            **{
                name: torch.from_numpy(labels[name])
                for name in ('keypoint_x_labels', 'keypoint_y_labels', 'keypoint_weights')
            }
        )
    )


def simspine_names(
    frames=4, subjects=('S1', 'S5'), actions=('Directions_1', 'Sitting'), cameras=('54138969', '60457274')
):
    """Return names of images as SIMSPINE's: `frames` of each subject, action and camera, counted from 0."""
    return [
        f'{subject}/{subject}_{action}.{camera}/{subject}_{action}.{camera}_{frame:06d}.jpg'
        for subject in subjects
        for action in actions
        for camera in cameras
        for frame in range(frames)
    ]


def write_simspine(path, names=None, joints=tuple(skeleton.SIMSPINE), axes=62, seed=0, **fields):
    """Write a file of SIMSPINE's layout with random points; `fields` replace its own, None leaves one out.

    `S_world` is `S`, and `part` what a camera there sees of it, unless they are given.
    """
    names = simspine_names() if names is None else names
    rng, n, k = np.random.default_rng(seed), len(names), len(joints)
    ones = np.ones((n, k, 1))
    S = fields.get('S')
    S = np.concatenate([rng.normal(0, 0.3, (n, k, 3)) + [0, 0, 4], ones], -1) if S is None else S
    with np.errstate(divide='ignore', invalid='ignore'):
        part = np.concatenate([1000 * S[..., :2] / S[..., 2:3] + 500, S[..., 3:]], -1)
    arrays = dict(
        imgname=np.array(names),
        center=rng.uniform(400, 600, (n, 2)),
        scale=np.full(n, 1.2 * 300 / 200),
        part=part,
        S=S,
        S_world=S,
        angles=rng.normal(size=(n, axes)),
        metadata=np.array(
            dict(
                root_name='Hip',
                root_index=0,
                joint_names=list(joints),
                parent_ids=[-1] * k,
                param_names=[f'axis_{i}' for i in range(axes)],
            ),
            dtype=object,
        ),
    )
    np.savez(path, **{name: array for name, array in {**arrays, **fields}.items() if array is not None})
    return path


def write_video(path, frames=12, size=(200, 200), seed=5):
    """Write a video of a person who bends to the side before a still camera.

    Returns:
        tuple: keypoints in world space (frames, 37, 3), the Camera, and how tall the person stands in metres.
    """
    rng, renderer = np.random.default_rng(seed), Renderer(size)
    body = Body.sample(rng)
    pose = sequence('side_bend', body, rng, frames / 15, 15, flat_feet=True)
    pose['pelvis_rotation'] = np.zeros(frames)
    camera = Camera.looking([3, 1.3, 1.6], [0, 0.95, 0], 36, size)
    writer, points = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 15, size), []
    for actor in act('side_bend', body, pose, surface.Clothes.sample(rng)):
        writer.write(take(np.random.default_rng(seed), [actor], camera, renderer)[0])
        points.append(actor.points)
    writer.release()
    renderer.close()
    return np.stack(points), camera, body.stature()


def write_lifter(path, matrix, offset):
    """Write an ONNX file of the SIMSPINE authors' lifter's signature: (N, 37, 2) @ matrix (2, 3) + offset (37, 3)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node('MatMul', ['points', 'matrix'], ['turned']),
            helper.make_node('Add', ['turned', 'offset'], ['poses']),
        ],
        'lifter',
        [helper.make_tensor_value_info('points', TensorProto.FLOAT, ['N', len(offset), len(matrix)])],
        [helper.make_tensor_value_info('poses', TensorProto.FLOAT, ['N', *np.shape(offset)])],
        [
            numpy_helper.from_array(np.asarray(values, np.float32), name)
            for name, values in (('matrix', matrix), ('offset', offset))
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8), str(path))
    return path
