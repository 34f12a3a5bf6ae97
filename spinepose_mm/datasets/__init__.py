"""Data sets, their transforms and samplers, registered in MMPose; conversion and validation of annotation files."""

from spinepose_mm import deprecated

from .body import SimSpineDataset, SpineTrackDataset
from .body3d import SpineLiftingDataset
from .combined_dataset import SpineTrackCombinedDataset
from .samplers import SpineMixedSampler
from .transforms import (
    DropKeypoints,
    ImageCorruption,
    JitterKeypoints,
    LoadSpineImage,
    RandomBlur,
    RandomCoarseDropout,
    RandomCorruption,
    SpineBBoxTransform,
    SpineTarget,
    SpineTopdownAffine,
)

__all__ = [
    'DropKeypoints',
    'ImageCorruption',
    'JitterKeypoints',
    'LoadSpineImage',
    'RandomBlur',
    'RandomCoarseDropout',
    'RandomCorruption',
    'SimSpineDataset',
    'SpineBBoxTransform',
    'SpineLiftingDataset',
    'SpineMixedSampler',
    'SpineTarget',
    'SpineTopdownAffine',
    'SpineTrackCombinedDataset',
    'SpineTrackDataset',
]

__getattr__ = deprecated.getter(__name__)
