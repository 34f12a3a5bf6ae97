"""Write labels of moving people in 2D and 3D without images, to train and test a lifter on.

mim run spinepose_mm synthesize_poses data/bodies/annotations/simspine_train.npz --people 400 --split train
"""

import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out', type=Path, help="file to write, .npz in SIMSPINE's layout")
    parser.add_argument('--people', type=int, default=100, help='each does one motion')
    parser.add_argument('--frames', type=int, default=60, help='of each motion, at 15 a second')
    parser.add_argument('--views', type=int, default=2, help='calibrated cameras around each person')
    parser.add_argument('--split', default='train', help='name of the split: each has its own people and cameras')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--motions',
        nargs='+',
        metavar='NAME',
        help='what the people do: stand, walk, run, jump, stretch, twist, squat, deadlift, sit, '
        'side_bend, lie, handstand (all)',
    )
    args = parser.parse_args()
    from spinepose_mm.synthetic.motion import MOTIONS  # takes seconds
    from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses

    try:
        settings = PoseSettings(
            args.people, args.frames, args.views, args.split, args.seed, motions=tuple(args.motions or MOTIONS)
        )
        synthesize_poses(args.out, settings, progress=True)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
