"""MMPose's unified inferencer takes the inferencer that a model's config names.

It makes its own `Pose2DInferencer` and `Pose3DInferencer` for every model but a hand's, drops every option that it does
not know, and turns results into dicts itself, with no more than points and boxes.
"""
from functools import partial

from mmengine.config import Config
from mmpose.apis.inferencers import mmpose_inferencer
from mmpose.registry import INFERENCERS

from .aliases import find_config

_unified = mmpose_inferencer.MMPoseInferencer
_stock_call = _unified.__call__


def install():
    """Let a config choose by `inferencer`, and let the inferencers of this package answer calls themselves."""
    for name in ('Pose2DInferencer', 'Pose3DInferencer'):
        setattr(mmpose_inferencer, name, partial(_chosen, getattr(mmpose_inferencer, name)))
    _unified.__call__ = _call


def _chosen(stock, model, *args, **kwargs):
    config = model
    if isinstance(model, str):
        try:
            config = Config.fromfile(find_config(model)[0])
        except ValueError:  # one of MMPose's own
            config = {}
    name = config.get('inferencer', stock.__name__)
    if ('3D' in name) != ('3D' in stock.__name__):
        raise ValueError(f'{model} is a model for pose{"3d" if "3D" in name else "2d"}, and was given for the other')
    return INFERENCERS.get(name)(model, *args, **kwargs)


def _call(self, *args, **kwargs):
    from spinepose_mm.inference.streaming import Streaming
    return (self.inferencer if isinstance(self.inferencer, Streaming) else partial(_stock_call, self))(*args, **kwargs)
