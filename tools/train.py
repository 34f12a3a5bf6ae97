"""Train a model: MMPose's own tools/train.py, with spinepose_mm registered."""
from spinepose_mm.interop.tools import run_mmpose_tool

if __name__ == '__main__':
    run_mmpose_tool('train.py')
