"""Write a checkpoint's weights as safetensors in half precision: without the state of its training.

spinepose_mm publish_model work_dirs/spinepose_tiny/epoch_10.pth spinepose_tiny.safetensors
"""

import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('checkpoint', help='checkpoint of a model of 37 keypoints')
    parser.add_argument('out', type=Path, help='file to write, .safetensors')
    args = parser.parse_args()
    from spinepose_mm.zoo.checkpoints import CheckpointError, write_safetensors  # takes seconds

    try:
        write_safetensors(args.checkpoint, args.out)
    except (CheckpointError, OSError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: {args.out.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    main()
