"""Hooks and schedulers of training, registered in MMPose."""

from .checkpoint_hook import SpineCheckpointHook
from .spine_loss_hook import SpineLossHook
from .stage2_hook import SpineStage2Hook
from .warm_up import SpineWarmUpLR

__all__ = ['SpineCheckpointHook', 'SpineLossHook', 'SpineStage2Hook', 'SpineWarmUpLR']
