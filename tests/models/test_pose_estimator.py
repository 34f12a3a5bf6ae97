import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from mmpose.apis import init_model
from mmpose.registry import MODELS

import builders
from spinepose_mm.zoo.checkpoints import CheckpointError


def small(**head):
    cfg = Config.fromfile(builders.config('spinepose_v1_small'))
    cfg.model.teacher = None
    cfg.model.head.update(head)
    return cfg


def test_checkpoints_go_both_ways_between_this_class_and_mmposes(tmp_path):
    cfg = small()
    own = MODELS.build(cfg.model)
    stock = builders.stock(cfg.model)
    assert own.state_dict().keys() == stock.state_dict().keys()
    torch.save(dict(state_dict=own.state_dict()), tmp_path / 'a.pth')
    load_checkpoint(stock, str(tmp_path / 'a.pth'), strict=True)
    stock.load_state_dict(own.state_dict())
    own.load_state_dict(stock.state_dict())


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_another_number_of_keypoints_is_refused(tmp_path, prefix):
    path = tmp_path / 'halpe26.pth'
    weights = MODELS.build(small(out_channels=26).model).state_dict()
    torch.save(dict(state_dict={prefix + name: value for name, value in weights.items()}), path)
    message = r'halpe26\.pth predicts 26 keypoints, and this model 37\. .*SpineHeadExpansion'
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(MODELS.build(small().model), str(path))
    with pytest.raises(CheckpointError, match=message):
        init_model(small(), str(path), device='cpu')
    # The way that the message names.
    cfg = small()
    cfg.model.init_cfg = dict(type='SpineHeadExpansion', checkpoint=str(path))
    model = MODELS.build(cfg.model)
    model.init_weights()
    name = 'backbone.stem.0.conv.weight'
    assert torch.equal(model.state_dict()[name], weights[name])


def test_weights_of_another_model_are_refused(tmp_path):
    weights = MODELS.build(small().model).state_dict()
    cfg = small()
    cfg.model.backbone.widen_factor, cfg.model.head.in_channels = 0.75, 768
    for name, content, message in (
        ('small.pth', weights, r'small\.pth is for a model of another size: .* has the shape'),
        ('foo.pth', {'foo.weight': torch.zeros(1)}, r'foo\.pth lacks (\d+) of the \1 weights of this model'),
        (
            'part.pth',
            {name: value for name, value in weights.items() if name.startswith('backbone.')},
            r'part\.pth lacks \d+ of the .* such as head\.',
        ),
    ):
        torch.save(dict(state_dict=content), tmp_path / name)
        with pytest.raises(CheckpointError, match=message):
            load_checkpoint(MODELS.build(cfg.model), str(tmp_path / name))
