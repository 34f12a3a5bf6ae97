"""OpenCV's errors, which name neither the file nor the frame."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def naming(path: str, index: int | None = None) -> Iterator[None]:
    """Turn an error of OpenCV's into a ValueError that names the input.

    Args:
        path: of the input.
        index: of its frame, where it has several.
    """
    try:
        yield
    except cv2.error as error:
        where = path if index is None else f'{path}, frame {index}'
        raise ValueError(f'{where}: OpenCV cannot work on it: {" ".join(str(error).split())}') from error
