"""Training on a few real images."""

import re

import numpy as np
import pytest

import builders
from running import QUICK, cache_teacher, errors, metrics, mim, terms

pytestmark = pytest.mark.tools


def test_trains_on_spinetrack_coco_and_halpe26_and_evaluates_each(coco_mini, halpe_mini, tmp_path):
    data = tmp_path / 'data'
    for split in ('train-real-coco', 'train-real-yoga', 'train-unreal', 'val2017'):
        builders.make_data_set(data, split, 3, seed=0)
    halpe = tmp_path / 'halpe' / 'annotations'
    halpe.mkdir(parents=True)
    for split in ('train', 'val'):
        (halpe / f'halpe_{split}_v1.json').symlink_to(halpe_mini / 'halpe136.json')
    images = f'data_prefix.img={halpe_mini / "images"}'
    cache_teacher('spinepose_v1_small', tmp_path / 'torch')
    done = mim(
        'train',
        'spinepose_mm',
        'spinepose_small_mixed.py',
        data=data,
        cwd=tmp_path,
        COCO_ROOT=str(coco_mini),
        HALPE_ROOT=str(tmp_path / 'halpe'),
        TORCH_HOME=str(tmp_path / 'torch'),
        options=[
            *QUICK,
            'train_dataloader.dataset.datasets.3.indices=12',
            f'train_dataloader.dataset.datasets.4.{images}',
            f'val_dataloader.dataset.datasets.2.{images}',
        ],
    )
    assert done.returncode == 0, errors(done.stdout)
    found = metrics(done.stdout.replace('coco/AP', 'coco/_AP').replace('halpe26/AP', 'halpe26/_AP'))
    assert found.keys() >= {'spinetrack/spine_AP', 'coco/_AP', 'halpe26/_AP'}
    losses = terms(done.stdout)
    assert losses.keys() == {'loss_kpt', 'loss_structure', 'loss_spine', 'loss_distill'}
    assert np.shape(list(losses.values())) == (4, 5) and np.isfinite(list(losses.values())).all()


def test_learns_real_people(coco_mini, tmp_path):
    """A few steps on COCO's people bring the loss down."""
    done = mim(
        'train',
        'spinepose_mm',
        'spinepose_small_coco.py',
        '--no-validate',
        data=tmp_path,
        cwd=tmp_path,
        COCO_ROOT=str(coco_mini),
        options=[
            'train_cfg.max_epochs=6',
            'train_dataloader.dataset.datasets.0.indices=16',
            'train_dataloader.num_workers=0',
            'train_dataloader.persistent_workers=False',
            'param_scheduler.0.end=2',
            'default_hooks.logger.interval=1',
            'default_hooks.checkpoint.save_best=None',
        ],
    )
    assert done.returncode == 0, errors(done.stdout)
    losses = [float(value) for value in re.findall(r'loss_kpt: ([\d.]+)', done.stdout)]
    assert len(losses) == 12 and losses[-1] < losses[0]
