"""Run MMPose's inferencers with this package's models: MMPose's own demo/inferencer_demo.py.

spinepose_mm inferencer_demo person.jpg --pose2d spinepose-tiny --vis-out-dir out
"""

from spinepose_mm.patches.tools import run_mmpose_script

if __name__ == '__main__':
    run_mmpose_script('demo/inferencer_demo.py')
