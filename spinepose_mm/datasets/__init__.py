from .body import SimSpineDataset, SpineTrackDataset
from .combined_dataset import SpineTrackCombinedDataset
from .transforms import LoadSpineImage, RandomBlur

__all__ = ['LoadSpineImage', 'RandomBlur', 'SimSpineDataset', 'SpineTrackCombinedDataset', 'SpineTrackDataset']
