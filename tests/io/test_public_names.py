"""The names that a package lists in `__all__`, some of which are imported when they are first asked for."""

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    'package', ['analysis', 'io', 'lifting', 'structures', 'synthetic', 'tracking', 'visualization', 'zoo']
)
def test_each_listed_name_is_there_and_no_other(package):
    module = import_module(f'spinepose_mm.{package}')
    assert module.__all__ and all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match='has no attribute'):
        module.nothing
