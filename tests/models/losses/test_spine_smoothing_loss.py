import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from spinepose_mm import skeleton
from spinepose_mm.models.losses import chain_length, spine_smoothing_loss
from spinepose_mm.synthetic import MOTIONS, Body, forward, keypoints, sequence

SPINE = list(skeleton.SUBSETS['spine'])


def smoothing_in_numpy(points, k, threshold):
    """The paper's formula as it is written, for a chain that is labelled whole."""
    smooth = [points[0]]
    for point in points[1:]:
        step = point - smooth[-1]
        weight = 1 - 0.5 / (1 + np.exp(-k * (np.linalg.norm(step) - threshold)))
        smooth.append(smooth[-1] + weight * step)
    return np.mean((points - np.array(smooth)) ** 2)


def whole(*shape):
    return torch.ones(shape, dtype=torch.bool)


def test_by_hand():
    """At exactly the threshold, a quarter of the step is taken back, and the next begins that much behind."""
    chain = torch.tensor([[[0.0, 0.0], [4.0, 0.0], [5.0, 0.0]]])
    found = spine_smoothing_loss(chain, whole(1, 3), sharpness=1e3, threshold=4.0)
    assert found.item() == pytest.approx(1 / 6)  # (4/4)^2 over 3 points of 2 coordinates; 1 + 1 < 4 is not damped


def test_batch_against_numpy():
    points = np.random.default_rng(0).uniform(0, 1, (5, 9, 2))
    found = spine_smoothing_loss(torch.from_numpy(points), whole(5, 9), 10.0, 0.3)
    assert found.tolist() == pytest.approx([smoothing_in_numpy(chain, 10.0, 0.3) for chain in points])


def test_gradient():
    torch.manual_seed(0)
    points = torch.rand(3, 9, 2, dtype=torch.float64, requires_grad=True)
    labelled = torch.rand(3, 9) < 0.8
    assert torch.autograd.gradcheck(lambda chain: spine_smoothing_loss(chain, labelled, 10.0, 0.3), points)


def test_a_gap_starts_the_chain_anew():
    points = torch.rand(1, 9, 2, requires_grad=True)
    labelled = whole(1, 9)
    labelled[0, 4] = False
    found = spine_smoothing_loss(points, labelled, 5.0, 0.3)
    parts = [spine_smoothing_loss(part, whole(1, 4), 5.0, 0.3) for part in (points[:, :4], points[:, 5:])]
    assert found.item() == pytest.approx((sum(parts) / 2).item())  # means over 8 and over 4 points
    found.backward()
    assert points.grad[0, 4].abs().max() == 0 and points.grad[0, 3].abs().max() > 0


def test_no_labels_and_coincident_points():
    points = torch.rand(2, 9, 2)
    points[1] = 0.5
    points.requires_grad_()
    labelled = whole(2, 9)
    labelled[0] = False
    found = spine_smoothing_loss(points, labelled, 50.0, 0.3)
    found.sum().backward()
    assert found.tolist() == [0, 0]
    assert torch.isfinite(points.grad).all() and points.grad[0].abs().max() == 0


def test_chain_length():
    chain = torch.tensor([[[0.0, 0.0], [0.0, 2.0], [0.0, 5.0]]]).repeat(3, 1, 1)
    labelled = torch.tensor([[True] * 3, [True, True, False], [True, False, True]])
    assert chain_length(chain, labelled, min_length=1.0).tolist() == [5, 4, 1]


@pytest.mark.parametrize('motion', MOTIONS)
def test_ground_truth_spines_pass(motion):
    """The default threshold is above every step of a moving spine, seen from the side."""
    loss = MODELS.build(dict(type='SpineSmoothingLoss', loss_weight=1.0))
    rng = np.random.default_rng(0)
    body = Body.sample(rng)
    points = keypoints(body, forward(body, sequence(motion, body, rng, seconds=2)))
    sagittal = points - points[:, [skeleton.index('S1')]]
    points = torch.from_numpy(np.stack([np.hypot(sagittal[..., 0], sagittal[..., 2]), sagittal[..., 1]], -1) * 100)
    assert loss(points, points, whole(*points.shape[:2])).item() / len(points) < 1e-5
    broken = points.clone()
    broken[:, skeleton.index('T8')] += 30.0
    assert loss(broken, points, whole(*points.shape[:2])).item() / len(points) > 1e-3


def test_module_counts_in_ground_truth_spine_lengths():
    """Twice as near, the loss is the same; it sums over people with its weight."""
    loss = MODELS.build(dict(type='SpineSmoothingLoss', loss_weight=0.3, sharpness=20.0, threshold=0.2))
    pred, true = torch.rand(2, 4, 37, 2) * 100 + 20
    once = loss(pred, true, whole(4, 37))
    assert loss(2 * pred, 2 * true, whole(4, 37)).item() == pytest.approx(once.item(), rel=1e-4)
    unit = chain_length(true[:, SPINE], whole(4, 9), 10.0)
    by_hand = [smoothing_in_numpy((person[SPINE] / length).numpy(), 20.0, 0.2) for person, length in zip(pred, unit)]
    assert once.item() == pytest.approx(0.3 * sum(by_hand), rel=1e-4)
    assert not loss.state_dict()


@pytest.mark.parametrize('unit', [1, 0.5])
def test_lengths_may_be_pixels_or_bins(unit):
    points = np.random.default_rng(0).uniform(0, 100, (4, 37, 2))
    loss = MODELS.build(dict(type='SpineSmoothingLoss', loss_weight=2.0, sharpness=0.2, threshold=30.0, unit=unit))
    found = loss(torch.from_numpy(points), torch.from_numpy(points[::-1].copy()), whole(4, 37))
    expected = sum(smoothing_in_numpy(person[SPINE] / unit, 0.2, 30.0) for person in points)
    assert found.item() == pytest.approx(2 * expected)


@pytest.mark.parametrize('unit', ['pixel', 0, -1.0])
def test_an_unknown_unit_is_refused(unit):
    with pytest.raises(ValueError, match="unit is 'spine' or a length in pixels over 0"):
        MODELS.build(dict(type='SpineSmoothingLoss', unit=unit))
