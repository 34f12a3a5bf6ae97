from . import heads, losses
from .growth import SpineGrowth
from .pose_estimator import SpinePoseEstimator

__all__ = ['SpineGrowth', 'SpinePoseEstimator', 'heads', 'losses']
