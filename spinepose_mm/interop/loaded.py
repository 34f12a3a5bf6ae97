"""What this package asks of a loaded checkpoint: where its weights are, whose file they are of, whether they are sound."""
import torch
from torch.utils.weak import WeakTensorKeyDictionary

#: The file that each tensor was read from. It stands here, so that a checkpoint is what the file holds and no more.
_files = WeakTensorKeyDictionary()


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, is refused, or does not fit the model."""


def remember(checkpoint, path):
    """Remember the file that a checkpoint's tensors were read from."""
    for value in _values(checkpoint):
        if torch.is_tensor(value):
            _files[value] = str(path)


def file_of(weights):
    """Return the name of the file that weights, a dict, were read from, or 'the checkpoint' where it is not known."""
    return next((_files[value] for value in weights.values() if torch.is_tensor(value) and value in _files),
                'the checkpoint')


def check_form(checkpoint, file, fields=('state_dict', 'meta')):
    """Raise CheckpointError unless a checkpoint is a dict, and so is what it has of the fields."""
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{file} holds a {type(checkpoint).__name__}, where a checkpoint is a dict')
    for field in fields:
        if not isinstance(checkpoint.get(field, {}), dict):
            raise CheckpointError(f'{file} is not a checkpoint: {field} is a {type(checkpoint[field]).__name__}, not a '
                                  'dict')


def weights_of(checkpoint, file):
    """Return the weights of a checkpoint by name: those below 'state_dict' or 'model', or the checkpoint itself.

    Raises:
        CheckpointError: it has another form, or no weights.
    """
    check_form(checkpoint, file, ('state_dict', 'model', 'meta'))
    weights = {name: value for name, value in _inside(checkpoint).items() if torch.is_tensor(value)}
    if not weights:
        raise CheckpointError(f'{file} holds no weights')
    return weights


def check_finite(weights, file):
    """Raise CheckpointError if a weight, of {name: tensor}, is NaN or infinite, or has fewer bytes than values."""
    for name, value in weights.items():
        # One number can stand for any count of values, which all of them would be in memory in what follows.
        if value.layout != torch.strided or value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise CheckpointError(f'{file}: {name} has {value.numel()} values, and fewer are in the file')
        if not value.isfinite().all():
            bad = int((~value.isfinite()).sum())
            raise CheckpointError(f'{file}: {bad} of the {value.numel()} values of {name} are NaN or infinite; the '
                                  'training that wrote it had diverged. Take an earlier checkpoint')


def _inside(checkpoint):
    return checkpoint.get('state_dict', checkpoint.get('model', checkpoint))


def _values(checkpoint):
    inside = _inside(checkpoint) if isinstance(checkpoint, dict) else None
    return inside.values() if isinstance(inside, dict) else ()
