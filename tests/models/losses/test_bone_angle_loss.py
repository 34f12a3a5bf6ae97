import math

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from spinepose_mm import skeleton
from spinepose_mm.models.losses import bone_angle_loss

BONES = torch.tensor([[1, 0], [2, 1]])


def angles_in_numpy(pred, target, labelled, bones):
    """The paper's formula as it is written, one bone after the other."""
    values = []
    for p, g, ok in zip(pred, target, labelled):
        errors = []
        for a, b in bones:
            if ok[a] and ok[b]:
                phi_p, phi_g = (np.arctan2(*(points[a] - points[b])[::-1]) for points in (p, g))
                errors.append(abs(np.arctan2(np.sin(phi_p - phi_g), np.cos(phi_p - phi_g))))
        values.append(sum(errors) / (np.pi * len(errors)) if errors else 0)
    return values


def test_by_hand():
    true = torch.tensor([[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]])
    pred = torch.tensor([[[0.0, 0.0], [0.0, 10.0], [5.0, 15.0]]])  # a quarter turn, and an eighth the other way
    found = bone_angle_loss(pred, true, torch.ones(1, 3, dtype=torch.bool), BONES)
    assert found.tolist() == pytest.approx([(90 + 45) / 180 / 2])


def test_the_shorter_way_round():
    """170 degrees and -170 degrees are 20 apart."""

    def bone(degrees):
        return [[0.0, 0.0], [9 * math.cos(math.radians(degrees)), 9 * math.sin(math.radians(degrees))]]

    found = bone_angle_loss(
        torch.tensor([bone(170)]), torch.tensor([bone(-170)]), torch.ones(1, 2, dtype=torch.bool), BONES[:1]
    )
    assert found.item() == pytest.approx(20 / 180, abs=1e-6)


def test_batch_against_numpy():
    rng = np.random.default_rng(0)
    pred, target = rng.uniform(0, 200, (2, 6, 37, 2))
    labelled = rng.random((6, 37)) < 0.7
    labelled[2] = False
    bones = [[skeleton.index(name) for name in bone] for bone in skeleton.BONES]
    found = bone_angle_loss(*map(torch.from_numpy, (pred, target, labelled)), torch.tensor(bones))
    assert found.tolist() == pytest.approx(angles_in_numpy(pred, target, labelled, bones))
    assert found[2] == 0


def test_gradient():
    torch.manual_seed(0)
    pred = (torch.rand(3, 37, 2, dtype=torch.float64) * 100).requires_grad_()
    target, labelled = torch.rand(3, 37, 2, dtype=torch.float64) * 100, torch.rand(3, 37) < 0.7
    bones = MODELS.build(dict(type='SpineBoneAngleLoss')).ends
    assert torch.autograd.gradcheck(lambda points: bone_angle_loss(points, target, labelled, bones), pred)


def test_unlabelled_points_get_no_gradient():
    pred = torch.rand(2, 3, 2, requires_grad=True)
    labelled = torch.tensor([[True, True, False], [False] * 3])
    loss = bone_angle_loss(pred, torch.rand(2, 3, 2) * 50, labelled, BONES, min_length=1e-3)
    loss.sum().backward()
    assert pred.grad[0, :2].abs().min() > 0
    assert pred.grad[0, 2].abs().max() == 0 and pred.grad[1].abs().max() == 0 and loss[1] == 0


def test_bones_without_direction():
    """A predicted bone without length counts as right, a labelled one not at all; all gradients are finite."""
    true = torch.tensor([[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]], [[5.0, 5.0], [5.0, 5.0], [5.0, 15.0]]])
    pred = torch.tensor(
        [[[3.0, 3.0], [3.0, 3.0], [13.0, 3.0]], [[0.0, 0.0], [7.0, 0.0], [14.0, 0.0]]], requires_grad=True
    )
    found = bone_angle_loss(pred, true, torch.ones(2, 3, dtype=torch.bool), BONES)
    assert found.tolist() == pytest.approx([0.5 / 2, 0.5])
    found.sum().backward()
    assert torch.isfinite(pred.grad).all() and pred.grad[0, 0].abs().max() == 0
    assert pred.grad.norm(dim=-1).max() <= 1 / 2  # 1 / min_length


def test_module_sums_over_people_with_its_weight():
    loss = MODELS.build(dict(type='SpineBoneAngleLoss', loss_weight=0.4, bones=[('L5', 'S1'), ('nose', 'head')]))
    pred, target = torch.rand(2, 4, 37, 2) * 100
    labelled = torch.ones(4, 37, dtype=torch.bool)
    ends = torch.tensor([[skeleton.index('L5'), skeleton.index('S1')], [0, skeleton.index('head')]])
    assert loss(pred, target, labelled).item() == pytest.approx(
        0.4 * bone_angle_loss(pred, target, labelled, ends).sum().item()
    )
    assert not loss.state_dict()
    with pytest.raises(KeyError, match='no keypoint is named'):
        MODELS.build(dict(type='SpineBoneAngleLoss', bones=[('L6', 'S1')]))
