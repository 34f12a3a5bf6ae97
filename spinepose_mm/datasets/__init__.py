from .body import SpineTrackDataset
from .combined_dataset import SpineTrackCombinedDataset
from .transforms import LoadSpineImage, RandomBlur

__all__ = ['LoadSpineImage', 'RandomBlur', 'SpineTrackCombinedDataset', 'SpineTrackDataset']
