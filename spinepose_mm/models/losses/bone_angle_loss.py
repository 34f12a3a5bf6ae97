import math
from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import nn

from spinepose_mm import deprecated, skeleton


@deprecated.arguments(labelled='valid')
def bone_angle_loss(
    pred: torch.Tensor, target: torch.Tensor, valid: torch.Tensor, bones: torch.Tensor, min_length: float = 2.0
) -> torch.Tensor:
    r"""Return how far bones point from where they should, as a mean angle in half turns.

    .. math::
        L = \frac{1}{\pi |B|} \sum_{b \in B} |\Delta\varphi_b|, \qquad
        \Delta\varphi_b = \mathrm{atan2}(\sin(\varphi_p - \varphi_g), \cos(\varphi_p - \varphi_g))

    with the angles :math:`\varphi` of a predicted and a labelled bone to the horizontal (SpinePose, arXiv 2504.08110,
    :math:`L_{structure}`). They are compared by the bones' cross and dot product, which needs neither angle. B are the
    bones with both ends labelled and a labelled length of `min_length` or more. A predicted bone that is shorter has no
    direction: it counts as right and gets no gradient, so that no gradient is longer than 1 / `min_length`.

    Args:
        pred: predicted points, (N, K, 2), in the unit of `min_length`.
        target: ground truth, (N, K, 2).
        valid: which points count, bool, (N, K).
        bones: numbers of the two ends of each bone, int64, (B, 2).
        min_length: length under which a bone has no direction.

    Returns:
        Tensor: one value from 0 to 1 for each person, (N,); 0 for people without a bone that counts.

    Example:
        >>> target = torch.tensor([[[0., 0.], [10., 0.]]])
        >>> turned = torch.tensor([[[0., 0.], [0., 10.]]])
        >>> bone_angle_loss(turned, target, torch.ones(1, 2, dtype=torch.bool), torch.tensor([[1, 0]]))
        tensor([0.5000])
    """
    outer, inner = bones.T
    pred, target = (points[:, outer] - points[:, inner] for points in (pred, target))
    counted = valid[:, outer] & valid[:, inner] & (target.norm(dim=-1) >= min_length)
    compared = counted & (pred.detach().norm(dim=-1) >= min_length)
    # What is not compared becomes a pair of equal unit vectors, since a masked infinite gradient would still be NaN.
    target = torch.where(compared[..., None], target, torch.ones_like(target))
    pred = torch.where(compared[..., None], pred, target)
    cross = pred[..., 0] * target[..., 1] - pred[..., 1] * target[..., 0]
    angles = torch.atan2(cross, (pred * target).sum(-1)).abs()
    return angles.sum(-1) / (math.pi * counted.sum(-1).clamp(min=1))


@MODELS.register_module()
class SpineBoneAngleLoss(nn.Module):
    """`bone_angle_loss` of the skeleton's bones, summed over the people as RTMPose's own loss is.

    Args:
        loss_weight: the published weight by default.
        bones: names of the two ends of each bone; those of the skeleton by default.
        min_length: as for `bone_angle_loss`, in pixels of the network's input.

    Raises:
        KeyError: a bone ends in an unknown keypoint.
    """

    ends: torch.Tensor

    def __init__(
        self, loss_weight: float = 0.1, bones: Sequence[Sequence[str]] = skeleton.BONES, min_length: float = 2.0
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.min_length = min_length
        ends = torch.tensor([[skeleton.index(name) for name in bone] for bone in bones])
        self.register_buffer('ends', ends, persistent=False)

    @deprecated.arguments(labelled='valid')
    def forward(self, pred: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Return the weighted sum over the people; the arguments are those of `bone_angle_loss`, in input pixels."""
        return self.loss_weight * bone_angle_loss(pred, target, valid, self.ends, self.min_length).sum()
