"""Images whose channels were normalised in the wrong order."""

from collections.abc import Sequence

import torch
from torch import nn


def swap_channels(mean: Sequence[float] | torch.Tensor, std: Sequence[float] | torch.Tensor) -> nn.Conv2d:
    """Return the layer between a BGR image that was normalised as if it were RGB, and the same as it should be.

    With the value v of a channel, the wrong image has (v_B - mean_R) / std_R in its first channel, where the right
    one has (v_R - mean_R) / std_R. The layer makes either out of the other.

    Args:
        mean, std: of R, G and B, (3,).

    Returns:
        nn.Conv2d: of 1 x 1 pixels and without padding. A network's own padding comes after it and stays as it was
        trained, which it would not if this were part of the network's first convolution.
    """
    mean, std = (torch.as_tensor(value, dtype=torch.float64).flatten() for value in (mean, std))
    layer = nn.Conv2d(3, 3, 1)
    layer.weight.data = (torch.eye(3).flip(0) * std / std[:, None]).float()[..., None, None]
    layer.bias = nn.Parameter(((mean.flip(0) - mean) / std).float())
    return layer.requires_grad_(False)
