import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'scripts' / 'install.py'


@pytest.fixture
def install():
    """scripts/install.py as a module of its own."""
    spec = importlib.util.spec_from_file_location('install_under_test', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
