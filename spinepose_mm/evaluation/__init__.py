from .spine_mpjpe import SpineMPJPE
from .spinetrack_metric import SpineTrackMetric

__all__ = ['SpineMPJPE', 'SpineTrackMetric']
