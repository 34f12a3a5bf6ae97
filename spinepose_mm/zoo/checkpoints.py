"""Checkpoints are read as data: tensors, numbers, text and NumPy arrays, never code.

A checkpoint is returned in the form of its file, as by MMEngine's own loader. This package's models check it when they
load it: its weights, the file that they come from, and whether they are finite.
"""

import os
import pickle
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
from mmengine.config import Config
from mmengine.dist import barrier, get_dist_info
from mmengine.runner import CheckpointLoader
from safetensors.torch import save_file
from torch.utils.weak import WeakTensorKeyDictionary

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing_path

from .models import find_weights
from .safe_globals import own_globals

#: The file that each tensor was read from; kept here, so that nothing is added to the checkpoint itself.
_files = WeakTensorKeyDictionary()


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, is refused, or does not fit the model."""


def remember(checkpoint: Any, path: str | os.PathLike[str]) -> None:
    """Remember the file that a checkpoint's tensors were read from."""
    for value in _values(checkpoint):
        if torch.is_tensor(value):
            _files[value] = str(path)


def file_of(weights: dict[str, torch.Tensor]) -> str:
    """Return the name of the file that weights, a dict, were read from, or 'the checkpoint' where it is not known."""
    return next(
        (_files[value] for value in weights.values() if torch.is_tensor(value) and value in _files), 'the checkpoint'
    )


def check_form(checkpoint: Any, file: str | os.PathLike[str], fields: Sequence[str] = ('state_dict', 'meta')) -> None:
    """Raise CheckpointError unless a checkpoint is a dict, and so is what it has of the fields."""
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{file} holds a {type(checkpoint).__name__}, where a checkpoint is a dict')
    for field in fields:
        if not isinstance(checkpoint.get(field, {}), dict):
            raise CheckpointError(
                f'{file} is not a checkpoint: {field} is a {type(checkpoint[field]).__name__}, not a dict'
            )


def weights_of(checkpoint: Any, file: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Return the weights of a checkpoint by name: those below 'state_dict' or 'model', or the checkpoint itself.

    Raises:
        CheckpointError: it has another form, or no weights.
    """
    check_form(checkpoint, file, ('state_dict', 'model', 'meta'))
    weights = {name: value for name, value in _inside(checkpoint).items() if torch.is_tensor(value)}
    if not weights:
        raise CheckpointError(f'{file} holds no weights')
    return weights


def check_finite(weights: dict[str, torch.Tensor], file: str | os.PathLike[str]) -> None:
    """Raise CheckpointError if a weight, of {name: tensor}, is NaN or infinite, or has fewer bytes than values."""
    for name, value in weights.items():
        # One number can stand for any count of values, which all of them would be in memory in what follows.
        if value.layout != torch.strided or value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise CheckpointError(f'{file}: {name} has {value.numel()} values, and fewer are in the file')
        if not value.isfinite().all():
            bad = int((~value.isfinite()).sum())
            raise CheckpointError(
                f'{file}: {bad} of the {value.numel()} values of {name} are NaN or infinite; the '
                'training that wrote it had diverged. Take an earlier checkpoint'
            )


def check_lifter(model: torch.nn.Module, cfg: Config, file: str) -> None:
    """Raise CheckpointError if a lifter of this package, whose class is MMPose's, has weights that are not finite."""
    if cfg.get('inferencer') == 'SpinePose3DInferencer':
        check_finite(model.state_dict(), file)


def _inside(checkpoint: dict[str, Any]) -> Any:
    return checkpoint.get('state_dict', checkpoint.get('model', checkpoint))


def _values(checkpoint: Any) -> Iterable[Any]:
    inside = _inside(checkpoint) if isinstance(checkpoint, dict) else None
    return inside.values() if isinstance(inside, dict) else ()


def load_from_local(filename: str | os.PathLike[str], map_location: Any = None) -> Any:
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
        if weights != str(filename):
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


def _check_records(path: Path) -> None:
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
        raise CheckpointError(
            f'{path} was refused: its record {packed[0].filename} is compressed, from '
            f'{packed[0].file_size} to {packed[0].compress_size} bytes, which torch.save never does'
        )
    size, total = path.stat().st_size, sum(record.file_size for record in records)
    if total > size:
        raise CheckpointError(f'{path} was refused: its records have {total} bytes, and the file has {size}')


def _read_safetensors(path: Path, map_location: Any) -> dict[str, Any]:
    """Return the weights of a safetensors file as a checkpoint; its header names the skeleton."""
    device = map_location if isinstance(map_location, str) else str(map_location or 'cpu')
    with safetensors.safe_open(path, framework='pt', device=device) as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}
        is_own = (file.metadata() or {}).get('skeleton') == skeleton.NAME
    if not is_own:
        return dict(state_dict=weights, meta={})
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return dict(state_dict=weights, meta=dict(dataset_meta=parse_pose_metainfo(skeleton.metainfo())))


def write_safetensors(checkpoint: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
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
    with replacing_path(out) as part:
        save_file(
            {name: value.contiguous() for name, value in weights.items()},
            part,
            metadata=dict(skeleton=skeleton.NAME, format='pt'),
        )


def load_from_http(
    filename: str, map_location: Any = None, model_dir: str | os.PathLike[str] | None = None, progress: bool = True
) -> Any:
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
    return load_from_local(fetch_once(filename, model_dir, progress), map_location)


def fetch_once(url: str, *options: Any) -> Path:
    """Return the path of a file that `downloads.fetch` downloads, by one of several processes."""
    from .downloads import fetch  # here, since only downloads take the network libraries

    rank, world_size = get_dist_info()
    if rank == 0:
        path = fetch(url, *options)
    if world_size > 1:
        barrier()
        if rank > 0:  # in the cache by now, unless the node is another one
            path = fetch(url, *options)
    return path
