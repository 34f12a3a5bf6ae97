import collections

import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.infer import BaseInferencer
from mmengine.registry import PARAM_SCHEDULERS
from mmpose.registry import DATA_SAMPLERS, DATASETS, MODELS

import builders
import simspine_release
from spinepose_mm import skeleton
from spinepose_mm.evaluation.table import complexity
from spinepose_mm.zoo.models import index_folder

CONFIGS = sorted(path for path in (index_folder() / 'configs').rglob('*.py') if path.parent.name != '_base_')
PUBLISHED = {'small': (5.98, 0.72), 'medium': (14.34, 1.98), 'large': (28.66, 4.22), 'xlarge': (50.69, 17.37)}


def test_every_config_is_here():
    names = {path.stem for path in CONFIGS}
    assert names >= {f'spinepose_v1_{size}' for size in PUBLISHED}
    assert names >= {f'spinepose_v2_{size}' for size in ('small', 'medium', 'large')}


def test_file_names_are_unique():
    """`mim train` finds a config by the name of its file alone."""
    names = collections.Counter(path.name for path in (index_folder() / 'configs').rglob('*.py'))
    assert max(names.values()) == 1


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_is_whole(path):
    cfg = Config.fromfile(path)
    assert cfg.model.head.decoder == cfg.codec
    assert cfg.default_hooks.checkpoint.type == 'SpineCheckpointHook'
    assert cfg.test_dataloader == cfg.val_dataloader and cfg.test_evaluator == cfg.val_evaluator
    if path.parent.name == 'lifting':
        assert MODELS.build(cfg.model).head.num_joints == cfg.num_keypoints
        assert cfg.codec.root_index == skeleton.index('S1')
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            assert [step.encoder for step in loader.dataset.pipeline if 'encoder' in step] == [cfg.codec]
        return
    assert cfg.dataset_type == 'SpineTrackDataset' and cfg.data_mode == 'topdown'
    if cfg.codec.type == 'SimCCLabel':
        assert cfg.model.head.input_size == cfg.codec.input_size
        w, h = cfg.codec.input_size
        stride = 32 if cfg.model.backbone.out_indices == (4,) else 16
        assert cfg.model.head.in_featuremap_size == (w // stride, h // stride)
    for pipeline in (cfg.train_dataloader.dataset.pipeline, cfg.val_dataloader.dataset.pipeline):
        for step in pipeline:
            assert step.get('input_size', cfg.codec.input_size) == cfg.codec.input_size
            assert step.get('encoder', cfg.codec) == cfg.codec
    assert MODELS.build(cfg.model).head.out_channels == cfg.num_keypoints


@pytest.mark.parametrize('name', [f'v1_{size}' for size in PUBLISHED] + ['v2_small', 'v2_medium', 'v2_large'])
def test_parameters_and_flops_are_the_published_ones(name):
    cfg = Config.fromfile(builders.config(f'spinepose_{name}'))
    found = complexity(cfg)
    params, flops = PUBLISHED[name.split('_')[1]]
    assert round(found['params'] / 1e6, 2) == params and round(found['flops'] / 1e9, 2) == flops


def test_input_sizes():
    assert Config.fromfile(builders.config('spinepose_v1_large')).codec.input_size == (192, 256)
    assert Config.fromfile(builders.config('spinepose_v1_xlarge')).codec.input_size == (288, 384)


@pytest.mark.parametrize('size', PUBLISHED)
def test_the_student_is_expanded_from_its_teacher(size):
    """MMPose's RTMPose of the same size has the names and shapes of the student, but 26 rows in the last layer.

    So have the published checkpoints, with 37 rows.
    """
    cfg = Config.fromfile(builders.config(f'spinepose_v1_{size}'))
    assert cfg.model.init_cfg == dict(type='SpineHeadExpansion', checkpoint=cfg.model.teacher.checkpoint)
    assert cfg.model.teacher.loss_weight == 2.5
    stock = get_config(cfg.model.teacher.config)
    known = {
        model['Config']: model['Weights']
        for model in BaseInferencer._get_models_from_metafile(BaseInferencer._get_repo_or_mim_dir('mmpose'))
    }
    assert known['configs/' + cfg.model.teacher.config.removeprefix('mmpose::')] == cfg.model.teacher.checkpoint
    with torch.device('meta'):
        own, teacher = (MODELS.build(model).state_dict() for model in (cfg.model, stock.model))
    assert own.keys() == teacher.keys()
    for name in own:
        expected = (26, *own[name].shape[1:]) if name.startswith('head.final_layer') else own[name].shape
        assert teacher[name].shape == expected, name
    assert stock.model.data_preprocessor.mean == cfg.model.data_preprocessor.mean
    assert stock.codec.sigma == cfg.codec.sigma and stock.codec.input_size == cfg.codec.input_size


@pytest.mark.parametrize('size', ['small', 'medium', 'large'])
def test_v2_has_the_whole_method_and_starts_from_v1(size):
    cfg, v1 = (Config.fromfile(builders.config(f'spinepose_v{version}_{size}')) for version in (2, 1))
    assert cfg.model.init_cfg.type == 'Pretrained' and f'spinepose-{size[0]}_' in cfg.model.init_cfg.checkpoint
    assert cfg.model.teacher == v1.model.teacher and cfg.model.head == v1.model.head
    assert cfg.model.head.structure_loss.loss_weight == 0.1 and cfg.model.head.spine_loss.loss_weight == 0.5


@pytest.mark.parametrize(
    'name, stock',
    [
        ('rtmpose_m', 'rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192'),
        ('hrnet_w32', 'topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192'),
        ('vitpose_b', 'topdown_heatmap/coco/td-hm_ViTPose-base_8xb64-210e_coco-256x192'),
    ],
)
def test_baselines_are_expanded_from_mmposes_networks(name, stock, tmp_path):
    """Codec and state dict are MMPose's with 37 rows in the last layer, COCO's rows are kept, and batches are mixed.

    So are the published checkpoints of HRNet and ViTPose, by their names.
    """
    cfg = Config.fromfile(builders.config(f'baselines/spinepose_baseline_{name}'))
    stock = get_config(f'mmpose::body_2d_keypoint/{stock}.py')
    assert cfg.codec == stock.codec and cfg.model.test_cfg == stock.model.test_cfg
    assert cfg.train_dataloader.sampler == dict(type='SpineMixedSampler', ratio=[1, 1])
    assert cfg.train_dataloader.dataset.datasets[1].type == 'SimSpineDataset'
    source = MODELS.build(stock.model).state_dict()
    cfg.model.init_cfg.checkpoint = str(tmp_path / 'coco.pth')
    torch.save(dict(state_dict=source), tmp_path / 'coco.pth')
    model = MODELS.build(cfg.model)
    model.init_weights()
    found = model.state_dict()
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        name: (37, *value.shape[1:]) if name.startswith('head.final_layer') else tuple(value.shape)
        for name, value in source.items()
    }
    assert torch.equal(found['head.final_layer.weight'][:17], source['head.final_layer.weight'])
    inputs = torch.zeros(1, 3, 256, 192)
    assert model.eval()(inputs, None)[0].shape[-2 if name == 'rtmpose_m' else 0] == 37


