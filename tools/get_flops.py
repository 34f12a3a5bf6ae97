"""Count a model's parameters and operations: MMPose's own get_flops, at the input size of the config.

    mim run spinepose_mm get_flops spinepose_tiny.py
"""
import sys

from mmengine.config import Config

from spinepose_mm.interop.aliases import find_config
from spinepose_mm.interop.tools import run_mmpose_script


def main():
    arguments = sys.argv[1:]
    if arguments and not arguments[0].startswith('-'):
        sys.argv[1] = find_config(arguments[0])[0]
        if '--input-shape' not in arguments:
            width, height = Config.fromfile(sys.argv[1]).codec.input_size
            sys.argv += ['--input-shape', str(height), str(width)]
    run_mmpose_script('tools/analysis_tools/get_flops.py')


if __name__ == '__main__':
    main()
