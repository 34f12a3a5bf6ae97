import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint
from mmpose.apis import init_model
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.registry import MODELS

import builders
from spinepose_mm.inference.pose3d_inferencer import SpinePose3DInferencer
from spinepose_mm.zoo.checkpoints import CheckpointError, check_finite, file_of, weights_of, write_safetensors


@pytest.mark.parametrize(
    'content, names',
    [
        (dict(state_dict=dict(a=torch.ones(1)), meta=dict(config='x')), ['a']),
        (dict(model=dict(a=torch.ones(1))), ['a']),
        (dict(a=torch.ones(1), epoch=3), ['a']),
        (dict(a=3), 'holds no weights'),
        (dict(model=3), 'model is a int'),
    ],
)
def test_every_form_has_its_weights_where_this_package_takes_them(tmp_path, content, names):
    """The loader leaves the form as it is, as tests/stock_behaviour.py compares; this is what is made of it."""
    torch.save(content, tmp_path / 'a.pth')
    loaded = _load_checkpoint(str(tmp_path / 'a.pth'))
    assert loaded == content
    if isinstance(names, str):
        with pytest.raises(CheckpointError, match=rf'a\.pth .*{names}'):
            weights_of(loaded, 'a.pth')
    else:
        weights = weights_of(loaded, 'a.pth')
        assert list(weights) == names and file_of(weights) == str(tmp_path / 'a.pth')
    assert file_of(dict(a=torch.ones(1))) == 'the checkpoint'


def test_weights_that_are_not_finite(tmp_path):
    """Of this package's models; those of others are loaded as MMEngine loads them."""
    cfg = Config.fromfile(builders.config('spinepose_tiny'))
    model = MODELS.build(cfg.model)
    weights = model.state_dict()
    weights['head.mlp.1.weight'][0, :3] = torch.tensor([float('nan'), float('inf'), -float('inf')])
    path = str(tmp_path / 'a.pth')
    torch.save(dict(state_dict=weights, meta=dict(epoch=1, iter=1), message_hub={}), path)
    message = r'a\.pth: 3 of the \d+ values of head\.mlp\.1\.weight are NaN or infinite.*Take an earlier checkpoint'
    runner = Runner(model, str(tmp_path / 'work'), experiment_name='finite')
    for load in (
        lambda: load_checkpoint(model, path),
        lambda: Pose2DInferencer(cfg, path, det_model='whole_image'),
        lambda: init_model(cfg, path, 'cpu'),
        lambda: runner.load_checkpoint(path),
        lambda: runner.resume(path),
        lambda: write_safetensors(path, tmp_path / 'a.safetensors'),
    ):
        with pytest.raises(CheckpointError, match=message):
            load()
    assert not (tmp_path / 'a.safetensors').exists()
    load_checkpoint(builders.stock(cfg.model), path, strict=True)


def test_weights_of_which_the_file_has_fewer():
    """A trillion of one, which takes four bytes, and sparse ones."""
    for bad in (torch.ones(1).expand(1 << 40), torch.sparse_coo_tensor(torch.zeros(1, 0), torch.zeros(0), (9,))):
        with pytest.raises(CheckpointError, match=r'a\.pth: b has \d+ values, and fewer are in the file'):
            check_finite(dict(b=bad), 'a.pth')


def test_weights_of_a_lifter_that_are_not_finite(tmp_path):
    """Its class is MMPose's."""
    cfg = Config.fromfile(builders.config('lifting/spinepose_lifter'))
    model = MODELS.build(cfg.model)
    model.state_dict()['backbone.expand_conv.conv.weight'][0] = float('nan')
    path = str(tmp_path / 'a.pth')
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    runner = Runner(MODELS.build(cfg.model), str(tmp_path / 'work'), cfg=cfg, experiment_name='finite lifter')
    for load in (lambda: runner.load_checkpoint(path), lambda: SpinePose3DInferencer(cfg, path)):
        with pytest.raises(CheckpointError, match=r'a\.pth: .* of backbone\.expand_conv\.conv\.weight are NaN'):
            load()
