"""Lifters of other kinds than the shipped one: ONNX files, and networks of a window of frames."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import MMPoseInferencer
from mmpose.registry import MODELS

import builders
from hub import put_into_cache
from spinepose_mm import skeleton
from spinepose_mm.confidence import confidence
from spinepose_mm.inference import SpinePoseInferencer, open_source
from spinepose_mm.lifting import Camera
from spinepose_mm.lifting.placement import standing_height

RNG = np.random.default_rng(0)
FRAMES = 30  # more than a window of 27


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """(path, ground truth in world space, Camera, stature) of a video."""
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    return path, *builders.write_video(path, FRAMES)


def people(results):
    return [result['predictions'][0] for result in results]


def test_a_lifter_of_the_simspine_authors(video, tmp_path, monkeypatch):
    """An ONNX file of their signature gives the poses that their library gives with it, whatever their unit.

    What is scored under .5 is zero for the lifter, and still helps to place the person from a confidence of .5 on.
    """
    from spinepose.tools.pose_lifting import DefaultPoseLifter

    _, true, camera, _ = video
    pose, scores = camera.to_camera(true)[0], np.ones((1, 37))
    scores[0, [9, 13, 30]] = 0.51, 0.49, 0.3
    pixels = camera.project(true[0])[None]
    file = str(builders.write_lifter(tmp_path / 'theirs.onnx', RNG.normal(size=(2, 3)) * 500, 1000 * pose + 70))
    theirs = DefaultPoseLifter(file, camera_intrinsics=camera.K, hardware_acceleration=False)(pixels, scores)[0]
    stock = SpinePoseInferencer.predict
    monkeypatch.setattr(
        SpinePoseInferencer,
        'predict',
        lambda self, image, *options: replace(
            stock(self, image, *options), keypoints=pixels, scores=scores, confidence=confidence(scores)
        ),
    )
    inferencer = MMPoseInferencer(pose3d=file, pose2d='spinepose-tiny', det_model='whole_image', device='cpu')
    image, seen_by = np.zeros((200, 200, 3), np.uint8), replace(camera, R=np.eye(3), t=np.zeros(3))
    shapes = {}
    for coordinates in ('camera', 'world'):
        (person,) = next(inferencer(image, camera=seen_by, height=1.84, coordinates=coordinates))['predictions'][0]
        shapes[coordinates] = np.array(person['keypoints'])
        assert standing_height(shapes[coordinates]) == pytest.approx(1.84) and 'keypoint_errors' not in person
    relative = [points - points[skeleton.index('S1')] for points in (shapes['camera'], theirs)]
    np.testing.assert_allclose(*(points / np.linalg.norm(points) for points in relative), atol=1e-5)
    between = [np.linalg.norm(points[:, None] - points, axis=-1) for points in shapes.values()]
    np.testing.assert_allclose(*between, atol=1e-6)
    assert shapes['camera'][skeleton.index('S1'), 2] == pytest.approx(pose[skeleton.index('S1'), 2], rel=0.3)


def test_the_published_lifter_by_its_alias(video, tmp_path, monkeypatch, warnings):
    """Kept from an earlier download; whose it is and under which clause is said."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    pose = video[2].to_camera(video[1][0])
    put_into_cache(
        'https://huggingface.co/dfki-av/spinepose/resolve/main/simspine/3d/onnx/'
        'spinepose_lifter_8xb256-90e_simspine-37x2.onnx',
        tmp_path,
        lambda path: builders.write_lifter(path, np.zeros((2, 3)), pose),
    )
    inferencer = MMPoseInferencer(
        pose3d='spinepose-lifter-official', pose2d='spinepose-tiny', det_model='whole_image', device='cpu'
    )
    (person,) = people(inferencer(next(iter(open_source(video[0]))).image))[0]
    assert standing_height(np.array(person['keypoints'])) == pytest.approx(1.7)
    assert 'spinepose_lifter_official are under CC-BY-NC-4.0: not for commercial use' in warnings()


def test_an_onnx_file_in_the_wrong_place(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'ONNX file .*none\.onnx does not exist'):
        MMPoseInferencer(
            pose3d=str(tmp_path / 'none.onnx'), pose2d='spinepose-tiny', det_model='whole_image', device='cpu'
        )
    with pytest.raises(ValueError, match='the ONNX file of a 2D model is given as its weights'):
        MMPoseInferencer(pose2d=str(tmp_path / 'none.onnx'))


def test_a_window_of_frames(video, tmp_path):
    """Each frame is lifted with those around it, and with the first or last again beyond the ends."""
    cfg = Config.fromfile(builders.config('lifting/spinepose_lifter_27frames'))
    torch.manual_seed(0)
    network = MODELS.build(cfg.model)
    seen = video[2].to_camera(video[1][0])
    with torch.no_grad():  # a pose that varies with the input
        network.head.conv.bias[:] = torch.from_numpy((seen - seen[skeleton.index('S1')]).ravel())
        network.head.conv.weight *= 0.1
    torch.save(dict(state_dict=network.state_dict()), tmp_path / 'window.pth')
    inferencer = MMPoseInferencer(
        pose3d=str(builders.config('lifting/spinepose_lifter_27frames')),
        pose3d_weights=str(tmp_path / 'window.pth'),
        pose2d='spinepose-tiny',
        det_model='whole_image',
        device='cpu',
    )
    found = people(inferencer(str(video[0]), field_of_view=60))
    assert len(found) == FRAMES
    camera, rays = Camera.from_field_of_view((200, 200), 60), []
    for (person,) in found:
        seen = np.array(person['keypoint_scores'])[:, None] >= 0.3
        rays.append(np.where(seen, camera.rays(np.array(person['keypoints_2d'])), 0))
    for i, (person,) in enumerate(found):
        window = np.array(rays)[np.clip(np.arange(i - 13, i + 14), 0, FRAMES - 1)]
        inputs = torch.tensor(window.transpose(1, 2, 0).reshape(1, 74, 27)).float()
        expected = network.eval()(inputs, None, mode='tensor')[0].detach().numpy()
        points, root = np.array(person['keypoints']), skeleton.index('S1')
        both = np.stack([pose - pose[root] for pose in (points, expected)])
        np.testing.assert_allclose(*both / np.linalg.norm(both, axis=(1, 2), keepdims=True), atol=1e-4)
