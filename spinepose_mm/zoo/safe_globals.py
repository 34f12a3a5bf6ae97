"""What torch may take from a checkpoint beside tensors: NumPy's plain values and MMEngine's history buffers."""

import pickle
from contextlib import contextmanager

import torch
from mmengine.logging import HistoryBuffer

from spinepose_mm.io.plain_numpy import plain_globals


def safe_globals():
    """Return what MMEngine's checkpoints hold beside tensors, as `add_safe_globals` takes it."""
    getters = [(_get_buffer_method, f'{module}.getattr') for module in ('builtins', '__builtin__')]
    return [HistoryBuffer, *((value, name) for name, value in plain_globals().items()), *getters]


def _get_buffer_method(owner, name):
    """Stand in for the `getattr` by which a pickled HistoryBuffer refers to its statistics methods."""
    if owner is HistoryBuffer and name in {'min', 'max', 'mean', 'current'}:
        return getattr(owner, name)
    raise pickle.UnpicklingError(f'GLOBAL getattr({getattr(owner, "__name__", owner)},{name})')


@contextmanager
def own_globals():
    """Let this package's functions go before what else was allowed under their names, of which torch takes any."""
    own, allowed = safe_globals(), torch.serialization.get_safe_globals()
    names = {_name(entry) for entry in own}
    others = [entry for entry in allowed if _name(entry) not in names]
    if len(others) + len(own) == len(allowed):
        yield
        return
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(others + own)
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(allowed)


def _name(entry):
    """Return the name in a pickle that an entry of torch's safe globals is for."""
    return entry[1] if isinstance(entry, tuple) else f'{entry.__module__}.{entry.__qualname__}'
