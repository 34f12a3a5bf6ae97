from .body import SimSpineDataset, SpineTrackDataset
from .body3d import SpineLiftingDataset
from .combined_dataset import SpineTrackCombinedDataset
from .samplers import SpineMixedSampler
from .transforms import DropKeypoints, LoadSpineImage, RandomBlur

__all__ = ['DropKeypoints', 'LoadSpineImage', 'RandomBlur', 'SimSpineDataset', 'SpineLiftingDataset',
           'SpineMixedSampler', 'SpineTrackCombinedDataset', 'SpineTrackDataset']
