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
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, is refused, or does not fit the model."""


def install():
    """Make every loader of MMEngine, MMDetection and MMPose read checkpoints as data."""
    torch.serialization.add_safe_globals(safe_globals())
    for prefixes, loader in (('', load_from_local), (('http://', 'https://'), load_from_http)):
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
        # The loaders of the other schemes (open-mmlab://, torchvision://) call these two by name.
        setattr(mmengine_checkpoint, loader.__name__, loader)


def safe_globals():
    """Return what MMEngine's checkpoints hold beside tensors, as `add_safe_globals` takes it."""
    scalars = {type(np.dtype(code)) for code in np.typecodes['AllInteger'] + np.typecodes['AllFloat'] + '?US'}
    reconstruct, scalar = np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]
    # NumPy 2 renamed numpy.core to numpy._core; checkpoints carry the name of the version that wrote them.
    both = [(function, f'numpy.{core}.multiarray.{function.__name__}')
            for function in (reconstruct, scalar) for core in ('core', '_core')]
    getters = [(_get_buffer_method, f'{module}.getattr') for module in ('builtins', '__builtin__')]
    return [HistoryBuffer, np.ndarray, np.dtype, *scalars, *both, *getters]


def _get_buffer_method(owner, name):
    """Stand in for the `getattr` by which a pickled HistoryBuffer refers to its statistics methods."""
    if owner is HistoryBuffer and name in {'min', 'max', 'mean', 'current'}:
        return getattr(owner, name)
    raise pickle.UnpicklingError(f'GLOBAL getattr({getattr(owner, "__name__", owner)},{name})')


def load_from_local(filename, map_location=None):
    """Read a checkpoint file as data.

    Args:
        filename: path of the file; `~` is the user's home.
        map_location: as for `torch.load`.

    Returns:
        dict: the checkpoint. The name of its file stands in the metadata of its weights, under 'file'.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is truncated, no checkpoint, or holds something that is not data.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    try:
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
        raise CheckpointError(f'{path} is truncated, or not a checkpoint '
                              f'({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ""})') from error
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{path} holds a {type(checkpoint).__name__}, where a checkpoint is a dict')
    return _prepare(checkpoint, path)


def _prepare(checkpoint, path):
    """Note the file's name beside the weights, and take out what MMEngine would execute."""
    weights = checkpoint.get('state_dict', checkpoint)
    metadata = OrderedDict(getattr(weights, '_metadata', {}))
    metadata[''] = {**metadata.get('', {}), 'file': str(path)}
    named = OrderedDict(weights)
    named._metadata = metadata
    if weights is checkpoint:
        return named
    checkpoint['state_dict'] = named
    # On resuming, MMEngine runs this text as Python, to compare the GPUs of MMCV 1.x's checkpoints. Its own
    # checkpoints call the field 'cfg', so nothing is lost.
    checkpoint.get('meta', {}).pop('config', None)
    return checkpoint


def load_from_http(filename, map_location=None, model_dir=None, progress=os.isatty(0)):
    """Download a checkpoint, where it is not in torch's cache yet, and read it as data.

    Args:
        filename: the URL.
        map_location: as for `torch.load`.
        model_dir: folder to keep it in; torch hub's folder of checkpoints by default.
        progress: whether to show a progress bar.

    Raises:
        ConnectionError: it could not be downloaded.
        CheckpointError: as for `load_from_local`.
    """
    rank, world_size = get_dist_info()
    if rank == 0:
        path = _download(filename, model_dir, progress)
    if world_size > 1:
        barrier()
        if rank > 0:  # found in the cache by now, but for another node's
            path = _download(filename, model_dir, progress)
    return load_from_local(path, map_location)


def _download(url, folder, progress):
    folder = Path(folder or Path(torch.hub.get_dir(), 'checkpoints'))
    path = folder / url.split('?')[0].rsplit('/', 1)[1]
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, path, progress=progress)
        except OSError as error:
            raise ConnectionError(f'{url} could not be downloaded ({error}). Fetch it by other means and save it as '
                                  f'{path}, or name a local file instead') from error
    return path
