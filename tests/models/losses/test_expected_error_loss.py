import math

import pytest
import torch
from mmpose.registry import MODELS

from spinepose_mm.models.losses import expected_error_loss


def test_by_hand():
    """Two points that are 5 and 1 off, with 5 and 2 expected, the second counting thrice."""
    pred = torch.zeros(1, 3, 3)
    target = torch.tensor([[[0.0, 3, 4], [1, 0, 0], [9, 9, 9]]])
    log_error = torch.tensor([[5.0, 2, 1]]).log()
    loss = expected_error_loss(pred, log_error, target, torch.tensor([[1.0, 3, 0]]))
    assert loss.item() == pytest.approx((1 + math.log(5) + 3 * (0.5 + math.log(2))) / 4)


def test_least_where_the_error_is_as_expected():
    pred, target, weight = torch.zeros(1, 1, 3), torch.tensor([[[0.0, 3, 4]]]), torch.ones(1, 1)
    losses = [
        expected_error_loss(pred, torch.full((1, 1), mu).log(), target, weight) for mu in (4.0, 4.9, 5.0, 5.1, 6.0)
    ]
    assert min(losses) == losses[2]


def test_expected_error_of_samples():
    """The mean distance of what the density gives, a Gamma distribution of shape 3, is what minimises the loss."""
    torch.manual_seed(0)
    distance = torch.distributions.Gamma(3.0, 1 / 0.2).sample((20000,))
    target = torch.nn.functional.normalize(torch.randn(20000, 3), dim=-1) * distance[:, None]
    log_error = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_error], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = expected_error_loss(
            torch.zeros(1, 20000, 3), log_error.expand(1, 20000), target[None], torch.ones(1, 20000)
        )
        loss.backward()
        return loss

    optimizer.step(closure)
    assert log_error.exp().item() == pytest.approx(0.6, rel=0.02)


def test_gradients():
    torch.manual_seed(0)
    pred, log_error = torch.randn(2, 4, 3, requires_grad=True), torch.randn(2, 4, requires_grad=True)
    target, weight = torch.randn(2, 4, 3), torch.tensor([[1.0, 1, 0, 0], [1, 0, 0, 0]])
    target[0, 2] = math.nan  # not labelled
    with torch.no_grad():
        pred[0, 0] = target[0, 0]  # exactly right
    expected_error_loss(pred, log_error, target, weight).backward()
    for gradient in (pred.grad, log_error.grad):
        assert torch.isfinite(gradient).all() and (gradient[weight == 0] == 0).all()
    assert (log_error.grad[weight > 0] != 0).all()


def test_nothing_labelled():
    pred = torch.randn(2, 4, 3, requires_grad=True)
    loss = expected_error_loss(pred, torch.zeros(2, 4), torch.randn(2, 4, 3), torch.zeros(2, 4))
    loss.backward()
    assert loss.item() == 0 and (pred.grad == 0).all()


def test_module_has_a_weight():
    arguments = torch.zeros(1, 2, 3), torch.ones(1, 2), torch.ones(1, 2, 3), torch.ones(1, 2)
    loss = MODELS.build(dict(type='SpineExpectedErrorLoss', loss_weight=0.5))
    assert loss(*arguments).item() == pytest.approx(0.5 * expected_error_loss(*arguments).item())
