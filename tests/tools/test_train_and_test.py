"""The real tools as subprocesses, called through mim from a folder that is not the repository."""

import os
import re
import signal
import subprocess

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint

import builders
from hub import put_into_cache
from running import MIM, QUICK, cache_teacher, environment, errors, metrics, mim, terms
from spinepose_mm import skeleton

pytestmark = pytest.mark.tools


@pytest.fixture(scope='module')
def trained(teacher, rendered, tmp_path_factory):
    """A demo student after one epoch: its checkpoint and what the training printed."""
    folder = tmp_path_factory.mktemp('trained')
    done = mim(
        'train', 'spinepose_mm', 'spinepose_demo.py', '--work-dir', 'work', data=rendered, cwd=folder, options=QUICK
    )
    assert done.returncode == 0, errors(done.stdout)
    return folder / 'work' / 'epoch_1.pth', done.stdout


def test_a_teacher_has_26_keypoints_and_its_student_all_losses(teacher, trained):
    checkpoint, output = teacher
    meta = torch.load(checkpoint)['meta']['dataset_meta']
    assert tuple(meta['keypoint_id2name'].values()) == skeleton.NAMES[:26]
    assert metrics(output).keys() >= {'spinetrack/body_AP', 'spinetrack/feet_AR'}
    assert 'spinetrack/spine_AP' not in metrics(output)
    assert 'epoch_1.pth; 11 of 37 keypoints are new' in trained[1]
    found = terms(trained[1])
    assert found.keys() == {'loss_kpt', 'loss_structure', 'loss_spine', 'loss_distill'}
    assert np.isfinite(list(found.values())).all() and min(map(min, found.values())) >= 0


def test_a_training_checkpoint_is_a_plain_rtmpose(trained):
    """It loads strictly into MMPose's own classes, optimiser and averages left aside."""
    found = torch.load(trained[0])
    model = builders.stock(Config.fromfile(builders.config('spinepose_tiny')).model)
    load_checkpoint(model, str(trained[0]), strict=True)
    assert found['state_dict'].keys() == model.state_dict().keys()
    parameters = {number for group in found['optimizer']['param_groups'] for number in group['params']}
    assert len(parameters) == len(list(model.parameters()))


def test_train_writes_a_checkpoint_that_test_evaluates_alike(trained, rendered, tmp_path):
    checkpoint, output = trained
    tested = mim(
        'test',
        'spinepose_mm',
        'spinepose_demo.py',
        '--checkpoint',
        checkpoint,
        data=rendered,
        cwd=tmp_path,
        options=QUICK,
    )
    assert tested.returncode == 0, errors(tested.stdout)
    assert metrics(tested.stdout) == metrics(output)
    assert metrics(output).keys() >= {
        'spinetrack/body_AP',
        'spinetrack/spine_AP .5',
        'spinetrack/feet_AR (M)',
        'spinetrack/all_AR',
    }


