"""MMPose's unified inferencer takes the 3D inferencer that a lifter's config names.

It makes its own `Pose3DInferencer` for every lifter but a hand's, drops every option that it does not know, and turns
results into dicts itself, with no more than points and boxes.
"""
from mmengine.config import Config
from mmpose.apis.inferencers import mmpose_inferencer
from mmpose.registry import INFERENCERS

from .aliases import find_config

_unified = mmpose_inferencer.MMPoseInferencer
_stock_class = mmpose_inferencer.Pose3DInferencer
_stock_postprocess = _unified.postprocess


def install():
    """Let a config choose by `inferencer`, and let the options and results of this package's inferencer through."""
    from spinepose_mm.inference import SpinePose3DInferencer
    mmpose_inferencer.Pose3DInferencer = _pose3d_inferencer
    _unified.preprocess_kwargs = _unified.preprocess_kwargs | SpinePose3DInferencer.space_kwargs
    _unified.postprocess = _postprocess


def _pose3d_inferencer(model, *args, **kwargs):
    config = model
    if isinstance(model, str):
        try:
            config = Config.fromfile(find_config(model)[0])
        except ValueError:  # one of MMPose's own
            config = {}
    return INFERENCERS.get(config.get('inferencer', _stock_class.__name__))(model, *args, **kwargs)


def _postprocess(self, *args, **kwargs):
    if type(self.inferencer).postprocess is _stock_postprocess:
        return _stock_postprocess(self, *args, **kwargs)
    return self.inferencer.postprocess(*args, **kwargs)
