"""Pose estimators, heads, losses and initialisers, registered in MMPose."""

from spinepose_mm import deprecated

from . import heads, losses
from .head_expansion import SpineHeadExpansion
from .pose_estimator import SpinePoseEstimator

__all__ = ['SpineHeadExpansion', 'SpinePoseEstimator', 'heads', 'losses']

__getattr__ = deprecated.getter(__name__)
