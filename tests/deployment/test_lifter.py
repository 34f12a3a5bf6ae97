"""Lifters as ONNX files of the SIMSPINE authors' signature."""

import numpy as np
import onnx
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.apis import init_model

import builders
from spinepose_mm import skeleton
from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses
from spinepose_mm.zoo.checkpoints import CheckpointError
from spinepose_mm.zoo.models import find_config

RNG = np.random.default_rng(0)
MATRIX, OFFSET = RNG.normal(size=(2, 3)), 1000 * RNG.normal(size=(37, 3))
CONFIG = str(builders.config('lifting/spinepose_lifter_official'))


@pytest.fixture
def file(tmp_path):
    return builders.write_lifter(tmp_path / 'lifter.onnx', MATRIX, OFFSET)


def test_poses_are_those_of_the_file_relative_to_s1(file):
    points = RNG.normal(size=(5, 37, 2)).astype(np.float32)
    poses = points @ MATRIX + OFFSET
    found = init_model(CONFIG, str(file), 'cpu')(torch.from_numpy(points.reshape(5, 74, 1)), None, mode='tensor')
    np.testing.assert_allclose(found, poses - poses[:, [19]], rtol=1e-5, atol=1e-3)  # 19: their number of the hip
    with pytest.raises(CheckpointError, match=r'lifter\.onnx lifts 37 keypoints of single frames'):
        init_model(CONFIG, str(file), 'cpu')(torch.zeros(5, 74, 27), None, mode='tensor')


def test_a_runner_tests_the_file(file, tmp_path, monkeypatch):
    """With ground truth of the lifted pose: the file gives that of one frame for all, ten times as large."""
    path = tmp_path / 'annotations/simspine_test.npz'
    synthesize_poses(path, PoseSettings(people=1, frames=3, views=1, split='test'))
    monkeypatch.setenv('SIMSPINE_ROOT', str(tmp_path))
    cfg = Config.fromfile(CONFIG)
    cfg.load_from, cfg.work_dir = str(file), str(tmp_path / 'work')
    runner = Runner.from_cfg(cfg)
    dataset = runner.build_dataloader(cfg.test_dataloader).dataset
    target = np.concatenate([dataset[i]['data_samples'].gt_instances.lifting_target for i in range(3)])
    target -= target[:, [19]]
    builders.write_lifter(file, np.zeros((2, 3)), 10 * target[0] + 7)
    errors, spine = runner.test(), list(skeleton.SUBSETS['spine'])
    unit = np.array([dataset.get_data_info(i)['unit'] for i in range(3)])
    off = np.linalg.norm(10 * target[0] - target, axis=-1) * unit[:, None] * 1000
    assert errors['lifting/spine_MPJPE'] == pytest.approx(off[:, spine].mean(), rel=1e-4)
    assert errors['lifting/spine_MPJPE_height'] < 30 and errors['lifting/spine_N-MPJPE'] < 30
    cfg.work_dir = str(tmp_path / 'training')
    cfg.train_dataloader.dataset.ann_file = cfg.val_dataloader.dataset.ann_file
    with pytest.raises(CheckpointError, match='an ONNX file can be tested, but not trained from'):
        Runner.from_cfg(cfg).train()


def same(graph):
    pass


def two_inputs(graph):
    graph.input.append(onnx.helper.make_tensor_value_info('mask', onnx.TensorProto.FLOAT, ['N', 37]))


def one_person(graph):
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


@pytest.mark.parametrize(
    'matrix, offset, change, message',
    [
        (np.eye(3), OFFSET, same, r'takes tensor\(float\) in shape \[.N., 37, 3\], where a lifter takes \(37, 2\) and'),
        (MATRIX, OFFSET[:17], same, r'takes .* \[.N., 17, 2\], where'),
        (np.eye(2), OFFSET[:, :2], same, r'gives the shape \(2, 37, 2\) for two people, where'),
        (MATRIX, OFFSET, two_inputs, 'has 2 inputs and 1 outputs, where'),
        (MATRIX, OFFSET, one_person, r'takes .* \[1, 37, 2\], where .* any number of people'),
    ],
)
def test_other_files_are_refused(tmp_path, matrix, offset, change, message):
    proto = onnx.load(builders.write_lifter(tmp_path / 'a.onnx', matrix, offset))
    change(proto.graph)
    onnx.save(proto, tmp_path / 'a.onnx')
    with pytest.raises(CheckpointError, match=rf'a\.onnx {message}'):
        init_model(CONFIG, str(tmp_path / 'a.onnx'), 'cpu')


def test_a_config_of_another_head_is_refused(file):
    with pytest.raises(CheckpointError, match='not with a SpineUncertaintyHead'):
        init_model(find_config('spinepose-lifter')[0], str(file), 'cpu')
