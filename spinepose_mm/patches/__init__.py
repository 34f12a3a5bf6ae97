"""Every change to other packages' code, each in the file named after what it changes; docs/patches.md lists them.

`install` is called once, by `import spinepose_mm`. It imports what training needs of MMEngine, and of MMPose no more
than its registries.
"""

import os

from . import checkpoints, distributed, inferencers, model_names, registries, warnings  # noqa: F401
from .patch import PATCHES, warn_of

#: The environment variable that chooses, and its values.
VARIABLE = 'SPINEPOSE_MM_PATCHES'
MODES = ('all', 'security', 'none')


def install() -> None:
    """Register this package's classes, and apply the patches that SPINEPOSE_MM_PATCHES keeps.

    A patch that was made for other versions, or does not find what it changes, is left out; one warning names all such.

    Raises:
        ValueError: the variable has another value than `MODES`.
    """
    kept = mode()
    registries.register()
    left_out = {}
    for patch in PATCHES.values():
        if kept == 'all' or (kept == 'security' and patch.security):
            left_out[patch.name] = patch.apply()
    warn_of(left_out)


def mode() -> str:
    """Return what SPINEPOSE_MM_PATCHES says, 'all' where it is not set."""
    value = os.environ.get(VARIABLE) or 'all'
    if value not in MODES:
        raise ValueError(f'the environment variable {VARIABLE} is {value!r}; it can be {", ".join(MODES)}')
    return value
