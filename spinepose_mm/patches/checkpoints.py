"""Checkpoints are loaded as data: tensors, numbers, text and NumPy arrays, never code.

MMEngine 0.10.7 and torch 2.6 or newer do not fit together: torch.load refuses the NumPy arrays and history buffers of
MMEngine's own checkpoints, and what is downloaded is unpickled without any check. Here the former are allowed by name,
and files and downloads go through one loader that refuses everything else and says what it was. What it returns has the
form that the file has, as MMEngine's own loader does; this package's models look at it where they take it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from mmengine.infer import BaseInferencer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, CheckpointLoader, Runner

from spinepose_mm.zoo.checkpoints import (
    CheckpointError,
    check_form,
    check_lifter,
    fetch_once,
    load_from_http,
    load_from_local,
)
from spinepose_mm.zoo.models import find_weights
from spinepose_mm.zoo.safe_globals import safe_globals

from .inferencers import BASE, when_defined
from .patch import MMENGINE, MMPOSE, Change, patch


@patch(mmengine=MMENGINE, security=True)
def checkpoint_loading() -> Iterator[Change]:
    """Every loader of MMEngine, MMDetection and MMPose reads checkpoints as data."""
    from mmengine.infer import infer
    from mmengine.runner import checkpoint, runner

    loaders = {('',): load_from_local, ('http://', 'https://'): load_from_http}
    # The loaders of other schemes (open-mmlab://, torchvision://) call these by name.
    yield checkpoint, 'load_from_local', _instead(load_from_local)
    yield checkpoint, 'load_from_http', _instead(load_from_http)
    # These two load a model's weights, and fail on what has none without naming the file.
    yield infer, '_load_checkpoint', _instead(_read_for_model)
    yield runner, '_load_checkpoint', _instead(partial(_read_for_model, fields=('state_dict',)))
    for prefixes, loader in loaders.items():
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
    torch.serialization.add_safe_globals(safe_globals())


def _instead(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda stock: function


def _read_for_model(
    filename: str, map_location: Any = None, logger: Any = None, fields: tuple[str, ...] = ('state_dict', 'meta')
) -> dict[str, Any]:
    """Read a checkpoint as MMEngine does, for a model; refuse what has other things than dicts in these fields."""
    checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, logger)
    check_form(checkpoint, filename, fields)
    return checkpoint


@patch(mmengine=MMENGINE, security=True)
def resumed_config_text() -> Iterator[Change]:
    """A runner does not run the text that stands in a checkpoint as `meta['config']`.

    On resuming, MMEngine runs it as Python, to compare the GPUs of MMCV 1.x's checkpoints. Its own checkpoints call the
    field 'cfg', so nothing is lost.
    """
    from mmengine.runner import FlexibleRunner

    for kind in (Runner, FlexibleRunner):
        yield kind, 'call_hook', _without_config


def _without_config(call_hook: Callable[..., None]) -> Callable[..., None]:
    """Return a runner's `call_hook`, through which a checkpoint goes before it is resumed, without that text."""

    def method(self: Any, fn_name: str, **kwargs: Any) -> None:
        checkpoint = kwargs.get('checkpoint') if fn_name == 'after_load_checkpoint' else None
        if isinstance(checkpoint, dict) and isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)
        call_hook(self, fn_name, **kwargs)

    return method


@patch(mmengine=MMENGINE, security=True)
def inferencer_config_text() -> Iterator[Change]:
    """An inferencer does not run the config's text that stands in a checkpoint, where it is given no config."""
    yield BaseInferencer, '_init_model', _with_config


def _with_config(stock: Callable[..., Any]) -> Callable[..., Any]:
    def _init_model(self: Any, cfg: Any, weights: str | None, device: str = 'cpu') -> Any:
        if not cfg:
            raise CheckpointError(
                f'{weights}: name the config or the alias of the model too; the text in a checkpoint is not run'
            )
        return stock(self, cfg, weights, device)

    return _init_model


@patch(mmengine=MMENGINE)
def runner_weights() -> Iterator[Change]:
    """MMEngine's runner loads a model's weights by the model's name, and tests ONNX files in the place of a network."""
    yield Runner, 'load_checkpoint', _into_runner


def _into_runner(stock: Callable[..., Any]) -> Callable[..., Any]:
    def load_checkpoint(self: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
        filename = find_weights(filename)
        if not str(filename).endswith('.onnx'):
            checkpoint = stock(self, filename, *args, **kwargs)
            check_lifter(self.model, self.cfg, filename)
            return checkpoint
        if isinstance(self._train_loop, BaseLoop):
            raise CheckpointError(f'{filename}: an ONNX file can be tested, but not trained from')
        return _run_onnx(self.model.module if is_model_wrapper(self.model) else self.model, filename)

    return load_checkpoint


@patch(mmengine=MMENGINE, mmpose=MMPOSE)
def onnx_files() -> Iterator[Change]:
    """MMPose's `init_model` and its inferencers take an ONNX file in the place of a checkpoint."""
    yield from when_defined('onnx_files', BASE, _onnx_changes)


def _onnx_changes(base: type) -> Iterator[Change]:
    from mmpose.apis import inference  # which the module of `base` has imported

    yield inference, 'load_checkpoint', _into_model
    yield base, '_init_model', _with_onnx


def _with_onnx(stock: Callable[..., Any]) -> Callable[..., Any]:
    def _init_model(self: Any, cfg: Any, weights: str | None, device: str = 'cpu') -> Any:
        if not cfg or not str(weights).endswith('.onnx'):
            return stock(self, cfg, weights, device)
        from mmpose.apis import init_model

        return init_model(cfg, weights, device)

    return _init_model


def _into_model(stock: Callable[..., Any]) -> Callable[..., Any]:
    def load_checkpoint(model: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
        if str(filename).endswith('.onnx'):
            return _run_onnx(model, filename)
        return stock(model, filename, *args, **kwargs)

    return load_checkpoint


def _run_onnx(model: Any, filename: str) -> dict[str, Any]:
    """Let an ONNX file run in the place of a model's network; return a checkpoint with nothing in it."""
    from spinepose_mm.deployment.runtime import run_onnx  # with MMPose's heads

    run_onnx(model, fetch_once(filename) if '://' in str(filename) else filename)
    return {}
