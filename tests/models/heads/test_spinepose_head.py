import math

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import KEYPOINT_CODECS, MODELS

import builders
from spinepose_mm import skeleton
from spinepose_mm.confidence import Calibration, confidence

MODEL = Config.fromfile(builders.config('spinepose_tiny')).model
CONFIG = MODEL.head
LOSSES = dict(structure_loss=dict(type='SpineBoneAngleLoss'), spine_loss=dict(type='SpineSmoothingLoss'))


def build(**options):
    return MODELS.build({**CONFIG, **LOSSES, **options})


def samples(people=3, seed=0):
    """Labelled samples of random people."""
    codec = KEYPOINT_CODECS.build(CONFIG.decoder)
    torch.manual_seed(seed)
    points = (torch.rand(people, 1, 37, 2) * torch.tensor([90.0, 120.0]) + 3).numpy()
    return [builders.sample(codec, person) for person in points]


def logits(batch):
    """The SimCC logits that are the labels."""
    return [torch.cat([sample.gt_instance_labels[f'keypoint_{axis}_labels'] for sample in batch]) for axis in 'xy']


def features(people, seed=0):
    torch.manual_seed(seed)
    return (torch.rand(people, 256, 8, 6),)


def test_rtmposes_loss_and_state_dict_are_unchanged():
    head, stock = build(), builders.stock(MODEL).head
    stock.load_state_dict(head.state_dict())
    head.load_state_dict(stock.state_dict())
    found, known = head.loss(features(3), samples()), stock.loss(features(3), samples())
    assert found.keys() == {*known, 'loss_structure', 'loss_spine'}
    for name in known:
        assert found[name].item() == pytest.approx(known[name].item(), rel=1e-6)
    twice = build(position_weight=2.0)
    twice.load_state_dict(stock.state_dict())
    assert twice.loss(features(3), samples())['loss_kpt'].item() == pytest.approx(2 * known['loss_kpt'].item())


@pytest.mark.parametrize('calibration', [None, dict(slope=1.5, offset=4)])
def test_confidence_beside_mmposes_own_scores(calibration):
    """Keypoints and scores, by which metrics go, are to the last bit those of MMPose's head, whatever the numbers."""
    torch.manual_seed(0)
    simcc = torch.randn(3, 37, 192), torch.randn(3, 37, 256) - 1
    simcc[1][1, 4] = -1  # a keypoint without a place
    found, stock = build(calibration=calibration).decode(simcc), builders.stock(MODEL).head.decode(simcc)
    for one, known in zip(found, stock, strict=True):
        np.testing.assert_array_equal(one.keypoints, known.keypoints)
        np.testing.assert_array_equal(one.keypoint_scores, known.keypoint_scores)
        expected = confidence(known.keypoint_scores, calibration and Calibration(**calibration))
        np.testing.assert_allclose(one.keypoint_confidence, expected, rtol=1e-6)
    means = build(calibration=calibration, score='mean').decode(simcc)
    assert (means[0].keypoint_scores > found[0].keypoint_scores).any()
    np.testing.assert_array_equal(means[0].keypoint_confidence, found[0].keypoint_confidence)
    assert found[1].keypoint_confidence[0, 4] == 0 and found[0].keypoint_confidence.dtype == np.float32


def test_training_warns_once_of_a_calibration_of_other_weights(warnings):
    build(calibration=None).loss(features(2), samples(2))
    assert 'calibration' not in warnings()
    head = build(calibration=dict(slope=1.5, offset=4))
    for _ in range(2):
        head.loss(features(2), samples(2))
    assert warnings().count('model.head.calibration was fitted for other weights') == 1


def test_a_calibration_that_is_none():
    with pytest.raises(ValueError, match='SpinePoseHead: calibration is dict'):
        build(calibration=dict(slope=-1, offset=0))
    with pytest.raises(ValueError, match='calibration is for models of 17, 26, 37 keypoints, but this one has 21'):
        build(out_channels=21)


def test_losses_are_named_and_can_be_left_out():
    assert build(structure_loss=None, spine_loss=None).loss(features(2), samples(2)).keys() == {'loss_kpt', 'acc_pose'}
    assert 'loss_spine' not in build(spine_loss=None).loss(features(2), samples(2))
    with pytest.raises(ValueError, match='label_softmax=True'):
        build(loss=dict(type='KLDiscretLoss', beta=10.0))


def test_perfect_predictions_cost_nothing():
    batch = samples()
    losses = build(spine_loss=None).simcc_loss(logits(batch), batch)
    assert losses['loss_kpt'].abs() < 1e-6 and losses['loss_structure'].abs() < 1e-4 and losses['acc_pose'] == 1


def test_a_turned_bone_costs_its_angle():
    """The right forearm, 30 pixels along x, predicted along y."""
    points = torch.full((1, 37, 2), 40.0).numpy()
    codec = KEYPOINT_CODECS.build(CONFIG.decoder)
    elbow, wrist = skeleton.index('right_elbow'), skeleton.index('right_wrist')
    points[0, wrist] = 70, 40
    batch = [builders.sample(codec, points, labelled=(elbow, wrist))]
    points[0, wrist] = 40, 70
    moved = [builders.sample(codec, points)]
    losses = build().simcc_loss(logits(moved), batch)
    assert losses['loss_structure'].item() == pytest.approx(0.1 * 0.5, rel=1e-3)
    assert losses['loss_spine'] == 0


