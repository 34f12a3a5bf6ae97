"""MMPose's unified inferencer takes the inferencer that a model's config names.

It makes its own `Pose2DInferencer` and `Pose3DInferencer` for every model but a hand's, drops every option that it does
not know, and turns results into dicts itself, with no more than points and boxes.

Importing MMPose's inferencers takes most of a second, much of it for MMDetection, and training does not need them. So
they are changed at the moment when they are defined.
"""

import sys
from functools import partial

from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmpose.registry import INFERENCERS

from spinepose_mm.zoo.models import find_config

from . import checkpoints, detector

_PLACE = 'mmpose.apis.inferencers'


def install():
    """Change MMPose's inferencers, now or when they are imported."""
    BaseInferencer.__init_subclass__ = classmethod(_init_subclass)
    classes = [BaseInferencer]
    for cls in classes:
        classes += cls.__subclasses__()
        _change(cls)


def _init_subclass(cls, **kwargs):
    super(BaseInferencer, cls).__init_subclass__(**kwargs)
    _change(cls)


def _change(cls):
    """Change an inferencer's class, where it is one of those to be changed."""
    name = f'{cls.__module__}.{cls.__name__}'
    if name == f'{_PLACE}.base_mmpose_inferencer.BaseMMPoseInferencer':
        detector.install(cls)
        checkpoints.install_onnx()  # the module that it is for is one of those that this one imports
    elif name == f'{_PLACE}.mmpose_inferencer.MMPoseInferencer':
        _install_unified(cls)


def _install_unified(unified):
    """Let a config choose by `inferencer`, and let the inferencers of this package answer calls themselves."""
    module = sys.modules[unified.__module__]
    for name in ('Pose2DInferencer', 'Pose3DInferencer'):
        setattr(module, name, partial(_chosen, getattr(module, name)))
    stock_call = unified.__call__

    def __call__(self, *args, **kwargs):
        from spinepose_mm.inference.streaming import Streaming

        return (self.inferencer if isinstance(self.inferencer, Streaming) else partial(stock_call, self))(
            *args, **kwargs
        )

    unified.__call__ = __call__


def _chosen(stock, model, *args, **kwargs):
    config = model
    if isinstance(model, str):
        try:
            config = Config.fromfile(find_config(model)[0])
        except ValueError:  # one of MMPose's own
            config = {}
    name = config.get('inferencer', stock.__name__)
    if ('3D' in name) != ('3D' in stock.__name__):
        raise ValueError(
            f'{model} is a model for pose{"3d" if "3D" in name else "2d"}, and was given for the other'
            + ('; the ONNX file of a 2D model is given as its weights' if str(model).endswith('.onnx') else '')
        )
    return INFERENCERS.get(name)(model, *args, **kwargs)
