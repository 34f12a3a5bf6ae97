from .body import SimSpineDataset, SpineTrackDataset
from .body3d import SpineLiftingDataset
from .combined_dataset import SpineTrackCombinedDataset
from .samplers import SpineMixedSampler
from .transforms import (DropKeypoints, JitterKeypoints, LoadSpineImage, RandomBlur, SpineBBoxTransform, SpineTarget,
                         SpineTopdownAffine)

__all__ = ['DropKeypoints', 'JitterKeypoints', 'LoadSpineImage', 'RandomBlur', 'SimSpineDataset', 'SpineBBoxTransform',
           'SpineLiftingDataset', 'SpineMixedSampler', 'SpineTarget', 'SpineTopdownAffine',
           'SpineTrackCombinedDataset', 'SpineTrackDataset']
