"""The lifter with the real tools, on moving bodies without images."""

import re

import numpy as np
import pytest

import running
import simspine_release
from spinepose_mm.datasets.simspine.npz import joint_keypoints
from spinepose_mm.zoo.models import find_config

pytestmark = pytest.mark.tools
QUICK = [
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
    'train_dataloader.batch_size=32',
]


def mim(*args, cwd):
    return running.mim(*args, data=cwd, cwd=cwd, SIMSPINE_ROOT=str(cwd))


def shipped():
    return find_config('spinepose-lifter')[1]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('lifting')
    for split, people in (('train', 20), ('test', 3)):
        done = mim(
            'run',
            'spinepose_mm',
            'synthesize',
            '--labels-only',
            '--out',
            folder / f'annotations/simspine_{split}.npz',
            '--people',
            people,
            '--frames',
            20,
            '--split',
            split,
            cwd=folder,
        )
        assert done.returncode == 0, done.stdout[-2000:]
    return folder


@pytest.mark.parametrize(
    'config',
    ['spinepose_lifter', 'spinepose_lifter_27frames', 'spinepose_lifter_uncertainty', 'spinepose_lifter_spine_only'],
)
def test_learns_and_is_tested(folder, config):
    options = [
        '--cfg-options',
        *QUICK,
        'train_cfg.max_epochs=9',
        'train_cfg.val_interval=3',
        'param_scheduler.0.end=9',
        'param_scheduler.0.T_max=9',
        'default_hooks.checkpoint.interval=9',
    ]
    done = mim('train', 'spinepose_mm', f'{config}.py', '--work-dir', config, *options, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:]
    errors = [float(value) for value in re.findall(r'Epoch\(val\).*lifting/spine_MPJPE: ([\d.]+)', done.stdout)]
    assert len(errors) == 3 and errors[2] < errors[0] < 500 and np.isfinite(errors).all()
    tested = mim('test', 'spinepose_mm', f'{config}.py', '--checkpoint', f'{config}/epoch_9.pth', *options, cwd=folder)
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert f'lifting/spine_MPJPE: {errors[2]:.6f}' in tested.stdout
    assert re.search(r'lifting/all_P-MPJPE: [\d.]+', tested.stdout)


def test_from_images_to_a_lifters_input(rendered, tmp_path):
    """Keypoints of the shipped model, written by one tool, are what the lifter is tested on."""
    annotations = rendered / 'annotations/synthetic_val.npz'
    done = mim(
        'run',
        'spinepose_mm',
        'detect_keypoints',
        annotations,
        '--images',
        rendered / 'images',
        '--model',
        'spinepose-tiny',
        '--out',
        tmp_path / 'found.npz',
        cwd=tmp_path,
    )
    assert done.returncode == 0 and 'keypoints/people: 8' in done.stdout, done.stdout[-2000:]
    true, found = (np.load(path)['part'] for path in (annotations, tmp_path / 'found.npz'))
    seen = true[..., 2] > 0
    assert np.median(np.linalg.norm(found[..., :2] - true[..., :2], axis=-1)[seen]) < 12  # of images of 160 x 120
    dataset = 'test_dataloader.dataset.'
    tested = mim(
        'test',
        'spinepose_mm',
        'spinepose_lifter_uncertainty.py',
        '--checkpoint',
        shipped(),
        '--work-dir',
        'test',
        '--cfg-options',
        *QUICK[4:6],
        f'{dataset}data_root=',
        f'{dataset}ann_file={annotations}',
        f'{dataset}subjects=None',
        f'{dataset}detections={tmp_path / "found.npz"}',
        cwd=tmp_path,
    )
    assert tested.returncode == 0, tested.stdout[-2000:]
    assert 0 < float(re.search(r'lifting/spine_P-MPJPE: ([\d.]+)', tested.stdout)[1]) < 80
    bad = mim(
        'run',
        'spinepose_mm',
        'detect_keypoints',
        annotations,
        '--images',
        rendered / 'images',
        '--model',
        'spinepose_demo.py',
        '--out',
        tmp_path / 'no.npz',
        cwd=tmp_path,
    )
    assert bad.returncode != 0 and 'error: spinepose_demo.py has no weights of its own' in bad.stdout


def test_raw_simspine_to_several_views(tmp_path):
    raw = simspine_release.write_raw(tmp_path / 'simspine.h5', simspine_release.make())
    done = mim('run', 'spinepose_mm', 'convert_simspine', raw, '--out', 'annotations', cwd=tmp_path)
    assert done.returncode == 0 and 'annotations/simspine_test.npz' in done.stdout, done.stdout[-2000:]
    truth = np.load(tmp_path / 'annotations/simspine_test.npz', allow_pickle=True)
    part = np.zeros((len(truth['part']), 37, 3))
    part[:, joint_keypoints('', truth['metadata'].item()['joint_names'])] = truth['part']
    np.savez(tmp_path / 'found.npz', imgname=truth['imgname'], part=part)
    done = mim('run', 'spinepose_mm', 'evaluate_views', 'annotations/simspine_test.npz', 'found.npz', cwd=tmp_path)
    assert re.search(r'\| spine \| 0\.0\d \| 0\.0\d \| 100\.0% \|', done.stdout), done.stdout[-2000:]
    again = mim('run', 'spinepose_mm', 'convert_simspine', raw, '--out', 'annotations', cwd=tmp_path)
    assert again.returncode != 0 and 'error: annotations/simspine_train.npz is there already' in again.stdout


def test_the_world_is_measured(tmp_path):
    done = mim(
        'run',
        'spinepose_mm',
        'benchmark',
        'world',
        '--motions',
        'walk',
        '--people',
        1,
        '--scenes',
        2,
        '--frames',
        20,
        '--noise',
        2,
        '--no-feet',
        '--lifter',
        'spinepose-lifter',
        cwd=tmp_path,
    )
    row = re.search(r'\| walk \| 1 \|((?: [\d.]+ \|){6})', done.stdout)
    assert row and max(map(float, row[1].split('|')[:-1])) < 200, done.stdout[-2000:]


def test_one_line_says_what_is_wrong(tmp_path):
    out = tmp_path / 'a.npz'
    done = mim('run', 'spinepose_mm', 'synthesize', '--labels-only', '--out', out, '--motions', 'fly', cwd=tmp_path)
    assert done.returncode != 0 and 'error: motions are out of' in done.stdout
    assert not list(tmp_path.iterdir())
