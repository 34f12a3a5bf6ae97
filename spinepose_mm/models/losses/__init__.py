"""Anatomical losses and the loss of expected errors: functions, and modules around them."""

from .bone_angle_loss import SpineBoneAngleLoss, bone_angle_loss
from .coordinates import expected_coordinates
from .expected_error_loss import SpineExpectedErrorLoss, expected_error_loss
from .spine_smoothing_loss import SpineSmoothingLoss, chain_length, spine_smoothing_loss

__all__ = [
    'SpineBoneAngleLoss',
    'SpineExpectedErrorLoss',
    'SpineSmoothingLoss',
    'bone_angle_loss',
    'chain_length',
    'expected_coordinates',
    'expected_error_loss',
    'spine_smoothing_loss',
]
