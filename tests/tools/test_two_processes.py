"""Two processes on the CPU do what one does."""

from pathlib import Path

import pytest
import torch

import builders
import spinepose_mm
from running import QUICK, errors, metrics, mim, mim_twofold

pytestmark = pytest.mark.tools


def test_two_processes_give_the_metrics_of_one(rendered, tmp_path):
    args = [
        'test',
        'spinepose_mm',
        'spinepose_tiny.py',
        '--checkpoint',
        Path(spinepose_mm.__file__).parent / 'weights' / 'spinepose_tiny.safetensors',
    ]
    one = mim(*args, data=rendered, cwd=tmp_path, options=QUICK)
    two = mim_twofold(*args, data=rendered, cwd=tmp_path, options=QUICK)
    assert one.returncode == two.returncode == 0, errors(one.stdout) + errors(two.stdout)
    assert metrics(two.stdout) == metrics(one.stdout)
    assert metrics(one.stdout)['spinetrack/spine_AP'] > 0.3


def test_two_processes_train_as_one(teacher, rendered, tmp_path):
    """The whole method on the same 24 people: in one process, and shared by two.

    Batch statistics are of one process alone and are left out. RTMPose's losses are sums over the people, and gradients
    are means over the processes, so that plain gradient descent needs twice the learning rate for the same steps.
    """
    config = tmp_path / 'shared.py'
    config.write_text(f"""
_base_ = ['{builders.config('demo/spinepose_demo')}']
pipeline = [_base_.train_pipeline[i] for i in (0, 1, 4, 6, 7)]
model = dict(backbone=dict(norm_eval=True))
train_dataloader = dict(sampler=dict(shuffle=False), dataset=dict(pipeline=pipeline))
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.))
param_scheduler = []
""")
    options = [*QUICK, 'train_cfg.max_epochs=3']
    one = mim('train', 'spinepose_mm', config, '--work-dir', 'one', data=rendered, cwd=tmp_path, options=options)
    two = mim_twofold(
        'train',
        'spinepose_mm',
        config,
        '--work-dir',
        'two',
        data=rendered,
        cwd=tmp_path,
        options=[*options, 'train_dataloader.batch_size=4', 'optim_wrapper.optimizer.lr=0.1'],
    )
    assert one.returncode == two.returncode == 0, errors(one.stdout) + errors(two.stdout)
    before = torch.load(tmp_path / 'one' / 'epoch_2.pth')['state_dict']
    alone, shared = (torch.load(tmp_path / name / 'epoch_3.pth')['state_dict'] for name in ('one', 'two'))
    moved = sum((alone[name] - before[name]).square().sum() for name in alone).sqrt()
    apart = sum((alone[name] - shared[name]).square().sum() for name in alone).sqrt()
    assert apart < 1e-3 * moved and moved > 0
    assert metrics(two.stdout) == pytest.approx(metrics(one.stdout), abs=0.01)
