"""Hooks and schedulers of training, registered in MMPose."""

from .spine_loss_hook import SpineLossHook
from .stage2_hook import SpineStage2Hook
from .warm_up import SpineWarmUpLR

__all__ = ['SpineLossHook', 'SpineStage2Hook', 'SpineWarmUpLR']
