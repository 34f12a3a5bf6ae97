"""Checkpoints are loaded as data: tensors, numbers, text and NumPy arrays, never code.

MMEngine 0.10.7 and torch 2.6 or newer do not fit together: torch.load refuses the NumPy arrays and history buffers of
MMEngine's own checkpoints, and what is downloaded is unpickled without any check. Here the former are allowed by name,
and files and downloads go through one loader that refuses everything else and says what it was. What it returns has the
form that the file has, as MMEngine's own loader does; this package's models look at it where they take it.
"""

from functools import partial

import mmengine.runner.checkpoint as mmengine_checkpoint
import torch
from mmengine.infer import BaseInferencer, infer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, CheckpointLoader, FlexibleRunner, Runner, runner

from spinepose_mm.zoo.checkpoints import (
    CheckpointError,
    check_finite,
    check_form,
    fetch_once,
    load_from_http,
    load_from_local,
)
from spinepose_mm.zoo.models import find_weights
from spinepose_mm.zoo.safe_globals import safe_globals

_stock_init_model = BaseInferencer._init_model
_stock_load_checkpoint = mmengine_checkpoint.load_checkpoint
_stock_load_into_runner = Runner.load_checkpoint


def install():
    """Make every loader of MMEngine, MMDetection and MMPose read checkpoints as data."""
    torch.serialization.add_safe_globals(safe_globals())
    BaseInferencer._init_model = _init_model
    Runner.load_checkpoint = _load_into_runner
    # These two load a model's weights, and fail on what has none without naming the file.
    infer._load_checkpoint = _read_for_model
    runner._load_checkpoint = partial(_read_for_model, fields=('state_dict',))
    for kind in (Runner, FlexibleRunner):
        kind.call_hook = _without_config(kind.call_hook)
    for prefixes, loader in (('', load_from_local), (('http://', 'https://'), load_from_http)):
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
        # The loaders of the other schemes (open-mmlab://, torchvision://) call these two by name.
        setattr(mmengine_checkpoint, loader.__name__, loader)


def install_onnx():
    """Make MMPose's `init_model` take ONNX files."""
    from mmpose.apis import inference

    inference.load_checkpoint = _load_checkpoint


def _read_for_model(filename, map_location=None, logger=None, fields=('state_dict', 'meta')):
    """Read a checkpoint as MMEngine does, for a model; refuse what has other things than dicts in these fields."""
    checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, logger)
    check_form(checkpoint, filename, fields)
    return checkpoint


def _without_config(call_hook):
    """Return a runner's `call_hook`, through which a checkpoint goes before it is resumed, without text that is run.

    On resuming, MMEngine runs `meta['config']` as Python, to compare the GPUs of MMCV 1.x's checkpoints. Its own
    checkpoints call the field 'cfg', so nothing is lost.
    """

    def method(self, fn_name, **kwargs):
        checkpoint = kwargs.get('checkpoint') if fn_name == 'after_load_checkpoint' else None
        if isinstance(checkpoint, dict) and isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)
        call_hook(self, fn_name, **kwargs)

    return method


def _init_model(self, cfg, weights, device='cpu'):
    """Build an inferencer's model, but never by running the config's text that stands in a checkpoint."""
    if not cfg:
        raise CheckpointError(
            f'{weights}: name the config or the alias of the model too; the text in a checkpoint is not run'
        )
    if str(weights).endswith('.onnx'):
        from mmpose.apis import init_model

        return init_model(cfg, weights, device)  # which calls `_load_checkpoint`
    model = _stock_init_model(self, cfg, weights, device)
    if weights is not None:
        _check_lifter(model, cfg, weights)
    return model


def _check_lifter(model, cfg, file):
    """Raise CheckpointError if a lifter of this package, whose class is MMPose's, has weights that are not finite."""
    if cfg.get('inferencer') == 'SpinePose3DInferencer':
        check_finite(model.state_dict(), file)


def _load_checkpoint(model, filename, *args, **kwargs):
    """Load a checkpoint into the model that `init_model` builds, or let an ONNX file run in its place."""
    if not str(filename).endswith('.onnx'):
        return _stock_load_checkpoint(model, filename, *args, **kwargs)
    from spinepose_mm.deployment.runtime import run_onnx  # it needs this module

    run_onnx(model, fetch_once(filename) if '://' in str(filename) else filename)
    return {}


def _load_into_runner(self, filename, *args, **kwargs):
    """Load a checkpoint into the model of MMEngine's runner, or let an ONNX file run in its place, to be tested."""
    filename = find_weights(filename)
    if not str(filename).endswith('.onnx'):
        checkpoint = _stock_load_into_runner(self, filename, *args, **kwargs)
        _check_lifter(self.model, self.cfg, filename)
        return checkpoint
    if isinstance(self._train_loop, BaseLoop):
        raise CheckpointError(f'{filename}: an ONNX file can be tested, but not trained from')
    return _load_checkpoint(self.model.module if is_model_wrapper(self.model) else self.model, filename)
