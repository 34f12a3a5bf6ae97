from mmpose.apis.inferencers import mmpose_inferencer
from mmpose.registry import INFERENCERS

import builders


def test_a_config_names_its_inferencer(monkeypatch):
    """This package's lifters get this package's inferencer, and MMPose's own, by alias or by file, get MMPose's."""
    made = []
    for name in ('Pose3DInferencer', 'SpinePose3DInferencer'):
        monkeypatch.setitem(INFERENCERS._module_dict, name, lambda *args, name=name: made.append((name, *args)))
    ours = str(builders.config('lifting/spinepose_lifter_27frames'))
    for model in ('human3d', 'spinepose-lifter', ours, str(builders.config('spinepose_tiny'))):
        mmpose_inferencer.Pose3DInferencer(model, 'weights')
    assert made == [('Pose3DInferencer', 'human3d', 'weights'), ('SpinePose3DInferencer', 'spinepose-lifter', 'weights'),
                    ('SpinePose3DInferencer', ours, 'weights'),
                    ('Pose3DInferencer', str(builders.config('spinepose_tiny')), 'weights')]


def test_options_of_mmpose_are_still_there():
    assert {'bbox_thr', 'tracking_thr', 'coordinates', 'height'} <= mmpose_inferencer.MMPoseInferencer.preprocess_kwargs
    assert 'height' not in mmpose_inferencer.BaseMMPoseInferencer.preprocess_kwargs
