"""A v2 config on a release that simspine_release makes by the authors' conventions."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, load_checkpoint
from mmpose.evaluation.functional import keypoint_auc
from mmpose.registry import EVALUATORS, MODELS

import builders
import prediction_dump
import simspine_release
from running import errors, mim
from spinepose_mm import skeleton
from spinepose_mm.zoo.models import find_config

OPTIONS = {
    'model.teacher': None,
    'model.init_cfg': None,
    'model.test_cfg.flip_test': False,
    'test_dataloader.dataset.datasets.1.fraction': 1.0,
    'test_dataloader.num_workers': 0,
    'test_dataloader.persistent_workers': False,
    'test_evaluator.metrics.1.norm_factor': 300,
    'test_dataloader.dataset.datasets.0.ann_file': 'annotations/person_keypoints_val.json',
    'test_dataloader.dataset.datasets.0.data_prefix.img': 'images/val/',
}
#: Which of Pose2Sim's markers Human3.6M's file labels.
LIMBS = [side + joint for side in 'LR' for joint in ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')]


@pytest.fixture(scope='module')
def release(tmp_path_factory):
    """Folder of SIMSPINE's test files with every fifth image, a config and a checkpoint, and the release itself."""
    root = tmp_path_factory.mktemp('v2')
    (root / 'annotations').mkdir()
    made = simspine_release.make(('S9',), ('Walking',), frames=6)
    for count, names in ((15, simspine_release.MARKERS), (37, simspine_release.NAMES)):
        simspine_release.write_npz(root / f'annotations/simspine{count}_test.npz', made, ['S9'], names)
    simspine_release.write_human36m(root / 'annotations/h36m_test.npz', made, ['S9'])
    noise = cv2.imencode('.jpg', np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8))[1].tobytes()
    names = np.load(root / 'annotations/h36m_test.npz')['imgname']
    simspine_release.write_images(root / 'images', names)
    for name in names:
        (root / 'images' / name).write_bytes(noise)
    config = root / 'v2.py'
    config.write_text(
        f'_base_ = [{str(builders.config("spinepose_v2_small"))!r}]\n'
        'custom_imports = dict(imports=["spinepose_mm", "prediction_dump"])\n'
        'custom_hooks = [dict(type="PredictionDump", out="predictions.npz")]\n'
    )
    init_default_scope('mmpose')
    torch.manual_seed(0)
    torch.save(dict(state_dict=builders.stock(Config.fromfile(config).model).state_dict()), root / 'v2.pth')
    return root, made


def options(markers, human36m):
    """Return the options that name the annotation files, as docs/data.md has them."""
    dataset = 'test_dataloader.dataset.datasets.1.'
    return {
        **OPTIONS,
        f'{dataset}ann_file': f'annotations/simspine{markers}_test.npz',
        **({f'{dataset}human36m_file': 'annotations/h36m_test.npz'} if human36m else {}),
    }


def expected_auc(release, found, markers, human36m):
    """Return MMPose's function of predictions and the release's own points, where these are labelled.

    Args:
        found: `img_id` (N,), `dataset` (N,) and `keypoints` (N, 37, 2).
    """
    truth = simspine_release.labels(release, ['S9'], simspine_release.NAMES)
    rows = {name: row for row, name in enumerate(truth['imgname'])}
    ours = found['dataset'] == 'simspine'
    assert sorted(found['img_id'][ours]) == [name for name in truth['imgname'] if name[-5] in '05']
    part = truth['part'][[rows[name] for name in found['img_id'][ours]]]
    labelled = set(simspine_release.MARKERS if markers == 15 else simspine_release.NAMES)
    labelled |= set(LIMBS if human36m else ())
    columns = [i for i, name in enumerate(skeleton.POSE2SIM) if name in labelled]
    assert len(columns) == (37 if markers == 37 else 27 if human36m else 15)
    pred = found['keypoints'][ours][:, columns]
    true = part[:, [simspine_release.NAMES.index(skeleton.POSE2SIM[i]) for i in columns]][..., :2]
    return keypoint_auc(pred, true, np.ones(pred.shape[:2], bool), 300.0)


@pytest.fixture(scope='module')
def model(release):
    init_default_scope('mmpose')
    cfg = Config.fromfile(release[0] / 'v2.py')
    cfg.merge_from_dict(OPTIONS)
    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(release[0] / 'v2.pth'), strict=True)
    return model


@pytest.mark.parametrize('markers', [15, 37])
@pytest.mark.parametrize('human36m', [False, True])
def test_the_auc_is_mmposes_own(release, rendered, model, monkeypatch, markers, human36m):
    """The config's data and evaluator, in the test loop's order."""
    monkeypatch.setenv('SIMSPINE_ROOT', str(release[0]))
    monkeypatch.setenv('SPINETRACK_ROOT', str(rendered))
    cfg = Config.fromfile(release[0] / 'v2.py')
    cfg.merge_from_dict(options(markers, human36m))
    loader = Runner.build_dataloader(cfg.test_dataloader, seed=0)
    evaluator = EVALUATORS.build(cfg.test_evaluator)
    evaluator.dataset_meta = loader.dataset.metainfo
    found = []
    for batch in loader:
        with torch.no_grad():
            found += model.test_step(batch)
        evaluator.process(data_samples=found[-len(batch['inputs']) :], data_batch=batch)
    value = evaluator.evaluate(len(loader.dataset))['simspine/AUC']
    expected = expected_auc(release[1], prediction_dump.arrays(found), markers, human36m)
    assert 0.02 < expected < 0.9 and value == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.parametrize('markers, human36m', [(15, True), (15, False), (37, True), (37, False)])
