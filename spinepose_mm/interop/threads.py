"""torch's threads, where others are to have the cores."""
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread():
    """Let torch run on one thread for a while.

    For some milliseconds after their work, torch's threads look for more, on cores that others are to use.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
