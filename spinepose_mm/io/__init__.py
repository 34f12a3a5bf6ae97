"""Reading of inputs, and writing of files whole or not at all.

sources: images, videos, folders, streams and arrays, one frame at a time.
base: the class of all inputs.
video: videos, streams and cameras.
prefetch: items of an iterable, prepared in a thread.
image: the decoding of images.
cameras: calibration files of cameras.
paths: names and kinds of files.
reading: errors of readers, which name the file.
atomic: results that are written whole or not at all, under a lock.
identity: what distinguishes an input from another one.
npz, plain_pickle and plain_numpy: `.npz` files and pickles, read without running code of theirs.
"""

from importlib import import_module
from typing import Any

#: Module of each public name; it is imported when the name is first asked for.
_MODULES = {
    'Images': 'sources',
    'Source': 'base',
    'Video': 'video',
    'open_source': 'sources',
    'read_image': 'image',
    'read_cameras': 'cameras',
    'write_cameras': 'cameras',
    'locked': 'atomic',
    'replacing': 'atomic',
    'replacing_path': 'atomic',
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{_MODULES[name]}', __name__), name)


def __dir__() -> list[str]:
    return __all__
