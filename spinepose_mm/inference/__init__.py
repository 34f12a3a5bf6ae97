"""From pictures and videos to people."""
from .pose3d_inferencer import SpinePose3DInferencer

__all__ = ['SpinePose3DInferencer']
