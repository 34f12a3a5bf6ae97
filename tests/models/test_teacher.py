"""The teacher beside the estimator: what it teaches, and where it must not appear."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmengine.runner import save_checkpoint
from mmpose.registry import KEYPOINT_CODECS, MODELS

import builders
from spinepose_mm import skeleton
from spinepose_mm.zoo.checkpoints import CheckpointError


@pytest.fixture
def teacher26(tmp_path):
    """Checkpoint of a random teacher with Halpe-26's keypoints and batch statistics that are not the initial ones."""
    return save_teacher(tmp_path / 'teacher.pth')


def save_teacher(path, config='demo/spinepose_demo_teacher'):
    torch.manual_seed(3)
    network = MODELS.build(Config.fromfile(builders.config(config)).model)
    shake(network)
    save_checkpoint(dict(state_dict=network.state_dict()), str(path))
    return path


def shake(network):
    """Give a random network outputs that differ from place to place, as a trained one's do."""
    for name, value in network.state_dict().items():
        if 'running_mean' in name:
            value.normal_(0, 0.1)
        elif name.endswith(('cls_x.weight', 'cls_y.weight')):
            value.mul_(30)


def student(checkpoint, config='spinepose_demo_teacher.py', **options):
    model = Config.fromfile(builders.config('demo/spinepose_demo')).model
    model.init_cfg.checkpoint = str(checkpoint)
    model.teacher.update(config=config, checkpoint=str(checkpoint), **options)
    torch.manual_seed(0)
    return MODELS.build(model)


def batch(people=3):
    torch.manual_seed(5)
    codec = KEYPOINT_CODECS.build(Config.fromfile(builders.config('spinepose_tiny')).codec)
    points = (torch.rand(people, 1, 37, 2) * torch.tensor([90.0, 120.0]) + 3).numpy()
    return torch.randn(people, 3, 128, 96), [builders.sample(codec, person) for person in points]


def total(losses):
    return sum(value for name, value in losses.items() if 'loss' in name)


def test_it_is_in_no_state_dict_or_parameters(teacher26):
    model, plain = student(teacher26), builders.stock(Config.fromfile(builders.config('spinepose_tiny')).model)
    model.loss(*batch())
    assert model.teacher.network is not None
    own = sum(p.numel() for p in plain.parameters())
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert sum(p.numel() for p in model.parameters()) == own
    average = ExponentialMovingAverage(model)
    assert average.module.teacher.network is None
    assert sum(p.numel() for p in average.parameters()) == own
    plain.load_state_dict(model.state_dict(), strict=True)


def test_it_does_not_change_while_the_student_does(teacher26):
    model = student(teacher26)
    model.init_weights()
    model.loss(*batch())
    before = copy.deepcopy(model.teacher.network.state_dict())
    own = copy.deepcopy(model.state_dict())
    optimizer = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=1e-3))
    for _ in range(3):
        model.train()
        inputs, samples = batch()
        optimizer.update_params(total(model.loss(inputs, samples)))
    after = model.teacher.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not model.teacher.network.training
    assert not any(module.training for module in model.teacher.network.modules())
    assert not torch.equal(own['backbone.stem.0.conv.weight'], model.state_dict()['backbone.stem.0.conv.weight'])
    name = 'backbone.stem.0.bn.running_mean'
    assert not torch.equal(own[name], model.state_dict()[name])


def test_an_untouched_student_has_nothing_to_learn_from_itself(tmp_path):
    """The teacher has the same 37 keypoints, so that not even the attention between keypoints differs."""
    checkpoint = save_teacher(tmp_path / 'self.pth', 'spinepose_tiny')
    model = student(checkpoint, 'spinepose_tiny.py')
    model.init_weights()
    model.eval()
    loss = model.loss(*batch())['loss_distill']
    assert loss.abs() < 1e-6
    with torch.no_grad():
        model.head.cls_x.weight.neg_()
    assert model.loss(*batch())['loss_distill'] > 1e-3


