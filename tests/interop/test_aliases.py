from pathlib import Path

import pytest
from mmengine.infer import BaseInferencer
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.apis.inferencers.utils import get_model_aliases

from spinepose_mm.interop import aliases

ALIASES = {
    'spinepose-s': 'spinepose_v2_small', 'spinepose-m': 'spinepose_v2_medium', 'spinepose-l': 'spinepose_v2_large',
    'spinepose-x': 'spinepose_v1_xlarge', 'spinepose-v1-s': 'spinepose_v1_small',
    'spinepose-v1-m': 'spinepose_v1_medium', 'spinepose-v1-l': 'spinepose_v1_large',
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


def test_mmposes_own_aliases_still_work():
    assert lookup('human')[0].dataset_type == 'CocoDataset'
    assert get_model_aliases('mmpose').items() >= {'human': get_model_aliases('mmpose')['human'], **ALIASES}.items()


def test_other_packages_are_left_alone():
    names = [model['Name'] for model in BaseInferencer._get_models_from_metafile(
        BaseInferencer._get_repo_or_mim_dir('mmdet'))]
    assert names and not any('spinepose' in name for name in names)


def test_unknown_alias_lists_the_near_ones():
    with pytest.raises(ValueError, match="no model named 'spinepose-xs'.*near: .*spinepose-x.*spinepose-v1-l"):
        lookup('spinepose-xs')
    with pytest.raises(ValueError, match="no model named 'spinepose_v2_huge'.*near: spinepose_v2_large"):
        aliases.find_config('spinepose_v2_huge')


def test_zoo_is_complete():
    for model in aliases.models():
        lifter = model['Name'] == 'spinepose_lifter_official'  # of which no number of parameters was published
        assert model['Results'] and ('Parameters (M)' in model['Metadata']) != lifter
        if model['In Collection'] == 'spinepose_mm':  # shipped
            assert model['License'] == 'Apache-2.0' and Path(model['Weights']).is_file()
        else:
            assert model['License'] == 'CC-BY-NC-4.0'
            assert model['Weights'].startswith('https://') and model['Weights'].endswith('.onnx' if lifter else '.pth')


@pytest.mark.parametrize('name', ['spinepose_v1_small', 'spinepose_v1_small.py', 'spinepose-v1-s'])
def test_config_by_name_file_name_and_alias(name):
    config, weights = aliases.find_config(name)
    assert config.endswith('spinepose_v1_small.py') and weights.startswith('https://')


def test_config_that_is_not_in_the_zoo():
    config, weights = aliases.find_config('spinepose_demo.py')
    assert config.endswith('configs/demo/spinepose_demo.py') and weights is None
