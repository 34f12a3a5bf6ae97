import torch
from mmpose.registry import MODELS
from torch import nn

LOG_RANGE = -10.0, 10.0  # of the logarithm of an expected error, so that no error is infinite


def expected_error_loss(
    pred: torch.Tensor, log_error: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    r"""Return the negative log likelihood of points in space under an error that was predicted with them.

    .. math::
        L = \frac{1}{\sum w} \sum w \left(\frac{\lVert p - g \rVert}{\mu} + \log \mu\right)

    This is, up to a factor of 3 and a constant, the likelihood of a density that falls with
    :math:`\exp(-\lVert p - g \rVert / b)` in all directions, whose mean distance is :math:`\mu = 3 b`. So a network
    that minimises it predicts how far off it will be (as Kendall and Gal, NeurIPS 2017, for one dimension).

    Args:
        pred: predicted points, (N, K, 3).
        log_error: logarithm of :math:`\mu`, in the unit of the points, (N, K).
        target: ground truth, (N, K, 3).
        weight: of each point, 0 for what is not labelled, (N, K).

    Returns:
        Tensor: one value; 0 where nothing is labelled.

    Example:
        >>> pred, target = torch.zeros(1, 1, 3), torch.tensor([[[0., 3., 4.]]])
        >>> expected_error_loss(pred, torch.full((1, 1), 5.).log(), target, torch.ones(1, 1))  # 1 + log(5)
        tensor(2.6094)
    """
    pred, log_error, target, weight = (tensor.float() for tensor in (pred, log_error, target, weight))
    valid = weight > 0
    # What is not labelled becomes right by one unit, since a masked infinite gradient would still be NaN.
    off = torch.where(valid[..., None], pred - target, torch.ones_like(pred)).square().sum(-1).clamp(min=1e-12).sqrt()
    log_error = torch.where(valid, log_error.clamp(*LOG_RANGE), torch.zeros_like(log_error))
    return (weight * (off * torch.exp(-log_error) + log_error)).sum() / weight.sum().clamp(min=1e-6)


@MODELS.register_module()
class SpineExpectedErrorLoss(nn.Module):
    """`expected_error_loss` for `SpineUncertaintyHead`.

    Args:
        loss_weight: a factor on it.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self, pred: torch.Tensor, log_error: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Return the weighted loss; the arguments are those of `expected_error_loss`."""
        return self.loss_weight * expected_error_loss(pred, log_error, target, weight)
