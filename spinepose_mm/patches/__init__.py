"""Every change to other people's code, each in the file named after what it changes.

`install` is called once, by `import spinepose_mm`. It imports what training needs of MMEngine, and of MMPose no more
than its registries.
"""

from . import checkpoint_hook, checkpoints, distributed, inferencers, model_names, registries, warnings


def install():
    registries.install()
    checkpoints.install()
    model_names.install()
    distributed.install()
    inferencers.install()
    warnings.install()
    checkpoint_hook.install()
