from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.apis.inferencers.utils import get_model_aliases

import builders
from spinepose_mm.zoo import models as zoo

ALIASES = {
    'spinepose-s': 'spinepose_v2_small',
    'spinepose-m': 'spinepose_v2_medium',
    'spinepose-l': 'spinepose_v2_large',
    'spinepose-x': 'spinepose_v1_xlarge',
    'spinepose-v1-s': 'spinepose_v1_small',
    'spinepose-v1-m': 'spinepose_v1_medium',
    'spinepose-v1-l': 'spinepose_v1_large',
    'spinepose-v1-x': 'spinepose_v1_xlarge',
}


def lookup(name):
    inferencer = Pose2DInferencer.__new__(Pose2DInferencer)
    inferencer.scope = 'mmpose'
    return inferencer._load_model_from_metafile(name)


@pytest.mark.parametrize('name', [*ALIASES, *set(ALIASES.values()), 'SpinePose-S'])
def test_names_and_aliases(name):
    cfg, weights = lookup(name)
    assert cfg.filename.endswith(ALIASES.get(name.lower(), name) + '.py')
    version, size = cfg.filename.rsplit('spinepose_', 1)[1][:-3].split('_')
    assert f'spinepose-{size[0]}_' in weights and ('simspine' in weights) == (version == 'v2')


@pytest.mark.parametrize(
    'alias, name, weights',
    [
        ('spinepose-hrnet-w32', 'hrnet_w32', 'td-hm_hrnet-w32'),
        ('spinepose-vitpose-b', 'vitpose_b', 'td-hm_ViTPose-base'),
    ],
)
def test_baselines_whose_weights_are_published(alias, name, weights):
    for given in (alias, f'spinepose_baseline_{name}'):
        cfg, url = lookup(given)
        assert cfg.filename.endswith(f'configs/baselines/spinepose_baseline_{name}.py')
        assert cfg.inferencer == 'SpinePoseInferencer'
        assert url.endswith(f'/simspine/2d/pytorch/{weights}_8xb64-10e_simspine-256x192.pth')


def test_a_model_without_published_weights():
    """It is in the zoo for its figures, and no alias, since nothing could be loaded."""
    config, weights = zoo.find_config('spinepose_baseline_rtmpose_m')
    assert config.endswith('spinepose_baseline_rtmpose_m.py') and weights is None
    with pytest.raises(ValueError, match="no model named 'spinepose_baseline_rtmpose_m'"):
        lookup('spinepose_baseline_rtmpose_m')


def test_mmposes_own_aliases_still_work():
    assert lookup('human')[0].dataset_type == 'CocoDataset'
    assert get_model_aliases('mmpose').items() >= {'human': get_model_aliases('mmpose')['human'], **ALIASES}.items()


def test_other_packages_are_left_alone():
    names = [
        model['Name']
        for model in BaseInferencer._get_models_from_metafile(BaseInferencer._get_repo_or_mim_dir('mmdet'))
    ]
    assert names and not any('spinepose' in name for name in names)


def test_unknown_alias_lists_the_near_ones():
    with pytest.raises(ValueError, match="no model named 'spinepose-xs'.*near: .*spinepose-x.*spinepose-v1-l"):
        lookup('spinepose-xs')
    with pytest.raises(ValueError, match="no model named 'spinepose_v2_huge'.*near: spinepose_v2_large"):
        zoo.find_config('spinepose_v2_huge')


def test_zoo_is_complete():
    unpublished = [model['Name'] for model in zoo.models() if not model['Weights']]
    assert unpublished == ['spinepose_baseline_rtmpose_m']
    for model in zoo.models():
        lifter = model['Name'] == 'spinepose_lifter_official'  # of which no number of parameters was published
        assert model['Results'] and ('Parameters (M)' in model['Metadata']) != lifter
        if model['Name'] in unpublished:
            continue
        if model['In Collection'] == 'spinepose_mm':  # shipped
            assert model['License'] == 'Apache-2.0' and Path(model['Weights']).is_file()
        else:
            assert model['License'] == 'CC-BY-NC-4.0'
            assert model['Weights'].startswith('https://') and model['Weights'].endswith('.onnx' if lifter else '.pth')


