from collections.abc import Sequence

import torch


def expected_coordinates(
    distributions: Sequence[torch.Tensor], split_ratio: float, reach: Sequence[float]
) -> torch.Tensor:
    """Return the means of SimCC distributions around their peaks: keypoints that can be differentiated.

    The likeliest bin, which a keypoint is decoded to, cannot. The mean of all bins is another point than the peak where
    a distribution has several or long tails, and its gradient moves the tails more than the peak.

    Args:
        distributions: probabilities along x and along y, (N, K, W * split_ratio) and (N, K, H * split_ratio).
        split_ratio: bins per pixel.
        reach: how far from the peak bins count along x and along y, in pixels.

    Returns:
        Tensor: (N, K, 2), in input pixels.
    """
    means = []
    for axis, far in zip(distributions, reach):
        bins = torch.arange(axis.shape[-1], dtype=axis.dtype, device=axis.device)
        near = (bins - axis.argmax(-1, keepdim=True)).abs() <= far * split_ratio
        around = torch.where(near, axis, 0)
        means.append(around @ bins / around.sum(-1) / split_ratio)
    return torch.stack(means, dim=-1)
