from .spinepose_head import SpinePoseHead

__all__ = ['SpinePoseHead']
