"""Pose estimators, heads, losses and initialisers, registered in MMPose."""
from . import heads, losses
from .head_expansion import SpineHeadExpansion
from .pose_estimator import SpinePoseEstimator

__all__ = ['SpineHeadExpansion', 'SpinePoseEstimator', 'heads', 'losses']
