import pytest
from mmpose.apis.inferencers import mmpose_inferencer
from mmpose.registry import INFERENCERS

import builders


def test_a_config_names_its_inferencer(monkeypatch):
    """This package's models get this package's inferencers, and MMPose's own, by alias or by file, get MMPose's."""
    made = []
    INFERENCERS.import_from_location()  # they would not be replaced before
    for name in ('Pose2DInferencer', 'SpinePoseInferencer', 'Pose3DInferencer', 'SpinePose3DInferencer'):
        monkeypatch.setitem(INFERENCERS._module_dict, name, lambda *args, name=name: made.append((name, *args)))
    lifter, tiny = (str(builders.config(name)) for name in ('lifting/spinepose_lifter_27frames', 'spinepose_tiny'))
    for model in ('human3d', 'spinepose-lifter', lifter):
        mmpose_inferencer.Pose3DInferencer(model, 'weights')
    for model in ('human', 'spinepose-tiny', tiny, str(builders.config('baselines/spinepose_baseline_hrnet_w32'))):
        mmpose_inferencer.Pose2DInferencer(model, 'weights')
    assert [(name, *rest) for name, _, *rest in made] == [
        (name, 'weights')
        for name in (
            'Pose3DInferencer',
            *['SpinePose3DInferencer'] * 2,
            'Pose2DInferencer',
            *['SpinePoseInferencer'] * 3,
        )
    ]
    with pytest.raises(ValueError, match='spinepose-tiny is a model for pose2d, and was given for the other'):
        mmpose_inferencer.Pose3DInferencer('spinepose-tiny', 'weights')
    with pytest.raises(ValueError, match='spinepose-lifter is a model for pose3d'):
        mmpose_inferencer.Pose2DInferencer('spinepose-lifter')


def test_mmpose_still_has_what_is_replaced():
    """Fails loudly where a later MMPose makes its inferencers otherwise."""
    assert mmpose_inferencer.MMPoseInferencer.__call__.__module__ == 'spinepose_mm.patches.inferencers'
    source = mmpose_inferencer.MMPoseInferencer.__init__.__code__.co_names
    assert {'Pose2DInferencer', 'Pose3DInferencer'} <= set(source)
