"""SIMSPINE and Human3.6M: annotation files, images and cameras, matched and checked."""

from spinepose_mm import deprecated

__getattr__ = deprecated.getter(__name__)
