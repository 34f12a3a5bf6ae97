"""The lifter with the real tools, on moving bodies without pictures."""
import os
import re
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.tools
MIM = [sys.executable, '-W', 'ignore', '-m', 'mim']
QUICK = ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False', 'val_dataloader.num_workers=0',
         'val_dataloader.persistent_workers=False', 'test_dataloader.num_workers=0',
         'test_dataloader.persistent_workers=False', 'train_dataloader.batch_size=32']


def mim(*args, cwd):
    return subprocess.run([*MIM, *map(str, args)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, env={**os.environ, 'SIMSPINE_ROOT': str(cwd), 'OMP_NUM_THREADS': '1'})


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('lifting')
    for split, people in (('train', 20), ('test', 3)):
        done = mim('run', 'spinepose_mm', 'synthesize_poses', folder / f'annotations/simspine_{split}.npz', '--people',
                   people, '--frames', 20, '--split', split, cwd=folder)
        assert done.returncode == 0, done.stdout[-2000:]
    return folder


@pytest.mark.parametrize('config', ['spinepose_lifter', 'spinepose_lifter_27frames'])
def test_learns_and_is_tested(folder, config):
    options = ['--cfg-options', *QUICK, 'train_cfg.max_epochs=4', 'train_cfg.val_interval=2',
               'param_scheduler.0.end=4', 'param_scheduler.0.T_max=4', 'default_hooks.checkpoint.interval=2']
    done = mim('train', 'spinepose_mm', f'{config}.py', '--work-dir', config, *options, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:]
    errors = [float(value) for value in re.findall(r'Epoch\(val\).*lifting/spine_MPJPE: ([\d.]+)', done.stdout)]
    assert len(errors) == 2 and errors[1] < errors[0] < 500 and np.isfinite(errors).all()
    tested = mim('test', 'spinepose_mm', f'{config}.py', '--checkpoint', f'{config}/epoch_4.pth', *options, cwd=folder)
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert f'lifting/spine_MPJPE: {errors[1]:.6f}' in tested.stdout
    assert re.search(r'lifting/all_P-MPJPE: [\d.]+', tested.stdout)


def test_one_line_says_what_is_wrong(tmp_path):
    done = mim('run', 'spinepose_mm', 'synthesize_poses', tmp_path / 'a.npz', '--motions', 'fly', cwd=tmp_path)
    assert done.returncode != 0 and 'error: motions are out of' in done.stdout
    assert not list(tmp_path.iterdir())
