"""SpinePose for MMPose: importing this package registers its classes, models and checkpoints with OpenMMLab.

The public names below, and the packages that have the others, are imported when they are first asked for. As with
MMPose's own, the modules of the registered classes are imported when a registry is first asked for one.

    >>> import spinepose_mm
    >>> spinepose_mm.skeleton.index('L3')
    27
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import deprecated, patches
from .version import __version__

if TYPE_CHECKING:
    from . import skeleton
    from .analysis import MEASURES, Measurer, measure_image, measure_space
    from .inference import SpinePose3DInferencer, SpinePoseInferencer, analyse
    from .io import open_source, read_cameras, write_cameras
    from .lifting import triangulate
    from .structures import Camera, Frame, People, Person

deprecated.install()
patches.install()
_old = deprecated.getter(__name__)

#: Package of each public name.
_PACKAGE_OF = {
    'Camera': 'structures',
    'Frame': 'structures',
    'MEASURES': 'analysis',
    'Measurer': 'analysis',
    'People': 'structures',
    'Person': 'structures',
    'SpinePose3DInferencer': 'inference',
    'SpinePoseInferencer': 'inference',
    'analyse': 'inference',
    'measure_image': 'analysis',
    'measure_space': 'analysis',
    'open_source': 'io',
    'read_cameras': 'io',
    'triangulate': 'lifting',
    'write_cameras': 'io',
}
_MODULES = (
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
)

__all__ = [
    'Camera',
    'Frame',
    'MEASURES',
    'Measurer',
    'People',
    'Person',
    'SpinePose3DInferencer',
    'SpinePoseInferencer',
    '__version__',
    'analyse',
    'measure_image',
    'measure_space',
    'open_source',
    'read_cameras',
    'skeleton',
    'triangulate',
    'write_cameras',
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGE_OF:
        return getattr(import_module(f'{__name__}.{_PACKAGE_OF[name]}'), name)
    if name in _MODULES:
        return import_module(f'{__name__}.{name}')
    return _old(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
