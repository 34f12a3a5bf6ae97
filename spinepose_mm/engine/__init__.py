from .spine_loss_hook import SpineLossHook
from .stage2_hook import SpineStage2Hook

__all__ = ['SpineLossHook', 'SpineStage2Hook']
