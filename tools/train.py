"""Train a model: MMPose's own tools/train.py, with spinepose_mm registered."""

from spinepose_mm.patches.tools import run_mmpose_script

if __name__ == '__main__':
    run_mmpose_script('tools/train.py')
