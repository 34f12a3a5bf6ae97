from .stage2_hook import SpineStage2Hook

__all__ = ['SpineStage2Hook']
