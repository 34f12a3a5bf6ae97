import collections

import pytest
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.registry import MODELS

import builders
from spinepose_mm.evaluation.table import complexity
from spinepose_mm.interop.aliases import index_folder

CONFIGS = sorted(path for path in (index_folder() / 'configs').rglob('*.py') if path.parent.name != '_base_')
PUBLISHED = {'small': (5.98, .72), 'medium': (14.34, 1.98), 'large': (28.66, 4.22), 'xlarge': (50.69, 17.37)}


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
    assert cfg.dataset_type == 'SpineTrackDataset' and cfg.data_mode == 'topdown'
    assert cfg.model.head.decoder == cfg.codec and cfg.model.head.input_size == cfg.codec.input_size
    w, h = cfg.codec.input_size
    stride = 32 if cfg.model.backbone.out_indices == (4, ) else 16
    assert cfg.model.head.in_featuremap_size == (w // stride, h // stride)
    for pipeline in (cfg.train_dataloader.dataset.pipeline, cfg.val_dataloader.dataset.pipeline):
        for step in pipeline:
            assert step.get('input_size', cfg.codec.input_size) == cfg.codec.input_size
            assert step.get('encoder', cfg.codec) == cfg.codec
    assert cfg.test_dataloader == cfg.val_dataloader and cfg.test_evaluator == cfg.val_evaluator
    assert MODELS.build(cfg.model).head.out_channels == 37


@pytest.mark.parametrize('name', [f'v1_{size}' for size in PUBLISHED] + ['v2_small', 'v2_medium', 'v2_large'])
def test_parameters_and_flops_are_the_published_ones(name):
    cfg = Config.fromfile(builders.config(f'spinepose_{name}'))
    found = complexity(cfg)
    params, flops = PUBLISHED[name.split('_')[1]]
    assert round(found['params'] / 1e6, 2) == params and round(found['flops'] / 1e9, 2) == flops


def test_input_sizes():
    assert Config.fromfile(builders.config('spinepose_v1_large')).codec.input_size == (192, 256)
    assert Config.fromfile(builders.config('spinepose_v1_xlarge')).codec.input_size == (288, 384)


def test_state_dict_is_rtmposes():
    """The published checkpoints have the names and shapes of MMPose's RTMPose, with 37 rows in the last layer."""
    own = MODELS.build(Config.fromfile(builders.config('spinepose_v1_medium')).model).state_dict()
    stock = get_config('mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-m_8xb512-700e_body8-halpe26-256x192.py')
    stock.model.head.out_channels = 37
    stock = MODELS.build(stock.model).state_dict()
    assert {name: value.shape for name, value in own.items()} == {name: value.shape for name, value in stock.items()}


def test_data_root_can_be_named(monkeypatch):
    monkeypatch.setenv('SPINETRACK_ROOT', 'elsewhere/spine')
    cfg = Config.fromfile(builders.config('spinepose_v2_small'))
    assert {dataset.data_root for dataset in cfg.train_dataloader.dataset.datasets} == {'elsewhere/spine'}
    assert cfg.val_dataloader.dataset.ann_file == 'annotations/person_keypoints_val2017.json'
