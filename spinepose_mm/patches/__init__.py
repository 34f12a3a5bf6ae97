"""Every change to other people's code, each in the file named after what it changes.

`install` is called once, by `import spinepose_mm`. It imports what training needs of MMEngine, and of MMPose no more
than its registries.
"""
from . import checkpoint_hook as saving
from . import checkpoints, distributed, inferencers, registries
from . import model_names as aliases
from . import warnings as noise


def install():
    registries.install()
    checkpoints.install()
    aliases.install()
    distributed.install()
    inferencers.install()
    noise.install()
    saving.install()
