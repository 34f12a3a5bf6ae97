"""Checkpoints are loaded as data: tensors, numbers, text and NumPy arrays, never code.

MMEngine 0.10.7 and torch 2.6 or newer do not fit together: torch.load refuses the NumPy arrays and history buffers of
MMEngine's own checkpoints, and what is downloaded is unpickled without any check. Here the former are allowed by name,
and files and downloads go through one loader that refuses everything else and says what it was.
"""
import os
import pickle
import re
from collections import OrderedDict
from pathlib import Path

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import safetensors
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.infer import BaseInferencer
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, CheckpointLoader, Runner
from safetensors.torch import save_file

from spinepose_mm import skeleton

from .aliases import find_weights

_stock_init_model = BaseInferencer._init_model
_stock_load_checkpoint = mmengine_checkpoint.load_checkpoint
_stock_load_into_runner = Runner.load_checkpoint


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, is refused, or does not fit the model."""


def install():
    """Make every loader of MMEngine, MMDetection and MMPose read checkpoints as data."""
    torch.serialization.add_safe_globals(safe_globals())
    BaseInferencer._init_model = _init_model
    Runner.load_checkpoint = _load_into_runner
    for prefixes, loader in (('', load_from_local), (('http://', 'https://'), load_from_http)):
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
        # The loaders of the other schemes (open-mmlab://, torchvision://) call these two by name.
        setattr(mmengine_checkpoint, loader.__name__, loader)


def install_onnx():
    """Make MMPose's `init_model` take ONNX files."""
    from mmpose.apis import inference
    inference.load_checkpoint = _load_checkpoint


def safe_globals():
    """Return what MMEngine's checkpoints hold beside tensors, as `add_safe_globals` takes it."""
    scalars = {type(np.dtype(code)) for code in np.typecodes['AllInteger'] + np.typecodes['AllFloat'] + '?US'}
    # NumPy 2 renamed numpy.core to numpy._core; checkpoints carry the name of the version that wrote them.
    both = [(function, f'numpy.{core}.multiarray.{name}')
            for name, function in (('_reconstruct', _empty_array), ('scalar', np.float64(0).__reduce__()[0]))
            for core in ('core', '_core')]
    getters = [(_get_buffer_method, f'{module}.getattr') for module in ('builtins', '__builtin__')]
    # An array may be filled, for which its type has to be on the list, but not be made by a call, which could place it
    # on any address in memory: no pickle can spell the name that the type is listed under.
    array = [(_ArrayType, 'numpy.ndarray'), (np.ndarray, 'numpy.ndarray\n(to be filled)')]
    return [HistoryBuffer, np.dtype, *scalars, *both, *array, *getters]


class _ArrayType:
    """Stands in for numpy.ndarray in a pickle."""

    def __new__(cls, *args, **kwargs):
        raise pickle.UnpicklingError('GLOBAL numpy.ndarray called')


def _empty_array(kind, shape, typecode):
    """Stand in for numpy's `_reconstruct`, which makes the empty array that a pickle then fills."""
    if kind not in (_ArrayType, np.ndarray) or shape != (0, ):
        raise pickle.UnpicklingError(f'GLOBAL numpy.core.multiarray._reconstruct({kind!r})')
    return np.ndarray((0, ), 'b')


def _get_buffer_method(owner, name):
    """Stand in for the `getattr` by which a pickled HistoryBuffer refers to its statistics methods."""
    if owner is HistoryBuffer and name in {'min', 'max', 'mean', 'current'}:
        return getattr(owner, name)
    raise pickle.UnpicklingError(f'GLOBAL getattr({getattr(owner, "__name__", owner)},{name})')


def data_global(module, name):
    """Return what a pickle of data means by a name, for an unpickler's `find_class`.

    Raises:
        pickle.UnpicklingError: it is not one of those that checkpoints hold.
    """
    entries = [entry if isinstance(entry, tuple) else (entry, f'{entry.__module__}.{entry.__qualname__}')
               for entry in safe_globals()]
    allowed = {known: value for value, known in entries}
    if f'{module}.{name}' not in allowed:
        raise pickle.UnpicklingError(f'it holds {module}.{name}, which is code, not data. Nothing of it was run')
    return allowed[f'{module}.{name}']