def test_the_loss_is_the_divergence_on_shared_keypoints_by_name(tmp_path):
    """A teacher whose keypoints are Halpe-26's back to front, and a formula in float64."""
    names = skeleton.NAMES[25::-1]
    checkpoint = save_teacher(tmp_path / 'teacher.pth')
    model = student(checkpoint, keypoints=names, loss_weight=2.0)
    model.init_cfg['keypoints'] = names
    model.init_weights()
    model.eval()
    inputs, samples = batch()
    samples[0].gt_instance_labels.keypoint_weights[0, :5] = 0
    weights = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in samples]).double()
    found = model.loss(inputs, samples)['loss_distill']
    expected = 0
    with torch.no_grad():
        for own, other in zip(model(inputs, None), model.teacher.network(inputs, None)):
            p, q = ((10 * logits.double()).log_softmax(-1) for logits in (other.flip(1), own[:, :26]))
            expected += ((p.exp() * (p - q)).mean(-1) * weights[:, :26]).sum() / 26
    assert found.item() == pytest.approx(2 * expected.item(), rel=1e-4) and found > 0


def test_what_is_not_labelled_is_not_taught(teacher26):
    model = student(teacher26)
    model.init_weights()
    inputs, samples = batch()
    for sample in samples:
        sample.gt_instance_labels.keypoint_weights[:] = 0
    losses = model.loss(inputs, samples)
    total(losses).backward()
    assert all(losses[name] == 0 for name in losses if 'loss' in name)
    assert all(p.grad is None or p.grad.abs().max() == 0 for p in model.parameters())


def test_it_moves_with_the_student(teacher26):
    model = student(teacher26)
    model.loss(*batch())
    copied = copy.deepcopy(model).to('meta')
    assert copied.teacher.network is None
    assert {p.device.type for p in model.teacher.network.parameters()} == {'cpu'}
    model.to(torch.float64)
    assert {p.dtype for p in model.teacher.network.parameters()} == {torch.float64}
    model.to('meta')
    assert {p.device.type for p in model.teacher.network.parameters()} == {'meta'}


def test_it_is_loaded_where_and_as_what_the_images_are(teacher26):
    model = student(teacher26).double()
    inputs, samples = batch()
    model.loss(inputs.double(), samples)
    assert {p.dtype for p in model.teacher.network.parameters()} == {torch.float64}


def test_autocast(teacher26):
    model = student(teacher26)
    model.init_weights()
    model.eval()
    inputs, samples = batch()
    exact = model.loss(inputs, samples)['loss_distill']
    with torch.autocast('cpu', torch.bfloat16):
        found = model.loss(inputs, samples)['loss_distill']
    assert found.dtype == torch.float32 and found.item() == pytest.approx(exact.item(), rel=0.2)


def test_it_is_not_loaded_for_prediction(tmp_path):
    model = student(tmp_path / 'nowhere.pth').eval()
    assert model(batch()[0], None)[0].shape == (3, 37, 192)
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth does not exist'):
        model.loss(*batch())


def test_what_does_not_fit_is_refused(teacher26, tmp_path):
    torch.save(dict(state_dict={'head.final_layer.weight': torch.zeros(26, 1)}), tmp_path / 'odd.pth')
    with pytest.raises(CheckpointError, match=r'odd\.pth does not fit the model: \d+ weights are missing'):
        student(tmp_path / 'odd.pth').loss(*batch())
    with pytest.raises(CheckpointError, match='predicts 26 keypoints, but names of 2 are known'):
        student(teacher26, keypoints=['nose', 'hip']).loss(*batch())
    with pytest.raises(ValueError, match='no keypoint in common'):
        student(teacher26, keypoints=[f'finger_{i}' for i in range(26)]).loss(*batch())
    small = tmp_path / 'small.pth'
    torch.save(
        dict(
            state_dict=MODELS.build(
                {**Config.fromfile(builders.config('spinepose_v1_small')).model, 'teacher': None}
            ).state_dict()
        ),
        small,
    )
    with pytest.raises(ValueError, match='has 384 x 512 bins where the student has 192 x 256'):
        student(small, 'spinepose_v1_small.py').loss(*batch())
    model = student(teacher26)
    model.data_preprocessor.mean += 1
    with pytest.raises(ValueError, match='takes images of another mean than the student'):
        model.loss(*batch())
    model = student(teacher26)
    model.data_preprocessor._channel_conversion = False
    message = 'takes images of another channel_conversion than the student: True, not False'
    with pytest.raises(ValueError, match=message):
        model.loss(*batch())
    config = Config.fromfile(builders.config('demo/spinepose_demo')).model
    config.head = dict(
        type='RTMCCHead',
        **{
            key: value
            for key, value in config.head.items()
            if key not in ('type', 'position_weight', 'structure_loss', 'spine_loss', 'calibration')
        },
    )
    with pytest.raises(TypeError, match='teaches a SpinePoseHead, but the head is a RTMCCHead'):
        MODELS.build(config)
