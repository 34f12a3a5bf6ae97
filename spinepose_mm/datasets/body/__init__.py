"""Data sets of people. MMPose's inferencer picks the person detector for classes of a module `datasets.body`."""

from .simspine_dataset import SimSpineDataset
from .spinetrack_dataset import SpineTrackDataset

__all__ = ['SimSpineDataset', 'SpineTrackDataset']