def load_from_local(filename, map_location=None):
    """Read a checkpoint file as data.

    Args:
        filename: path of the file; `~` is the user's home. Or the name or alias of a model, for its weights.
        map_location: as for `torch.load`.

    Returns:
        dict: the checkpoint. The name of its file stands in the metadata of its weights, under 'file'.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is truncated, no checkpoint, or holds something that is not data.
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
            checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r'GLOBAL (\S+)|reduce for unrecognized function (.+)', str(error))
        if refused is None:
            raise CheckpointError(f'{path} is truncated, or not a checkpoint') from error
        raise CheckpointError(f'{path} was refused: it holds {refused[1] or refused[2]}, which is code, not weights. '
                              'Nothing of it was run') from error
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # on broken bytes torch raises nearly anything, KeyError and IndexError included
        reason = str(error).partition('\n')[0]
        raise CheckpointError(f'{path} is truncated, or not a checkpoint ({type(error).__name__}: {reason})') from error
    return _prepare(checkpoint, path)


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
    weights = CheckpointLoader.load_checkpoint(str(checkpoint), map_location='cpu')['state_dict']
    # A pose model's last layer has a row for each keypoint, a lifter's some for each.
    pose, lifter = (len(weights.get(f'head.{name}.weight', ())) for name in ('final_layer', 'conv'))
    if pose != skeleton.NUM_KEYPOINTS and (lifter == 0 or lifter % skeleton.NUM_KEYPOINTS):
        raise CheckpointError(f'{checkpoint} is no model of {skeleton.NUM_KEYPOINTS} keypoints')
    weights = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    partial = Path(f'{out}.part')
    save_file({name: value.contiguous() for name, value in weights.items()}, partial,
              metadata=dict(skeleton=skeleton.NAME, format='pt'))
    os.replace(partial, out)


def _prepare(checkpoint, path):
    """Bring a checkpoint into MMEngine's form, with the file's name beside the weights and nothing to be executed."""
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{path} holds a {type(checkpoint).__name__}, where a checkpoint is a dict')
    if 'state_dict' not in checkpoint:
        checkpoint = dict(state_dict={name: value for name, value in checkpoint.items() if torch.is_tensor(value)})
    weights, meta = checkpoint['state_dict'], checkpoint.setdefault('meta', {})
    for field, value in (('state_dict', weights), ('meta', meta)):
        if not isinstance(value, dict):
            raise CheckpointError(f'{path} is not a checkpoint: {field} is a {type(value).__name__}, not a dict')
    if not weights and not meta:
        raise CheckpointError(f'{path} holds no weights')
    metadata = OrderedDict(getattr(weights, '_metadata', {}))
    metadata[''] = {**metadata.get('', {}), 'file': str(path)}
    checkpoint['state_dict'] = OrderedDict(weights)
    checkpoint['state_dict']._metadata = metadata
    # On resuming, MMEngine runs this text as Python, to compare the GPUs of MMCV 1.x's checkpoints. Its own
    # checkpoints call the field 'cfg', so nothing is lost.
    meta.pop('config', None)
    return checkpoint


def _init_model(self, cfg, weights, device='cpu'):
    """Build an inferencer's model, but never by running the config's text that stands in a checkpoint."""
    if not cfg:
        raise CheckpointError(f'{weights}: name the config or the alias of the model too; the text in a checkpoint is '
                              'not run')
    if str(weights).endswith('.onnx'):
        from mmpose.apis import init_model
        return init_model(cfg, weights, device)  # which calls `_load_checkpoint`
    return _stock_init_model(self, cfg, weights, device)


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
        return _stock_load_into_runner(self, filename, *args, **kwargs)
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
