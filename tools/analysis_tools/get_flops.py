"""Count a model's parameters and operations: MMPose's own get_flops, at the input size of the config.

spinepose_mm get_flops spinepose_tiny.py
"""

import sys

from mmengine.config import Config

from spinepose_mm.patches.tools import run_mmpose_script
from spinepose_mm.zoo.models import find_config


def main():
    arguments = sys.argv[1:]
    if arguments and not arguments[0].startswith('-'):
        try:
            sys.argv[1] = find_config(arguments[0])[0]
        except ValueError as error:
            sys.exit(f'error: {error}')
        if '--input-shape' not in arguments:
            width, height = Config.fromfile(sys.argv[1]).codec.input_size
            sys.argv += ['--input-shape', str(height), str(width)]
    run_mmpose_script('tools/analysis_tools/get_flops.py')


if __name__ == '__main__':
    main()
