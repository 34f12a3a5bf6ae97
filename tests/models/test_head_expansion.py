import pytest
import torch
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS

import builders
from spinepose_mm import skeleton
from spinepose_mm.models.head_expansion import grow
from spinepose_mm.zoo.checkpoints import CheckpointError

LAST = 'head.final_layer.weight'


def tiny(**head):
    model = Config.fromfile(builders.config('spinepose_tiny')).model
    model.head.update(head, calibration=None)
    return model


def save(path, keypoints, names=None):
    """Save the weights of a random network of some keypoints, and what their names are where they are given."""
    torch.manual_seed(1)
    weights = MODELS.build(tiny(out_channels=keypoints)).state_dict()
    meta = dict(dataset_meta=dict(keypoint_id2name=dict(enumerate(names)))) if names else {}
    torch.save(dict(state_dict=weights, meta=meta), path)
    return weights


def grown(build=MODELS.build, **init_cfg):
    model = build({**tiny(), 'init_cfg': dict(type='SpineHeadExpansion', **init_cfg)})
    model.init_weights()
    return model.state_dict()


@pytest.mark.parametrize('keypoints', [17, 26])
def test_copied_rows_equal_the_source_and_all_else_too(tmp_path, keypoints):
    source = save(tmp_path / 'source.pth', keypoints)
    found = grown(checkpoint=str(tmp_path / 'source.pth'))
    for name, value in found.items():
        copied = value[:keypoints] if name.startswith('head.final_layer') else value
        assert torch.equal(copied, source[name]), name


def test_a_network_of_mmposes_classes_is_expanded_too(tmp_path):
    source = save(tmp_path / 'source.pth', 26)
    model = builders.stock(tiny())
    model.init_cfg = dict(type='SpineHeadExpansion', checkpoint=str(tmp_path / 'source.pth'))
    model.init_weights()
    found = model.state_dict()
    assert torch.equal(found[LAST][:26], source[LAST])
    assert torch.equal(found['head.cls_x.weight'], source['head.cls_x.weight'])


def test_rows_are_matched_by_name(tmp_path):
    """Halpe-26's keypoints back to front, as the checkpoint says, or as the config does."""
    names = skeleton.NAMES[25::-1]
    source = save(tmp_path / 'said.pth', 26, names)
    for found in (
        grown(checkpoint=str(tmp_path / 'said.pth')),
        grown(checkpoint=str(tmp_path / 'said.pth'), keypoints=names),
    ):
        assert torch.equal(found[LAST][skeleton.index('hip')], source[LAST][names.index('hip')])
        assert torch.equal(found[LAST][:26], source[LAST].flip(0))


def test_37_keypoints_in_another_order_are_matched_too(tmp_path):
    names = skeleton.NAMES[::-1]
    source = save(tmp_path / 'source.pth', 37, names)
    assert torch.equal(grown(checkpoint=str(tmp_path / 'source.pth'))[LAST], source[LAST].flip(0))


def test_names_of_mmposes_data_sets_are_known():
    for name, count in (('coco', 17), ('halpe26', 26)):
        meta = parse_pose_metainfo(dict(from_file=f'configs/_base_/datasets/{name}.py'))
        assert tuple(meta['keypoint_id2name'].values()) == skeleton.NAMES[:count]


def test_new_rows_have_the_mean_and_deviation_of_the_loaded():
    torch.manual_seed(0)
    rows = torch.randn(26, 256, 7, 7) * 0.2 + 0.7
    found = grow(rows, skeleton.NAMES[:26])
    assert found.shape == (37, 256, 7, 7) and torch.equal(found[:26], rows)
    assert found[26:].mean().item() == pytest.approx(0.7, abs=0.01)
    assert found[26:].std().item() == pytest.approx(0.2, abs=0.01)
    assert len({row.sum().item() for row in found[26:]}) == 11


def test_weights_that_are_not_finite_are_refused(tmp_path):
    weights = save(tmp_path / 'source.pth', 26)
    weights[LAST][3, 0, 0, 0] = float('nan')
    torch.save(dict(model=weights), tmp_path / 'source.pth')
    with pytest.raises(CheckpointError, match=rf'source\.pth: 1 of the \d+ values of {LAST} are NaN'):
        grown(checkpoint=str(tmp_path / 'source.pth'))


def test_a_checkpoint_of_another_form_is_expanded_too(tmp_path):
    source = save(tmp_path / 'source.pth', 26)
    for form in (dict(model=source), source):
        torch.save(form, tmp_path / 'source.pth')
        assert torch.equal(grown(checkpoint=str(tmp_path / 'source.pth'))[LAST][:26], source[LAST])


def test_what_does_not_fit_is_refused(tmp_path):
    def change(name, **weights):
        source = torch.load(tmp_path / '26.pth')
        source['state_dict'].update({key.replace('__', '.'): value for key, value in weights.items()})
        source['state_dict'] = {key: value for key, value in source['state_dict'].items() if value is not None}
        torch.save(source, tmp_path / name)
        return dict(checkpoint=str(tmp_path / name))

    save(tmp_path / '26.pth', 26)
    save(tmp_path / '21.pth', 21)
    save(tmp_path / 'hand.pth', 26, [f'finger_{i}' for i in range(26)])
    for init_cfg, message in (
        (
            change('wide.pth', head__cls_x__weight=torch.zeros(7, 9)),
            r'wide\.pth .*1 weights are of another shape.*cls_x',
        ),
        (change('short.pth', head__gau__o__weight=None), r'short\.pth .*1 weights are missing.*head\.gau\.o\.weight'),
        (change('more.pth', neck__weight=torch.zeros(1)), r'more\.pth .*1 weights are not of this model.*neck'),
        (change('none.pth', head__final_layer__weight=None), r'none\.pth has no head\.final_layer\.weight'),
        (dict(checkpoint=str(tmp_path / '21.pth')), r'21\.pth predicts 21 keypoints, but names of none'),
        (dict(checkpoint=str(tmp_path / '26.pth'), keypoints=['nose']), '26 keypoints, but names of 1 are known'),
        (dict(checkpoint=str(tmp_path / 'hand.pth')), 'predicts finger_0, which is no keypoint of SpineTrack'),
    ):
        with pytest.raises(CheckpointError, match=message):
            grown(**init_cfg)
