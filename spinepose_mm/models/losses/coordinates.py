import torch


def expected_coordinates(distributions, split_ratio):
    """Return the means of SimCC distributions: keypoints that can be differentiated, unlike the likeliest bin.

    Args:
        distributions: probabilities along x and along y, (N, K, W * split_ratio) and (N, K, H * split_ratio).
        split_ratio: bins per pixel.

    Returns:
        Tensor: (N, K, 2), in input pixels.
    """
    return torch.stack([
        axis @ torch.arange(axis.shape[-1], dtype=axis.dtype, device=axis.device) for axis in distributions
    ], dim=-1) / split_ratio
