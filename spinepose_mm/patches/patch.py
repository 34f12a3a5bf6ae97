"""What a patch is: changes to other packages' code, with the versions of these packages that it was made for.

A patch is a function that yields its changes, each of them `(owner, name, new)`: the class or the module, its
attribute, and a function that takes the attribute and returns what takes its place. All of them are looked up before
the first is made. What the function does after its last `yield` is done only if they are all there.

    @patch(mmengine=MMENGINE)
    def cpu_processes():
        yield Runner, 'wrap_model', _wrap_model
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from mmengine.utils import digit_version

#: Versions that the patches were made for: the first one, and the first one that is too new.
MMENGINE = ('0.10.7', '0.11')
MMPOSE = ('1.3.2', '1.4')
MMDET = ('3.3.0', '3.4')

Change = tuple[Any, str, Callable[[Any], Any]]
Changes = Callable[..., Iterable[Change] | None]

#: All patches by name, in the order in which they are applied.
PATCHES: dict[str, 'Patch'] = {}


@dataclass(frozen=True)
class Patch:
    """Changes to other packages' code.

    Attributes:
        name: that of its function.
        changes: the function; without changes to attributes, it returns None.
        versions: {package: (the first version that it was made for, the first one that is too new)}.
        security: whether it is kept by `SPINEPOSE_MM_PATCHES=security`.
    """

    name: str
    changes: Changes
    versions: dict[str, tuple[str, str]]
    security: bool

    def apply(self) -> str | None:
        """Make the changes, and return None; or change nothing, and return why."""
        for package, (first, too_new) in self.versions.items():
            found = version_of(package)
            if not digit_version(first) <= digit_version(found) < digit_version(too_new):
                return f'{package} is {found}, not >={first},<{too_new}'
        return make(self.changes)


def patch(security: bool = False, **versions: tuple[str, str]) -> Callable[[Changes], Changes]:
    """Return a decorator that makes a patch of a function; see `Patch`."""

    def register(function: Changes) -> Changes:
        PATCHES[function.__name__] = Patch(function.__name__, function, versions, security)
        return function

    return register


def make(changes: Changes, *args: Any) -> str | None:
    """Make the changes that a function yields, and return None; or change nothing, and return what is missing."""
    made = []
    try:
        for owner, name, new in changes(*args) or ():
            made.append((owner, name, new(getattr(owner, name))))
    except (AttributeError, ImportError) as error:
        return str(error)
    for owner, name, value in made:
        setattr(owner, name, value)
    return None


def version_of(package: str) -> str:
    """Return the version of a package, '0' where it is not installed."""
    try:
        return metadata.version(package)  # without importing it
    except metadata.PackageNotFoundError:
        return '0'


def warn_of(left_out: dict[str, str | None]) -> None:
    """Warn of patches that are left out, once for all.

    Args:
        left_out: {name of a patch: why it was not applied, or None}.
    """
    names: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        if reason:
            names.setdefault(reason, []).append(name)
    if names:
        said = '; '.join(f'{", ".join(these)} ({reason})' for reason, these in names.items())
        message = f'spinepose_mm leaves out patches that were made for other versions: {said}. See docs/patches.md'
        warnings.warn(message, RuntimeWarning, stacklevel=2)