@pytest.mark.parametrize('name', ['spinepose_v1_small', 'spinepose_v1_small.py', 'spinepose-v1-s'])
def test_config_by_name_file_name_and_alias(name):
    config, weights = zoo.find_config(name)
    assert config.endswith('spinepose_v1_small.py') and weights.startswith('https://')


def test_config_that_is_not_in_the_zoo():
    config, weights = zoo.find_config('spinepose_demo.py')
    assert config.endswith('configs/demo/spinepose_demo.py') and weights is None


def test_an_inferencer_takes_the_name_of_a_file():
    assert lookup('spinepose_tiny.py')[1] == zoo.find_config('spinepose-tiny')[1]
    cfg, weights = lookup('spinepose_demo.py')  # not in the zoo
    assert cfg.filename.endswith('configs/demo/spinepose_demo.py') and weights is None
    with pytest.raises(ValueError, match="no model named 'spinepose_tyni.py'.*near: spinepose_tiny"):
        lookup('spinepose_tyni.py')


@pytest.mark.parametrize(
    'base, file',
    [
        ('spinepose_tiny.py', 'spinepose_tiny'),
        ('spinepose-s', 'spinepose_v2_small'),
        ('_base_/schedule_10e.py', '_base_/schedule_10e'),
        ('examples/spinepose_finetune.py', 'examples/spinepose_finetune'),
    ],
)
def test_a_config_anywhere_inherits_from_this_package(base, file, tmp_path, monkeypatch):
    """From the package's file, though one of that name is in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path('spinepose_tiny.py').write_text('raise SystemExit')
    Path('mine.py').write_text(f"_base_ = ['spinepose_mm::{base}']\nown = {{{{_base_.base_lr}}}}")
    found, expected = Config.fromfile('mine.py'), Config.fromfile(builders.config(file))
    assert found.pop('own') == expected.base_lr
    assert found.to_dict() == expected.to_dict()


def test_bases_of_mmpose_and_unknown_ones(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'mmpose::_base_/default_runtime.py'")
    assert Config.fromfile(tmp_path / 'mine.py').default_scope == 'mmpose'
    (tmp_path / 'mine.py').write_text("_base_ = 'spinepose_mm::spinepose_huge.py'")
    with pytest.raises(ValueError, match="no model named 'spinepose_huge.py'; near: "):
        Config.fromfile(tmp_path / 'mine.py')


def test_figures_of_the_zoo_are_the_published_ones():
    """Against the papers' and the project page's tables: AP and AR times 100, in the order of small to xlarge."""
    published = {
        ('SpineTrack', 'Body'): '79.3 82.1 84.0 86.4 85.4 87.7 86.3 88.5',
        ('SpineTrack', 'Feet'): '77.5 83.0 83.4 87.4 85.6 89.3 86.3 89.8',
        ('SpineTrack', 'Spine'): '89.6 90.8 91.4 92.6 91.0 92.2 89.3 91.0',
        ('SpineTrack', 'All'): '84.2 86.2 88.0 89.5 88.4 90.0 88.9 89.9',
        ('COCO', ''): '68.2 73.1 73.0 77.5 75.2 79.5 75.9 80.1',
        ('Halpe-26', ''): '70.6 75.2 75.0 79.2 77.0 81.1 77.6 81.8',
    }
    models = {
        model['Name']: {result['Dataset']: result['Metrics'] for result in model['Results']} for model in zoo.models()
    }
    readme = (zoo.index_folder() / 'configs/README.md').read_text(encoding='utf-8')
    for (dataset, subset), text in published.items():
        found = [
            models[f'spinepose_v1_{size}'][dataset][f'{subset} {value}'.strip()]
            for size in ('small', 'medium', 'large', 'xlarge')
            for value in ('AP', 'AR')
        ]
        assert ' '.join(f'{100 * value:.1f}' for value in found) == text
        for ap, ar in zip(text.split()[::2], text.split()[1::2]):
            assert f'| {ap} / {ar} |' in readme
