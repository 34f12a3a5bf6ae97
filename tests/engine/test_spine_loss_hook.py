"""With MMEngine's runner and the real head: in which epochs L_spine is among the losses."""

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpose.registry import HOOKS, KEYPOINT_CODECS, MODELS

import builders


class Trained(BaseModel):
    """The tiny model's head with L_spine, on features of its own; keeps the names of each epoch's losses."""

    def __init__(self):
        super().__init__()
        config = Config.fromfile(builders.config('spinepose_tiny')).model.head
        self.head = MODELS.build(dict(config, spine_loss=dict(type='SpineSmoothingLoss')))
        torch.manual_seed(0)
        points = (torch.rand(1, 1, 37, 2) * torch.tensor([90.0, 120.0]) + 3).numpy()[0]
        self.samples = [builders.sample(KEYPOINT_CODECS.build(config.decoder), points)]
        self.names = []

    def forward(self, inputs, mode):
        losses = self.head.loss((torch.ones(1, 256, 8, 6),), self.samples)
        self.names.append('loss_spine' in losses)
        return losses


def train(folder, begin, epochs, resume=False):
    model = Trained()
    Runner(
        model,
        str(folder),
        default_scope='mmpose',
        experiment_name=f'{begin}{epochs}',
        log_level='ERROR',
        resume=resume,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-6)),
        custom_hooks=[dict(type='SpineLossHook', begin=begin)],
        default_hooks=dict(logger=None),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            dataset=[dict(inputs=torch.zeros(1))],
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
    ).train()
    return model.names


@pytest.mark.parametrize(
    'begin, names', [(0, [True] * 3), (0.5, [False, True, True]), (0.7, [False, False, True]), (1, [False] * 3)]
)
def test_it_begins_after_a_part_of_the_epochs(tmp_path, begin, names):
    assert train(tmp_path, begin, 3) == names


def test_it_begins_where_it_would_have_after_a_resume(tmp_path):
    assert train(tmp_path, 0.5, 2) == [False, True]
    assert train(tmp_path, 0.5, 4, resume=True) == [True, True]


def test_heads_without_the_loss_are_left_alone():
    class Runner:
        epoch, max_epochs, model = 0, 2, builders.stock(Config.fromfile(builders.config('spinepose_tiny')).model)

    HOOKS.build(dict(type='SpineLossHook')).before_train_epoch(Runner)
    assert not hasattr(Runner.model.head, 'spine_loss')


@pytest.mark.parametrize('begin', [-0.1, 1.1])
def test_a_part_that_is_none_is_refused(begin):
    with pytest.raises(ValueError, match='begin is a part of the epochs from 0 to 1'):
        HOOKS.build(dict(type='SpineLossHook', begin=begin))
