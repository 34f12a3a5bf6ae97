"""What tells an input or an option from another one."""
import os

import numpy as np


def described(value):
    """Return what tells an option from another one, as JSON takes it: of a file its size and time too."""
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        status = os.stat(value)
        return [os.path.abspath(value), status.st_size, status.st_mtime_ns]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [described(each) for each in value]
    return value if value is None or isinstance(value, (int, float)) else str(value)
