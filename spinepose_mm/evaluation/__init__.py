"""Metrics, registered in MMPose, and evaluation of calibration, tracking and several views."""

from .calibration import KeypointConfidence
from .keypoint_file import KeypointFile
from .spine_mpjpe import SpineMPJPE
from .spinetrack_metric import SpineTrackMetric

__all__ = ['KeypointConfidence', 'KeypointFile', 'SpineMPJPE', 'SpineTrackMetric']
