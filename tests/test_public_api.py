"""The public names of `spinepose_mm`: they are there, documented, annotated, and none is an old one."""

import inspect
from importlib import import_module
from types import ModuleType

import pytest

import spinepose_mm
from spinepose_mm import deprecated

#: What a class or function says of itself; constants are documented where they are defined.
DATA = {'__version__', 'MEASURES'}
#: Names of `inference`, whose annotations are not there yet: to be removed with them.
PENDING = {'SpinePose3DInferencer', 'SpinePoseInferencer', 'analyse'}


@pytest.mark.parametrize('name', spinepose_mm.__all__)
def test_each_public_name_is_there_documented_and_annotated(name):
    value = getattr(spinepose_mm, name)
    assert f'spinepose_mm.{name}' not in {*deprecated.MODULES, *deprecated.NAMES}
    if name in DATA:
        return
    assert len(inspect.getdoc(value)) > 30
    if isinstance(value, ModuleType) or name in PENDING:
        return
    # Old names' wrappers, and the classes of MMPose, do not count.
    function = vars(value).get('__init__') if inspect.isclass(value) else value
    if function is None:
        assert issubclass(value, dict)  # its constructor
        return
    signature = inspect.signature(function)
    assert function.__name__ == '__init__' or signature.return_annotation is not inspect.Signature.empty
    bare = [each.name for each in signature.parameters.values() if each.annotation is inspect.Parameter.empty]
    assert set(bare) <= {'self'}


def test_the_listed_names_are_those_that_type_checkers_see():
    assert sorted(spinepose_mm.__all__) == spinepose_mm.__all__ and len(set(spinepose_mm.__all__)) <= 20
    assert {*spinepose_mm.__all__} == {*spinepose_mm._PACKAGE_OF, '__version__', 'skeleton'}
    assert all(
        name in import_module(f'spinepose_mm.{package}').__all__ for name, package in spinepose_mm._PACKAGE_OF.items()
    )
    assert {*spinepose_mm.__all__} < {*dir(spinepose_mm)} and not hasattr(spinepose_mm, 'nothing')


@pytest.mark.parametrize(
    'package', ['analysis', 'inference', 'io', 'lifting', 'structures', 'tracking', 'visualization', 'writers', 'zoo']
)
def test_each_package_lists_its_names(package):
    module = import_module(f'spinepose_mm.{package}')
    assert module.__all__ and all(hasattr(module, name) for name in module.__all__)
