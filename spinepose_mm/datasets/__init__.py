from .body import SimSpineDataset, SpineTrackDataset
from .body3d import SpineLiftingDataset
from .combined_dataset import SpineTrackCombinedDataset
from .samplers import SpineMixedSampler
from .transforms import DropKeypoints, JitterKeypoints, LoadSpineImage, RandomBlur

__all__ = ['DropKeypoints', 'JitterKeypoints', 'LoadSpineImage', 'RandomBlur', 'SimSpineDataset', 'SpineLiftingDataset',
           'SpineMixedSampler', 'SpineTrackCombinedDataset', 'SpineTrackDataset']
