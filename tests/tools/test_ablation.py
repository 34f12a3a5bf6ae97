"""The ablation's real tool, on the demo model with a random teacher."""

import json
import os
import re
import runpy
import subprocess
import sys

import cv2
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

import builders

pytestmark = pytest.mark.tools
TOOL = builders.tool('ablation')
OPTIONS = [
    'train_cfg.max_epochs=1',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'default_hooks.logger.interval=1',
]


def ablation(config, rendered, teacher, *args, cwd):
    return subprocess.run(
        [sys.executable, '-W', 'ignore', TOOL, config, '--out', 'out', *args],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'SPINETRACK_ROOT': str(rendered), 'SPINEPOSE_TEACHER': str(teacher), 'OMP_NUM_THREADS': '1'},
    )


def test_rows_leave_out_their_losses_and_are_not_repeated(rendered, tmp_path):
    torch.manual_seed(0)
    teacher = MODELS.build(Config.fromfile(builders.config('demo/spinepose_demo_teacher')).model)
    torch.save(dict(state_dict=teacher.state_dict()), tmp_path / 'teacher.pth')
    args = [
        '--seeds',
        '3',
        '--rows',
        'none',
        'distil + spine',
        '--cfg-options',
        *OPTIONS,
        'model.teacher.loss_weight=2.',
        'model.head.structure_loss.min_length=3.',
    ]
    done = ablation('spinepose_demo.py', rendered, tmp_path / 'teacher.pth', *args, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    for row, terms in (('none', {'kpt'}), ('distil+spine', {'kpt', 'distill', 'spine'})):
        log = (tmp_path / 'out' / row / 'seed_3.log').read_text()
        assert set(re.findall(r'loss_(\w+): [\d.]+', log)) == terms
        assert 'epoch_1.pth' in log and '11 of 37 keypoints are new' in log and 'seed: 3' in log
    table = (tmp_path / 'out' / 'table.md').read_text().splitlines()
    assert [line.split(' | ')[0] for line in table] == ['| Losses', '| ---', '| none', '| distil + spine']
    found = json.loads((tmp_path / 'out' / 'none' / 'seed_3' / 'metrics.json').read_text())
    assert f'{100 * found["spinetrack/spine_AP"]:.1f} ± 0.0' in table[2] and '69.6 | 72.2 | 87.0' in table[2]
    assert cv2.imread(str(tmp_path / 'out' / 'ablation.png')).std() > 5
    again = ablation('spinepose_demo.py', rendered, tmp_path / 'teacher.pth', *args, cwd=tmp_path)
    assert again.returncode == 0 and '-- none' not in again.stdout and table[2] in again.stdout
    for teacher, options in (('teacher.pth', args[:-1]), ('other.pth', args)):
        other = ablation('spinepose_demo.py', rendered, tmp_path / teacher, *options, cwd=tmp_path)
        assert other.returncode == 1 and 'out has runs of other settings' in other.stdout


def test_a_config_without_the_method_is_refused(rendered, tmp_path):
    done = ablation('spinepose_tiny.py', rendered, 'none.pth', cwd=tmp_path)
    assert done.returncode == 1 and 'spinepose_tiny.py has no model.teacher, which' in done.stdout
    assert not list(tmp_path.iterdir())


def test_means_and_spread_by_hand():
    tool = runpy.run_path(str(TOOL))
    metrics = [
        {f'spinetrack/{subset}_AP': value for subset in ('body', 'feet', 'spine', 'all')} for value in (0.5, 0.6)
    ]
    assert tool['table']({'none': metrics}).splitlines()[2].startswith('| none | 55.0 ± 5.0 | 55.0 ± 5.0 |')
    assert list(tool['ROWS']) == list(tool['PAPER'])