def test_mim_test_gives_it_too(release, rendered, tmp_path, markers, human36m):
    root, made = release
    done = mim(
        'test',
        'spinepose_mm',
        root / 'v2.py',
        '--checkpoint',
        root / 'v2.pth',
        data=rendered,
        cwd=tmp_path,
        options=[f'{key}={value}' for key, value in options(markers, human36m).items()],
        SIMSPINE_ROOT=str(root),
        PYTHONPATH=str(Path(__file__).parents[1]),
    )
    assert done.returncode == 0, errors(done.stdout)
    assert 'spinetrack/spine_AP' in done.stdout
    found = float(re.search(r'simspine/AUC: ([\d.]+)', done.stdout)[1])
    expected = expected_auc(made, np.load(tmp_path / 'predictions.npz'), markers, human36m)
    assert 0.02 < expected < 0.9 and found == pytest.approx(expected, abs=1e-6)


def train_a_lifter(root, folder, monkeypatch):
    """Return the errors on the test split after two epochs."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv('SIMSPINE_ROOT', str(root))
    cfg = Config.fromfile(builders.config('lifting/spinepose_lifter'))
    cfg.merge_from_dict(
        {
            'train_cfg.max_epochs': 2,
            'train_dataloader.batch_size': 32,
            'work_dir': str(folder / root.name),
            'randomness.seed': 3,
            'launcher': 'none',
            # AdamW's steps do not depend on the size of a gradient: those of next to nothing would differ.
            'optim_wrapper.optimizer.eps': 1e-2,
        }
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.val()


def test_a_lifter_learns_the_same_from_the_released_S_and_from_camera_space(tmp_path, monkeypatch):
    """What the authors publish as `S` is R (X - t), here metres off; the errors are those of exact camera space."""
    made = simspine_release.make(('S1', 'S9'))
    for name, published in (('released', True), ('camera', False)):
        for split, subjects in (('train', ['S1']), ('test', ['S9'])):
            simspine_release.write_npz(
                tmp_path / name / f'annotations/simspine_{split}.npz', made, subjects, simspine_release.NAMES, published
            )
    released, camera = (train_a_lifter(tmp_path / name, tmp_path, monkeypatch) for name in ('released', 'camera'))
    assert released.keys() == camera.keys() and 20 < camera['lifting/spine_MPJPE'] < 500
    for name, value in camera.items():
        assert released[name] == pytest.approx(value, abs=0.02), name


@pytest.mark.slow
@pytest.mark.tools
def test_detected_keypoints_of_every_fifth_image_are_triangulated_and_lifted(release, tmp_path):
    """Images count from 1, the file from 0; the shipped model sees noise, so that only the way through is tested."""
    root, _ = release
    annotations = root / 'annotations/simspine15_test.npz'
    done = mim(
        'run',
        'spinepose_mm',
        'detect_keypoints',
        annotations,
        '--images',
        root / 'images',
        '--human36m',
        root / 'annotations/h36m_test.npz',
        '--model',
        'spinepose-tiny',
        '--out',
        tmp_path / 'found.npz',
        data=root,
        cwd=tmp_path,
    )
    assert done.returncode == 0 and 'keypoints/people: 8' in done.stdout, errors(done.stdout)
    assert 'which count from 0; the images count from 1' in done.stdout
    assert {name[-10:] for name in np.load(tmp_path / 'found.npz')['imgname']} == {'000000.jpg', '000005.jpg'}
    done = mim(
        'run',
        'spinepose_mm',
        'evaluate_views',
        annotations,
        tmp_path / 'found.npz',
        '--min-score',
        0,
        data=root,
        cwd=tmp_path,
    )
    assert done.returncode == 0 and '2 frames, reprojection error' in done.stdout, errors(done.stdout)
    dataset = 'test_dataloader.dataset.'
    tested = mim(
        'test',
        'spinepose_mm',
        'spinepose_lifter_uncertainty.py',
        '--checkpoint',
        find_config('spinepose-lifter')[1],
        data=root,
        cwd=tmp_path,
        options=[
            f'{dataset}data_root=',
            f'{dataset}ann_file={annotations}',
            f'{dataset}detections={tmp_path / "found.npz"}',
        ],
    )
    assert tested.returncode == 0, errors(tested.stdout)
    assert 'found.npz lacks 16 of 24 frames' in tested.stdout and 'S is not camera space in 4 of 4' in tested.stdout
    assert re.search(r'lifting/spine_P-MPJPE: [\d.]+', tested.stdout)
