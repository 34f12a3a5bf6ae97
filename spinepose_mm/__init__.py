"""SpinePose for MMPose: importing this package registers its classes, models and checkpoints with OpenMMLab.

As with MMPose's own, the modules of the classes are imported when a registry is first asked for one.
"""

from importlib import import_module

from . import deprecated, patches
from .version import __version__

deprecated.install()
patches.install()
_old = deprecated.getter(__name__)

__all__ = [
    '__version__',
    'analysis',
    'confidence',
    'datasets',
    'deployment',
    'engine',
    'evaluation',
    'inference',
    'io',
    'lifting',
    'models',
    'patches',
    'skeleton',
    'structures',
    'synthetic',
    'tracking',
    'visualization',
    'writers',
    'zoo',
]


def __getattr__(name):
    if name not in __all__:
        return _old(name)
    return import_module(f'{__name__}.{name}')


def __dir__():
    return __all__
