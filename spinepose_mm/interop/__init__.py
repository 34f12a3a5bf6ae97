"""Every change to other people's code, each in the file named after what it changes.

`install` is called once, by `import spinepose_mm`.
"""
from . import aliases, checkpoints, detector, distributed, inferencers, noise, saving


def install():
    checkpoints.install()
    aliases.install()
    detector.install()
    distributed.install()
    inferencers.install()
    noise.install()
    saving.install()
