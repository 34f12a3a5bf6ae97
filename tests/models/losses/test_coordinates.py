import pytest
import torch

from spinepose_mm.models.losses import expected_coordinates


def test_by_hand():
    x, y = torch.tensor([[[0., .5, .5, 0.]]]), torch.tensor([[[.25, 0., 0., 0., 0., .75]]])
    assert expected_coordinates((x, y), split_ratio=2.).tolist() == [[[.75, 1.875]]]


def test_gradient():
    torch.manual_seed(0)
    logits = [torch.rand(2, 3, bins, dtype=torch.float64, requires_grad=True) for bins in (8, 10)]
    assert torch.autograd.gradcheck(
        lambda *axes: expected_coordinates([axis.softmax(-1) for axis in axes], 2.), logits)


def test_labels_give_their_keypoint_back():
    """The mean of RTMPose's label is its keypoint, but for the bins far off, which pull it to the middle."""
    from mmpose.codecs import SimCCLabel
    codec = SimCCLabel(input_size=(192, 256), sigma=(4.9, 5.66), normalize=False, use_dark=False)
    keypoint = [[[60., 200.]]]
    found = codec.encode(torch.tensor(keypoint).numpy())
    labels = [torch.from_numpy(found[f'keypoint_{axis}_labels']) * 10 for axis in 'xy']
    x, y = expected_coordinates([axis.softmax(-1) for axis in labels], 2.)[0, 0].tolist()
    assert x == pytest.approx(60., abs=.5) and y == pytest.approx(200., abs=.5)
