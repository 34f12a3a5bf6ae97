import torch
from mmpose.registry import MODELS
from torch import nn

from spinepose_mm import deprecated, skeleton


@deprecated.arguments(labelled='valid')
def spine_smoothing_loss(points: torch.Tensor, valid: torch.Tensor, sharpness: float, threshold: float) -> torch.Tensor:
    r"""Return how far a chain of points is from itself with its abrupt steps damped.

    .. math::
        L = \mathrm{MSE}(\{s_i\}, \{\tilde s_i\}), \qquad \tilde s_0 = s_0, \qquad
        \tilde s_i = \tilde s_{i-1} + w_i (s_i - \tilde s_{i-1}), \qquad
        w_i = 1 - \tfrac12 \sigma(k (\|s_i - \tilde s_{i-1}\| - T))

    (SpinePose, arXiv 2504.08110, :math:`L_{spine}`). Steps well under the threshold T cost nothing; of a longer one,
    half is taken back. A point that is not labelled is left out, and the chain starts anew behind it.

    Args:
        points: the chain from one end to the other, (N, L, 2), in the unit of `threshold`.
        valid: which points count, bool, (N, L).
        sharpness: k, in 1 / unit.
        threshold: T, length of an abrupt step.

    Returns:
        Tensor: mean squared distance over the labelled points and both coordinates for each person, (N,); 0 for people
        without two labelled neighbours.

    Example:
        >>> chain = torch.tensor([[[0., 0.], [0., 1.], [0., 2.], [0., 8.]]])
        >>> spine_smoothing_loss(chain, torch.ones(1, 4, dtype=torch.bool), sharpness=20., threshold=3.)  # (6/2)^2 / 8
        tensor([1.1250])
    """
    steps = points.diff(dim=1)
    joined = (valid[:, 1:] & valid[:, :-1])[..., None]
    behind = torch.zeros_like(points[:, 0])  # s_i - s~_i
    total = points.new_zeros(len(points))
    for step, along in zip(steps.unbind(1), joined.unbind(1)):
        step = step + behind  # s_i - s~_{i-1}
        damped = 0.5 * torch.sigmoid(sharpness * (step.norm(dim=-1, keepdim=True) - threshold))
        behind = torch.where(along, damped * step, 0)
        total = total + behind.square().sum(-1)
    return total / (2 * valid.sum(-1).clamp(min=1))


@deprecated.arguments(labelled='valid')
def chain_length(points: torch.Tensor, valid: torch.Tensor, min_length: float) -> torch.Tensor:
    """Return the length of a chain of points, from the mean of its labelled steps.

    Args:
        points: (N, L, 2).
        valid: which points count, bool, (N, L).
        min_length: lower bound of the result, in the unit of the points: for chains seen end on, or without steps.

    Returns:
        Tensor: (N,).
    """
    joined = valid[:, 1:] & valid[:, :-1]
    steps = torch.where(joined, points.diff(dim=1).norm(dim=-1), 0)
    return (steps.sum(-1) / joined.sum(-1).clamp(min=1) * joined.shape[-1]).clamp(min=min_length)


@MODELS.register_module()
class SpineSmoothingLoss(nn.Module):
    """`spine_smoothing_loss` along the spine from C1 to S1, summed over the people as RTMPose's own loss is.

    Lengths are in units of the person's ground-truth spine in the image, so that people near and far weigh the same
    and the threshold is anatomy's; the paper does not say its unit, and `unit` takes another. Of rendered people's
    spines, the longest of the eight steps (L1 to T8 or T8 to T3) is 0.20 to 0.27 of the whole in 98 of 100.

    Args:
        loss_weight: the published weight by default.
        sharpness: k, per unit.
        threshold: T, in units.
        min_length: lower bound of the length of a ground-truth spine, in pixels of the network's input.
        unit: 'spine', or a length in pixels of the network's input: 1 for pixels, 0.5 for SimCC's bins at a split ratio
            of 2.

    Raises:
        ValueError: `unit` is neither.
    """

    chain: torch.Tensor

    def __init__(
        self,
        loss_weight: float = 0.5,
        sharpness: float = 50.0,
        threshold: float = 0.3,
        min_length: float = 10.0,
        unit: str | float = 'spine',
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.sharpness = sharpness
        self.threshold = threshold
        self.min_length = min_length
        if unit != 'spine' and not (isinstance(unit, (int, float)) and unit > 0):
            raise ValueError(
                f"SpineSmoothingLoss: unit is 'spine' or a length in pixels over 0, but {unit!r} was given"
            )
        self.unit = unit
        self.register_buffer('chain', torch.tensor(skeleton.SUBSETS['spine']), persistent=False)

    @deprecated.arguments(labelled='valid')
    def forward(self, pred: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Return the weighted sum over the people.

        Args:
            pred: predicted keypoints, (N, 37, 2), in input pixels.
            target: ground truth, (N, 37, 2).
            valid: which keypoints count, bool, (N, 37).
        """
        pred, target, valid = pred[:, self.chain], target[:, self.chain], valid[:, self.chain]
        unit: float | torch.Tensor
        if isinstance(self.unit, str):  # 'spine'
            unit = chain_length(target, valid, self.min_length)[:, None, None]
        else:
            unit = self.unit
        return self.loss_weight * spine_smoothing_loss(pred / unit, valid, self.sharpness, self.threshold).sum()