def test_points_are_means_around_the_peak_or_of_the_whole():
    """A second peak far off, a third as likely, moves the mean of all bins and not that around the peak."""
    points = torch.full((1, 37, 2), 40.0).numpy()
    elbow, wrist = skeleton.index('right_elbow'), skeleton.index('right_wrist')
    points[0, wrist] = 70, 40
    batch = [builders.sample(KEYPOINT_CODECS.build(CONFIG.decoder), points, labelled=(elbow, wrist))]
    simcc = logits(batch)
    peak = simcc[1][0, wrist]
    simcc[1][0, wrist] = torch.maximum(peak, peak.roll(80) - math.log(3) / 10)  # the loss multiplies logits by 10
    cost = {reach: build(reach=reach).simcc_loss(simcc, batch)['loss_structure'].item() for reach in (2.0, math.inf)}
    assert abs(cost[2.0]) < 1e-3 < 2e-3 < cost[math.inf]


def test_people_without_labels_touch_neither_losses_nor_gradients():
    head = build()
    batch = samples(2)
    batch[0].gt_instance_labels.keypoint_weights[:] = 0
    simcc = [axis.requires_grad_() for axis in logits(samples(2, seed=1))]
    losses = head.simcc_loss(simcc, batch)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(axis.grad[0].abs().max() == 0 and axis.grad[1].abs().max() > 0 for axis in simcc)
    alone = head.simcc_loss([axis[1:] for axis in simcc], batch[1:])
    for name in ('loss_kpt', 'loss_structure', 'loss_spine'):
        assert losses[name].item() == pytest.approx(alone[name].item(), rel=1e-5)
    batch[1].gt_instance_labels.keypoint_weights[:] = 0
    losses = head.simcc_loss(simcc, batch)
    assert all(value == 0 for name, value in losses.items() if 'loss' in name)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_autocast_gives_nearly_the_same_and_finite_gradients(dtype):
    head, batch = build(), samples()
    with torch.no_grad():  # far from the even distributions of random weights
        for layer in (head.cls_x, head.cls_y):
            layer.weight.mul_(100)
    exact = head.loss(features(3), batch)
    with torch.autocast('cpu', dtype):
        found = head.loss(features(3), batch)
    for name in ('loss_kpt', 'loss_structure', 'loss_spine'):
        assert found[name].dtype == torch.float32
        assert found[name].item() == pytest.approx(exact[name].item(), rel=0.05)
    (sum(value for name, value in found.items() if 'loss' in name) * 1024).backward()
    assert all(math.isfinite(weight.grad.norm()) for weight in head.parameters() if weight.grad is not None)


def peaks(x, y):
    """Logits of one person whose largest values lie at 10 along x and 20 along y, x and y at the first keypoint."""
    simcc = torch.full((1, 37, 192), -1.0), torch.full((1, 37, 256), -1.0)
    for axis, place, value in zip(simcc, (10, 20), (x, y)):
        axis[..., place] = 1
        axis[0, 0, place] = value
    return simcc


@pytest.mark.parametrize(
    'x, y, least, place, mean, mean_place',
    [
        (0.8, 0.4, 0.4, (5, 10), 0.6, (5, 10)),
        (0.8, -0.4, -0.4, (-0.5, -0.5), 0.2, (5, 10)),
        (0.2, -0.4, -0.4, (-0.5, -0.5), -0.1, (-0.5, -0.5)),
    ],
)
def test_scores(x, y, least, place, mean, mean_place):
    """The mean of both axes, and a place wherever it is over 0, in the place of the smaller one."""
    for score, value, at in (('min', least, place), ('mean', mean, mean_place)):
        (found,) = build(score=score).decode(peaks(x, y))
        assert found.keypoint_scores.shape == (1, 37) and found.keypoint_scores[0, 0] == pytest.approx(value)
        assert found.keypoints[0, 0] == pytest.approx(at)
        assert (found.keypoint_scores[0, 1:] == 1).all() and (found.keypoints[0, 1:] == (5, 10)).all()


def test_v1_postprocess_by_hand():
    """A chain with steps of 0, 1, 0 … along x, whose inner points become the means of what is around them by then."""
    head, upward = build(v1_postprocess=True), (19, 26, 27, 28, 29, 30, 18, 35, 36)
    simcc = torch.zeros(1, 37, 192), torch.zeros(1, 37, 256)
    for axis in simcc:
        axis[..., 0] = 1
    for point, x in zip(upward, (0, 32, 0, 32, 0, 32, 0, 32, 64)):
        simcc[0][0, point, 2 * x] = 2
    (found,) = head.decode(simcc)
    # 0, (0 + 0) / 2, (0 + 32) / 2, (16 + 0) / 2, (8 + 32) / 2, (20 + 0) / 2, (10 + 32) / 2, (21 + 64) / 2, 64
    assert found.keypoints[0, list(upward), 0].tolist() == [0, 0, 16, 8, 20, 10, 21, 42.5, 64]
    others = [i for i in range(37) if i not in upward]
    assert not found.keypoints[0, others].any() and not found.keypoints[..., 1].any()


def test_wrong_ways_of_decoding():
    with pytest.raises(ValueError, match="score is out of min, mean, but 'max' was given"):
        build(score='max')
    with pytest.raises(ValueError, match='v1_postprocess is for models of 37 keypoints, but this one has 26'):
        build(v1_postprocess=True, out_channels=26)
