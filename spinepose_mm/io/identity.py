"""The identity of an input or an option: what distinguishes it from another one."""

import os
from typing import Any

import numpy as np


def described(value: Any) -> Any:
    """Return the identity of an option, as JSON takes it: of a file its path, size and time."""
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        status = os.stat(value)
        return [os.path.abspath(value), status.st_size, status.st_mtime_ns]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [described(each) for each in value]
    return value if value is None or isinstance(value, (int, float)) else str(value)
