"""SIMSPINE and Human3.6M: annotation files, images and cameras, matched and checked."""

from spinepose_mm import deprecated

__all__ = ['cameras', 'checks', 'conversion', 'frames', 'h5', 'hub', 'npz', 'writing']

__getattr__ = deprecated.getter(__name__)
