"""Limit torch's threads while other code uses the cores."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch

_lock = Lock()
_inside, _threads = 0, 1  # number of callers inside, and of torch's threads outside


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch run on one thread for a while.

    For some milliseconds after their work, torch's threads spin, on cores that others are to use.
    """
    global _inside, _threads
    with _lock:  # of several at once, all but the first would take the 1 for what is to be restored
        if not _inside:
            _threads = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            torch.set_num_threads(_threads)
