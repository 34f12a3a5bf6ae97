"""SpinePose for MMPose: importing this package registers its classes, models and checkpoints with OpenMMLab."""
from .version import __version__
from . import interop

interop.install()

from . import datasets, evaluation, inference, lifting, models  # noqa: E402

__all__ = ['__version__', 'datasets', 'evaluation', 'inference', 'interop', 'lifting', 'models']
