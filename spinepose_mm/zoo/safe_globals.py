"""What torch may take from a checkpoint beside tensors: NumPy's plain values and MMEngine's history buffers.

A checkpoint is a pickle, which names classes and functions, such as `numpy.ndarray`, and calls them with values of its
own: a hostile one names `os.system`. With `weights_only`, `torch.load` calls nothing but tensors' own and what stands
in its list of safe globals. An entry of that list is a class or a function, which goes by its own name, or a pair of a
function and the name in the pickle that it stands in for. By such pairs a pickle that names NumPy's functions, or
`getattr`, gets those of this package, which check what they are called with.
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import HistoryBuffer

from spinepose_mm.io.plain_numpy import plain_globals

#: An entry of torch's list of safe globals.
SafeGlobal = Callable[..., Any] | tuple[Callable[..., Any], str]

#: Methods that a HistoryBuffer refers to in a pickle.
_BUFFER_METHODS = {'min', 'max', 'mean', 'current'}


def safe_globals() -> list[SafeGlobal]:
    """Return what MMEngine's checkpoints hold beside tensors, as `torch.serialization.add_safe_globals` takes it."""
    entries: list[SafeGlobal] = [HistoryBuffer]
    for name, stand_in in plain_globals().items():
        entries.append((stand_in, name))
    for module in ('builtins', '__builtin__'):  # Python 2's name too, which torch's pickles carry
        entries.append((_get_buffer_method, f'{module}.getattr'))
    return entries


def _get_buffer_method(owner: Any, name: str) -> Any:
    """Stand in for the `getattr` by which a pickled HistoryBuffer refers to its statistics methods."""
    if owner is HistoryBuffer and name in _BUFFER_METHODS:
        return getattr(owner, name)
    raise pickle.UnpicklingError(f'GLOBAL getattr({getattr(owner, "__name__", owner)},{name})')


@contextmanager
def own_globals() -> Iterator[None]:
    """Let this package's entries be the only ones of their names, while a checkpoint is read.

    A user's script may have allowed `numpy.ndarray` itself, and of two entries of one name torch takes any. Entries of
    other names stay.
    """
    own = safe_globals()
    own_names = {_name(entry) for entry in own}
    allowed = torch.serialization.get_safe_globals()
    others = [entry for entry in allowed if _name(entry) not in own_names]
    is_changed = {*others, *own} != set(allowed)
    if is_changed:
        _set_globals(others + own)
    try:
        yield
    finally:
        if is_changed:
            _set_globals(allowed)


def _set_globals(entries: list[SafeGlobal]) -> None:
    """Make these entries torch's whole list."""
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(entries)


def _name(entry: SafeGlobal) -> str:
    """Return the name in a pickle that an entry is for."""
    if isinstance(entry, tuple):
        return entry[1]
    return f'{entry.__module__}.{entry.__qualname__}'