def test_killed_in_mid_epoch_and_resumed(teacher, rendered, tmp_path):
    options = [*QUICK, 'train_cfg.max_epochs=3', 'train_dataloader.batch_size=4']
    args = ['train', 'spinepose_mm', 'spinepose_demo.py', '--work-dir', 'work', '--cfg-options', *options]
    running = subprocess.Popen(
        [*MIM, *args],
        cwd=tmp_path,
        env=environment(rendered),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in running.stdout:
        if 'Epoch(train) [2][3/6]' in line:
            os.killpg(running.pid, signal.SIGKILL)
            break
    assert running.wait() == -signal.SIGKILL
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file() and not (tmp_path / 'work' / 'epoch_2.pth').exists()
    resumed = mim(*args[: -len(options) - 1], '--resume', data=rendered, cwd=tmp_path, options=options)
    assert resumed.returncode == 0, errors(resumed.stdout)
    assert 'resumed epoch: 1, iter: 6' in resumed.stdout
    assert 'Epoch(train) [1]' not in resumed.stdout and 'Epoch(train) [3][6/6]' in resumed.stdout
    assert (tmp_path / 'work' / 'epoch_3.pth').is_file()


def write_simspine_images(root):
    """Make SIMSPINE's files and Human3.6M's of 8 frames to train on and 8 to test on, with noise for images."""
    (root / 'annotations').mkdir(parents=True)
    for split, subject in (('train', 'S1'), ('test', 'S9')):
        names = builders.simspine_names(2, subjects=(subject,))
        builders.write_simspine(
            root / f'annotations/simspine_{split}.npz',
            names,
            center=np.full((8, 2), 60.0),
            scale=np.full(8, 1.2 * 90 / 200),
            part=np.full((8, 15, 3), 50.0),
        )
        for name in names:
            (root / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
            builders.write_image(root / 'images' / name)


def test_v2_large_from_another_folder(tmp_path):
    """The recipe as it stands, random v1 weights and a random teacher in the download cache, and nothing to resume."""
    data, simspine = tmp_path / 'data', tmp_path / 'simspine'
    for split in ('train-real-coco', 'train-real-yoga', 'train-unreal', 'val2017'):
        builders.make_data_set(data, split, 2, seed=0)
    write_simspine_images(simspine)
    cfg = cache_teacher('spinepose_v2_large', tmp_path / 'torch')
    v1 = dict(state_dict=builders.stock(cfg.model).state_dict())
    put_into_cache(cfg.model.init_cfg.checkpoint, tmp_path / 'torch', lambda path: torch.save(v1, path))
    done = mim(
        'train',
        'spinepose_mm',
        'spinepose_v2_large.py',
        '--auto-scale-lr',
        '--resume',
        data=data,
        cwd=tmp_path,
        options=[
            *QUICK,
            'train_dataloader.batch_size=2',
            'train_dataloader.dataset.datasets.1.fraction=1.',
            'val_dataloader.dataset.datasets.1.fraction=1.',
        ],
        TORCH_HOME=str(tmp_path / 'torch'),
        SIMSPINE_ROOT=str(simspine),
    )
    assert done.returncode == 0, errors(done.stdout)
    assert 'load model from: https://huggingface.co' in done.stdout
    assert 'Epoch(train) [1][7/7]' in done.stdout and 'spinetrack/spine_AP' in done.stdout
    assert re.search(r'simspine/AUC: [\d.]+', done.stdout)
    (best,) = (tmp_path / 'work_dirs' / 'spinepose_v2_large').glob('best_*.pth')
    assert torch.load(best)['meta']['dataset_meta']['dataset_name'] == 'spinetrack'


def test_table_of_several_checkpoints(trained, rendered, tmp_path):
    checkpoint, output = trained
    model = f'{builders.config("demo/spinepose_demo")}={checkpoint}'
    builders.write_coco(tmp_path / 'coco', rendered)
    done = mim(
        'run',
        'spinepose_mm',
        'evaluate',
        model,
        '--on',
        'config',
        'coco',
        '--out',
        'table.md',
        data=rendered,
        cwd=tmp_path,
        COCO_ROOT=str(tmp_path / 'coco'),
    )
    assert done.returncode == 0, errors(done.stdout)
    head, _, row = (tmp_path / 'table.md').read_text().splitlines()
    assert head.split(' | ')[1:7] == ['Body AP', 'Body AR', 'Feet AP', 'Feet AR', 'Spine AP', 'Spine AR']
    cells = row.strip('| ').split(' | ')
    assert float(cells[5]) == pytest.approx(100 * metrics(output)['spinetrack/spine_AP'], abs=0.051)
    assert head.split(' | ')[9:11] == ['COCO AP', 'COCO AR'] and float(cells[9]) >= 0
    assert head in done.stdout and row in done.stdout


def test_mean_pose_baseline(rendered, tmp_path):
    config = builders.config('demo/spinepose_demo')
    done = mim('run', 'spinepose_mm', 'evaluate', f'{config}=mean_pose', data=rendered, cwd=tmp_path)
    assert done.returncode == 0, errors(done.stdout)
    figure = float(re.search(r'spinetrack/body_AP: ([\d.]+)', done.stdout)[1])
    assert 0 <= figure < 0.5 and f'| spinepose_demo (mean_pose) | {100 * figure:.1f} | ' in done.stdout
    assert done.stdout.count(' | – | – |') == 1  # no parameters


def test_a_broken_image_in_training_is_counted_and_in_a_test_named(trained, tmp_path):
    builders.make_data_set(tmp_path, 'train', 8, seed=1)
    builders.make_data_set(tmp_path, 'val', 2, seed=2)
    for name in ('train/00000003.jpg', 'val/00000001.jpg'):
        path = tmp_path / 'images' / name
        path.write_bytes(path.read_bytes()[:-500])
    done = mim(
        'train',
        'spinepose_mm',
        'spinepose_demo.py',
        '--no-validate',
        data=tmp_path,
        cwd=tmp_path,
        options=[option for option in QUICK if not option.startswith('val_')],
    )
    assert done.returncode == 0, errors(done.stdout)
    assert '00000003.jpg is truncated (broken images so far in this process: 1)' in done.stdout
    tested = mim(
        'test',
        'spinepose_mm',
        'spinepose_demo.py',
        '--checkpoint',
        trained[0],
        data=tmp_path,
        cwd=tmp_path,
        options=QUICK,
    )
    assert tested.returncode != 0
    assert re.search(r'ValueError: image .*val/00000001\.jpg is truncated', tested.stdout)


def test_bad_annotations_and_checkpoints_leave_nothing_behind(trained, rendered, tmp_path):
    missing = mim('train', 'spinepose_mm', 'spinepose_demo.py', data=tmp_path / 'nowhere', cwd=tmp_path)
    assert missing.returncode != 0
    assert re.search(r'nowhere/annotations/person_keypoints_train\.json does not exist', missing.stdout)
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(trained[0].read_bytes()[:100_000])
    tested = mim('test', 'spinepose_mm', 'spinepose_demo.py', '--checkpoint', broken, data=rendered, cwd=tmp_path)
    assert tested.returncode != 0 and 'broken.pth is truncated' in tested.stdout
    assert not list(tmp_path.glob('work_dirs/**/*.pth'))
