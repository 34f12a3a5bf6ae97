"""Models outside PyTorch: written as ONNX files, run by MMPose with ONNX Runtime, and set up for other programs.

They need the extra `onnx`.
"""

from .export import export_onnx
from .pose2sim import settings_toml, skeleton_toml
from .runtime import run_onnx

__all__ = ['export_onnx', 'run_onnx', 'settings_toml', 'skeleton_toml']
