"""MMPose's unified inferencer takes the inferencer that a model's config names.

It makes its own `Pose2DInferencer` and `Pose3DInferencer` for every model but a hand's, drops every option that it does
not know, and turns results into dicts itself, with no more than points and boxes.

Importing MMPose's inferencers takes most of a second, much of it for MMDetection, and training does not need them. So
they are changed at the moment when they are defined.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmpose.registry import INFERENCERS

from spinepose_mm.zoo.models import find_config

from .patch import MMENGINE, MMPOSE, Change, make, patch, warn_of

_PLACE = 'mmpose.apis.inferencers'
BASE = f'{_PLACE}.base_mmpose_inferencer.BaseMMPoseInferencer'
_UNIFIED = f'{_PLACE}.mmpose_inferencer.MMPoseInferencer'

#: {whole name of a class that is not defined yet: (name of the patch, changes to make when it is)}
_waiting: dict[str, tuple[str, Callable[[type], Iterator[Change]]]] = {}


def when_defined(name: str, place: str, changes: Callable[[type], Iterator[Change]]) -> Iterator[Change]:
    """Yield a patch's changes to an inferencer, or else the change by which they are made when it is defined.

    Args:
        name: of the patch.
        place: module and name of the class.
        changes: given the class, yields the changes.
    """
    module, _, class_name = place.rpartition('.')
    if hasattr(sys.modules.get(module), class_name):
        yield from changes(getattr(sys.modules[module], class_name))
    else:
        _waiting[place] = name, changes
        yield BaseInferencer, '__init_subclass__', lambda stock: classmethod(_init_subclass)


def _init_subclass(cls: type, **kwargs: Any) -> None:
    super(BaseInferencer, cls).__init_subclass__(**kwargs)
    place = f'{cls.__module__}.{cls.__qualname__}'
    if place in _waiting:
        name, changes = _waiting.pop(place)
        warn_of({name: make(changes, cls)})


@patch(mmengine=MMENGINE, mmpose=MMPOSE)
def unified_inferencer() -> Iterator[Change]:
    """A config chooses by `inferencer`, and the inferencers of this package answer calls themselves."""
    yield from when_defined('unified_inferencer', _UNIFIED, _unified_changes)


def _unified_changes(unified: type) -> Iterator[Change]:
    module = sys.modules[unified.__module__]
    for name in ('Pose2DInferencer', 'Pose3DInferencer'):
        yield module, name, lambda stock: partial(_chosen, stock)
    yield unified, '__call__', _answering


def _answering(stock: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        from spinepose_mm.inference.streaming import Streaming

        if isinstance(self.inferencer, Streaming):
            return self.inferencer(*args, **kwargs)
        return stock(self, *args, **kwargs)

    return __call__


def _chosen(stock: type, model: Any, *args: Any, **kwargs: Any) -> Any:
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
