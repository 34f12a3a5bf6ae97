"""Render people with a real spine, labelled with SpineTrack's 37 keypoints and in 3D.

    mim run spinepose_mm synthesize --out data/synthetic --images 2000 --seed 1

An interrupted run goes on where it stopped when it is started again. For training: SPINETRACK_ROOT=data/synthetic.
"""

import argparse
import re
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, required=True, help='folder of the data set')
    parser.add_argument('--images', type=int, default=1000, help='how many images to train on')
    parser.add_argument('--val-images', type=int, help='how many images of other people to test on (a tenth)')
    parser.add_argument('--seed', type=int, default=0, help='the same seed gives the same bytes')
    parser.add_argument('--size', type=size, default=(512, 384), metavar='WxH', help='of the images (512x384)')
    parser.add_argument('--people', type=int, default=1, help='at most so many in an image')
    parser.add_argument('--views', type=int, default=1, help='calibrated cameras that see each scene')
    parser.add_argument('--quality', type=int, default=90, help='of the JPEGs, up to 100')
    parser.add_argument('--backgrounds', default='', help='folder of images to put behind the people')
    parser.add_argument(
        '--motions',
        nargs='+',
        metavar='NAME',
        help='what the people do: stand, walk, run, jump, stretch, twist, squat, deadlift, sit, '
        'side_bend, lie, handstand (all)',
    )
    parser.add_argument('--workers', type=int, help='processes (all cores)')
    args = parser.parse_args()
    from spinepose_mm.synthetic.dataset import Settings, synthesize  # takes seconds
    from spinepose_mm.synthetic.look import contact_sheet, plot_spine
    from spinepose_mm.synthetic.motion import MOTIONS
    from spinepose_mm.wording import counted

    val_images = max(1, args.images // 10) if args.val_images is None else args.val_images
    try:
        for split, images in (('train', args.images), ('val', val_images)):
            settings = Settings(
                images,
                split,
                args.seed,
                args.size,
                args.people,
                args.views,
                args.quality,
                args.backgrounds,
                tuple(args.motions or MOTIONS),
            )
            ann_file = synthesize(args.out, settings, args.workers)
            print(f'{counted(images, "image")}: {ann_file}')
        contact_sheet(ann_file, args.out / 'contact_sheet.jpg')
        plot_spine(args.out / 'spine.png')
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f'error: {error}')
    print(f'look at {args.out / "contact_sheet.jpg"} and {args.out / "spine.png"}')


def size(text):
    """Read WIDTHxHEIGHT from the command line."""
    if not re.fullmatch(r'\d+x\d+', text):
        raise argparse.ArgumentTypeError(f'a size is WIDTHxHEIGHT in pixels, such as 512x384, not {text!r}')
    return tuple(map(int, text.split('x')))


if __name__ == '__main__':
    main()