@pytest.mark.parametrize('size', PUBLISHED)
def test_augmentation_and_weight_decay_are_rtmposes(size):
    cfg = Config.fromfile(builders.config(f'spinepose_v1_{size}'))
    stock = get_config(cfg.model.teacher.config)
    own, other = (
        {step.pop('type'): step for step in config.train_dataloader.dataset.pipeline} for config in (cfg, stock)
    )
    assert own['SpineBBoxTransform'] == other['RandomBBoxTransform']
    assert cfg.optim_wrapper.optimizer.weight_decay == stock.optim_wrapper.optimizer.weight_decay


@pytest.mark.parametrize('name', ['spinepose_v1_small', 'spinepose_tiny', 'demo/spinepose_demo'])
@pytest.mark.parametrize('lr', [4e-3, 1e-4])
def test_the_learning_rate_ends_at_5_percent_whatever_the_batch(name, lr):
    """`--auto-scale-lr` changes the optimiser's learning rate alone."""
    cfg = Config.fromfile(builders.config(name))
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    cosine = {key: value for key, value in cfg.param_scheduler[1].items() if key != 'convert_to_iter_based'}
    schedule = PARAM_SCHEDULERS.get(cosine.pop('type')).build_iter_from_epoch(
        optimizer=optimizer, epoch_length=100, **cosine
    )
    for _ in range(100 * cfg.train_cfg.max_epochs):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]['lr'] == pytest.approx(0.05 * lr, rel=0.01)


def test_data_root_can_be_named(monkeypatch):
    monkeypatch.setenv('SPINETRACK_ROOT', 'elsewhere/spine')
    cfg = Config.fromfile(builders.config('spinepose_v1_small'))
    assert {dataset.data_root for dataset in cfg.train_dataloader.dataset.datasets} == {'elsewhere/spine'}
    assert cfg.val_dataloader.dataset.ann_file == 'annotations/person_keypoints_val2017.json'


def test_every_batch_of_v2_holds_the_asked_ratio(tmp_path, monkeypatch):
    """24 people of SpineTrack and 96 frames of SIMSPINE, at 1 : 1 and at 3 : 1, whichever is used up first."""
    builders.make_data_set(tmp_path, 'train-real-coco', 12, seed=0)
    builders.make_data_set(tmp_path, 'train-real-yoga', 6, seed=0)
    builders.make_data_set(tmp_path, 'train-unreal', 6, seed=0)
    builders.write_simspine(tmp_path / 'annotations/simspine_train.npz', builders.simspine_names(12))
    simspine_release.write_images(tmp_path / 'images', builders.simspine_names(12))
    monkeypatch.setenv('SPINETRACK_ROOT', str(tmp_path))
    monkeypatch.setenv('SIMSPINE_ROOT', str(tmp_path))
    loader = Config.fromfile(builders.config('spinepose_v2_small')).train_dataloader
    loader.dataset.datasets[1].fraction = 1.0
    dataset = DATASETS.build(dict(loader.dataset, pipeline=[]))
    for ratio, expected in ((loader.sampler.ratio, 6), ([3, 1], 3)):
        sampler = DATA_SAMPLERS.build(dict(loader.sampler, ratio=ratio), default_args=dict(dataset=dataset, seed=0))
        names = [dataset[i]['dataset_name'] for i in sampler]
        assert len(names) == 120
        for start in range(0, 120, 12):
            batch = names[start : start + 12]
            assert batch.count('simspine') == expected and batch.count('spinetrack') == 12 - expected
