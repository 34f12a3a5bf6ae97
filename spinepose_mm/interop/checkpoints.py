"""Checkpoints are loaded as data: tensors, numbers, text and NumPy arrays, never code.

MMEngine 0.10.7 and torch 2.6 or newer do not fit together: torch.load refuses the NumPy arrays and history buffers of
MMEngine's own checkpoints, and what is downloaded is unpickled without any check. Here the former are allowed by name,
and files and downloads go through one loader that refuses everything else and says what it was. What it returns has the
form that the file has, as MMEngine's own loader does; this package's models look at it where they take it.
"""
import os
import pickle
import re
import zipfile
from functools import partial
from pathlib import Path

import mmengine.runner.checkpoint as mmengine_checkpoint
import safetensors
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.infer import BaseInferencer, infer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, CheckpointLoader, FlexibleRunner, Runner, runner
from safetensors.torch import save_file

from spinepose_mm import skeleton

from .aliases import find_weights
from .loaded import CheckpointError, check_finite, check_form, remember, weights_of
from .safe_globals import own_globals, safe_globals

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
    runner._load_checkpoint = partial(_read_for_model, fields=('state_dict', ))
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


def load_from_local(filename, map_location=None):
    """Read a checkpoint file as data.

    Args:
        filename: path of the file; `~` is the user's home. Or the name or alias of a model, for its weights.
        map_location: as for `torch.load`.

    Returns:
        what the file holds, usually a dict; of a safetensors file, a dict with `state_dict` and `meta`.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is truncated, no checkpoint, compressed, or holds something that is not data.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        weights = find_weights(filename)
        if weights != filename:
            return CheckpointLoader.load_checkpoint(weights, map_location)
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    try:
        if path.suffix == '.safetensors':
            checkpoint = _read_safetensors(path, map_location)
        else:
            _check_records(path)
            with own_globals():
                checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r'GLOBAL (\S+)|reduce for unrecognized function (.+)|it holds (a forged .+)', str(error))
        if refused is None:
            raise CheckpointError(f'{path} is truncated, or not a checkpoint') from error
        held = refused[3] or f'{refused[1] or refused[2]}, which is code, not weights'
        raise CheckpointError(f'{path} was refused: it holds {held}. Nothing of it was run') from error
    except (torch.OutOfMemoryError, CheckpointError):
        raise
    except Exception as error:  # on broken bytes torch raises nearly anything, KeyError and IndexError included
        reason = str(error).partition('\n')[0]
        raise CheckpointError(f'{path} is truncated, or not a checkpoint ({type(error).__name__}: {reason})') from error
    remember(checkpoint, path)
    return checkpoint


def _check_records(path):
    """Raise CheckpointError unless the records of a checkpoint lie in the file byte by byte, as torch.save puts them.

    Compressed or overlapping ones become hundreds of times the file's size in memory.
    """
    with open(path, 'rb') as file:
        if file.read(4) != b'PK\x03\x04':  # torch's format before 1.6
            return
    with zipfile.ZipFile(path) as archive:
        records = archive.infolist()
    packed = [record for record in records if record.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise CheckpointError(f'{path} was refused: its record {packed[0].filename} is compressed, from '
                              f'{packed[0].file_size} to {packed[0].compress_size} bytes, which torch.save never does')
    size, total = path.stat().st_size, sum(record.file_size for record in records)
    if total > size:
        raise CheckpointError(f'{path} was refused: its records have {total} bytes, and the file has {size}')


def _read_safetensors(path, map_location):
    """Return the weights of a safetensors file as a checkpoint; whose keypoints they are stands in its header."""
    device = map_location if isinstance(map_location, str) else str(map_location or 'cpu')
    with safetensors.safe_open(path, framework='pt', device=device) as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}
        known = (file.metadata() or {}).get('skeleton') == skeleton.NAME
    if not known:
        return dict(state_dict=weights, meta={})
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    return dict(state_dict=weights, meta=dict(dataset_meta=parse_pose_metainfo(skeleton.metainfo())))


def write_safetensors(checkpoint, out):
    """Write the weights of one of this package's checkpoints in half precision, without the state of its training.

    Args:
        checkpoint: path or URL of the checkpoint.
        out: file to write, `.safetensors`. It is written whole or not at all.

    Raises:
        CheckpointError: the checkpoint cannot be read, or is for another number of keypoints.
    """
    weights = weights_of(CheckpointLoader.load_checkpoint(str(checkpoint), map_location='cpu'), checkpoint)
    check_finite(weights, checkpoint)
    # A pose model's last layer has a row for each keypoint, a lifter's some for each.
    pose, lifter = (len(weights.get(f'head.{name}.weight', ())) for name in ('final_layer', 'conv'))
    if pose != skeleton.NUM_KEYPOINTS and (lifter == 0 or lifter % skeleton.NUM_KEYPOINTS):
        raise CheckpointError(f'{checkpoint} is no model of {skeleton.NUM_KEYPOINTS} keypoints')
    weights = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    partial = Path(f'{out}.part')
    save_file({name: value.contiguous() for name, value in weights.items()}, partial,
              metadata=dict(skeleton=skeleton.NAME, format='pt'))
    os.replace(partial, out)


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
        raise CheckpointError(f'{weights}: name the config or the alias of the model too; the text in a checkpoint is '
                              'not run')
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
    run_onnx(model, _fetch_once(filename) if '://' in str(filename) else filename)
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


def load_from_http(filename, map_location=None, model_dir=None, progress=True):
    """Download a checkpoint, where it is not in torch's cache yet, and read it as data.

    Args:
        filename: the URL.
        map_location: as for `torch.load`.
        model_dir: folder to keep it in; torch hub's folder of checkpoints by default.
        progress: whether to show a progress bar.

    Raises:
        ConnectionError: it could not be downloaded, or is not what was published.
        CheckpointError: as for `load_from_local`.
    """
    return load_from_local(_fetch_once(filename, model_dir, progress), map_location)


def _fetch_once(url, *options):
    """Return the path of a file out of the net, by `downloads.fetch`, which one process of several downloads."""
    from .downloads import fetch  # it and the libraries of the net, where something is loaded from there
    rank, world_size = get_dist_info()
    if rank == 0:
        path = fetch(url, *options)
    if world_size > 1:
        barrier()
        if rank > 0:  # found in the cache by now, but for another node's
            path = fetch(url, *options)
    return path
