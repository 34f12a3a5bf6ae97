import pytest
import torch
from mmpose.codecs import SimCCLabel

from spinepose_mm.models.losses import expected_coordinates


def test_by_hand():
    x, y = torch.tensor([[[0.0, 0.5, 0.5, 0.0]]]), torch.tensor([[[0.25, 0.0, 0.0, 0.0, 0.0, 0.75]]])
    assert expected_coordinates((x, y), 2.0, reach=(9.0, 9.0)).tolist() == [[[0.75, 1.875]]]
    assert expected_coordinates((x, y), 2.0, reach=(9.0, 2.0)).tolist() == [[[0.75, 2.5]]]


def test_gradient_stays_around_the_peak():
    torch.manual_seed(0)
    logits = [torch.rand(2, 3, bins, dtype=torch.float64, requires_grad=True) for bins in (16, 20)]

    def points(*axes):
        return expected_coordinates([axis.softmax(-1) for axis in axes], 2.0, reach=(2.0, 3.0))

    assert torch.autograd.gradcheck(points, logits)
    points(*logits).sum().backward()
    for axis, bins in zip(logits, (4, 6)):
        away = (torch.arange(axis.shape[-1]) - axis.argmax(-1, keepdim=True)).abs()
        assert axis.grad[away <= bins].abs().min() > 0 and axis.grad[away > bins].abs().max() < 1e-12


@pytest.mark.parametrize('keypoint', [[60.0, 200.0], [61.3, 20.2]])
def test_labels_give_their_keypoint_back(keypoint):
    codec = SimCCLabel(input_size=(192, 256), sigma=(4.9, 5.66), normalize=False, use_dark=False)
    found = codec.encode(torch.tensor([[keypoint]]).numpy())
    labels = [torch.from_numpy(found[f'keypoint_{axis}_labels']) * 10 for axis in 'xy']
    points = expected_coordinates([axis.softmax(-1) for axis in labels], 2.0, reach=(9.8, 11.3))
    assert points[0, 0].tolist() == pytest.approx(keypoint, abs=0.26)  # SimCCLabel rounds to half pixels
