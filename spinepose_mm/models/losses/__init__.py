from .bone_angle_loss import SpineBoneAngleLoss, bone_angle_loss
from .coordinates import expected_coordinates
from .spine_smoothing_loss import SpineSmoothingLoss, chain_length, spine_smoothing_loss

__all__ = ['SpineBoneAngleLoss', 'SpineSmoothingLoss', 'bone_angle_loss', 'chain_length', 'expected_coordinates',
           'spine_smoothing_loss']
