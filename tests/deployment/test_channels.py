import torch
from torch import nn

from spinepose_mm.deployment.channels import swap_channels

MEAN, STD = (120.0, 110.0, 100.0), (60.0, 50.0, 40.0)


def test_puts_a_pixel_right():
    # R, G, B = 180, 10, 60
    right = torch.tensor([1.0, -2.0, -1.0]).reshape(1, 3, 1, 1)
    wrong = torch.tensor([-1.0, -2.0, 2.0]).reshape(1, 3, 1, 1)  # (60 - 120) / 60, (10 - 110) / 50, (180 - 100) / 40
    layer = swap_channels(MEAN, STD)
    torch.testing.assert_close(layer(wrong), right)
    torch.testing.assert_close(layer(right), wrong)


def test_a_network_with_padding_is_the_same_up_to_the_edge():
    torch.manual_seed(0)
    network = nn.Conv2d(3, 4, 3, padding=1)
    values = torch.randint(0, 256, (2, 3, 6, 5)).float()
    mean, std = (torch.tensor(value).reshape(3, 1, 1) for value in (MEAN, STD))
    right, wrong = (values - mean) / std, (values.flip(1) - mean) / std
    torch.testing.assert_close(network(swap_channels(mean, std)(wrong)), network(right))
    assert (network(wrong) - network(right)).abs().min(1).values.max() > 0.1
