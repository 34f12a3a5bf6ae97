"""The layers of the package, and that the script finds what breaks them."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location('check_imports', ROOT / 'scripts' / 'check_imports.py')
check_imports = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check_imports)


def test_the_package_keeps_its_layers():
    assert check_imports.check(ROOT) == []


def test_the_drawing_in_the_documents_has_the_same_layers():
    drawn = re.findall(r'class="code"[^>]*>(\w+)<', (ROOT / 'docs' / 'rooms.svg').read_text(encoding='utf-8'))
    for floor in reversed(check_imports.FLOORS):
        assert set(drawn[: len(floor)]) == set(floor)
        del drawn[: len(floor)]
    assert not drawn


@pytest.mark.parametrize(
    'files, wrong',
    [
        (
            {'lifting/a.py': 'from spinepose_mm.inference import b', 'inference/b.py': ''},
            ['spinepose_mm.lifting.a:1: lifting imports spinepose_mm.inference.b, which is not below it'],
        ),
        (
            {'lifting/a.py': 'def f():\n    from ..inference import b', 'inference/b.py': ''},
            ['spinepose_mm.lifting.a:2: lifting imports spinepose_mm.inference.b, which is not below it'],
        ),
        (
            {'attic/a.py': 'import spinepose_mm.io.b', 'io/b.py': ''},
            ['spinepose_mm.attic.a:1: attic stands on no floor'],
        ),
        (
            {'io/a.py': 'from . import b', 'io/b.py': 'from .a import x'},
            ['circle: spinepose_mm.io.a > spinepose_mm.io.b > spinepose_mm.io.a'],
        ),
        ({'.mim/tools/a.py': 'import spinepose_mm.io.b', 'io/b.py': ''}, []),
        ({'inference/a.py': 'import numpy\nfrom spinepose_mm.io import b', 'io/b.py': ''}, []),
    ],
)
def test_what_breaks_a_layer_is_named(tmp_path, files, wrong):
    for name, content in files.items():
        path = tmp_path / 'spinepose_mm' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.with_name('__init__.py').touch()
    (tmp_path / 'spinepose_mm' / '__init__.py').touch()
    assert check_imports.check(tmp_path) == wrong
