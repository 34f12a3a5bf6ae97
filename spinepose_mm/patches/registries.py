"""MMPose's registries import the modules of this package's classes as they import MMPose's: when they are first asked.

So `import spinepose_mm` takes no longer for what is never built.
"""

import mmengine.registry
import mmpose.registry

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


def install():
    """Add this package's modules to those of the registries."""
    for name, module in _MODULES.items():
        _add(getattr(mmpose.registry, name), f'spinepose_mm.{module}')
    # Networks that are built outside every scope take their initialisers from here.
    _add(mmengine.registry.WEIGHT_INITIALIZERS, 'spinepose_mm.models')


def _add(registry, module):
    registry._locations = [*registry._locations, module]
    registry._imported = False  # it may have been asked before, and then would not import any more
