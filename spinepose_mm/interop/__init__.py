"""Every change to other people's code, each in the file named after what it changes.

`install` is called once, by `import spinepose_mm`. It imports what training needs of MMEngine, and of MMPose no more
than its registries.
"""
from . import aliases, checkpoints, distributed, inferencers, noise, registries, saving


def install():
    registries.install()
    checkpoints.install()
    aliases.install()
    distributed.install()
    inferencers.install()
    noise.install()
    saving.install()
