import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

import builders


@pytest.fixture
def lifter():
    torch.manual_seed(0)
    return MODELS.build(Config.fromfile(builders.config('lifting/spinepose_lifter_uncertainty')).model)


def samples(count, weight=1.0):
    return [
        PoseDataSample(
            gt_instance_labels=InstanceData(
                lifting_target_label=torch.full((1, 37, 3), 0.1), lifting_target_weight=torch.full((1, 37), weight)
            ),
            metainfo=dict(target_root=np.full((1, 3), 2, np.float32)),
        )
        for _ in range(count)
    ]


def test_predicts_points_and_their_errors(lifter):
    lifter.eval()
    inputs = torch.randn(3, 74, 1)
    found = lifter(inputs, samples(3), mode='predict')
    raw = lifter(inputs, None, mode='tensor').detach().numpy()
    assert raw.shape == (3, 37, 4)
    for sample, values in zip(found, raw):
        np.testing.assert_allclose(sample.pred_instances.keypoints[0], values[:, :3] + 2, rtol=1e-6)
        np.testing.assert_allclose(sample.pred_instances.keypoint_errors[0], np.exp(values[:, 3]), rtol=1e-6)


def test_loss_reaches_points_and_errors(lifter):
    losses = lifter(torch.randn(4, 74, 1), samples(4), mode='loss')
    losses['loss_pose3d'].backward()
    gradient = lifter.head.conv.weight.grad.reshape(37, 4, -1).abs().sum((0, 2))
    assert (gradient > 0).all() and losses['mpjpe'] > 0 and not losses['mpjpe'].requires_grad


def test_learns_how_far_off_it_is(lifter):
    """Targets that are noise of two sizes: what is expected becomes those sizes."""
    torch.manual_seed(0)
    head = lifter.head
    features = torch.ones(1, 512, 1)
    optimizer = torch.optim.Adam(head.parameters(), 2e-4)
    size = torch.linspace(0.1, 1, 37)
    for _ in range(300):
        noise = torch.randn(64, 37, 3) * size[:, None]
        batch = [
            PoseDataSample(
                gt_instance_labels=InstanceData(
                    lifting_target_label=target[None], lifting_target_weight=torch.ones(1, 37)
                )
            )
            for target in noise
        ]
        optimizer.zero_grad()
        head.loss((features.expand(64, -1, -1),), batch)['loss_pose3d'].backward()
        optimizer.step()
    expected = head((features,))[0, :, 3].exp()
    torch.testing.assert_close(expected, size * 1.596, rtol=0.2, atol=0)  # the mean length of a normal vector in 3D
