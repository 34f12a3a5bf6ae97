"""MMPose's registries import the modules of this package's classes as they import MMPose's: when they are first asked.

So `import spinepose_mm` takes no longer for what is never built. This is no patch that can be left out, since without
it no config could be built: where the registries are made in another way, the modules are imported at once.
"""

from importlib import import_module

import mmengine.registry
import mmpose.registry
from mmengine.registry import FUNCTIONS, Registry

_MODULES = {
    'DATASETS': 'datasets',
    'DATA_SAMPLERS': 'datasets',
    'HOOKS': 'engine',
    'INFERENCERS': 'inference',
    'METRICS': 'evaluation',
    'MODELS': 'models',
    'PARAM_SCHEDULERS': 'engine',
    'TRANSFORMS': 'datasets',
    'WEIGHT_INITIALIZERS': 'models',
}


def register() -> None:
    """Add this package's modules to those of the registries."""
    for name, module in _MODULES.items():
        _add(getattr(mmpose.registry, name), f'spinepose_mm.{module}')
    # Networks that are built outside every scope take their initialisers from here.
    _add(mmengine.registry.WEIGHT_INITIALIZERS, 'spinepose_mm.models')
    if 'mmpose' not in FUNCTIONS.children:  # every inferencer looks for its collate function there, and warns
        Registry('function', parent=FUNCTIONS, scope='mmpose')


def _add(registry: Registry, module: str) -> None:
    if hasattr(registry, '_locations') and hasattr(registry, '_imported'):
        registry._locations = [*registry._locations, module]
        registry._imported = False  # it may have been asked before, and then would not import any more
    else:
        import_module(module)
